"""Customs tariff numbers: which listed substances the tables of the law place under one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from text.normalise import fold

if TYPE_CHECKING:
    from collections.abc import Iterable

    from classifier.gazetteer.model import Substance

NUMBER = re.compile(r"(?:(?:hs|cn|hts|taric)\W*)?(?P<digits>\d{4}[. ]?\d{2}(?:[. ]?\d{2}){0,2})")
"""E.g. `2914.31`, `HS 2914.31` or `CN 2914 31 00`."""
TARIFFS = ("HS ", "CN ")
"""How codes of a tariff begin in the data; others are numbers of the DEA."""
SUBHEADING = 6
"""Digits that are the same in all countries (Harmonized System of the World Customs Organization)."""


def subheading_in(query: str) -> str:
    """Return the subheading of a tariff number, e.g. `2914.31`; empty if `query` is not written like one."""
    found = NUMBER.fullmatch(fold(query).text.strip())
    return _subheading(found["digits"]) if found else ""


def substances_under(substances: Iterable[Substance], subheading: str) -> tuple[Substance, ...]:
    """Return the substances that an entry of the law places under `subheading`."""
    return tuple(
        substance
        for substance in substances
        if any(e.code.startswith(TARIFFS) and _subheading(e.code) == subheading for e in substance.entries)
    )


def _subheading(text: str) -> str:
    digits = re.sub(r"\D", "", text)[:SUBHEADING]
    return f"{digits[:4]}.{digits[4:]}"
