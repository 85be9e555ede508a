"""The values of the gazetteer: substances, their names, and the law that lists them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

NameKind = Literal["canonical", "synonym", "abbreviation", "code"]
Family = Literal["opioid", "amphetamine-type", "other"]
GENERAL = "general knowledge"
IN_DATA = "GK"
"""How the data abbreviates it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LawEntry:
    """One substance on one list of one instrument."""

    instrument: str
    """E.g. `UN 1988 Convention`."""
    list_name: str
    """E.g. `Table I`."""
    since: date | None
    """First day in force as far as read: a year alone is read as its first of January."""
    not_before: date | None
    """When the instrument itself began, as far as known: without `since`, it counts from then on."""
    since_text: str
    """The date as the source gives it."""
    code: str
    """Code within the instrument, e.g. a customs (HS) or DEA number; empty if none was read."""
    source: str
    grade: str
    """How good the source is, e.g. `official text` or `secondary`."""
    status: str
    """How the listing was read, e.g. `read in source`."""

    def is_in_force(self, day: date) -> bool:
        """Say whether it was in force on a day, as far as dates were read."""
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
        """The sources of docs/law-sources.md and how the listing was read there."""
        return "; ".join(part for part in (self.source.replace(IN_DATA, GENERAL), self.status) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """One name of one substance."""

    text: str
    lang: str
    """ISO 639-1."""
    kind: NameKind
    context: str
    """What must stand near it to count; empty if nothing.

    `form`: a form, pack or purity. `element`: the same, or nothing else at all: an element of which the
    listed forms are what is sold. `chemistry`: words of the making of drugs. `never`: it is known when it
    is looked up, and no evidence in any text, e.g. `HCl`.
    """
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Substance:
    """One controlled substance, or one class that the law describes in words.

    Equal entries of several instruments are one substance.
    """

    key: str
    """Short stable key, e.g. `P2P`."""
    name: str
    family: Family
    tier: int
    """1 few licit uses; 2 dual use, limited trade; 3 bulk solvents, acids and reagents."""
    entries: tuple[LawEntry, ...]
    """Of the profile only, in the order of the instruments."""
    cas: tuple[str, ...]
    """CAS Registry Numbers, the substance's own first, then those of its salts."""
    inchikeys: tuple[str, ...]
    """Compare the first 14 characters; several sources leave stereochemistry out."""
    names: tuple[Name, ...]
    note: str = ""
    """What a person should know of a class, e.g. that many members are ordinary flavour materials."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusable:
    """A legitimate chemical or product that a keyword screen mistakes for a listed one."""

    name: str
    cas: str
    why: str
    borderline: bool
    """True when it contains or nearly is a listed substance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Which lists count as the law."""

    lists: frozenset[tuple[str, str]]
    """Pairs of instrument and the beginning of a list name, e.g. (`UN 1988 Convention`, `Table I`)."""

    def covers(self, instrument: str, list_name: str) -> bool:
        """Say whether a list of an instrument belongs to the profile."""
        return any(instrument == i and list_name.startswith(start) for i, start in self.lists)


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupResult:
    """What the gazetteer knows of a name or CAS number."""

    query: str
    status: Literal["listed", "ambiguous", "not_listed", "confusable", "unknown"]
    """`ambiguous`: it is part of the names of `candidates`, and none by itself."""
    substance: Substance | None
    why: str
    """One or more sentences for a person: where and since when, or why not."""
    candidates: tuple[Substance, ...] = ()
    """Every listed substance that it names or may mean."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Gazetteer:
    """The knowledge of the product under one profile and date. Compared by identity."""

    edition: str
    """Version and build date, e.g. `2026.11.1 of 2026-11-24`, and the law if it is not the default one."""
    substances: tuple[Substance, ...]
    """Listed under the profile on the date."""
    unlisted: tuple[Substance, ...]
    """Known here, but on none of the profile's lists on the date."""
    confusables: tuple[Confusable, ...]
    rivals: tuple[str, ...]
    """Names of unlisted chemicals that contain, or begin like, a listed name."""
    by_cas: Mapping[str, Substance]
    """Listed substances by CAS number."""
    law: str
    """Which lists, as of when, for a person: `un, incb, us, eu`."""
    stands_for: Mapping[str, str]
    """What abbreviations of unlisted chemicals stand for."""
    systematic_names: bool = False
    """Whether names that it lacks are read by structure, in titles that name nothing else."""

    def lookup(self, query: str) -> LookupResult:
        """Say of a name or CAS number whether it is listed, where, since when, or why not."""
        from classifier.gazetteer.lookup import look_up

        return look_up(self, query)
