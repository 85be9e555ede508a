"""Ending a process at a moment that is told from what it has written so far."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING

from tests import warm

if TYPE_CHECKING:
    from collections.abc import Callable
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


def both(first: Callable[[], bool], second: Callable[[], bool]) -> Callable[[], bool]:
    """Return the question whether two moments are reached."""
    return lambda: first() and second()


def kill_when(is_reached: Callable[[], bool], *command: object) -> None:
    """Start a command and kill it as soon as the moment is reached.

    Raises:
        AssertionError: If it ended before.
    """
    with open(os.devnull, "r+b") as nothing:  # noqa: PTH123 (no file of ours)
        process = warm.start(*command, stdin=nothing, stdout=nothing, stderr=nothing)
    while not is_reached():
        assert process.poll() is None, "it ended before the moment came"
        time.sleep(POLL_S)
    process.send_signal(signal.SIGKILL)
    assert process.wait(timeout=300) == -signal.SIGKILL
