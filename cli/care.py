"""What the commands that care for the data share: a row in the ledger for each, with how it ended."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from store.audit.audit import Origin
    from store.model import RunKind

due_at_option = click.option(
    "--due-at", type=click.DateTime(["%Y-%m-%dT%H:%M:%S"]), hidden=True, help="The schedule's time, in UTC."
)


def in_utc(due_at: datetime | None) -> datetime | None:
    """Return the time that `due_at_option` read, aware."""
    return None if due_at is None else due_at.replace(tzinfo=UTC)


def origin_of(due_at: datetime | None) -> Origin:
    """Return by what door work is done: the service gives the time it was due."""
    from store.audit.audit import Origin
    from store.audit.chain import Via

    return Origin(via=Via.CLI if due_at is None else Via.SERVICE)


@dataclass(slots=True)
class Done:
    """Filled in by the command."""

    sentence: str = ""


@contextmanager
def recorded(database: Path, kind: RunKind, due_at: datetime | None) -> Iterator[Done]:
    """Keep a run in the ledger while inside; an error becomes its ending and goes on.

    Raises:
        AlreadyUnderWay: If another process does the same.
    """
    from contextlib import closing

    from store import times
    from store.crawl.runs import begin_run, end_run
    from store.database import open_database
    from store.locks import hold, work_of
    from store.model import RunOutcome

    with hold(database, work_of(kind)), closing(open_database(database, must_exist=True)) as db:
        run, done = begin_run(db, kind, due_at=in_utc(due_at), now=times.utc_now()), Done()
        try:
            yield done
        except Exception as error:
            end_run(db, run.run_id, RunOutcome.FAILED, str(error), now=times.utc_now())
            raise
        end_run(db, run.run_id, RunOutcome.DONE, done.sentence, now=times.utc_now())
