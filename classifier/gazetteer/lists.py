"""Lists of further jurisdictions, as data: the CSV files in `lists/`, and files that an office imports.

One row is one substance on one list. To bring a list in, add a file to `lists/` whose name is the profile's,
and the profile to `instruments.csv`; an office imports a file of the same columns with `law import`. Rows
name substances of the gazetteer by canonical name or CAS number; any other row states family and tier, and so
brings a new substance.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Literal, cast

from classifier.errors import ModelError
from classifier.gazetteer.law import Law, ListRow, first_day, last_day
from text.cas import is_cas_number
from text.normalise import comparable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import date

WATCH = 4
"""Tier of substances that are shown and counted but never scored."""
WATCH_TEXT = "watch"
FAMILIES = ("opioid", "amphetamine-type", "other")
TIERS = ("1", "2", "3", WATCH_TEXT)
STATUSES = ("in force", "proposed", "surveillance", "expired")
CONFIDENCES = ("high", "medium", "low")
NEEDED = ("profile", "instrument", "list", "substance", "status", "source", "confidence")
DAY = re.compile(r"\d{4}(-\d\d(-\d\d)?)?")
PROFILE = re.compile(r"[a-z][a-z0-9-]{1,30}")


class ListWrong(ModelError):
    """A file of list rows has mistakes; the message names each, and nothing was taken over."""

    def __init__(self, name: str, faults: Sequence[str]) -> None:
        super().__init__(f"{name} cannot be used: {' '.join(faults)} Nothing was imported.")


@cache
def shipped_rows() -> tuple[ListRow, ...]:
    """Return the rows of `lists/`, by profile."""
    folder = files("classifier.gazetteer") / "lists"
    found = sorted((file for file in folder.iterdir() if file.name.endswith(".csv")), key=lambda f: f.name)
    return tuple(
        ListRow(**row)
        for file in found
        for row in csv.DictReader(file.read_text(encoding="utf-8").splitlines())
    )


def imported_rows(kept: Iterable[Mapping[str, str]]) -> tuple[ListRow, ...]:
    """Return rows as the store keeps them; columns that this release does not know are left out."""
    columns = {field.name for field in fields(ListRow)}
    return tuple(ListRow(**{name: row[name] for name in row.keys() & columns}) for row in kept)


def read_list(
    name: str,
    text: str,
    known: Mapping[str, str],
    by_cas: Mapping[str, Collection[str]],
    imported: tuple[ListRow, ...] = (),
) -> tuple[ListRow, ...]:
    """Return the rows of a CSV file, checked as a whole.

    Args:
        name: The file's name, for messages.
        text: The file.
        known: Substance keys by name and CAS number.
        by_cas: The keys of all substances with a CAS number.
        imported: The rows of earlier imports.

    Raises:
        ListWrong: If a column, CAS number, date, profile, status or confidence is wrong, a column or row is
            double, or a new substance lacks family or tier; the message names every mistake.
    """
    columns = [field.name for field in fields(ListRow)]
    try:
        table = csv.DictReader(text.splitlines(), strict=True)
        heading = list(table.fieldnames or ())
        lines = list(table)
    except csv.Error as error:
        raise ListWrong(name, [f"it is not a CSV file ({error})."]) from error
    faults = [f"The column {one} is unknown." for one in heading if one not in columns]
    faults += [f"The column {one} stands twice." for one, times in Counter(heading).items() if times > 1]
    if missing := [one for one in NEEDED if one not in heading]:
        faults.append(f"Needed columns are missing: {', '.join(missing)}.")
    if faults or not lines:
        raise ListWrong(name, faults or ["it has no rows."])
    rows: list[ListRow] = []
    places = set[tuple[str, ...]]()
    seen = {row.key(known) for row in (*shipped_rows(), *imported) if row.tier}
    base = set(known.values())
    profiles = Law(imported=imported).profiles
    for number, line in enumerate(lines, start=2):
        if None in line or None in line.values():
            faults.append(f"Row {number} has too many or too few cells.")
            continue
        row = ListRow(**{column: value.strip() for column, value in line.items()})
        faults += [
            f"Row {number} ({row.substance or 'no name'}): {fault}." for fault in _faults(row, profiles)
        ]
        key = row.key(known)
        if row.place(known) in places:
            faults.append(f"Row {number} ({row.substance}) stands twice.")
        places.add(row.place(known))
        if row.cas in by_cas and comparable(row.substance) in known and key not in by_cas[row.cas]:
            faults.append(f"Row {number} ({row.substance}): {row.cas} is the number of another substance.")
        is_new = key not in base and key not in seen
        if is_new and (row.family not in FAMILIES or row.tier not in TIERS):
            faults.append(
                f"Row {number} ({row.substance}): it is a new substance, so family ({', '.join(FAMILIES)}) "
                f"and tier ({', '.join(TIERS)}) are needed."
            )
        seen.add(key)
        rows.append(row)
    if faults:
        raise ListWrong(name, faults)
    return tuple(rows)


def _faults(row: ListRow, profiles: Sequence[str]) -> Iterator[str]:
    yield from (f"{column} is empty" for column in NEEDED if not getattr(row, column))
    if row.cas and not is_cas_number(row.cas):
        yield f"{row.cas} is not a CAS number: its check digit is wrong"
    for column in ("since", "until"):
        if (day := getattr(row, column)) and not _is_day(day):
            yield f"{day} is not a date as 2026, 2026-05 or 2026-05-18"
    if row.since and row.until and not _is_ordered(row.since, row.until):
        yield f"it ends ({row.until}) before it begins ({row.since})"
    yield from _profile_faults(row, profiles)
    for value, allowed in ((row.status, STATUSES), (row.confidence, CONFIDENCES)):
        if value and value not in allowed:
            yield f"{value} is none of {', '.join(allowed)}"
    if row.substance.startswith("(") and row.substance.endswith(")"):
        yield "a remark in brackets is no substance"


def _profile_faults(row: ListRow, profiles: Sequence[str]) -> Iterator[str]:
    if row.profile and row.profile not in profiles:
        if not row.jurisdiction:
            yield f"{row.profile} is none of {', '.join(profiles)}, and a new profile needs its jurisdiction"
        elif not PROFILE.fullmatch(row.profile):
            yield f"{row.profile} is not a short name of lower-case letters, digits and hyphens"


def _is_day(text: str) -> bool:
    try:
        return DAY.fullmatch(text) is not None and first_day(text) is not None
    except ValueError:
        return False


def _is_ordered(since: str, until: str) -> bool:
    return not (_is_day(since) and _is_day(until)) or cast("date", first_day(since)) <= cast(
        "date", last_day(until)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One row that differs between two lists."""

    kind: Literal["added", "removed", "changed"]
    row: ListRow
    """The new row, or the one removed."""
    fields: tuple[tuple[str, str, str], ...] = ()
    """Changed columns with the old and the new value."""

    def __str__(self) -> str:
        said = f"{self.kind}: {self.row.substance}" + (f" (CAS {self.row.cas})" if self.row.cas else "")
        said += f", {self.row.profile}, {self.row.list}"
        if self.kind == "added":
            said += f", since {self.row.since}" if self.row.since else ", date not stated"
        if self.row.until and self.kind != "changed":
            said += f", until {self.row.until}"
        changes = (f"{column} {old or '-'} -> {new or '-'}" for column, old, new in self.fields)
        return said + "".join(f"; {change}" for change in changes)


def differences(old: Iterable[ListRow], new: Iterable[ListRow], known: Mapping[str, str]) -> list[Difference]:
    """Return the rows that were removed, changed and added, each in the order of its list.

    `known` has substance keys by name and CAS number.
    """
    before, after = ({row.place(known): row for row in rows} for rows in (old, new))
    found = [Difference(kind="removed", row=row) for place, row in before.items() if place not in after]
    for place, row in after.items():
        if place not in before:
            found.append(Difference(kind="added", row=row))
        elif row != before[place]:
            changed = (
                (field.name, str(getattr(before[place], field.name)), str(getattr(row, field.name)))
                for field in fields(ListRow)
            )
            found.append(
                Difference(
                    kind="changed", row=row, fields=tuple(each for each in changed if each[1] != each[2])
                )
            )
    return found
