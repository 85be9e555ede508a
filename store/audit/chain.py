"""Format of the audit log and of the record: words, hashes, and the triggers that keep the record.

Separate from `store.audit.audit`, which writes and reads the log, because the migrations import this module
and the command line needs the words without opening a store.

**Audit log**: one entry for each action of a person or the service. The hash of an entry is the SHA-256 of
`FORMAT` and the JSON list of the entry's columns, including the hash of the previous entry. An entry vouches
for rows by the SHA-256 of the JSON object of their columns, by name and without NULLs.

**Record**: one line for each row written to an evidential table. Triggers write the line in the same
transaction. The digest of a row is the SHA-256 of the JSON list of its columns in table order, without
trailing NULLs. The hash of a line is the SHA-256 of the previous line's hash, the digest, and the operation,
table and key. A line keeps the digest only for tables whose rows may change; otherwise the row gives it.

So a column added by a later release does not change older hashes if its default is NULL.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping

    from sqlite_utils import Database

FORMAT = "precursor-watch audit 1"
"""Prefix of the hashed text. A new format gets a new number, and verification accepts both."""

BEGINNING = "0" * 64
"""The previous hash of the first entry."""

COLUMNS = ("entry_id", "at", "actor", "via", "address", "action", "subject", "details", "rows", "previous")
"""The columns of `audit_log` in hashing order."""

KEYS = {
    "verdicts": "verdict_id", "scores": "score_id", "sightings": "sighting_id", "pages": "page_id",
    "promotions": "promotion_id", "legal_holds": "hold_id", "legal_hold_releases": "hold_id",
    "service_requests": "request_id", "link_decisions": "decision_id", "common_contacts": "declaration_id",
    "office_terms": "office_term_id", "office_term_retirements": "office_term_id",
    "law_imports": "law_import_id", "law_decisions": "law_import_id",
}  # fmt: skip
"""Tables whose rows an entry may vouch for, with their keys."""


class AuditAction(StrEnum):
    """The action of an entry. To log a new action, add a word here and call `record`."""

    LOG_BEGUN = "log_begun"
    """The first entry; it vouches for all verdicts and promotions before it."""
    VERDICT_GIVEN = "verdict_given"
    VERDICT_UNDONE = "verdict_undone"
    LISTING_VIEWED = "listing_viewed"
    CASE_VIEWED = "case_viewed"
    CASE_CHANGED = "case_changed"
    CASE_OVERRIDDEN = "case_overridden"
    PAGE_VIEWED = "page_viewed"
    """The stored page was shown."""
    SUPPLIER_VIEWED = "supplier_viewed"
    CONTACTS_VIEWED = "contacts_viewed"
    """Contacts of a listing or of a seller's account were shown."""
    SEARCHED = "searched"
    CLAIMED = "claimed"
    RELEASED = "released"
    ASSIGNED = "assigned"
    EXPORTED = "exported"
    SETTING_CHANGED = "setting_changed"
    MODEL_TRAINED = "model_trained"
    """A retraining kept a candidate, in use or not."""
    MODEL_PROMOTED = "model_promoted"
    """A model came into use; for a rollback, an earlier model."""
    LABELS_IMPORTED = "labels_imported"
    HOLD_PLACED = "hold_placed"
    HOLD_RELEASED = "hold_released"
    EVIDENCE_PURGED = "evidence_purged"
    """Retention removed one WARC file."""
    LINK_DECIDED = "link_decided"
    """A person confirmed or cut the link of two accounts, or withdrew such a decision."""
    CONTACT_DECLARED = "contact_declared"
    """A contact was declared common, so that it links nobody, or declared to link again."""
    CONTACTS_PURGED = "contacts_purged"
    """Retention removed contacts that old sightings state."""
    STORE_RESTORED = "store_restored"
    """A backup replaced the store; this log has no entries for writes after that backup."""
    SERVICE_ASKED = "service_asked"
    """A request to pause a source, resume it, or crawl it now."""
    ALARM_ACKNOWLEDGED = "alarm_acknowledged"
    PERMISSION_WITHDRAWN = "permission_withdrawn"
    """No further request may be sent to the site under this permission."""
    PERMISSION_APPROVED = "permission_approved"
    """A withdrawn permission was approved again."""
    OFFICE_TERM_ADDED = "office_term_added"
    OFFICE_TERM_RETIRED = "office_term_retired"
    LAW_IMPORTED = "law_imported"
    LAW_DECIDED = "law_decided"
    """A lead accepted or rejected an import of the law."""
    LOGGED_IN = "logged_in"
    LOGIN_FAILED = "login_failed"
    LOGIN_BLOCKED = "login_blocked"
    """Too many failures; recorded once per account or address and window."""
    LOGGED_OUT = "logged_out"
    SESSION_REVOKED = "session_revoked"
    ACCESS_REFUSED = "access_refused"
    """The role was too low."""
    USER_ADDED = "user_added"
    USER_CHANGED = "user_changed"
    TOKEN_ISSUED = "token_issued"  # noqa: S105 (a word, not a token)
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 (so)


class Via(StrEnum):
    """The channel of an action."""

    WEB = "web"
    API = "api"
    CLI = "cli"
    """The command line on the machine itself; the name of the person is not checked."""
    SERVICE = "service"
    UPGRADE = "upgrade"


def entry_row(  # noqa: PLR0913 (the columns of a table)
    *,
    entry_id: int,
    at: str,
    actor: str,
    via: str,
    action: str,
    previous: str,
    address: str = "",
    subject: str = "",
    details: Mapping[str, object] | None = None,
    rows: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return the columns of an entry without its hash."""
    return {
        "entry_id": entry_id,
        "at": at,
        "actor": actor,
        "via": via,
        "address": address,
        "action": action,
        "subject": subject,
        "details": canonical(details or {}),
        "rows": canonical(rows or {}),
        "previous": previous,
    }


def entry_hash(row: Mapping[str, Any]) -> str:
    """Return the hash of an entry with these columns."""
    return _sha256(FORMAT + canonical([row[name] for name in COLUMNS]))


def row_hash(db: Database, table: str, row_id: int) -> str | None:
    """Return the hash of a row, or None if there is no such row."""
    found = db.conn.execute(f"SELECT * FROM {table} WHERE {KEYS[table]} = ?", [row_id])  # noqa: S608 (of KEYS)
    names = [column[0] for column in found.description]
    row = found.fetchone()
    return None if row is None else _hash_of(names, row)


def digest_of_rows(db: Database, table: str, *, up_to: int | None = None) -> dict[str, Any]:
    """Return the number of rows up to a key (all if None), the last key, and one hash over these rows."""
    key = KEYS[table]
    where = "" if up_to is None else f" WHERE {key} <= {int(up_to)}"
    found = db.conn.execute(f"SELECT * FROM {table}{where} ORDER BY {key}")  # noqa: S608 (of KEYS)
    names = [column[0] for column in found.description]
    running, count, last = hashlib.sha256(), 0, 0
    for row in found:
        running.update(_hash_of(names, row).encode())
        count, last = count + 1, row[names.index(key)]
    return {"count": count, "last": last, "sha256": running.hexdigest()}


def canonical(value: object) -> str:
    """Return the canonical JSON text of a value, for hashing and storing."""
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"), sort_keys=True)


def _hash_of(names: list[str], row: Any) -> str:
    return _sha256(
        canonical({name: value for name, value in zip(names, row, strict=True) if value is not None})
    )


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


# ---- the record ----------------------------------------------------------------------------------------

WORKING_TABLES = frozenset(
    {
        "claims", "drafts", "login_failures", "preferences", "saved_views", "digest_settings",
        "review_counts", "review_items", "office_term_progress", "unit_prices", "words",
        "law_previews",
        "notices", "notice_progress", "pictures", "picture_bands",
        "record", "_sqlite_migrations",
        "contact_mentions", "contacts", "listing_accounts", "seller_accounts", "supplier_progress",
        "accounts_to_link", "accounts_to_score", "link_profiles", "link_keys", "supplier_links", "suppliers",
        "supplier_accounts", "supplier_scores",
    }
)  # fmt: skip
"""Tables that are not evidence: work in progress, derived data, and the record itself.

Every other table is evidential, including tables that later releases add.
"""

UNRECORDED_COLUMNS = {"sessions": ("last_seen_at",), "api_tokens": ("last_used_at",)}
"""Columns that change with every request; the record leaves them out."""

SCHEMA = "schema"
"""Table name of the record lines whose digest covers the whole schema."""

INSERTED, UPDATED, DELETED = "I", "U", "D"

_ROW_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidentialTable:
    """A table whose rows are in the record."""

    name: str
    key: tuple[str, ...]
    """Columns of the primary key."""
    columns: tuple[str, ...]
    """Columns that the digest of a row covers, in the order of the table."""
    is_append_only: bool

    def key_of(self, row: str) -> str:
        """Return SQL for the key of a row, e.g. of `NEW`; two columns are joined by a slash."""
        return " || '/' || ".join(f"{row}.{name}" for name in self.key)

    def digest_of(self, row: str) -> str:
        """Return SQL for the digest of a row."""
        return f"record_digest({', '.join(f'{row}.{name}' for name in self.columns)})"

    def line_of(self, row: str, previous: str, operation: str, key: str) -> str:
        """Return SQL for the hash of the line for a row; all arguments are SQL."""
        columns = ", ".join(f"{row}.{name}" for name in self.columns)
        return f"record_line({previous}, {operation}, '{self.name}', {key}, {columns})"

    def has_key(self, row: str, key: str) -> str:
        """Return the SQL condition that a row has a key of the record; it uses the primary key's index."""
        if len(self.key) == 1:
            return f"{row}.{self.key[0]} = {key}"
        first, second = self.key  # the first is a number, so it has no slash
        return (
            f"{row}.{first} = CAST(substr({key}, 1, instr({key}, '/') - 1) AS INTEGER)"
            f" AND {row}.{second} = substr({key}, instr({key}, '/') + 1)"
        )


def row_digest(*columns: object) -> bytes:
    """Return the digest of a row with these columns, in the order of the table; `record_digest` in SQL."""
    last = len(columns)
    while last and columns[last - 1] is None:
        last -= 1
    return hashlib.sha256(_ROW_ENCODER.encode(columns[:last]).encode()).digest()


def line_hash(previous: bytes, operation: str, table: str, key: object, digest: bytes) -> bytes:
    """Return the hash of a line of the record; `record_link` in SQL."""
    return hashlib.sha256(previous + digest + f"{operation} {table} {key}".encode()).digest()


def _line_of_row(previous: bytes, operation: str, table: str, key: object, *columns: object) -> bytes:
    """Return the hash of the line for a row in a single call, because SQLite makes millions of calls."""
    return line_hash(previous, operation, table, key, row_digest(*columns))


def register_functions(connection: sqlite3.Connection) -> None:
    """Register the functions that the triggers call; a connection without them can only read."""
    connection.create_function("record_digest", -1, row_digest, deterministic=True)
    connection.create_function("record_link", 5, line_hash, deterministic=True)
    connection.create_function("record_line", -1, _line_of_row, deterministic=True)


def evidential_tables(db: Database) -> list[EvidentialTable]:
    """Return the tables whose rows are in the record, by name."""
    query = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' ORDER BY name"
    names = [str(row[0]) for row in db.conn.execute(query)]
    return [
        _describe(db, name) for name in names if name not in WORKING_TABLES and not name.startswith("sqlite_")
    ]


def follow_schema(db: Database) -> None:
    """Adapt the triggers of the record to the current schema, and record the schema.

    Call this after a change of the schema, in the same transaction. Existing rows of new evidential tables
    get a line each.
    """
    register_functions(db.conn)
    triggers = {row[0] for row in db.conn.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")}
    if db.conn.execute("SELECT 1 FROM record LIMIT 1").fetchone() is None:
        first = line_hash(bytes(32), INSERTED, SCHEMA, "begun", bytes(32))
        values = (1, SCHEMA, "begun", INSERTED, bytes(32), first)
        db.conn.execute("INSERT INTO record VALUES (?, ?, ?, ?, ?, ?)", values)
    for table in evidential_tables(db):
        if f"{table.name}_recorded" not in triggers and not _is_followed(db, table):
            _seal(db, table)
        for name, statement in _triggers_of(table):
            db.conn.execute(f"DROP TRIGGER IF EXISTS {name}")
            db.conn.execute(statement)
    db.conn.execute(
        "INSERT INTO record SELECT seq + 1, ?1, ?2, 'I', ?3, record_link(hash, 'I', ?1, ?2, ?3)"
        " FROM record ORDER BY seq DESC LIMIT 1",
        [SCHEMA, _newest_migration(db), schema_digest(db)],
    )


def schema_of(db: Database) -> dict[str, str]:
    """Return the SQL of every table, trigger, view and index, by kind and name.

    Comments and extra white space are left out. So are the internal tables of SQLite and sqlite-utils, which
    depend on the versions of these libraries.
    """
    query = """
        SELECT type || ' ' || name, coalesce(sql, '') FROM sqlite_master
        WHERE type IN ('trigger', 'view') -- whatever their names
           OR (name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND tbl_name <> '_sqlite_migrations'
               AND name NOT IN (SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'shadow'))
    """
    return {name: _plain_sql(sql) for name, sql in db.conn.execute(query)}


def schema_digest(db: Database) -> bytes:
    """Return one digest over the schema."""
    return hashlib.sha256(canonical(schema_of(db)).encode()).digest()


def head_of_record(db: Database) -> tuple[int, str]:
    """Return the number and the hash of the newest line."""
    row = db.conn.execute("SELECT seq, hash FROM record ORDER BY seq DESC LIMIT 1").fetchone()
    return (0, BEGINNING) if row is None else (int(row[0]), bytes(row[1]).hex())


_SQL_PARTS = re.compile(
    r"""('(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\])|(?:--[^\n]*|/\*.*?\*/|\s)+""", re.DOTALL
)
"""Quoted text, or comments and white space."""


@lru_cache(maxsize=1024)
def _plain_sql(sql: str) -> str:
    """Return SQL without comments and extra white space; quoted text is not changed."""
    return _SQL_PARTS.sub(lambda found: found.group(1) or " ", sql).strip()


def _describe(db: Database, name: str) -> EvidentialTable:
    info = db.conn.execute("SELECT name, pk FROM pragma_table_info(?) ORDER BY cid", [name]).fetchall()
    guard = "SELECT 1 FROM sqlite_master WHERE type = 'trigger' AND name = ?"
    unrecorded = UNRECORDED_COLUMNS.get(name, ())
    return EvidentialTable(
        name=name,
        key=tuple(column for column, place in sorted(info, key=itemgetter(1)) if place),
        columns=tuple(column for column, _ in info if column not in unrecorded),
        is_append_only=db.conn.execute(guard, [f"{name}_no_update"]).fetchone() is not None,
    )


def _triggers_of(table: EvidentialTable) -> list[tuple[str, str]]:
    """Return the name and statement of each trigger that keeps the record of a table.

    An append-only table has only a trigger on INSERT. If somebody dropped the triggers that refuse changes, a
    trigger on UPDATE would record the change as if it were allowed.
    """
    events = {"recorded": ("INSERT", "NEW", INSERTED)}
    if not table.is_append_only:
        columns = ", ".join(table.columns)
        events["update_recorded"] = (f"UPDATE OF {columns}", "NEW", UPDATED)
        events["delete_recorded"] = ("DELETE", "OLD", DELETED)
    return [(f"{table.name}_{name}", _trigger(table, name, *event)) for name, event in events.items()]


def _trigger(table: EvidentialTable, name: str, event: str, row: str, operation: str) -> str:
    key = table.key_of(row)
    digest = "NULL" if table.is_append_only else table.digest_of(row)
    return f"""
        CREATE TRIGGER {table.name}_{name} AFTER {event} ON {table.name}
        BEGIN
            INSERT INTO record
            SELECT seq + 1, '{table.name}', {key}, '{operation}', {digest},
                   {table.line_of(row, "hash", f"'{operation}'", key)}
            FROM record ORDER BY seq DESC LIMIT 1;
        END
    """  # noqa: S608 (names of our own schema)


def _is_followed(db: Database, table: EvidentialTable) -> bool:
    """Return whether the record knows rows of a table: to seal them anew would hide changes."""
    query = "SELECT 1 FROM record WHERE table_name = ? LIMIT 1"
    return db.conn.execute(query, [table.name]).fetchone() is not None


def _seal(db: Database, table: EvidentialTable) -> None:
    """Write a line for each existing row of a table, in key order."""
    seq, previous = db.conn.execute("SELECT seq, hash FROM record ORDER BY seq DESC LIMIT 1").fetchone()
    columns = ", ".join(f"t.{name}" for name in table.columns)
    query = f"SELECT {table.key_of('t')}, {columns} FROM {table.name} AS t ORDER BY {', '.join(table.key)}"  # noqa: S608 (so)

    def lines() -> Iterator[tuple[object, ...]]:
        number, hash_ = seq, previous
        for key, *values in db.conn.cursor().execute(query):
            number, digest = number + 1, row_digest(*values)
            hash_ = line_hash(hash_, INSERTED, table.name, key, digest)
            yield number, table.name, key, INSERTED, None if table.is_append_only else digest, hash_

    db.conn.executemany("INSERT INTO record VALUES (?, ?, ?, ?, ?, ?)", lines())


def _newest_migration(db: Database) -> str:
    return str(db.conn.execute("SELECT max(name) FROM _sqlite_migrations").fetchone()[0])
