"""Molecules as RDKit reads and draws them (salts, keys, parents), and the packages that read chemistry."""

from __future__ import annotations

import re
import shutil
from functools import lru_cache
from typing import TYPE_CHECKING

from classifier.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from rdkit.Chem import Mol
    from rdkit.Chem.MolStandardize.rdMolStandardize import Uncharger

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

SKELETON = 14
"""Length of the part of an InChIKey without stereochemistry."""

WIDTH, HEIGHT = 260, 200
"""Pixels of each of the two structures."""
BOND_PIXELS = 28
SECONDS = 2
"""Longest search for the common core."""
SHAPE = re.compile(r"<(path|ellipse) (.*?)/>", re.DOTALL)
ATTRIBUTE = re.compile(r"(\w+)='([^']*)'")
SPACE = re.compile(r"[\s,]+")
MARKED = "#FF7F7F"
"""RDKit's colour of marked atoms and bonds."""


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


def parent_of(smiles: str) -> Mol | None:
    """Return the uncharged parent structure of a salt; a single structure is its own parent.

    Return None for a structure that RDKit cannot read, and for several parts that are not plain counterions.

    Raises:
        ChemistryMissing: If RDKit is not installed.
    """
    parts = [part for part in _uncharged_parts(smiles).values() if not _is_counterion(part)]
    return parts[0] if len(parts) == 1 else None


def bases_of(smiles: str) -> tuple[list[Mol], bool]:
    """Return the uncharged parts of a compound, and whether it is a salt.

    Only parts are returned beside which there is nothing but plain counterions. Isotopes, ions and what RDKit
    cannot read have no such part; a salt of two plain ions has two.

    Raises:
        ChemistryMissing: If RDKit is not installed.
    """
    chem, _ = rdkit()
    whole = chem.MolFromSmiles(smiles)
    if whole is None or chem.GetFormalCharge(whole) or any(a.GetIsotope() for a in whole.GetAtoms()):
        return [], False
    parts = _uncharged_parts(smiles)
    plain = {name for name, part in parts.items() if _is_counterion(part)}
    return [part for name, part in parts.items() if parts.keys() - {name} <= plain], len(parts) > 1


def _uncharged_parts(smiles: str) -> dict[str, Mol]:
    chem, charges = rdkit()
    molecule = chem.MolFromSmiles(smiles)
    if molecule is None:
        return {}
    found = [charges.uncharge(part) for part in chem.GetMolFrags(molecule, asMols=True)]
    return {chem.MolToSmiles(part): part for part in reversed(found)}


def structure_key(molecule: Mol) -> str:
    """Return a structure's InChIKey."""
    chem, _ = rdkit()
    return str(chem.MolToInchiKey(molecule))


def forms_salts(molecule: Mol) -> bool:
    """Return whether a structure is an amine or an acid."""
    return matches(molecule, SALT_FORMING)


def matches(molecule: Mol, smarts: tuple[str, ...]) -> bool:
    """Return whether any of some SMARTS matches a molecule, stereochemistry included."""
    return any(molecule.HasSubstructMatch(pattern_of(one), useChirality=True) for one in smarts)


@lru_cache(maxsize=64)
def pattern_of(smarts: str) -> Mol:
    """Return a SMARTS as a pattern."""
    chem, _ = rdkit()
    pattern: Mol | None = chem.MolFromSmarts(smarts)
    if pattern is None:
        message = f"{smarts} is not a SMARTS pattern; correct it."
        raise ValueError(message)
    return pattern


def _is_counterion(part: Mol) -> bool:
    chem, _ = rdkit()
    if {atom.GetAtomicNum() for atom in part.GetAtoms()} <= COUNTERION_ELEMENTS:
        return True
    return chem.MolToSmiles(part, isomericSmiles=False) in _counterions()


@lru_cache(maxsize=1)
def _counterions() -> frozenset[str]:
    chem, _ = rdkit()
    return frozenset(chem.MolToSmiles(chem.MolFromSmiles(s), isomericSmiles=False) for s in COUNTERIONS)


@lru_cache(maxsize=1)
def rdkit() -> tuple[ModuleType, Uncharger]:
    """Return RDKit's chemistry module and its charge remover, with RDKit's log turned off."""
    try:
        from rdkit import Chem, rdBase
        from rdkit.Chem.MolStandardize.rdMolStandardize import Uncharger
    except ImportError as error:
        raise ChemistryMissing from error
    rdBase.DisableLog("rdApp.*")
    return Chem, Uncharger(force=True)


@lru_cache(maxsize=256)
def draw(parent: str, compound: str) -> tuple[int, list[tuple[str, str]]] | None:
    """Draw two structures side by side, and mark their largest common part.

    Args:
        parent: SMILES of the parent, on the left.
        compound: SMILES of the compound; of a salt, all parts are drawn.

    Returns:
        The number of marked atoms, and the shapes: each as its kind (`core`, `bond`, `atom`) and the data of
        an SVG path, in 520 × 200 pixels, without colours. None if RDKit is not installed or cannot read a
        structure.
    """
    try:
        chem, _ = rdkit()
    except ChemistryMissing:
        return None
    molecules = [chem.MolFromSmiles(smiles) for smiles in (parent, compound)]
    if None in molecules:
        return None
    core = _common_core(*molecules)
    atoms = [list(each.GetSubstructMatch(core)) for each in molecules]
    bonds = [
        [
            bond.GetIdx()
            for bond in each.GetBonds()
            if {bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()} <= {*own}
        ]
        for each, own in zip(molecules, atoms, strict=True)
    ]
    _turn_alike(molecules, core)
    from rdkit.Chem.Draw.rdMolDraw2D import MolDraw2DSVG

    drawer = MolDraw2DSVG(2 * WIDTH, HEIGHT, WIDTH, HEIGHT)
    options = drawer.drawOptions()
    options.useBWAtomPalette()
    options.fixedBondLength = BOND_PIXELS  # type: ignore[assignment]  # a wrong stub
    drawer.DrawMolecules(molecules, highlightAtoms=atoms, highlightBonds=bonds)
    drawer.FinishDrawing()
    return len(atoms[0]), shapes_of(drawer.GetDrawingText())


def shapes_of(svg: str) -> list[tuple[str, str]]:
    """Return the shapes of RDKit's SVG, each as its kind and the data of a path."""
    found: list[tuple[str, str]] = []
    for tag, text in SHAPE.findall(svg):
        given = dict(ATTRIBUTE.findall(text))
        style = given.get("style", "")
        if tag == "ellipse":
            x, y, rx, ry = (float(given[name]) for name in ("cx", "cy", "rx", "ry"))
            ends = " ".join(f"a {rx} {ry} 0 1 0 {way * 2 * rx:.1f} 0" for way in (1, -1))
            found.append(("core", f"M {x - rx:.1f} {y} {ends} Z"))
        elif MARKED in style:
            found.append(("core", SPACE.sub(" ", given["d"])))
        else:
            found.append(("bond" if "fill:none" in style else "atom", SPACE.sub(" ", given["d"]).strip()))
    return found


def _common_core(parent: Mol, compound: Mol) -> Mol:
    chem, _ = rdkit()
    from rdkit.Chem.rdFMCS import FindMCS

    found = FindMCS(
        [parent, compound], ringMatchesRingOnly=True, completeRingsOnly=True, timeout=SECONDS
    ).smartsString
    core: Mol = chem.MolFromSmarts(found)
    return core


def _turn_alike(molecules: list[Mol], core: Mol) -> None:
    """Give both structures the same layout where they are alike."""
    from rdkit.Chem.rdDepictor import Compute2DCoords, GenerateDepictionMatching2DStructure

    parent, compound = molecules
    Compute2DCoords(parent)
    if core.GetNumAtoms() > 1:
        GenerateDepictionMatching2DStructure(compound, parent, refPatt=core, acceptFailure=True)
    else:
        Compute2DCoords(compound)


def check_reader() -> None:
    """Check that systematic names can be read and their structures compared.

    Raises:
        IupacMissing: If py2opsin or Java is not installed.
        ChemistryMissing: If RDKit is not installed.
    """
    opsin()
    rdkit()


def opsin() -> Callable[..., object]:
    """Return the function of py2opsin that reads systematic names."""
    if shutil.which("java") is None:
        raise IupacMissing("Java")
    try:
        from py2opsin import py2opsin
    except ImportError as error:
        raise IupacMissing("the package py2opsin") from error
    read: Callable[..., object] = py2opsin
    return read
