"""Locks for work under way, and a disk reserve that lets the work record its ending."""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from store.errors import StoreError
from store.private import private_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from store.model import RunKind


LOOK_S = 0.2
"""Seconds to wait for a lock; longer than `is_held` takes, which briefly holds a free lock."""


class AlreadyUnderWay(StoreError):
    """Another process is doing the same work on the same database."""

    def __init__(self, work: str, database: Path) -> None:
        super().__init__(
            f"Another process is already working on {work} in {database}. Wait for it, or stop it first."
        )


def work_of(kind: RunKind, source_id: str | None = None) -> str:
    """Return the name of the lock for a run, e.g. `crawl-andes` or `score`."""
    return kind.value if source_id is None else f"{kind}-{source_id}"


def is_held(database: Path, work: str) -> bool:
    """Return whether a process is doing this work on this database now; creates no file."""
    path = _lock_path(database, work)
    if not path.exists():
        return False
    try:
        with FileLock(path, timeout=0):
            return False
    except Timeout:
        return True


def work_under_way(database: Path) -> list[str]:
    """Return the names of all work under way on a database, including that of this process."""
    folder = locks_folder(database)
    names = sorted(path.stem for path in folder.glob("*.lock"))
    return [name for name in names if is_held(database, name)]


@contextmanager
def hold(database: Path, work: str) -> Iterator[None]:
    """Hold the lock for `work` (e.g. `crawl-andes`) on `database` inside the block.

    Raises:
        AlreadyUnderWay: If another process holds the lock.
    """
    path = _lock_path(database, work)
    try:
        mode = _close_to_others(path.parent)
        with FileLock(path, timeout=LOOK_S, poll_interval=LOOK_S / 10, mode=mode):
            yield
    except Timeout as error:
        raise AlreadyUnderWay(work, database) from error


def _close_to_others(folder: Path) -> int:
    """Make the folder of locks one that no stranger on this machine may enter; return the mode of its files.

    Whoever may open a lock may hold it, and so stop the work; the names of locks are those of sources. A
    group may enter if the operator gave it the folder.
    """
    private_folder(folder)
    mode = folder.stat().st_mode
    if mode & stat.S_IRWXO:
        with suppress(PermissionError):  # the folder is somebody else's, as `doctor` says
            folder.chmod(stat.S_IMODE(mode) & ~stat.S_IRWXO)
    return 0o600 | mode & 0o060


def locks_folder(database: Path) -> Path:
    """Return the folder beside a database for files that exist only while work is under way."""
    return database.with_name(database.name + ".locks")


def _lock_path(database: Path, work: str) -> Path:
    return locks_folder(database) / f"{work}.lock"


RESERVE_BYTES = 65_536
"""Twice the size of an ending's row in the write-ahead log of SQLite."""


@contextmanager
def reserve_disk(database: Path, work: str) -> Iterator[Callable[[], None]]:
    """Reserve disk space inside the block, and yield a function that frees it.

    With the reserve, a run can record its ending on a full disk. The caller holds the lock for `work`.

    Raises:
        OSError: If the disk has no space for the reserve.
    """
    path = locks_folder(database) / f"{work}.reserve"

    def free() -> None:
        path.unlink(missing_ok=True)

    try:
        path.write_bytes(os.urandom(RESERVE_BYTES))  # random bytes, which no file system compresses
        yield free
    finally:
        free()
