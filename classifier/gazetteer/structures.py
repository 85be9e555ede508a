"""Identify compounds by structure: from databases, systematic (IUPAC) names, and class wordings of the law.

Structures are compared with wordings such as "phenylacetic acid, its esters, and its salts". This needs the
packages `rdkit` and `chemicals` (extra `chemistry`). OPSIN reads systematic names that are in no database
(extra `iupac`: the package py2opsin, which includes OPSIN, and a Java runtime). Each call starts Java, which
takes about a second, so pass all names at once.

Reading listings needs none of these packages: the gazetteer build writes the members of each class among the
compounds of `chemicals` to the gazetteer.
"""

from __future__ import annotations

import csv
import re
import shutil
import tempfile
import warnings
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from classifier.errors import ModelError
from text.normalise import comparable, fold

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import ModuleType

    from rdkit.Chem import Mol
    from rdkit.Chem.MolStandardize.rdMolStandardize import Uncharger

    from classifier.gazetteer.substances import Gazetteer, Name, Substance

HALOGEN_RING_ATOM = "[c;$([cH]),$(c[F,Cl,Br,I])]"
"""The meaning of `{A}` in the patterns: an aromatic carbon with a hydrogen or halogen."""

COUNTERIONS = (
    "CC(=O)O", "OC(=O)C(=O)O", "OC(=O)CC(=O)O", "OC(=O)CCC(=O)O", "OC(=O)C=CC(=O)O", "O=CO", "CS(=O)(=O)O",
    "Cc1ccc(S(=O)(=O)O)cc1", "OC(=O)C(O)C(O)C(=O)O", "OC(=O)CC(O)(CC(=O)O)C(=O)O", "CC(O)C(=O)O",
    "O=C(O)CC(O)C(=O)O", "O=C(O)c1ccccc1", "O=C(O)C(F)(F)F", "COS(=O)(=O)O", "CCOS(=O)(=O)O",
)  # fmt: skip
"""Acids, as SMILES, that form a plain salt with a listed base."""


SALT_FORMING = ("[NX3;!$(N-C=[O,S]);!$(N=*)]", "C(=O)[OX2H1]")
"""Amines that are not amides, and carboxylic acids."""

COUNTERION_ELEMENTS = frozenset({1, 3, 7, 8, 9, 11, 12, 13, 15, 16, 17, 19, 20, 30, 35, 38, 48, 53, 56})
"""Atomic numbers of the elements in plain inorganic counterions; others form complexes."""

SHORTEST, LONGEST = 8, 200
"""Fewest and most characters of a systematic name."""
PIECE = re.compile(
    r"(?:meth|eth|prop|but|pent|hex|phen|benz|naphth|pyrid|piper|amin|nitr|chlor|brom|fluor|iod|hydroxy|oxy|keton"
    r"|carb|acet|thi|cyclo|imid|indol|anilin|sulf|phosph|oate|nitrile|amide)"
)
"""Name pieces; every systematic name of an organic compound has at least two."""
LOCANT = re.compile(r"(?<![a-z])(?:\d+[a-z]?|[nos])['\"]*(?:,(?:\d+[a-z]?|[nos])['\"]*)*-")
"""A locant, e.g. `1-`, `N-`, `3,4-`; a name with a locant needs only one piece."""

SKELETON = 14
"""Length of the part of an InChIKey without stereochemistry."""


class ChemistryMissing(ModelError):
    """The optional packages are not installed."""

    def __init__(self) -> None:
        super().__init__(
            "Checking structures needs the packages rdkit and chemicals, which are not installed; "
            'install this project with its extra "chemistry".'
        )


class IupacMissing(ModelError):
    """The reader of systematic names is not installed."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"Reading systematic names needs {what}, which is missing; install this project with its extra "
            '"iupac" and a Java runtime (Debian: default-jre-headless).'
        )


class StructureUnknown(Exception):
    """A package that is not installed may know the compound; the message names the package."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compound:
    """A compound from a database or a systematic name."""

    name: str
    smiles: str
    cas: str = ""
    names: tuple[str, ...] = ()
    """The common name, the systematic name and the formula, without other synonyms."""
    formula: str = ""

    def __str__(self) -> str:
        return f"{self.name} (CAS {self.cas})" if self.cas else f"the structure {self.smiles}"

    @property
    def is_ion(self) -> bool:
        """Whether the compound has a charge, so that it cannot be sold by itself."""
        return self.formula.endswith(("+", "-"))

    @property
    def wording(self) -> str:
        """Words of the law that describe the class of the compound; empty if none do."""
        entry = class_of(self.smiles)
        return entry.wording if entry else ""

    def is_called(self, query: str) -> bool:
        """Return whether the query is one of `names`."""
        return comparable(query) in {comparable(name) for name in self.names}

    def listed_in(self, gazetteer: Gazetteer) -> dict[str, tuple[Substance, Name | None]]:
        """Return the listed substances that match by CAS number, by structure, or as a class."""
        found = [each for each in gazetteer.substances if self.cas and self.cas in each.cas]
        parent = parent_of(self.smiles)
        skeleton = structure_key(parent)[:SKELETON] if parent else ""
        entry = class_of(self.smiles)
        found = found or [
            each for each in gazetteer.substances if any(key[:SKELETON] == skeleton for key in each.inchikeys)
        ]
        found = found or [each for each in gazetteer.substances if entry and each.key == entry.key]
        return {each.key: (each, None) for each in found}


def compound_of(query: str) -> Compound | None:
    """Return the compound of a name or CAS number, from a database or a systematic name.

    Raises:
        StructureUnknown: If a package that might know it is not installed.
    """
    try:
        known = structure_of(query)
    except ChemistryMissing as error:
        raise StructureUnknown(str(error)) from error
    if known or not looks_systematic(query):
        return known
    try:
        smiles = smiles_of([query])[0]
    except IupacMissing as error:
        raise StructureUnknown(str(error)) from error
    return Compound(name=query, smiles=smiles) if smiles else None


def structure_of(query: str) -> Compound | None:
    """Return the compound of a CAS number or name from the `chemicals` package.

    Raises:
        ChemistryMissing: If `chemicals` is not installed.
    """
    try:
        from chemicals.identifiers import pubchem_db
    except ImportError as error:
        raise ChemistryMissing from error
    digits = query.replace("-", "")
    found = (
        pubchem_db.search_CAS(int(digits)) if digits.isdecimal() else pubchem_db.search_name(query.lower())
    )
    if not found:
        return None
    return Compound(
        name=found.common_name,
        smiles=found.smiles,
        cas=found.CASs,
        names=(found.common_name, found.iupac_name, found.formula),
        formula=found.formula,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassEntry:
    """A class of substances that the law describes in words."""

    key: str
    """Substance key of the class in the gazetteer, e.g. `PAAE`."""
    name: str
    smarts: tuple[str, ...]
    """A structure belongs to the class if any of these SMARTS matches it."""
    instrument: str
    list_name: str
    wording: str
    """The words of the instrument, e.g. `Phenylacetic acid, its esters, and its salts`."""
    since: str
    """First day of control, `YYYY[-MM[-DD]]`; empty if unknown."""
    source: str
    note: str


@lru_cache(maxsize=1)
def classes() -> tuple[ClassEntry, ...]:
    """Return all classes in `classes.csv` of the gazetteer."""
    text = (files("classifier.gazetteer") / "data" / "classes.csv").read_text(encoding="utf-8")
    return tuple(
        ClassEntry(
            key=row["substance_key"],
            name=row["name"],
            smarts=tuple(row["smarts"].replace("{A}", HALOGEN_RING_ATOM).split(" ")),
            instrument=row["instrument"],
            list_name=row["list"],
            wording=row["wording"],
            since=row["since"],
            source=row["source"],
            note=row["note"],
        )
        for row in csv.DictReader(text.splitlines())
    )


def class_of(smiles: str) -> ClassEntry | None:
    """Return the class of a structure or of a simple salt, if any.

    Args:
        smiles: A structure; a structure that RDKit cannot read has no class.

    Raises:
        ChemistryMissing: If RDKit is not installed.
    """
    molecule = parent_of(smiles)
    if molecule is None:
        return None
    return next((one for one in classes() if _matches(molecule, one.smarts)), None)


def parent_of(smiles: str) -> Mol | None:
    """Return the uncharged parent structure of a salt; a single structure is its own parent.

    Return None for a structure that RDKit cannot read, and for several parts that are not plain counterions.

    Raises:
        ChemistryMissing: If RDKit is not installed.
    """
    chem, charges = _rdkit()
    molecule = chem.MolFromSmiles(smiles)
    if molecule is None:
        return None
    parts = [charges.uncharge(part) for part in chem.GetMolFrags(molecule, asMols=True)]
    main = [part for part in parts if not _is_counterion(part)]
    names = {chem.MolToSmiles(part) for part in main}
    return main[0] if len(names) == 1 else None


def structure_key(molecule: Mol) -> str:
    """Return a structure's InChIKey."""
    chem, _ = _rdkit()
    return str(chem.MolToInchiKey(molecule))


def forms_salts(molecule: Mol) -> bool:
    """Return whether a structure is an amine or an acid."""
    return _matches(molecule, SALT_FORMING)


def looks_systematic(text: str) -> bool:
    """Return whether a text may be a systematic name; reading one takes a second."""
    folded = fold(text).text.strip()
    if not SHORTEST <= len(folded) <= LONGEST or not folded.isascii():
        return False
    pieces = len(PIECE.findall(folded))
    return pieces > 1 or (pieces == 1 and LOCANT.search(folded) is not None)


def smiles_of(names: Sequence[str]) -> list[str]:
    """Return the structure of each systematic name as SMILES, empty for names that OPSIN cannot read.

    Raises:
        IupacMissing: If py2opsin or Java is not installed.
    """
    read = _opsin()
    asked = [" ".join(name.split()) if name.isascii() else fold(name).text for name in names]
    with tempfile.TemporaryDirectory(prefix="precursor-watch-") as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # py2opsin warns of each name that it cannot read
        found = read([name or "-" for name in asked], tmp_fpath=str(Path(folder) / "names.txt"))
    return [structure or "" for structure in found] if isinstance(found, list) else [""] * len(asked)


def _matches(molecule: Mol, smarts: tuple[str, ...]) -> bool:
    return any(molecule.HasSubstructMatch(_pattern(one)) for one in smarts)


@lru_cache(maxsize=64)
def _pattern(smarts: str) -> Mol:
    chem, _ = _rdkit()
    pattern: Mol | None = chem.MolFromSmarts(smarts)
    if pattern is None:
        message = f"classes.csv: {smarts} is not a SMARTS pattern; correct it."
        raise ValueError(message)
    return pattern


def _is_counterion(part: Mol) -> bool:
    chem, _ = _rdkit()
    if {atom.GetAtomicNum() for atom in part.GetAtoms()} <= COUNTERION_ELEMENTS:
        return True
    return chem.MolToSmiles(part, isomericSmiles=False) in _counterions()


@lru_cache(maxsize=1)
def _counterions() -> frozenset[str]:
    chem, _ = _rdkit()
    return frozenset(chem.MolToSmiles(chem.MolFromSmiles(s), isomericSmiles=False) for s in COUNTERIONS)


@lru_cache(maxsize=1)
def _rdkit() -> tuple[ModuleType, Uncharger]:
    """Return RDKit's chemistry module and its charge remover, with RDKit's log turned off."""
    try:
        from rdkit import Chem, rdBase
        from rdkit.Chem.MolStandardize.rdMolStandardize import Uncharger
    except ImportError as error:
        raise ChemistryMissing from error
    rdBase.DisableLog("rdApp.*")
    return Chem, Uncharger(force=True)


def _opsin() -> Callable[..., object]:
    if shutil.which("java") is None:
        raise IupacMissing("Java")
    try:
        from py2opsin import py2opsin
    except ImportError as error:
        raise IupacMissing("the package py2opsin") from error
    read: Callable[..., object] = py2opsin
    return read
