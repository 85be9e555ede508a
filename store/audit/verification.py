"""Verify that the audit log, the record, all evidential rows and the schema are unchanged."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from store import times
from store.audit.chain import (
    BEGINNING,
    DELETED,
    KEYS,
    SCHEMA,
    AuditAction,
    EvidentialTable,
    digest_of_rows,
    entry_hash,
    evidential_tables,
    row_hash,
    schema_digest,
    schema_of,
)
from store.database import open_in_memory
from store.errors import StoreError
from store.messages import reason_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from store.sqlite import Database

VOUCHED = {
    AuditAction.VERDICT_GIVEN: "verdicts",
    AuditAction.VERDICT_UNDONE: "verdicts",
    AuditAction.MODEL_PROMOTED: "promotions",
}
"""Tables whose rows must each have an entry, by action."""

ANCHOR = re.compile(r"([1-9]\d{0,17}):([0-9a-f]{64})(?:\+([1-9]\d{0,17}):([0-9a-f]{64}))?(?=\s|$)", re.ASCII)
"""Number and hash of an entry; since release 0.2 also of a line of the record. Both count from 1."""

STRETCH = 50_000
"""Lines of the record that one statement verifies."""

CLOCKS_DIFFER = timedelta(minutes=2)
"""How much earlier than the previous entry an entry may be dated: a writer may wait a minute for the lock."""


class AuditBroken(StoreError):
    """The log, the record, the schema or a row was changed."""

    def __init__(self, place: str, found: str) -> None:
        self.place = place
        """E.g. `entry 17` or `verdicts/4`."""
        super().__init__(f"The audit log is broken at {place}: {found}.")


class AnchorUnreadable(StoreError):
    """A text is not an anchor."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"{text[:80]!r} is not an anchor; `precursor-watch audit anchor` prints one: the number of an "
            "entry, a colon and 64 hexadecimal digits, then a plus sign and the same for a record line."
        )


class AnchorsFileUnreadable(AnchorUnreadable):
    """A file of anchors is not text."""

    def __init__(self, name: str, found: str) -> None:
        StoreError.__init__(
            self,
            f"{name} is not an anchor file: {found}. `precursor-watch audit anchor` prints anchors as plain "
            "text; give the file in which you kept them.",
        )


class AnchorsEmpty(StoreError):
    """A file of anchors contains none, so it would confirm nothing."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} contains no anchor, so it would confirm nothing. `precursor-watch audit anchor` prints "
            "one. To verify without an anchor, omit --anchors."
        )


@dataclass(frozen=True, slots=True)
class Anchors:
    """Hashes kept outside the store, by number; a number has several hashes only if one is false."""

    entries: dict[int, set[str]] = field(default_factory=dict)
    lines: dict[int, set[str]] = field(default_factory=dict)
    """Hashes of lines of the record; anchors of the first release have none."""

    def __len__(self) -> int:
        return sum(map(len, self.entries.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditChecked:
    """The numbers of verified entries, lines and rows."""

    entries: int
    rows: int
    """Rows that the entries vouch for, each counted once."""
    lines: int
    """Lines of the record, one for each row ever written to an evidential table."""
    anchors: int
    head: str
    """Hash of the newest entry."""
    backwards: tuple[str, ...] = ()
    """Entries dated before the previous entry: the clock was set back, or a time is false."""

    @property
    def backwards_sentence(self) -> str:
        """A sentence on times that run backwards; empty if there are none."""
        if not self.backwards:
            return ""
        more = f", and {len(self.backwards) - 1} more" if len(self.backwards) > 1 else ""
        return f"Times of the audit log run backwards at {self.backwards[0]}{more}: the clock was set back."


@dataclass
class _Walk:
    """State of the walk through the log from its beginning."""

    expected_id: int = 1
    previous: str = BEGINNING
    at: str = ""
    hashes: dict[str, str | None] = field(default_factory=dict)
    """Present hashes of rows, by table/key."""
    vouched: dict[str, set[int]] = field(default_factory=lambda: {"verdicts": set(), "promotions": set()})
    before: dict[str, int] = field(default_factory=dict)
    """Last key of each table that the first entry vouches for as a whole."""
    backwards: list[str] = field(default_factory=list)


def read_anchors(lines: Iterable[str]) -> Anchors:
    """Parse anchors from lines printed by `audit anchor`; the rest of each line is ignored.

    Raises:
        AnchorUnreadable: If a line does not begin with an anchor.
    """
    anchors = Anchors()
    for line in filter(None, map(str.strip, lines)):
        found = ANCHOR.match(line)
        if found is None:
            raise AnchorUnreadable(line)
        entry, entry_hash_, number, hash_ = found.groups()
        anchors.entries.setdefault(int(entry), set()).add(entry_hash_)
        if number:
            anchors.lines.setdefault(int(number), set()).add(hash_)
    return anchors


def read_anchors_file(name: str, content: bytes, given: Iterable[str] = ()) -> Anchors:
    """Return the anchors in a file together with the given anchors.

    Raises:
        AnchorUnreadable: If a line does not begin with an anchor, or the file is not text.
        AnchorsEmpty: If the file contains no anchor.
    """
    try:
        lines = content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise AnchorsFileUnreadable(name, reason_of(error)) from error
    if not read_anchors(lines):
        raise AnchorsEmpty(name)
    return read_anchors([*lines, *given])


def verify(
    db: Database, *, anchors: Anchors | None = None, progress: Callable[[int, int], None] | None = None
) -> AuditChecked:
    """Verify the log, every row of every evidential table, and the schema, in one snapshot.

    Log: entries have no gap, each hash is correct, each row that an entry vouches for exists unchanged, and
    each verdict and promotion has an entry. Record: lines have no gap, each hash is correct, each row matches
    its newest line, and each row has a line. Schema: tables, triggers with their bodies, views and indexes
    are the same as this version creates. `anchors` are hashes kept outside the store; without them, a cut end
    or a rewrite of the log and the record cannot be found. `progress` is called with the number of verified
    entries and lines, and their total.

    Raises:
        AuditBroken: At the first break.
    """
    given = anchors or Anchors()
    db.conn.execute("BEGIN")
    try:
        walk = _Walk()
        entries = int(db.execute("SELECT count(*) FROM audit_log").fetchone()[0])
        total = entries + int(db.execute("SELECT count(*) FROM record").fetchone()[0])
        for row in db.execute("SELECT * FROM audit_log ORDER BY entry_id"):
            _check_entry(db, walk, row, given.entries)
            if progress:
                progress(walk.expected_id - 1, total)
        _check_end(walk, given.entries)
        _check_nothing_unlogged(db, walk)
        lines = 0
        tables, expected = _created()
        _check_schema(db, expected, kinds=("table",))  # the next checks read the tables
        for lines in _check_record(db, tables, given.lines):
            if progress:
                progress(entries + lines, total)
        _check_schema(db, expected)
    except sqlite3.OperationalError as error:
        raise AuditBroken("an unreadable row", str(error)) from error
    finally:
        db.conn.rollback()
    return AuditChecked(
        entries=walk.expected_id - 1,
        rows=len(walk.hashes),
        lines=lines,
        anchors=len(given),
        head=walk.previous,
        backwards=tuple(walk.backwards),
    )


@cache
def _created() -> tuple[list[EvidentialTable], dict[str, str]]:
    """Return the evidential tables and the schema that this version creates."""
    with closing(open_in_memory()) as fresh:
        return evidential_tables(fresh), schema_of(fresh)


def _check_entry(db: Database, walk: _Walk, row: Any, anchors: dict[int, set[str]]) -> None:
    entry_id = int(row["entry_id"])
    break_at = partial(AuditBroken, f"entry {entry_id}")
    if entry_id != walk.expected_id:
        raise AuditBroken(f"entry {walk.expected_id}", f"it is missing; the next entry is {entry_id}")
    if row["previous"] != walk.previous:
        raise break_at("it does not have the hash of the previous entry")
    if entry_hash(row) != row["hash"]:
        raise break_at("its contents do not match its hash")
    if anchors.get(entry_id, {row["hash"]}) != {row["hash"]}:
        raise break_at("it does not match the anchor; the log was rewritten from some entry on")
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
    if walk.at and times.from_text(row["at"]) < times.from_text(walk.at) - CLOCKS_DIFFER:
        walk.backwards.append(f"entry {entry_id} of {row['at']}, after entry {entry_id - 1} of {walk.at}")
    walk.expected_id, walk.previous, walk.at = entry_id + 1, row["hash"], row["at"]


def _check_beginning(db: Database, walk: _Walk, action: str, details: dict[str, Any]) -> None:
    if action != AuditAction.LOG_BEGUN:
        raise AuditBroken("entry 1", f"the log begins with {action} instead of {AuditAction.LOG_BEGUN}")
    for table in walk.vouched:
        then = details["before"][table]
        walk.before[table] = int(then["last"])
        if digest_of_rows(db, table, up_to=walk.before[table]) != then:
            raise AuditBroken(
                table,
                f"the {then['count']} rows up to {then['last']}, older than the log, were changed",
            )


def _check_row(db: Database, walk: _Walk, name: str, kept: str, entry_id: int) -> None:
    if name not in walk.hashes:
        table, _, key = name.partition("/")
        walk.hashes[name] = row_hash(db, table, int(key))
    now = walk.hashes[name]
    if now is None:
        raise AuditBroken(name, f"the row is missing, but entry {entry_id} vouches for it")
    if now != kept:
        raise AuditBroken(name, f"the row was changed after entry {entry_id}")


def _check_end(walk: _Walk, anchors: dict[int, set[str]]) -> None:
    last = walk.expected_id - 1
    if last == 0:
        raise AuditBroken("entry 1", "the log is empty")
    beyond = [entry_id for entry_id in sorted(anchors) if entry_id > last]
    if beyond:
        raise AuditBroken(
            f"entry {last + 1}",
            f"the log ends before it, but there is an anchor for entry {beyond[0]}: the end was cut off",
        )


def _check_nothing_unlogged(db: Database, walk: _Walk) -> None:
    for table, vouched in walk.vouched.items():
        key = KEYS[table]
        query = f"SELECT {key} FROM {table} WHERE {key} > ? ORDER BY {key}"  # noqa: S608 (of KEYS)
        for row in db.execute(query, [walk.before[table]]):
            if row[0] not in vouched:
                raise AuditBroken(f"{table}/{row[0]}", "the row has no entry: another program wrote it")


def _check_record(db: Database, tables: list[EvidentialTable], anchors: dict[int, set[str]]) -> Iterator[int]:
    """Verify the record in batches, then the rows; yield the number of lines verified so far."""
    first, last, count = db.execute("SELECT min(seq), max(seq), count(*) FROM record").fetchone()
    if not count:
        raise AuditBroken("line 1 of the record", "the record is empty")
    if (first, last) != (1, count):
        raise AuditBroken("the record", f"it has {count:,} lines, numbered from {first:,} to {last:,}")
    statement, counts = _stretch_statement(tables), dict.fromkeys((table.name for table in tables), 0)
    for start in range(1, last + 1, STRETCH):
        for name, lines, broken in db.conn.execute(statement, (start, start + STRETCH - 1)).fetchall():
            if broken is not None:
                raise _broken_line(db, tables, broken)
            counts[name] = counts.get(name, 0) + lines
        yield min(start + STRETCH - 1, last)
    for table in tables:
        _check_rows(db, table, counts[table.name])
    for number, hashes in anchors.items():
        if number > last:
            raise AuditBroken(
                f"line {last + 1} of the record",
                f"the record ends before it, but there is an anchor for line {number}: the end was cut off",
            )
        found = db.execute("SELECT hash FROM record WHERE seq = ?", [number]).fetchone()[0].hex()
        if hashes != {found}:
            raise AuditBroken(
                f"line {number} of the record",
                "it does not match the anchor; the record was rewritten from some line on",
            )


def _stretch_statement(tables: list[EvidentialTable]) -> str:
    """Return the query for the number of lines and the first broken line of each table in a batch.

    For an append-only table, each line is recomputed from its row; a missing row gives no hash.
    """
    previous = "coalesce(before.hash, zeroblob(32))"
    rows = "".join(
        f" WHEN '{table.name}' THEN (SELECT {table.line_of('t', previous, 'line.operation', 'line.key')}"  # noqa: S608 (ours)
        f" FROM {table.name} AS t WHERE {table.has_key('t', 'line.key')})"
        for table in tables
        if table.is_append_only
    )
    return f"""
        SELECT line.table_name, count(*), min(CASE WHEN line.hash IS NOT CASE line.table_name {rows}
                   ELSE record_link({previous}, line.operation, line.table_name, line.key,
                                    coalesce(line.digest, zeroblob(0)))
               END THEN line.seq END)
        FROM record AS line LEFT JOIN record AS before ON before.seq = line.seq - 1
        WHERE line.seq BETWEEN ? AND ? GROUP BY line.table_name
    """  # noqa: S608 (names of our own schema)


def _broken_line(db: Database, tables: list[EvidentialTable], number: int) -> AuditBroken:
    """Return the error for a line that does not match the previous line and its row."""
    name, key = db.execute("SELECT table_name, key FROM record WHERE seq = ?", [number]).fetchone()
    for table in tables:
        if table.name == name and table.is_append_only:
            query = f"SELECT 1 FROM {name} AS t WHERE {table.has_key('t', '?1')}"  # noqa: S608 (so)
            is_there = db.execute(query, [key]).fetchone()
            found = "the row was changed" if is_there else "the row is missing"
            return AuditBroken(f"{name}/{key}", f"{found}, or line {number} of the record was changed")
    return AuditBroken(f"line {number} of the record", "its contents do not match its hash")


def _check_rows(db: Database, table: EvidentialTable, lines: int) -> None:
    """Verify that every row has a line, and that changeable rows match their last line."""
    name, key = table.name, table.key_of("t")
    if table.is_append_only:
        if int(db.execute(f"SELECT count(*) FROM {name}").fetchone()[0]) == lines:  # noqa: S608 (our names)
            return
        known = "SELECT key FROM record WHERE table_name = ?"
        extra = f"SELECT {key} FROM {name} AS t WHERE {key} NOT IN ({known}) LIMIT 1"  # noqa: S608 (so)
        row = db.execute(extra, [name]).fetchone()
        if row is None:
            raise AuditBroken("the record", f"it has rows of {name} more than once")
        raise AuditBroken(f"{name}/{row[0]}", "the record has no line for this row: another program wrote it")
    versions = """
        SELECT key, operation, digest, max(seq) FROM record
        WHERE table_name = ? AND digest IS NOT NULL GROUP BY key
    """
    newest = {row[0]: (row[1], row[2]) for row in db.execute(versions, [name])}
    expected = {row: digest for row, (operation, digest) in newest.items() if operation != DELETED}
    for row, digest in db.conn.execute(f"SELECT {key}, {table.digest_of('t')} FROM {name} AS t"):  # noqa: S608 (so)
        if digest != expected.pop(row, None):
            raise AuditBroken(f"{name}/{row}", "the row does not match its last line of the record")
    for row in expected:
        raise AuditBroken(f"{name}/{row}", "the row is missing, and the record has no deletion of it")


def _check_schema(db: Database, expected: dict[str, str], *, kinds: tuple[str, ...] = ()) -> None:
    """Verify that the schema is the same as this version creates, and as last recorded."""
    found = schema_of(db)
    for name in sorted(found.keys() | expected.keys()):
        if kinds and not name.startswith(kinds):
            continue
        if name not in found:
            raise AuditBroken(name, "it is gone, so rows may have been changed since")
        if name not in expected:
            raise AuditBroken(
                name, "this version does not create it; keep your own objects in another database"
            )
        if found[name] != expected[name]:
            raise AuditBroken(name, "it differs from the one that this version creates")
    if kinds:
        return
    query = "SELECT digest FROM record WHERE table_name = ? AND digest IS NOT NULL ORDER BY seq DESC LIMIT 1"
    if db.execute(query, [SCHEMA]).fetchone()[0] != schema_digest(db):
        raise AuditBroken("the schema", "it differs from the last schema in the record")
