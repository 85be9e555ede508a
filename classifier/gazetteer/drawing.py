"""Draw a compound beside its parent, with the atoms that both have marked."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from classifier.gazetteer.molecules import ChemistryMissing, rdkit

if TYPE_CHECKING:
    from rdkit.Chem import Mol

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
