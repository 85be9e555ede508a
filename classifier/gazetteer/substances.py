"""Read the substances and their names for one law from the CSV files of the package.

To change a fact: correct it in `curated/` and run `python -m fixtures.gazetteer.build`.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import TYPE_CHECKING, Literal, cast

from classifier.gazetteer.law import (
    GENERAL,
    Instrument,
    Law,
    LawEntry,
    ListRow,
    first_day,
    instruments,
    package_rows,
    profiles,
)
from classifier.gazetteer.lists import WATCH, WATCH_TEXT, shipped_rows
from classifier.gazetteer.molecules import check_reader
from text.normalise import comparable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NameKind = Literal["canonical", "synonym", "abbreviation", "code"]
Family = Literal["opioid", "amphetamine-type", "other"]
NOT_IN_FORCE = "proposed"
_read = partial(package_rows, "data")
MEMBER_NAME = {"lang": "en", "kind": "synonym", "context": "", "confidence": "", "note": ""}
"""Columns common to all names of class members."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """One name of one substance."""

    text: str
    lang: str
    """ISO 639-1."""
    kind: NameKind
    context: str
    """Context in which the name counts in a text; empty if it always counts.

    `form`: a form, pack or purity nearby. `element`: the same, or the name alone, for an element sold in its
    listed forms. `chemistry`: words about making drugs. `never`: the name is only for look-ups and is not
    evidence in any text, e.g. `HCl`.
    """
    source: str
    confidence: str = ""
    """How sure the spelling is: `high`, `medium` or `low`; empty where the source is the law or curated."""
    note: str = ""
    """A remark on the name for people, e.g. `ordinary word, also other ethers`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Substance:
    """A controlled substance, or a class that the law describes in words.

    Equal entries of several instruments are one substance.
    """

    key: str
    """Short stable key, e.g. `P2P`."""
    name: str
    family: Family
    tier: int
    """1 few licit uses; 2 dual use, limited trade; 3 bulk solvents, acids and reagents; `WATCH`: goods
    on lists of other countries or of surveillance that are shown and counted but never scored."""
    entries: tuple[LawEntry, ...]
    """Entries on lists of the profile, in the order of the instruments."""
    cas: tuple[str, ...]
    """CAS Registry Numbers of the substance, then of its salts."""
    inchikeys: tuple[str, ...]
    """Compare the first 14 characters, because several sources leave stereochemistry out."""
    names: tuple[Name, ...]
    note: str = ""
    """A remark on a class for people, e.g. `many members are ordinary flavour materials`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusable:
    """A legitimate chemical or product that a keyword screen mistakes for a listed one."""

    name: str
    cas: str
    why: str
    borderline: bool
    """Whether the product contains a listed substance or nearly is one."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Gazetteer:
    """All substances and names under one law; compared by identity."""

    edition: str
    """Version and build date, e.g. `2026.11.1 of 2026-11-24`, and the law if it is not the default one."""
    substances: tuple[Substance, ...]
    """Listed under the profile on the date."""
    unlisted: tuple[Substance, ...]
    """Known substances of the first six profiles that are on no list of the profile on the date."""
    watched: tuple[Substance, ...]
    """Substances of tier `WATCH` on lists of the profile or of surveillance; they are never scored."""
    elsewhere: tuple[Substance, ...]
    """Substances that only lists of other profiles name: for look-ups, they change no reading."""
    confusables: tuple[Confusable, ...]
    rivals: tuple[str, ...]
    """Names of unlisted chemicals that contain a listed name or begin like one."""
    by_cas: Mapping[str, Substance]
    """Listed substances by CAS number."""
    law: str
    """The lists that count, with their date, for people: `un, incb, us, eu`."""
    systematic_names: bool = False
    """Whether systematic names are recognised by structure, in titles that name nothing else."""


def default_gazetteer() -> Gazetteer:
    """Return the gazetteer of the default law; the process has only one."""
    return gazetteer_of(Law())


def gazetteer_of(law: Law, *, systematic_names: bool = False) -> Gazetteer:
    """Return the gazetteer of a law; one per process, because the first reading of a text compiles it.

    Raises:
        ModelError: If systematic names are to be read and a package or Java is missing.
    """
    if systematic_names:
        check_reader()
    return _gazetteer_of(law, systematic_names)


@cache  # knows a call by how it is written, so that a default would count as another call than its value
def _gazetteer_of(law: Law, systematic_names: bool) -> Gazetteer:  # noqa: FBT001
    return load_gazetteer(law, systematic_names=systematic_names)


def load_gazetteer(
    law: Law | None = None, *, classes: bool = True, systematic_names: bool = False
) -> Gazetteer:
    """Read the gazetteer from the files that come with the package.

    Args:
        law: The lists that count, and their date: later entries are left out. An entry without a known date
            counts from the first day of its instrument. None is the default profile without a date.
        classes: Whether to include the known members of classes that the law describes in words, such as
            "phenylacetic acid, its esters, and its salts", and salts with CAS numbers of their own.
        systematic_names: See `Gazetteer.systematic_names`.

    Returns:
        A new `Gazetteer`. Loading takes some tenths of a second, so callers should keep it.
    """
    law = law or Law()
    rows = law_rows(law)
    entries = _entries(law, rows)
    base, wider = _substances(entries, classes=classes), _wider(entries, rows)
    read = [*base, *(each for each in wider if each.tier != WATCH)]
    listed = tuple(each for each in read if each.entries)
    watched = tuple(each for each in wider if each.tier == WATCH and each.entries)
    return Gazetteer(
        edition=_edition() if law == Law() else f"{_edition()}, {law}",
        substances=listed,
        unlisted=tuple(each for each in base if not each.entries),
        watched=watched,
        elsewhere=tuple(each for each in wider if not each.entries),
        confusables=tuple(_confusables()),
        rivals=tuple(row["name"] for row in _read("rivals.csv")),
        by_cas={cas: s for s in reversed(listed) for cas in s.cas},
        law=str(law),
        systematic_names=systematic_names,
    )


def law_rows(law: Law) -> tuple[ListRow, ...]:
    """Return the rows of the lists that come with the package, and those that the office imported."""
    known = known_names()
    imported = {row.place(known): row for row in law.imported}  # of two imports, the later counts
    return (*(row for row in shipped_rows() if row.place(known) not in imported), *imported.values())


@cache
def base_rows() -> tuple[ListRow, ...]:
    """Return the entries that stand in `entries.csv`, of the first six profiles, as rows of lists."""
    names = {row["substance_key"]: row["name"] for row in _read("substances.csv")}
    numbers = {row["substance_key"]: row["cas"] for row in reversed(_read("cas.csv")) if row["cas"]}
    return tuple(
        ListRow(
            profile=found.profile,
            instrument=row["instrument"],
            list=row["list"],
            substance=names[row["substance_key"]],
            cas=numbers.get(row["substance_key"], ""),
            since=row["since"],
            dated=row["control_date"],
            status="proposed" if NOT_IN_FORCE in row["list"] else "in force",
            source=row["source"],
            confidence=row["grade"],
        )
        for row in _read("entries.csv")
        if (found := _instrument_of(row)) and row["substance_key"] in names
    )


def all_rows(law: Law) -> list[ListRow]:
    """Return the rows of the lists of all profiles, in their order, with those that the office imported."""
    known = known_names()
    replaced = {row.place(known) for row in law.imported}
    found = [row for row in base_rows() if row.place(known) not in replaced] + list(law_rows(law))
    return sorted(found, key=lambda row: law.profiles.index(row.profile))


def _edition() -> str:
    row = _read("edition.csv")[0]
    return f"{row['version']} of {row['built_on']}"


def _entries(law: Law, rows: Iterable[ListRow]) -> dict[str, list[LawEntry]]:
    entries: dict[str, list[LawEntry]] = defaultdict(list)
    known, watch = known_names(), profiles("surveillance")
    replaced = {row.place(known) for row in law.imported}
    for row in _read("entries.csv"):
        found = _instrument_of(row)
        if found and (found.profile, row["list"], row["substance_key"]) in replaced:
            continue
        entry = LawEntry(
            profile=found.profile if found else "",
            jurisdiction=found.jurisdiction if found else "",
            instrument=row["instrument"],
            list_name=row["list"],
            since=first_day(row["since"]),
            not_before=found.began if found else None,
            since_text=row["control_date"],
            code=row["code"],
            source=row["source"],
            status=row["status"],
        )
        if law.counts(entry) and NOT_IN_FORCE not in entry.list_name:
            entries[row["substance_key"]].append(entry)
    surveyed = replace(law, instruments=(*law.instruments, *watch))
    for each in rows:
        key, entry = each.key(known), each.entry()
        if (surveyed if each.tier == WATCH_TEXT else law).counts(entry):
            entries[key].append(entry)
    order = law.profiles
    for found_entries in entries.values():
        found_entries.sort(key=lambda entry: order.index(entry.profile))
    return entries


def _instrument_of(row: Mapping[str, str]) -> Instrument | None:
    """Return the instrument of a row of `entries.csv`; None for lists that belong to no profile."""
    return next(
        (
            each
            for each in instruments()
            if each.instrument == row["instrument"] and row["list"].startswith(each.lists)
        ),
        None,
    )


@cache
def known_names() -> Mapping[str, str]:
    """Return substance keys by name in comparable form, then by CAS number, of the first six profiles."""
    named = {comparable(row["name"]): row["substance_key"] for row in _read("substances.csv")}
    numbered = {row["cas"]: row["substance_key"] for row in reversed(_read("cas.csv")) if row["cas"]}
    return {**numbered, **named}


@cache
def keys_by_cas() -> Mapping[str, frozenset[str]]:
    """Return the keys of the substances with each CAS number, of the first six profiles."""
    found: dict[str, set[str]] = defaultdict(set)
    for row in _read("cas.csv"):
        found[row["cas"]].add(row["substance_key"])
    return {cas: frozenset(keys) for cas, keys in found.items() if cas}


def _wider(entries: dict[str, list[LawEntry]], rows: Iterable[ListRow]) -> list[Substance]:
    """Return the substances that only `lists/` names, each from its first row; later rows add names."""
    known, found = known_names(), dict[str, list[ListRow]]()
    base = set(known.values())
    for row in rows:
        if (key := row.key(known)) not in base:
            found.setdefault(key, []).append(row)
    return [
        Substance(
            key=key,
            name=same[0].substance,
            family=cast("Family", same[0].family),
            tier=WATCH if same[0].tier == WATCH_TEXT else int(same[0].tier),
            entries=tuple(entries[key]),
            cas=tuple(dict.fromkeys(row.cas for row in same if row.cas)),
            inchikeys=(),
            names=tuple({(n.text, n.lang): n for row in same for n in _names_of(row)}.values()),
        )
        for key, same in found.items()
    ]


def _names_of(row: ListRow) -> Iterable[Name]:
    yield Name(text=row.substance, lang="en", kind="canonical", context="", source=row.source)
    for lang, text in row.other_names():
        is_short = lang == "abbr"
        yield Name(
            text=text,
            lang="en" if is_short else lang,
            kind="abbreviation" if is_short else "synonym",
            context="chemistry" if is_short else "",
            source=GENERAL,
        )


def _substances(entries: dict[str, list[LawEntry]], *, classes: bool) -> list[Substance]:
    notes = {row["substance_key"]: row["note"] for row in _read("classes.csv")}
    members = _read("class_members.csv") if classes else []
    left_out = set() if classes else set(notes)
    cas = _grouped([*_read("cas.csv"), *members], "cas")
    inchikeys = _grouped(_read("cas.csv"), "inchikey")
    names: dict[str, list[Name]] = defaultdict(list)
    for row in [*_read("names.csv"), *({**MEMBER_NAME, **row} for row in members if row["name"])]:
        names[row["substance_key"]].append(
            Name(
                text=row["name"],
                lang=row["lang"],
                kind=cast("NameKind", row["kind"]),
                context=row["context"],
                source=row["source"],
                confidence=row["confidence"],
                note=row["note"],
            )
        )
    return [
        Substance(
            key=row["substance_key"],
            name=row["name"],
            family=cast("Family", row["family"]),
            tier=int(row["tier"]),
            entries=tuple(entries[row["substance_key"]]),
            cas=tuple(cas[row["substance_key"]]),
            inchikeys=tuple(inchikeys[row["substance_key"]]),
            names=tuple(names[row["substance_key"]]),
            note=notes.get(row["substance_key"], ""),
        )
        for row in _read("substances.csv")
        if row["substance_key"] not in left_out
    ]


def _grouped(rows: Iterable[dict[str, str]], column: str) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        if row[column] and row[column] not in grouped[row["substance_key"]]:
            grouped[row["substance_key"]].append(row[column])
    return grouped


def _confusables() -> Iterable[Confusable]:
    for row in _read("confusables.csv"):
        yield Confusable(
            name=row["name"], cas=row["cas"], why=row["why"], borderline=row["borderline"] == "1"
        )
