"""Which law counts: a profile of instruments, by short names, and the date it is read as of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from classifier.errors import ModelError
from classifier.gazetteer.model import Profile

if TYPE_CHECKING:
    from collections.abc import Iterable

INSTRUMENTS: dict[str, tuple[tuple[str, str], ...]] = {
    "un": (("UN 1988 Convention", "Table "),),
    "incb": (("INCB ISSL (limited international special surveillance list)", "ISSL"),),
    "us": (("US 21 CFR 1310.02", "List I"),),
    "eu": (("EU Reg. 273/2004 and 111/2005", "Category"), ("EU Reg. 111/2005", "Category")),
    "china": (
        ("China: Catalogue of precursor chemicals (Regulation 445)", "Category"),
        ("China: Catalogue of precursor chemicals (Regulation 445)", "listed"),
    ),
    "mexico": (("Mexico: Ley Federal para el Control de Precursores Quimicos", ""),),
}
"""Short names of instruments: each with the beginnings of its lists. `List I` begins `List II` too."""

BEGAN: dict[str, date] = {
    "UN 1988 Convention": date(1988, 1, 1),
    "INCB ISSL (limited international special surveillance list)": date(1988, 1, 1),
    "US 21 CFR 1310.02": date(1988, 1, 1),
    "EU Reg. 273/2004 and 111/2005": date(2004, 1, 1),
    "EU Reg. 111/2005": date(2005, 1, 1),
    "Mexico: Ley Federal para el Control de Precursores Quimicos": date(1997, 12, 26),
}
"""Before what day nothing can have stood on an instrument's lists, where a substance's own date was not read.

The years are those of the instruments' names; that of 21 CFR 1310 is the Chemical Diversion and Trafficking
Act of 1988, and the ISSL is of what the tables of 1988 leave out. Mexico's date was read (S26b). A year alone
is its first of January, as everywhere here. China's entries are all dated.
"""

DEFAULT_INSTRUMENTS = ("un", "incb", "us", "eu")
"""UN 1988 Tables I and II, INCB special surveillance, US List I and II, EU categories 1 to 4."""


class LawWrong(ModelError):
    """A profile or a date that is asked for cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LawSettings:
    """The section `[law]`: what counts as controlled."""

    profile: tuple[str, ...] = DEFAULT_INSTRUMENTS
    as_of: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Law:
    """The lists that count, as they stood on a date."""

    instruments: tuple[str, ...] = DEFAULT_INSTRUMENTS
    """Short names, in the order of `INSTRUMENTS`."""
    as_of: date | None = None
    """None takes everything that was read, whenever it came into force."""

    @property
    def profile(self) -> Profile:
        """The lists themselves."""
        return Profile(lists=frozenset(each for name in self.instruments for each in INSTRUMENTS[name]))

    def __str__(self) -> str:
        as_of = f" as of {self.as_of}" if self.as_of else ""
        return ", ".join(self.instruments) + as_of


def read_law(instruments: Iterable[str], as_of: str) -> Law:
    """Return the law that short names and a date (`YYYY-MM-DD`, or empty) call for.

    Raises:
        LawWrong: If a name or the date is none.
    """
    wanted = {name.strip().lower() for given in instruments for name in given.split(",")} - {""}
    unknown = sorted(wanted - set(INSTRUMENTS))
    if unknown or not wanted:
        found = f"{', '.join(unknown)} is no instrument" if unknown else "no instrument is named"
        message = f"The profile of the law cannot be used: {found}; choose from {', '.join(INSTRUMENTS)}."
        raise LawWrong(message)
    try:
        day = date.fromisoformat(as_of) if as_of else None
    except ValueError as error:
        message = f"The law cannot be read as of {as_of!r}: that is no date; write it as 2024-12-03."
        raise LawWrong(message) from error
    return Law(instruments=tuple(name for name in INSTRUMENTS if name in wanted), as_of=day)
