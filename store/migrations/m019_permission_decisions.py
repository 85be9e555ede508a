"""Decisions on permissions: withdrawals, and approvals after a withdrawal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from store.sqlite import migrations, refuse_changes

if TYPE_CHECKING:
    from sqlite_utils import Database


@migrations()
def m019_permission_decisions(db: Database) -> None:
    """Store every decision; `permission_withdrawals`, with one row per permission, does not change."""
    for statement in _STATEMENTS:
        db.execute(statement)
    refuse_changes(db, "permission_decisions")


_STATEMENTS = (
    """
    CREATE TABLE permission_decisions (
        decision_id INTEGER PRIMARY KEY,
        permission_id TEXT NOT NULL REFERENCES permissions(permission_id),
        decision TEXT NOT NULL CHECK (decision IN ('withdrawn', 'approved')),
        decided_at TEXT NOT NULL,
        decided_by TEXT NOT NULL, -- a person's name, as written at the keyboard
        reason TEXT NOT NULL
    ) STRICT
    """,
    """
    INSERT INTO permission_decisions (permission_id, decision, decided_at, decided_by, reason)
    SELECT permission_id, 'withdrawn', withdrawn_at, withdrawn_by, reason
    FROM permission_withdrawals ORDER BY withdrawn_at
    """,
)
