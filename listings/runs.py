"""The run ledger: what was begun, by which process, and how it ended. Rows are only ever added."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from listings import rows, times
from listings.database import Database, transaction
from listings.errors import ListingsError, UnknownRow

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from listings.model import Run, RunKind, RunOutcome


class DueTimeTaken(ListingsError):
    """A due time has exactly one run, and that one has ended."""

    def __init__(self, kind: RunKind, source_id: str | None, due_at: str | None) -> None:
        super().__init__(
            f"The {kind} of {source_id or 'all sources'} due at {due_at} has been accounted for already; "
            "leave the due time out to run it again by hand."
        )


def begin_run(
    db: Database,
    kind: RunKind,
    *,
    source_id: str | None = None,
    due_at: datetime | None = None,
    now: datetime,
) -> Run:
    """Begin a run, or go on with the same one if it was interrupted.

    An interrupted run is one of this kind and source without an ending. The caller holds the lock for
    that work (see `listings.locks`), so a run without an ending is not under way elsewhere.

    Raises:
        DueTimeTaken: If the due time has a row that has ended already.
    """
    with transaction(db):
        run_id = _unfinished(db, kind, source_id) or _insert_run(db, kind, source_id, due_at, now)
        rows.insert(
            db, "run_attempts", {"run_id": run_id, "started_at": times.to_text(now), "pid": os.getpid()}
        )
    return get_run(db, run_id)


def record_not_run(
    db: Database,
    kind: RunKind,
    *,
    source_id: str | None,
    due_at: datetime,
    outcome: RunOutcome,
    sentence: str,
) -> None:
    """Write that a due run was skipped or missed, and why, unless that due time has a row already."""
    with transaction(db):
        values = {"kind": kind, "source_id": source_id, "due_at": times.to_text(due_at)}
        run_id = rows.insert(db, "runs", {**values, "requested_at": times.to_text(due_at)}, ignore=True)
        if run_id is not None:
            _insert_ending(db, run_id, outcome, sentence, {}, due_at)


def end_run(
    db: Database,
    run_id: int,
    outcome: RunOutcome,
    sentence: str,
    *,
    counts: Mapping[str, int] | None = None,
    now: datetime,
) -> None:
    """Write how a run ended. The first ending stands: a later one for the same run is ignored."""
    with transaction(db):
        _insert_ending(db, run_id, outcome, sentence, counts or {}, now)


def get_run(db: Database, run_id: int) -> Run:
    """Return one run with its ending.

    Raises:
        UnknownRow: If there is no such run.
    """
    row = db.execute("SELECT * FROM run_log WHERE run_id = ?", [run_id]).fetchone()
    if row is None:
        raise UnknownRow("run", run_id)
    return rows.run_from(row)


def list_runs(db: Database, *, limit: int = 20) -> list[Run]:
    """Return the newest runs, newest first."""
    query = "SELECT * FROM run_log ORDER BY run_id DESC LIMIT ?"
    return [rows.run_from(row) for row in db.execute(query, [limit])]


def latest_run(db: Database, kind: RunKind, *, source_id: str | None = None) -> Run | None:
    """Return the newest run of this kind and source that was begun, or None.

    Due times that were skipped or missed have rows, but nothing was done for them.
    """
    query = """
        SELECT * FROM run_log WHERE kind = ? AND source_id IS ?
          AND coalesce(outcome, '') NOT IN ('skipped', 'missed')
        ORDER BY run_id DESC LIMIT 1
    """
    row = db.execute(query, [kind, source_id]).fetchone()
    return None if row is None else rows.run_from(row)


def unfinished_run(db: Database, kind: RunKind, *, source_id: str | None = None) -> Run | None:
    """Return the newest run of this kind and source without an ending, or None."""
    run_id = _unfinished(db, kind, source_id)
    return None if run_id is None else get_run(db, run_id)


def accounted_to(db: Database, kind: RunKind, *, source_id: str | None = None) -> datetime | None:
    """Return the newest due time that has a row, whatever came of it; None when there is no row at all.

    Where only runs started by hand have rows, it is the time the newest of them was asked for.
    """
    query = "SELECT coalesce(max(due_at), max(requested_at)) FROM runs WHERE kind = ? AND source_id IS ?"
    text = db.execute(query, [kind, source_id]).fetchone()[0]
    return None if text is None else times.from_text(text)


def _unfinished(db: Database, kind: RunKind, source_id: str | None) -> int | None:
    query = """
        SELECT run_id FROM runs LEFT JOIN run_endings USING (run_id)
        WHERE kind = ? AND source_id IS ? AND ended_at IS NULL ORDER BY run_id DESC LIMIT 1
    """
    row = db.execute(query, [kind, source_id]).fetchone()
    return None if row is None else int(row[0])


def _insert_run(
    db: Database, kind: RunKind, source_id: str | None, due_at: datetime | None, now: datetime
) -> int:
    values = {
        "kind": kind,
        "source_id": source_id,
        "due_at": None if due_at is None else times.to_text(due_at),
        "requested_at": times.to_text(now),
    }
    run_id = rows.insert(db, "runs", values, ignore=True)
    if run_id is None:
        raise DueTimeTaken(kind, source_id, values["due_at"])
    return run_id


def _insert_ending(
    db: Database, run_id: int, outcome: RunOutcome, sentence: str, counts: Mapping[str, int], now: datetime
) -> None:
    values = {
        "run_id": run_id,
        "ended_at": times.to_text(now),
        "outcome": outcome,
        "sentence": sentence,
        "counts": rows.to_json(dict(sorted(counts.items()))),
    }
    rows.insert(db, "run_endings", values, ignore=True)
