"""Create files and folders that only their owner may read."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


def private_file(path: Path) -> None:
    """Create an empty file that only its owner may read and write; an existing file does not change.

    SQLite gives the `-wal` and `-shm` files the permissions of their database.
    """
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))


def private_folder(path: Path) -> None:
    """Create a folder that only its owner may enter; an existing folder does not change."""
    path.mkdir(parents=True, exist_ok=True, mode=0o700)


def open_to_everybody(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the files and folders that every user of the machine may read, write or enter.

    A closed folder protects its contents, whatever their own permissions. Group permissions do not count,
    because sharing with a group is the choice of the operator.
    """
    for path in paths:
        can_enter = path.resolve().parent.stat().st_mode & stat.S_IXOTH
        if can_enter and path.exists() and path.stat().st_mode & stat.S_IRWXO:
            yield path
