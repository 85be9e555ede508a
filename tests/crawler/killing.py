"""Ending a process at a moment that is told from what it has written so far."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from typing import TYPE_CHECKING

from tests.crawler.crawls import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

POLL_S = 0.005


def rows_in(database: Path, table: str, at_least: int) -> Callable[[], bool]:
    """Return the question whether a table of a store that may not be there yet has so many rows."""

    def is_reached() -> bool:
        if not database.exists():
            return False
        try:
            with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
                count: int = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        except sqlite3.OperationalError:  # no schema yet, or not yet readable
            return False
        return count >= at_least

    return is_reached


def kill_when(
    command: Sequence[str], is_reached: Callable[[], bool], *, by: signal.Signals = signal.SIGKILL
) -> int:
    """Start a command, send it a signal as soon as the moment is reached, and return its exit code.

    Raises:
        AssertionError: If it ended before.
    """
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not is_reached():
        assert process.poll() is None, "it ended before the moment came"
        time.sleep(POLL_S)
    process.send_signal(by)
    return process.wait(timeout=60)
