"""Files and folders that only their owner may read, from the moment they are there."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


def private_file(path: Path) -> None:
    """Make an empty file that only its owner may read and write, unless there is one; that stays as it is.

    SQLite gives its `-wal` and `-shm` the rights of the database they belong to.
    """
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))


def private_folder(path: Path) -> None:
    """Make a folder that only its owner may enter, unless there is one; that stays as it is."""
    path.mkdir(parents=True, exist_ok=True, mode=0o700)


def open_to_everybody(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield those of these files and folders that any user of the machine may read, write or enter.

    What lies in a folder that they cannot enter is safe whatever its own rights say. A group is not
    everybody: sharing with one is the operator's choice.
    """
    for path in paths:
        can_enter = path.resolve().parent.stat().st_mode & stat.S_IXOTH
        if can_enter and path.exists() and path.stat().st_mode & stat.S_IRWXO:
            yield path
