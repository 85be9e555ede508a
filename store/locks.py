"""Work under way: one lock for each piece of work, and a reserve of disk space to record how it ends."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from store.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from store.model import RunKind


LOOK_S = 0.2
"""Longer than `is_held` takes, which must hold the lock for a moment to find it free."""


class AlreadyUnderWay(StoreError):
    """The same work on the same database is being done by another process."""

    def __init__(self, work: str, database: Path) -> None:
        super().__init__(
            f"Another process is already at work on {work} in {database}; wait for it, or stop it first."
        )


def work_of(kind: RunKind, source_id: str | None = None) -> str:
    """Return the name of the lock for a run, e.g. `crawl-andes` or `score`."""
    return kind.value if source_id is None else f"{kind}-{source_id}"


def is_held(database: Path, work: str) -> bool:
    """Return whether a process is at `work` on `database` now; nothing is created to find out."""
    path = _lock_path(database, work)
    if not path.exists():
        return False
    try:
        with FileLock(path, timeout=0):
            return False
    except Timeout:
        return True


def work_under_way(database: Path) -> list[str]:
    """Return the names of all work on `database` whose locks are held now, this process's own included."""
    folder = folder_of(database)
    names = sorted(path.stem for path in folder.glob("*.lock"))
    return [name for name in names if is_held(database, name)]


@contextmanager
def hold(database: Path, work: str) -> Iterator[None]:
    """Hold the lock for `work` (e.g. `crawl-andes`) on `database` while inside.

    Raises:
        AlreadyUnderWay: If another process holds it for longer than a look by `is_held` takes.
    """
    path = _lock_path(database, work)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(path, timeout=LOOK_S, poll_interval=LOOK_S / 10):
            yield
    except Timeout as error:
        raise AlreadyUnderWay(work, database) from error


def folder_of(database: Path) -> Path:
    """Return the folder beside a database that holds what is there only while work is under way."""
    return database.with_name(database.name + ".locks")


def _lock_path(database: Path, work: str) -> Path:
    return folder_of(database) / f"{work}.lock"


ROOM_BYTES = 65_536
"""Twice what the row of an ending takes in the log that SQLite writes ahead."""


@contextmanager
def keep_room(database: Path, work: str) -> Iterator[Callable[[], None]]:
    """Keep room while inside, and give what lets go of it; the caller holds the lock for `work`.

    Raises:
        OSError: If there is no room even for that.
    """
    path = folder_of(database) / f"{work}.room"

    def let_go() -> None:
        path.unlink(missing_ok=True)

    try:
        path.write_bytes(os.urandom(ROOM_BYTES))  # noise, which no file system keeps in less
        yield let_go
    finally:
        let_go()
