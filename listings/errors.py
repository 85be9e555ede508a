"""What can go wrong with the store, each error a sentence for the person who sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class ListingsError(Exception):
    """Base of every error of this package."""


class Interrupted(ListingsError):
    """Work was asked to stop; its run has no ending, so the next start goes on with it."""

    EXIT_CODE = 130
    """Of a process that was asked to stop, as shells have it for Ctrl-C."""


class StoreUnusable(ListingsError):
    """The database file cannot be opened as ours."""

    def __init__(self, path: Path | str, found: str) -> None:
        super().__init__(
            f"{path} cannot be used as a precursor-watch database: {found}. "
            "Give another file with --db, or restore this one from a backup."
        )


class StoreUnwritable(ListingsError):
    """The database could not be written now, through no fault of what was to be written."""

    def __init__(self, path: Path | str, found: str) -> None:
        super().__init__(
            f"{path} could not be written: {found}. Nothing was changed. Look whether the disk is full or "
            "read-only, or another program holds the database locked, and try again."
        )


LISTED_BY = {
    "alarm": "alerts list --all", "hold": "retention holds", "listing": "queue", "model": "models",
    "run": "runs", "source": "sources", "token": "users token list",
    "verdict": "audit list --action verdict_given",
}  # fmt: skip
"""The command that lists rows of a kind; a new kind of row with a list is named here."""


class UnknownRow(ListingsError):
    """A row was asked for by an id that is not in the store."""

    def __init__(self, kind: str, row_id: object) -> None:
        command = LISTED_BY.get(kind)
        listed = f"; those there are, `precursor-watch {command}` lists." if command else "."
        super().__init__(f"There is no {kind} {row_id} in this database{listed}")
