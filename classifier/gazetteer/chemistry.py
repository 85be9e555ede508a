"""Structures against the class wording of the law, e.g. "phenylacetic acid, its esters, and its salts".

Needs the optional packages `rdkit` and `chemicals` (extra `chemistry`). Reading listings does not: the
members of each class among the compounds of `chemicals` are written to the gazetteer when it is built.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from classifier.errors import ModelError

if TYPE_CHECKING:
    from types import ModuleType

    from rdkit.Chem import Mol
    from rdkit.Chem.MolStandardize.rdMolStandardize import Uncharger

HALOGEN_RING_ATOM = "[c;$([cH]),$(c[F,Cl,Br,I])]"
"""What `{A}` stands for in the patterns: an aromatic carbon with hydrogen or a halogen on it."""

COUNTERIONS = (
    "CC(=O)O", "OC(=O)C(=O)O", "OC(=O)CC(=O)O", "OC(=O)CCC(=O)O", "OC(=O)C=CC(=O)O", "O=CO", "CS(=O)(=O)O",
    "Cc1ccc(S(=O)(=O)O)cc1", "OC(=O)C(O)C(O)C(=O)O", "OC(=O)CC(O)(CC(=O)O)C(=O)O", "CC(O)C(=O)O",
    "O=C(O)CC(O)C(=O)O", "O=C(O)c1ccccc1", "O=C(O)C(F)(F)F", "COS(=O)(=O)O", "CCOS(=O)(=O)O",
)  # fmt: skip
"""Acids whose salts of a listed base are salts of that base and nothing more, as SMILES."""


SALT_FORMING = ("[NX3;!$(N-C=[O,S]);!$(N=*)]", "C(=O)[OX2H1]")
"""Amines that are no amides, and carboxylic acids."""

COUNTERION_ELEMENTS = frozenset({1, 3, 7, 8, 9, 11, 12, 13, 15, 16, 17, 19, 20, 30, 35, 38, 48, 53, 56})
"""Atomic numbers of what a plain inorganic counterion is made of; others make complexes."""


class ChemistryMissing(ModelError):
    """The optional packages are not installed."""

    def __init__(self) -> None:
        super().__init__(
            "Checking structures needs the packages rdkit and chemicals, which are not installed; "
            'install this project with its extra "chemistry".'
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassEntry:
    """A class of substances that one wording of the law covers."""

    key: str
    """Key of the substance in the gazetteer that stands for the class, e.g. `PAAE`."""
    name: str
    smarts: tuple[str, ...]
    """A structure belongs to the class if any of these SMARTS matches it."""
    instrument: str
    list_name: str
    wording: str
    """As in the instrument, e.g. `Phenylacetic acid, its esters, and its salts`."""
    since: str
    """First day of control, `YYYY[-MM[-DD]]`; empty if none was read."""
    source: str
    note: str


@lru_cache(maxsize=1)
def classes() -> tuple[ClassEntry, ...]:
    """Return every class of the gazetteer's `classes.csv`."""
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
    """Return the class that a structure, or a simple salt of one, belongs to.

    Args:
        smiles: A structure; one that RDKit cannot read belongs to no class.

    Raises:
        ChemistryMissing: If RDKit is not installed.
    """
    molecule = parent_of(smiles)
    if molecule is None:
        return None
    return next((one for one in classes() if _matches(molecule, one.smarts)), None)


def parent_of(smiles: str) -> Mol | None:
    """Return the structure that a salt is a salt of, without charge; a single structure is its own.

    None for what RDKit cannot read and for pairs of which none is a plain counterion.

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
    """Say whether a structure is an amine or an acid."""
    return _matches(molecule, SALT_FORMING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A compound of the `chemicals` package."""

    name: str
    cas: str
    smiles: str
    names: tuple[str, ...]
    """Its common and its systematic name, and its formula."""
    formula: str


def structure_of(query: str) -> Known | None:
    """Return the compound of a CAS number or name that the `chemicals` package knows.

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
    names = (found.common_name, found.iupac_name, found.formula)
    return Known(
        name=found.common_name, cas=found.CASs, smiles=found.smiles, names=names, formula=found.formula
    )


def _matches(molecule: Mol, smarts: tuple[str, ...]) -> bool:
    return any(molecule.HasSubstructMatch(_pattern(one)) for one in smarts)


@lru_cache(maxsize=64)
def _pattern(smarts: str) -> Mol:
    chem, _ = _rdkit()
    pattern: Mol | None = chem.MolFromSmarts(smarts)
    if pattern is None:
        message = f"classes.csv: {smarts} is no SMARTS pattern; correct it."
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
    """Return RDKit's chemistry module and what takes charges off, with its log kept quiet."""
    try:
        from rdkit import Chem, rdBase
        from rdkit.Chem.MolStandardize.rdMolStandardize import Uncharger
    except ImportError as error:
        raise ChemistryMissing from error
    rdBase.DisableLog("rdApp.*")
    return Chem, Uncharger(force=True)
