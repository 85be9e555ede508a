"""What is known of a compound by its structure, when no name or number of the gazetteer is it.

Needs the optional packages of the extra `chemistry`; systematic names that no database has are read by the
extra `iupac`. Used by look-ups, not when texts are read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from classifier.gazetteer.chemistry import ChemistryMissing, class_of, parent_of, structure_key, structure_of
from classifier.gazetteer.iupac import IupacMissing, looks_systematic, smiles_of
from text.normalise import comparable

if TYPE_CHECKING:
    from classifier.gazetteer.model import Gazetteer, Name, Substance

SKELETON = 14
"""Characters of an InChIKey that leave stereochemistry out."""


class StructureUnknown(Exception):
    """A package that is not installed may know the compound; the message says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compound:
    """A compound of a database, or one read from a systematic name."""

    name: str
    smiles: str
    cas: str = ""
    names: tuple[str, ...] = ()
    """What the database calls it first, not every synonym."""
    formula: str = ""

    def __str__(self) -> str:
        return f"{self.name} (CAS {self.cas})" if self.cas else f"the structure {self.smiles}"

    @property
    def is_ion(self) -> bool:
        """Whether it is charged as a whole, and so no substance one can buy."""
        return self.formula.endswith(("+", "-"))

    @property
    def wording(self) -> str:
        """Words of the law that describe its class; empty if none do."""
        entry = class_of(self.smiles)
        return entry.wording if entry else ""

    def is_called(self, query: str) -> bool:
        """Say whether the query is one of its first names."""
        return comparable(query) in {comparable(name) for name in self.names}

    def listed_in(self, gazetteer: Gazetteer) -> dict[str, tuple[Substance, Name | None]]:
        """Return the listed substances that it is: by number, by structure, or as member of a class."""
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
    """Return the compound of a name or CAS number, if a database or the rules of nomenclature know it.

    Raises:
        StructureUnknown: If they might, but a package is not installed.
    """
    try:
        known = structure_of(query)
    except ChemistryMissing as error:
        raise StructureUnknown(str(error)) from error
    if known:
        return Compound(
            name=known.name, smiles=known.smiles, cas=known.cas, names=known.names, formula=known.formula
        )
    if not looks_systematic(query):
        return None
    try:
        smiles = smiles_of([query])[0]
    except IupacMissing as error:
        raise StructureUnknown(str(error)) from error
    return Compound(name=query, smiles=smiles) if smiles else None
