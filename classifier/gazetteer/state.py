"""Tell the state of the law: what each profile holds, how old its sources are, and what changes soon."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Literal

from classifier.gazetteer.law import first_day, instruments, last_day, package_rows, profiles
from classifier.gazetteer.lists import imported_rows
from classifier.gazetteer.substances import all_rows
from store.scores.law_imports import accepted_rows, waiting_import

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from classifier.gazetteer.law import Law, ListRow, ProfileKind
    from store.sqlite import Database

SOURCE = re.compile(r"\bS\d+")
MOST_DAYS = 36_500


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileState:
    """What one profile holds."""

    profile: str
    jurisdiction: str
    kind: ProfileKind
    """`proposed` lists are not in force; lists of `surveillance` control nothing."""
    is_own: bool
    """Whether the office's profile has it, so that it counts."""
    entries: int
    low_confidence: int
    """Entries that were read with low confidence."""
    imported: int
    """Entries from imports of the office."""
    newest: str
    """The latest date in force that an entry states."""
    read_on: str
    """The month in which the oldest of its sources was read, `YYYY-MM`; empty if none is numbered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An entry that begins or ends on a day."""

    day: date
    """The first day in force, or the last."""
    kind: Literal["begins", "ends"]
    row: ListRow


def with_imports(db: Database, law: Law, *, even_waiting: bool = False) -> Law:
    """Return a law with the rows that a store's leads accepted; a new profile that they bring counts too.

    `even_waiting` adds the rows of the import that waits for a decision.
    """
    kept = accepted_rows(db)
    if even_waiting and (waiting := waiting_import(db)):
        kept += waiting.law_rows
    imported = imported_rows(kept)
    new = {row.profile for row in imported if row.status != "proposed"} - set(profiles())
    return replace(law, instruments=tuple(dict.fromkeys((*law.instruments, *sorted(new)))), imported=imported)


def profile_states(law: Law) -> list[ProfileState]:
    """Return the state of every profile, with the imports that count."""
    by_profile: dict[str, list[ListRow]] = {name: [] for name in law.profiles}
    for row in all_rows(law):
        if row.status != "expired":
            by_profile[row.profile].append(row)
    known = {each.profile: each for each in instruments()}
    imported = set(law.imported)
    return [
        ProfileState(
            profile=name,
            jurisdiction=known[name].jurisdiction if name in known else rows[0].jurisdiction if rows else "",
            kind=known[name].kind if name in known else "law",
            is_own=name in law.instruments,
            entries=len(rows),
            low_confidence=sum(row.confidence == "low" for row in rows),
            imported=len(imported.intersection(rows)),
            newest=max((row.since for row in rows), default=""),
            read_on=min((read for row in rows if (read := _read_on(row))), default=""),
        )
        for name, rows in by_profile.items()
    ]


def changes_within(law: Law, after: date, days: int) -> list[Change]:
    """Return the entries of the law's profiles that begin or end within some days, in order."""
    until = after + timedelta(days=min(days, MOST_DAYS))
    found = []
    for row in all_rows(law):
        if row.profile not in law.instruments or row.status in {"expired", "proposed"}:
            continue
        begins, ends = first_day(row.since), last_day(row.until)
        if begins and after < begins <= until:
            found.append(Change(day=begins, kind="begins", row=row))
        if ends and after <= ends <= until:
            found.append(Change(day=ends, kind="ends", row=row))
    return sorted(found, key=lambda change: change.day)


def _read_on(row: ListRow) -> str:
    """Return when the oldest numbered source of a row was read; empty if it cites none."""
    return min((_sources()[each] for each in SOURCE.findall(row.source) if each in _sources()), default="")


@cache
def _sources() -> Mapping[str, str]:
    """Return the month in which each source was read, by its number without letter."""
    rows = package_rows("curated", "sources.csv")
    return {found[0]: row["read_on"] for row in rows if (found := SOURCE.match(row["id"]))}
