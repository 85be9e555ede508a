"""One process at a time for each piece of work, held by the operating system and so freed by any death."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from listings.errors import ListingsError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class AlreadyUnderWay(ListingsError):
    """The same work on the same database is being done by another process."""

    def __init__(self, work: str, database: Path) -> None:
        super().__init__(
            f"Another process is already at work on {work} in {database}; wait for it, or stop it first."
        )


@contextmanager
def hold(database: Path, work: str) -> Iterator[None]:
    """Hold the lock for `work` (e.g. `crawl-andes`) on `database` while inside.

    Raises:
        AlreadyUnderWay: At once, if another process holds it.
    """
    folder = database.with_name(database.name + ".locks")
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / f"{work}.lock", timeout=0):
            yield
    except Timeout as error:
        raise AlreadyUnderWay(work, database) from error
