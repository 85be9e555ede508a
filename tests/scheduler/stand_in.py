"""A stand-in for our command line: the same arguments, and behaviour that the source's name asks for.

Usage: python stand_in.py crawl SOURCE --db DB ... [--due-at ISO], or: python stand_in.py score|link --db DB

A source named `waits` opens the FIFO `ready` beside the database when it has begun its run, then waits
for a signal; SIGTERM makes it leave its run without an ending. `stubborn` does the same and ignores SIGTERM.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from store.crawl.runs import begin_run, end_run
from store.database import open_database
from store.errors import Interrupted
from store.locks import hold
from store.model import RunKind, RunOutcome
from store.times import from_text, utc_now


class Asked(Exception):
    """SIGTERM came."""


def crawl(db_path: Path, source_id: str, due_at: str | None) -> None:
    """Crawl nothing, with a row in the ledger and the ending that the name of the source asks for."""
    if source_id == "refuses":
        sys.exit("stand-in: the archive is missing")
    signal.signal(signal.SIGTERM, signal.SIG_IGN if source_id == "stubborn" else _on_sigterm)
    db = open_database(db_path)
    with hold(db_path, f"crawl-{source_id}"):
        due = None if due_at is None else from_text(due_at + "Z")
        run = begin_run(db, RunKind.CRAWL, source_id=source_id, due_at=due, now=utc_now())
        match source_id:
            case "killed":
                os.kill(os.getpid(), signal.SIGKILL)
            case "breaks":
                sys.exit("stand-in: it broke")
            case "forgets":
                return
            case "waits" | "stubborn":
                _wait(db_path)
                sys.exit(Interrupted.EXIT_CODE)
            case _:
                end_run(db, run.run_id, RunOutcome.DONE, "One page.", counts={"pages": 1}, now=utc_now())
    db.conn.close()


def work_on(db_path: Path, kind: RunKind) -> None:
    """Score or link nothing, with a row in the ledger."""
    db = open_database(db_path)
    run = begin_run(db, kind, now=utc_now())
    end_run(db, run.run_id, RunOutcome.DONE, f"Nothing to {kind}.", now=utc_now())
    db.conn.close()


def _wait(db_path: Path) -> None:
    try:
        db_path.with_name("ready").open("w").close()
        while True:
            signal.pause()
    except Asked:
        pass


def _on_sigterm(*_: object) -> None:
    raise Asked


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("work")
    parser.add_argument("source", nargs="?")
    parser.add_argument("--db", type=Path, required=True)
    parser.add_argument("--sources")
    parser.add_argument("--due-at")
    arguments = parser.parse_args()
    if arguments.work == "crawl":
        crawl(arguments.db, arguments.source, arguments.due_at)
    else:
        work_on(arguments.db, RunKind(arguments.work))
