"""A little room on the disk, kept while work is under way, so that its end can be told on a full disk."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from store.locks import folder_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

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
