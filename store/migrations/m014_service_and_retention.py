"""What people asked of the service, why attempts were interrupted, and what retention took away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from store.sqlite import migrations, refuse_changes

if TYPE_CHECKING:
    from sqlite_utils import Database

TABLES = ("service_requests", "service_answers", "run_interruptions", "legal_holds", "legal_hold_releases",
          "evidence_tombstones")  # fmt: skip
"""All of them append-only."""


@migrations()
def m014_service_and_retention(db: Database) -> None:
    """Keep requests to the service, why attempts were interrupted, legal holds and tombstones."""
    for statement in _STATEMENTS:
        db.execute(statement)
    for table in TABLES:
        refuse_changes(db, table)


_STATEMENTS = (
    # The index of the first step takes two rows without a source for different ones, as SQL has it of NULL.
    """
    CREATE UNIQUE INDEX idx_runs_due_of_the_store ON runs(kind, due_at)
    WHERE source_id IS NULL AND due_at IS NOT NULL
    """,
    """
    CREATE TABLE service_requests (
        request_id INTEGER PRIMARY KEY,
        request TEXT NOT NULL CHECK (request IN ('pause', 'resume', 'run_now')),
        source_id TEXT NOT NULL, -- as the sources file names it, known to the store or not
        asked_at TEXT NOT NULL,
        asked_by TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX idx_service_requests_source ON service_requests(source_id, request_id)",
    """
    CREATE TABLE service_answers (
        request_id INTEGER PRIMARY KEY REFERENCES service_requests(request_id),
        answered_at TEXT NOT NULL,
        sentence TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE run_interruptions (
        attempt_id INTEGER PRIMARY KEY REFERENCES run_attempts(attempt_id),
        found_at TEXT NOT NULL, -- when the next attempt began
        why TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE legal_holds (
        hold_id INTEGER PRIMARY KEY,
        source_id TEXT NOT NULL, -- empty: of all sources
        reason TEXT NOT NULL,
        placed_by TEXT NOT NULL,
        placed_at TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE legal_hold_releases (
        hold_id INTEGER PRIMARY KEY REFERENCES legal_holds(hold_id),
        released_by TEXT NOT NULL,
        released_at TEXT NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE evidence_tombstones ( -- WARC files that retention has taken away
        file TEXT PRIMARY KEY REFERENCES evidence_files(file),
        bytes INTEGER NOT NULL,
        sha256 TEXT NOT NULL, -- as sealed
        reason TEXT NOT NULL,
        purged_by TEXT NOT NULL,
        purged_at TEXT NOT NULL
    ) STRICT
    """,
)
