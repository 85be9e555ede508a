"""Select the law that counts: the lists of instruments, by short name, and their date."""

from __future__ import annotations

import csv
import hashlib
from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Literal

from classifier.errors import ModelError
from store.messages import counted
from text.normalise import comparable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


GENERAL = "general knowledge"
IN_DATA = "GK"
"""Abbreviation of `GENERAL` in the data."""

DEFAULT_INSTRUMENTS = ("un", "incb", "us", "eu")
"""UN 1988 Tables I and II, INCB special surveillance, US List I and II, EU categories 1 to 4."""


ProfileKind = Literal["law", "proposed", "surveillance"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """One row of `instruments.csv`: lists that a profile names."""

    profile: str
    """Short name, e.g. `eu`."""
    jurisdiction: str
    """E.g. `European Union`."""
    instrument: str
    """Empty for profiles whose entries stand in `lists/`."""
    lists: str
    """The beginning of the names of its lists; `List I` also covers `List II`."""
    began: date | None
    """First day on which its lists can have had entries, for substances without a known date."""
    kind: ProfileKind


def package_rows(folder: str, name: str) -> list[dict[str, str]]:
    """Return the rows of a CSV file in a folder of this package."""
    text = (files("classifier.gazetteer") / folder / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def instruments() -> tuple[Instrument, ...]:
    """Return the instruments of all profiles, in the order in which they are cited.

    The first days come from the names of the instruments, with two exceptions: 21 CFR 1310 has the year of
    the Chemical Diversion and Trafficking Act of 1988, and the ISSL has the year of the tables that it
    supplements. Mexico's date comes from a source (S26b). A year alone means 1 January. Profiles without a
    first day have dated entries, or entries that were in force when they were read.
    """
    return tuple(
        Instrument(**row | {"began": first_day(row["began"])})  # type: ignore[arg-type]
        for row in package_rows("curated", "instruments.csv")
    )


def profiles(kind: ProfileKind | None = None) -> tuple[str, ...]:
    """Return the short names of all profiles, or of those of one kind."""
    return tuple(dict.fromkeys(each.profile for each in instruments() if kind in {None, each.kind}))


def first_day(text: str) -> date | None:
    """Return the first day of `YYYY`, `YYYY-MM` or `YYYY-MM-DD`; None for the empty text."""
    if not text:
        return None
    year, month, day = ([int(part) for part in text.split("-")] + [1, 1])[:3]
    return date(year, month, day)


def last_day(text: str) -> date | None:
    """Return the last day of `YYYY`, `YYYY-MM` or `YYYY-MM-DD`; None for the empty text."""
    first = first_day(text)
    if first is None or text.count("-") == 2:
        return first
    month = first.month if "-" in text else 12
    return first.replace(month=month, day=monthrange(first.year, month)[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class LawEntry:
    """One substance on one list of one instrument."""

    profile: str
    """Short name of the profile, e.g. `un`; empty for lists that belong to none."""
    jurisdiction: str
    """E.g. `European Union`; empty if `profile` is."""
    instrument: str
    """E.g. `UN 1988 Convention`."""
    list_name: str
    """E.g. `Table I`; says so if the list is not in force or was read with low confidence."""
    item: str = ""
    """Number within the list, as printed."""
    since: date | None
    """First day in force, if known; a year alone means 1 January."""
    until: date | None = None
    """Last day in force, if the entry ends or has ended."""
    has_ended: bool = False
    """Whether it had ended when it was read."""
    not_before: date | None
    """First day of the instrument, if known; it is used where `since` is None."""
    since_text: str
    """The date as written in the source."""
    code: str = ""
    """Code within the instrument, e.g. a customs (HS) or DEA number; empty if unknown."""
    source: str
    status: str
    """Verification of the listing, e.g. `read in source`."""

    def is_in_force(self, day: date) -> bool:
        """Return whether the entry was in force on a day; an entry without any date always is."""
        since = self.since or self.not_before
        return (since is None or since <= day) and (self.until is None or day <= self.until)

    @property
    def dated(self) -> str:
        """The list with its dates, e.g. `Table I since 1988` or `Category 1: 2020/1737 (2021-01-13)`."""
        return self._began + self.ending

    @property
    def ending(self) -> str:
        """The last day in force as `, until 2027-06-30`; empty if there is none, or the date names it."""
        return f", until {self.until}" if self.until and str(self.until) not in self.since_text else ""

    @property
    def _began(self) -> str:
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


class LawWrong(ModelError):
    """A profile or a date is not valid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LawSettings:
    """The section `[law]` of the settings."""

    profile: tuple[str, ...] = DEFAULT_INSTRUMENTS
    as_of: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRow:
    """One row of a list; all fields are text as written."""

    profile: str
    instrument: str
    list: str
    item: str = ""
    """Number within the list, as printed."""
    substance: str
    cas: str = ""
    names: str = ""
    """Other names, separated by `;`; one in another language as `zh:...`, an abbreviation as `abbr:...`."""
    family: str = ""
    tier: str = ""
    """`1`, `2`, `3` or `watch`; empty, like `family`, for substances that the gazetteer knows."""
    since: str = ""
    """First day in force, `YYYY[-MM[-DD]]`."""
    until: str = ""
    """Last day in force; a year or month alone means its last day."""
    dated: str = ""
    """The date in the source's words."""
    status: str
    """One of `classifier.gazetteer.lists.STATUSES`."""
    wording: str = ""
    """What the entry covers, in the words of the law."""
    source: str
    """Codes as in docs/law-sources.md, or the source itself."""
    confidence: str
    """How surely the entry was read: `high`, `medium` or `low`."""
    note: str = ""
    jurisdiction: str = ""
    """Name of the country or organisation; only for a profile that the product does not know."""

    def place(self, known: Mapping[str, str]) -> tuple[str, ...]:
        """Return what identifies the row: profile, list and the substance's key."""
        return (self.profile, self.list, self.key(known))

    def key(self, known: Mapping[str, str]) -> str:
        """Return the substance's key: of the gazetteer, by name or else by CAS number, or a new one."""
        name = comparable(self.substance)
        return known.get(name) or known.get(self.cas) or f"list:{name}"

    def other_names(self) -> Iterator[tuple[str, str]]:
        """Yield the language (`abbr` for an abbreviation) and the text of each other name."""
        for each in filter(None, self.names.split(";")):
            lang, colon, text = each.partition(":")
            yield (lang, text) if colon and lang.isalpha() and len(lang) in {2, 4} else ("en", each)

    def entry(self) -> LawEntry:
        """Return the row as an entry of the law; what is proposed or read with low confidence says so."""
        marks = ["proposed, not in force"] if self.status == "proposed" else []
        marks += ["low confidence"] if self.confidence == "low" else []
        own = [each for each in instruments() if each.profile == self.profile]
        found = next((each for each in own if each.instrument == self.instrument), own[0] if own else None)
        return LawEntry(
            profile=self.profile,
            jurisdiction=found.jurisdiction if found else self.jurisdiction,
            instrument=self.instrument,
            list_name=f"{self.list} ({'; '.join(marks)})" if marks else self.list,
            item=self.item,
            since=first_day(self.since),
            until=last_day(self.until),
            has_ended=self.status == "expired",
            not_before=found.began if found else None,
            since_text=self.dated or self.since,
            source=self.source,
            status=f"{self.status}, read with {self.confidence} confidence",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Law:
    """The lists that count, on a date."""

    instruments: tuple[str, ...] = DEFAULT_INSTRUMENTS
    """Short names of profiles, in the order of `instruments.csv`; those of imports follow."""
    as_of: date | None = None
    """None uses all entries that have not ended, regardless of their dates."""
    imported: tuple[ListRow, ...] = ()
    """Rows of lists that the office imported, which replace those of the same profile, list and substance."""

    def __str__(self) -> str:
        as_of = f" as of {self.as_of}" if self.as_of else ""
        more = ""
        if self.imported:  # the digest tells two imports apart where this text names an edition
            digest = hashlib.sha256(repr(self.imported).encode()).hexdigest()[:8]
            rows = counted(len(self.imported), "imported row", "imported rows")
            more = f" with {rows} ({digest})"
        return ", ".join(self.instruments) + as_of + more

    @property
    def profiles(self) -> tuple[str, ...]:
        """The short names of all profiles, with those that imported rows bring."""
        return tuple(dict.fromkeys((*profiles(), *(row.profile for row in self.imported))))

    def counts(self, entry: LawEntry) -> bool:
        """Return whether an entry is of a chosen profile and was in force on the date."""
        if entry.profile not in self.instruments:
            return False
        return not entry.has_ended if self.as_of is None else entry.is_in_force(self.as_of)


def read_law(instruments: Iterable[str], as_of: str, imported: tuple[ListRow, ...] = ()) -> Law:
    """Return the law of instruments, given by short name, on a date (`YYYY-MM-DD`, or empty).

    Args:
        instruments: Short names, also several in one text, separated by commas.
        as_of: The date.
        imported: Rows that the office imported; they may bring further profiles.

    Raises:
        LawWrong: If a name or the date is not valid.
    """
    wanted = {name.strip().lower() for given in instruments for name in given.split(",")} - {""}
    known = Law(imported=imported).profiles
    unknown = sorted(wanted - set(known))
    if unknown or not wanted:
        found = f"{', '.join(unknown)} is not an instrument" if unknown else "no instrument is named"
        message = f"The profile of the law cannot be used: {found}; choose from {', '.join(known)}."
        raise LawWrong(message)
    try:
        day = date.fromisoformat(as_of) if as_of else None
    except ValueError as error:
        message = f"The law cannot be read as of {as_of!r}: it is not a date; write a date as 2024-12-03."
        raise LawWrong(message) from error
    return Law(instruments=tuple(name for name in known if name in wanted), as_of=day, imported=imported)
