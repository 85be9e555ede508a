"""Identify compounds by structure: from databases, systematic (IUPAC) names, and class wordings of the law.

Structures are compared with wordings such as "phenylacetic acid, its esters, and its salts". This needs the
packages `rdkit` and `chemicals` (extra `chemistry`). OPSIN reads systematic names that are in no database
(extra `iupac`: the package py2opsin, which includes OPSIN, and a Java runtime). Each call starts Java, which
takes about a second, so pass all names at once.

Reading listings needs none of these packages: the gazetteer build writes the members of each class among the
compounds of `chemicals` to the gazetteer.
"""

from __future__ import annotations

import re
import tempfile
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from classifier.gazetteer.class_rules import class_of
from classifier.gazetteer.molecules import (
    SKELETON,
    ChemistryMissing,
    IupacMissing,
    opsin,
    parent_of,
    structure_key,
)
from text.normalise import comparable, fold
from text.phrases import any_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from classifier.gazetteer.substances import Gazetteer, Name, Substance

SHORTEST, LONGEST = 8, 200
"""Fewest and most characters of a systematic name."""
LOCANT = re.compile(r"(?<![a-z])(?:\d+[a-z]?|[nos])['\"]*(?:,(?:\d+[a-z]?|[nos])['\"]*)*-")
"""A locant, e.g. `1-`, `N-`, `3,4-`; a name with a locant needs only one piece."""


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
        rule = class_of(self.smiles)
        return rule.wording if rule else ""

    def is_called(self, query: str) -> bool:
        """Return whether the query is one of `names`."""
        return comparable(query) in {comparable(name) for name in self.names}

    def listed_in(self, gazetteer: Gazetteer) -> dict[str, tuple[Substance, Name | None]]:
        """Return the listed substances that match by CAS number, by structure, or as a class."""
        found = [each for each in gazetteer.substances if self.cas and self.cas in each.cas]
        parent = parent_of(self.smiles)
        skeleton = structure_key(parent)[:SKELETON] if parent else ""
        rule = class_of(self.smiles)
        found = found or [
            each for each in gazetteer.substances if any(key[:SKELETON] == skeleton for key in each.inchikeys)
        ]
        found = found or [each for each in gazetteer.substances if rule and each.key == rule.substance_key]
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


def looks_systematic(text: str) -> bool:
    """Return whether a text may be a systematic name; reading one takes a second."""
    folded = fold(text).text.strip()
    if not SHORTEST <= len(folded) <= LONGEST or not folded.isascii():
        return False
    pieces = len(_piece().findall(folded))
    return pieces > 1 or (pieces == 1 and LOCANT.search(folded) is not None)


@cache
def _piece() -> re.Pattern[str]:
    """Return a pattern for name pieces; every systematic name of an organic compound has at least two."""
    return re.compile(any_of("nomenclature.systematic_pieces"))


def smiles_of(names: Sequence[str]) -> list[str]:
    """Return the structure of each systematic name as SMILES, empty for names that OPSIN cannot read.

    Raises:
        IupacMissing: If py2opsin or Java is not installed.
    """
    read = opsin()
    asked = [" ".join(name.split()) if name.isascii() else fold(name).text for name in names]
    with tempfile.TemporaryDirectory(prefix="precursor-watch-") as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # py2opsin warns of each name that it cannot read
        found = read([name or "-" for name in asked], tmp_fpath=str(Path(folder) / "names.txt"))
    return [structure or "" for structure in found] if isinstance(found, list) else [""] * len(asked)
