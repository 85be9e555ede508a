"""Whether the audit log is whole, and whether what it vouches for still stands as it was."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from store.audit.audit import AuditAction
from store.audit.chain import BEGINNING, KEYS, digest_of_rows, entry_hash, row_hash
from store.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from store.sqlite import Database

VOUCHED = {
    AuditAction.VERDICT_GIVEN: "verdicts",
    AuditAction.VERDICT_UNDONE: "verdicts",
    AuditAction.MODEL_PROMOTED: "promotions",
}
"""What each row of these tables must have an entry of."""

GUARDED = ("audit_log", "verdicts", "promotions", "scores", "sightings", "pages")
"""Tables whose triggers must be there."""

Anchors = dict[int, set[str]]
"""Hashes that were written down, by number of entry; more than one only if somebody is lying."""

ANCHOR = re.compile(r"(\d{1,18}):([0-9a-f]{64})")


class AuditBroken(StoreError):
    """The log, or something it vouches for, is not what it was."""

    def __init__(self, place: str, found: str) -> None:
        self.place = place
        """E.g. `entry 17` or `verdicts/4`."""
        super().__init__(f"The audit log is broken at {place}: {found}.")


class AnchorUnreadable(StoreError):
    """What was given as an anchor is none."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"{text[:80]!r} is no anchor; `precursor-watch audit anchor` prints one: an entry's number, a "
            "colon and 64 hexadecimal digits."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditChecked:
    """What was found whole."""

    entries: int
    rows: int
    """How many rows the entries vouch for, each counted once."""
    anchors: int
    head: str
    """Hash of the newest entry."""


@dataclass
class _Walk:
    """What is known while the log is walked from its beginning."""

    expected_id: int = 1
    previous: str = BEGINNING
    hashes: dict[str, str | None] = field(default_factory=dict)
    """Of rows as they stand now, by table/key."""
    vouched: dict[str, set[int]] = field(default_factory=lambda: {"verdicts": set(), "promotions": set()})
    before: dict[str, int] = field(default_factory=dict)
    """Last key of each table for which the first entry vouches as a whole."""


def read_anchors(lines: Iterable[str]) -> Anchors:
    """Return the anchors in lines as `audit anchor` prints them; what follows an anchor is let be.

    Raises:
        AnchorUnreadable: If a line does not begin with an anchor.
    """
    anchors: Anchors = {}
    for line in filter(None, map(str.strip, lines)):
        found = ANCHOR.match(line)
        if found is None:
            raise AnchorUnreadable(line)
        anchors.setdefault(int(found.group(1)), set()).add(found.group(2))
    return anchors


def verify(
    db: Database, *, anchors: Anchors | None = None, progress: Callable[[int, int], None] | None = None
) -> AuditChecked:
    """Walk the log from its first entry, as it stands at one moment, and name the first break.

    Checked are: that entries follow one another without a gap, that each hash is right, that each row an
    entry vouches for is there and unchanged, that no verdict or promotion lacks an entry, that the anchors
    are met, and that the triggers which refuse changes are in place.

    Args:
        db: The store.
        anchors: Hashes by number of entry, as written down elsewhere. Only they show a log whose end was cut
            off together with what it spoke of, or that was written anew from some entry on.
        progress: Called with entries done and in all.

    Raises:
        AuditBroken: At the first thing that is not as it was.
    """
    given = anchors or {}
    db.conn.execute("BEGIN")
    try:
        walk = _Walk()
        total = int(db.execute("SELECT count(*) FROM audit_log").fetchone()[0])
        for row in db.execute("SELECT * FROM audit_log ORDER BY entry_id"):
            _check_entry(db, walk, row, given)
            if progress:
                progress(walk.expected_id - 1, total)
        _check_end(walk, given)
        _check_nothing_unlogged(db, walk)
        _check_triggers(db)
    finally:
        db.conn.rollback()
    return AuditChecked(
        entries=walk.expected_id - 1, rows=len(walk.hashes), anchors=len(given), head=walk.previous
    )


def _check_entry(db: Database, walk: _Walk, row: Any, anchors: Anchors) -> None:
    entry_id = int(row["entry_id"])
    break_at = partial(AuditBroken, f"entry {entry_id}")
    if entry_id != walk.expected_id:
        raise AuditBroken(f"entry {walk.expected_id}", f"it is missing; after it comes entry {entry_id}")
    if row["previous"] != walk.previous:
        raise break_at("it does not carry the hash of the entry before")
    if entry_hash(row) != row["hash"]:
        raise break_at("what it says is not what its hash was made of")
    if anchors.get(entry_id, {row["hash"]}) != {row["hash"]}:
        raise break_at("it is not the one that the anchor names; the log was written anew from some entry on")
    try:
        details, rows = json.loads(row["details"]), json.loads(row["rows"])
        if entry_id == 1:
            _check_beginning(db, walk, row["action"], details)
        for name, kept in rows.items():
            _check_row(db, walk, name, kept, entry_id)
        table = VOUCHED.get(row["action"])
        if table:
            walk.vouched[table] |= {int(name.split("/")[1]) for name in rows if name.startswith(f"{table}/")}
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise break_at(f"it was not written by this program ({error})") from error
    walk.expected_id, walk.previous = entry_id + 1, row["hash"]


def _check_beginning(db: Database, walk: _Walk, action: str, details: dict[str, Any]) -> None:
    if action != AuditAction.LOG_BEGUN:
        raise AuditBroken(
            "entry 1", f"the log begins with {action} where {AuditAction.LOG_BEGUN} is expected"
        )
    for table in walk.vouched:
        then = details["before"][table]
        walk.before[table] = int(then["last"])
        if digest_of_rows(db, table, up_to=walk.before[table]) != then:
            raise AuditBroken(
                table,
                f"the {then['count']} rows up to {then['last']}, older than the log, are not as they were",
            )


def _check_row(db: Database, walk: _Walk, name: str, kept: str, entry_id: int) -> None:
    if name not in walk.hashes:
        table, _, key = name.partition("/")
        walk.hashes[name] = row_hash(db, table, int(key))
    now = walk.hashes[name]
    if now is None:
        raise AuditBroken(name, f"the row is gone, of which entry {entry_id} speaks")
    if now != kept:
        raise AuditBroken(name, f"the row is not as it was when entry {entry_id} was written")


def _check_end(walk: _Walk, anchors: Anchors) -> None:
    last = walk.expected_id - 1
    if last == 0:
        raise AuditBroken("entry 1", "the log is empty")
    beyond = [entry_id for entry_id in sorted(anchors) if entry_id > last]
    if beyond:
        raise AuditBroken(
            f"entry {last + 1}",
            f"the log ends before it, and an anchor names entry {beyond[0]}: its end is gone",
        )


def _check_nothing_unlogged(db: Database, walk: _Walk) -> None:
    for table, vouched in walk.vouched.items():
        key = KEYS[table]
        query = f"SELECT {key} FROM {table} WHERE {key} > ? ORDER BY {key}"  # noqa: S608 (of KEYS)
        for row in db.execute(query, [walk.before[table]]):
            if row[0] not in vouched:
                raise AuditBroken(
                    f"{table}/{row[0]}", "no entry speaks of this row: it was not this program's"
                )


def _check_triggers(db: Database) -> None:
    there = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")}
    wanted = {f"{table}_no_{verb}" for table in GUARDED for verb in ("update", "delete", "replace")}
    for name in sorted(wanted | {"audit_log_chained"}):
        if name not in there:
            raise AuditBroken(f"trigger {name}", "it is gone, so rows could be changed since unhindered")
