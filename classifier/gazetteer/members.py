"""Find, among the compounds of the `chemicals` package, those that the wording of the law covers.

Used when the gazetteer is built: reading listings then needs neither RDKit nor `chemicals`. Salts go to
the substance they are salts of, members of a class to the class.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from classifier.gazetteer.chemistry import class_of, forms_salts, parent_of, structure_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

FILES = (
    "chemical identifiers pubchem small.tsv",
    "chemical identifiers pubchem large.tsv",
    "Inorganic db.tsv",
)
CAS, SMILES = 1, 4
NAMES = slice(7, 12)
"""The systematic name and the commonest synonyms; what follows is registry codes and inversions."""
SKELETON = 14
"""Characters of an InChIKey that leave stereochemistry out."""
WITH_ISOMERS = frozenset({"EPH", "PSE", "PPA", "NPE", "NME", "NMPE"})
"""Substances that are listed with their optical isomers and the salts of those."""


def compounds() -> Iterator[tuple[str, str, list[str]]]:
    """Yield CAS number, SMILES and names of each compound of `chemicals`."""
    import chemicals

    folder = Path(chemicals.__file__).parent / "Identifiers"
    for file in FILES:
        with (folder / file).open(encoding="utf-8") as lines:
            for line in lines:
                columns = line.rstrip("\n").split("\t")
                yield columns[CAS], columns[SMILES], columns[NAMES]


def class_members(
    parents: Mapping[str, str], known_cas: Iterable[str]
) -> Iterator[tuple[str, str, list[str]]]:
    """Yield substance key, CAS number and names of each compound that a class or a salt rule covers.

    Args:
        parents: Substance key by InChIKey, of the substances whose salts are listed with them.
        known_cas: Numbers that the gazetteer has anyway.
    """
    known = set(known_cas)
    isomers = {inchikey[:SKELETON]: key for inchikey, key in parents.items() if key in WITH_ISOMERS}
    for cas, smiles, names in compounds():
        if cas in known:
            continue
        key = _salt_of(smiles, {**isomers, **parents}) if "." in smiles else ""
        if not key and (found := class_of(smiles)):
            key = found.key
        if key:
            yield key, cas, names


def _salt_of(smiles: str, parents: Mapping[str, str]) -> str:
    parent = parent_of(smiles)
    if parent is None or not forms_salts(parent):
        return ""
    inchikey = structure_key(parent)
    return parents.get(inchikey) or parents.get(inchikey[:SKELETON], "")
