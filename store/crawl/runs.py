"""The ledger of runs: the beginning, processes and ending of each run. Rows are only added."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from store import rows, times
from store.errors import StoreError, UnknownRow
from store.model import LAST_ROW, Run
from store.sqlite import Database, transaction

if TYPE_CHECKING:
    from collections.abc import Mapping

    from store.model import RunKind, RunOutcome


LAST = "9999"
"""Sorts after every time."""

RESTARTED = "The machine was restarted."
ENDED_EARLY = "The process was stopped, or ended without recording why."


class DueTimeTaken(StoreError):
    """The run of this due time has already ended."""

    def __init__(self, kind: RunKind, source_id: str | None, due_at: str | None) -> None:
        super().__init__(
            f"The {kind} of {source_id or 'all sources'} due at {due_at} has already ended. "
            "To run it again by hand, leave out the due time."
        )


def begin_run(
    db: Database,
    kind: RunKind,
    *,
    source_id: str | None = None,
    due_at: datetime | None = None,
    now: datetime,
) -> Run:
    """Begin a run, or resume the interrupted run of this kind and source.

    The caller holds the lock for this work (see `store.locks`), so a run without an ending was interrupted.

    Raises:
        DueTimeTaken: If the run of this due time has already ended.
    """
    with transaction(db):
        run_id = _unfinished(db, kind, source_id)
        if run_id is None:
            run_id = _insert_run(db, kind, source_id, due_at, now)
        else:
            _explain_interruption(db, run_id, now)
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
    now: datetime | None = None,
) -> None:
    """Record why a due run was skipped or missed, unless the due time already has a row.

    `now` is the time of discovery; None means the due time itself.
    """
    with transaction(db):
        if is_accounted(db, kind, source_id=source_id, due_at=due_at):
            return
        values = {"kind": kind, "source_id": source_id, "due_at": times.to_text(due_at)}
        run_id = rows.insert(db, "runs", {**values, "requested_at": times.to_text(due_at)})
        assert run_id is not None
        _insert_ending(db, run_id, outcome, sentence, {}, now or due_at)


def end_run(
    db: Database,
    run_id: int,
    outcome: RunOutcome,
    sentence: str,
    *,
    counts: Mapping[str, int] | None = None,
    now: datetime,
) -> None:
    """Record how a run ended. A second ending of the same run is ignored."""
    with transaction(db):
        _insert_ending(db, run_id, outcome, sentence, counts or {}, now)


def get_run(db: Database, run_id: int) -> Run:
    """Return one run with its ending.

    Raises:
        UnknownRow: If there is no such run.
    """
    run = rows.find(db, Run, "SELECT * FROM run_log WHERE run_id = ?", [run_id])
    if run is None:
        raise UnknownRow("run", run_id)
    return run


def list_runs(db: Database, *, before: int = LAST_ROW, limit: int = 20) -> list[Run]:
    """Return the newest runs below the number `before`, newest first."""
    query = "SELECT * FROM run_log WHERE run_id < ? ORDER BY run_id DESC LIMIT ?"
    return rows.select(db, Run, query, [before, limit])


def latest_run(db: Database, kind: RunKind, *, source_id: str | None = None) -> Run | None:
    """Return the newest run of this kind and source that began; skipped and missed runs do not count."""
    query = """
        SELECT * FROM run_log WHERE kind = ? AND source_id IS ?
          AND coalesce(outcome, '') NOT IN ('skipped', 'missed')
        ORDER BY run_id DESC LIMIT 1
    """
    return rows.find(db, Run, query, [kind, source_id])


def done_runs(db: Database, kind: RunKind, *, source_id: str | None = None, limit: int = 30) -> list[Run]:
    """Return the newest successful runs of this kind and source, newest first."""
    query = """
        SELECT * FROM run_log WHERE kind = ? AND source_id IS ? AND outcome = 'done'
        ORDER BY run_id DESC LIMIT ?
    """
    return rows.select(db, Run, query, [kind, source_id, limit])


def latest_missed(db: Database, kind: RunKind, *, source_id: str | None = None) -> Run | None:
    """Return the newest missed run; its `ended_at` is the time when the service noticed."""
    query = """
        SELECT * FROM run_log WHERE kind = ? AND source_id IS ? AND outcome = 'missed'
        ORDER BY run_id DESC LIMIT 1
    """
    return rows.find(db, Run, query, [kind, source_id])


def count_by_outcome(db: Database) -> list[tuple[str, str, str, int]]:
    """Return (kind, source or empty, outcome, count) of all runs that have ended."""
    query = """
        SELECT kind, coalesce(source_id, ''), outcome, count(*) FROM run_endings JOIN runs USING (run_id)
        GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    """
    return [tuple(row) for row in db.execute(query)]


def last_successes(db: Database) -> list[tuple[str, str, datetime]]:
    """Return (kind, source or empty, end time) of the newest successful run of each kind and source."""
    query = """
        SELECT kind, coalesce(source_id, ''), max(ended_at) FROM run_endings JOIN runs USING (run_id)
        WHERE outcome = 'done' GROUP BY 1, 2 ORDER BY 1, 2
    """
    return [(kind, source, times.from_text(ended)) for kind, source, ended in db.execute(query)]


def unfinished_run(db: Database, kind: RunKind, *, source_id: str | None = None) -> Run | None:
    """Return the newest run of this kind and source that has not ended, or None."""
    run_id = _unfinished(db, kind, source_id)
    return None if run_id is None else get_run(db, run_id)


def accounted_to(
    db: Database, kind: RunKind, *, source_id: str | None = None, until: datetime | None = None
) -> datetime | None:
    """Return the newest due time that has a row, else the newest request, else None.

    Rows later than `until` do not count: they come from a clock that ran ahead and was set back.
    """
    query = """
        SELECT coalesce(max(due_at), max(requested_at)) FROM runs
        WHERE kind = ? AND source_id IS ? AND coalesce(due_at, requested_at) <= ?
    """
    last = LAST if until is None else times.to_text(until)
    text = db.execute(query, [kind, source_id, last]).fetchone()[0]
    return None if text is None else times.from_text(text)


def is_accounted(db: Database, kind: RunKind, *, source_id: str | None = None, due_at: datetime) -> bool:
    """Return whether this due time has a row."""
    query = "SELECT 1 FROM runs WHERE kind = ? AND source_id IS ? AND due_at = ?"
    return db.execute(query, [kind, source_id, times.to_text(due_at)]).fetchone() is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One process that worked on a run."""

    started_at: datetime
    pid: int
    interrupted: str
    """Why the process did not finish the run, if another process resumed it; otherwise empty."""


def attempts_at(db: Database, run_id: int) -> list[Attempt]:
    """Return the processes that worked on a run, oldest first."""
    query = """
        SELECT started_at, pid, coalesce(why, '') AS interrupted
        FROM run_attempts LEFT JOIN run_interruptions USING (attempt_id)
        WHERE run_id = ? ORDER BY attempt_id
    """
    return rows.select(db, Attempt, query, [run_id])


def _explain_interruption(db: Database, run_id: int, now: datetime) -> None:
    """Record why the last attempt did not finish the run, as far as is known."""
    query = (
        "SELECT attempt_id, started_at FROM run_attempts WHERE run_id = ? ORDER BY attempt_id DESC LIMIT 1"
    )
    row = db.execute(query, [run_id]).fetchone()
    if row is None:
        return
    booted = times.booted_at(now)
    restarted = booted is not None and times.from_text(row["started_at"]) < booted
    why = RESTARTED if restarted else ENDED_EARLY
    values = {"attempt_id": row["attempt_id"], "found_at": times.to_text(now), "why": why}
    rows.insert(db, "run_interruptions", values, ignore=True)


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
    if due_at is not None and is_accounted(db, kind, source_id=source_id, due_at=due_at):
        raise DueTimeTaken(kind, source_id, values["due_at"])
    run_id = rows.insert(db, "runs", values)
    assert run_id is not None
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
