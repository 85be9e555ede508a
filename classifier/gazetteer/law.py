"""Select the law that counts: the lists of instruments, by short name, and their date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from classifier.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterable

GENERAL = "general knowledge"
IN_DATA = "GK"
"""Abbreviation of `GENERAL` in the data."""

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
"""Instruments by short name, with the beginnings of their list names. `List I` also covers `List II`."""

BEGAN: dict[str, date] = {
    "UN 1988 Convention": date(1988, 1, 1),
    "INCB ISSL (limited international special surveillance list)": date(1988, 1, 1),
    "US 21 CFR 1310.02": date(1988, 1, 1),
    "EU Reg. 273/2004 and 111/2005": date(2004, 1, 1),
    "EU Reg. 111/2005": date(2005, 1, 1),
    "Mexico: Ley Federal para el Control de Precursores Quimicos": date(1997, 12, 26),
}
"""First day on which the lists of an instrument can have had entries, for substances without a known date.

The years come from the names of the instruments, with two exceptions: 21 CFR 1310 has the year of the
Chemical Diversion and Trafficking Act of 1988, and the ISSL has the year of the tables that it supplements.
Mexico's date comes from a source (S26b). A year alone means 1 January. All entries of China have dates.
"""

DEFAULT_INSTRUMENTS = ("un", "incb", "us", "eu")
"""UN 1988 Tables I and II, INCB special surveillance, US List I and II, EU categories 1 to 4."""


def first_day(text: str) -> date | None:
    """Return the first day of `YYYY`, `YYYY-MM` or `YYYY-MM-DD`; None for the empty text."""
    if not text:
        return None
    year, month, day = ([int(part) for part in text.split("-")] + [1, 1])[:3]
    return date(year, month, day)


@dataclass(frozen=True, slots=True, kw_only=True)
class LawEntry:
    """One substance on one list of one instrument."""

    instrument: str
    """E.g. `UN 1988 Convention`."""
    list_name: str
    """E.g. `Table I`."""
    since: date | None
    """First day in force, if known; a year alone means 1 January."""
    not_before: date | None
    """First day of the instrument, if known; it is used where `since` is None."""
    since_text: str
    """The date as written in the source."""
    code: str
    """Code within the instrument, e.g. a customs (HS) or DEA number; empty if unknown."""
    source: str
    grade: str
    """Quality of the source, e.g. `official text` or `secondary`."""
    status: str
    """Verification of the listing, e.g. `read in source`."""

    def is_in_force(self, day: date) -> bool:
        """Return whether the entry was in force on a day; an entry without any date always is."""
        since = self.since or self.not_before
        return since is None or since <= day

    @property
    def dated(self) -> str:
        """The list with its date, e.g. `Table I since 1988` or `Category 1: 2020/1737 (2021-01-13)`."""
        if not self.since_text:
            start = f"since {self.not_before.year}" if self.not_before else "at any date"
            return f"{self.list_name} (date not read, so taken as in force {start})"
        if self.since and self.since.isoformat().startswith(self.since_text):
            return f"{self.list_name} since {self.since_text}"
        return f"{self.list_name}: {self.since_text.replace(IN_DATA, GENERAL)}"

    @property
    def vouched(self) -> str:
        """The sources, as in docs/law-sources.md, and the verification of the listing."""
        return "; ".join(part for part in (self.source.replace(IN_DATA, GENERAL), self.status) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The lists that count as the law."""

    lists: frozenset[tuple[str, str]]
    """Pairs of instrument and the beginning of a list name, e.g. (`UN 1988 Convention`, `Table I`)."""

    def covers(self, instrument: str, list_name: str) -> bool:
        """Return whether a list of an instrument belongs to the profile."""
        return any(instrument == i and list_name.startswith(start) for i, start in self.lists)


class LawWrong(ModelError):
    """A profile or a date is not valid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LawSettings:
    """The section `[law]` of the settings."""

    profile: tuple[str, ...] = DEFAULT_INSTRUMENTS
    as_of: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Law:
    """The lists that count, on a date."""

    instruments: tuple[str, ...] = DEFAULT_INSTRUMENTS
    """Short names, in the order of `INSTRUMENTS`."""
    as_of: date | None = None
    """None uses all entries, regardless of their dates."""

    @property
    def profile(self) -> Profile:
        """The profile of the instruments."""
        return Profile(lists=frozenset(each for name in self.instruments for each in INSTRUMENTS[name]))

    def __str__(self) -> str:
        as_of = f" as of {self.as_of}" if self.as_of else ""
        return ", ".join(self.instruments) + as_of


def read_law(instruments: Iterable[str], as_of: str) -> Law:
    """Return the law of instruments, given by short name, on a date (`YYYY-MM-DD`, or empty).

    Raises:
        LawWrong: If a name or the date is not valid.
    """
    wanted = {name.strip().lower() for given in instruments for name in given.split(",")} - {""}
    unknown = sorted(wanted - set(INSTRUMENTS))
    if unknown or not wanted:
        found = f"{', '.join(unknown)} is not an instrument" if unknown else "no instrument is named"
        message = f"The profile of the law cannot be used: {found}; choose from {', '.join(INSTRUMENTS)}."
        raise LawWrong(message)
    try:
        day = date.fromisoformat(as_of) if as_of else None
    except ValueError as error:
        message = f"The law cannot be read as of {as_of!r}: it is not a date; write a date as 2024-12-03."
        raise LawWrong(message) from error
    return Law(instruments=tuple(name for name in INSTRUMENTS if name in wanted), as_of=day)
