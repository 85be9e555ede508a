"""What can go wrong with the store, each error a sentence for the person who sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


class Word(str):
    """A value within a sentence that is translated with it."""

    __slots__ = ()


def N_(sentence: str) -> str:  # noqa: N802 (the name by which gettext tools know it)
    """Mark a sentence, or a word, that is translated where it is shown."""
    return sentence


def fill(sentence: str, values: Mapping[str, object], say: Callable[[str], str] = str) -> str:
    """Return a sentence with its places filled in.

    Args:
        sentence: As it is marked.
        values: By place; a `Word` may have places of its own.
        say: Returns the sentence, or a word, in the language that is wanted.
    """
    if not values:
        return say(sentence) if sentence else ""
    words = {
        name: say(value) % values if isinstance(value, Word) else value for name, value in values.items()
    }
    return say(sentence) % words


class StoreError(Exception):
    """Base of every error of this package.

    Args:
        sentence: What is said. With values, it has places for them, as in `%(name)s`, so that a page can show
            it in another language; the error itself always speaks English.
        values: What fills its places.
    """

    def __init__(self, sentence: str = "", /, **values: object) -> None:
        super().__init__(fill(sentence, values))
        self.sentence, self.values = sentence, values


ROWS = (
    N_("alarm"), N_("case"), N_("hold"), N_("listing"), N_("model"), N_("run"), N_("session"), N_("sighting"),
    N_("source"), N_("token"), N_("verdict"),
)  # fmt: skip
"""What rows are called in sentences."""


class Interrupted(StoreError):
    """Work was asked to stop; its run has no ending, so the next start goes on with it."""

    EXIT_CODE = 130
    """Of a process that was asked to stop, as shells have it for Ctrl-C."""


class StoreUnusable(StoreError):
    """The database file cannot be opened as ours."""

    def __init__(self, path: Path | str, found: str) -> None:
        super().__init__(
            N_(
                "%(path)s cannot be used as a precursor-watch database: %(found)s. "
                "Give another file with --db, or restore this one from a backup."
            ),
            path=path,
            found=found,
        )


class StoreFolderClosed(StoreUnusable):
    """The database's folder cannot be written to, which SQLite has to do even to read."""

    def __init__(self, path: Path) -> None:
        StoreError.__init__(
            self,
            f"{path} cannot be opened: this user cannot write to the folder {path.resolve().parent}, and "
            "SQLite keeps files beside a database even to read it. Give the right to write there, or copy "
            "the database to another folder and name it with --db.",
        )


class StoreUnwritable(StoreError):
    """The database could not be written now, through no fault of what was to be written."""

    def __init__(self, path: Path | str, found: str) -> None:
        super().__init__(
            f"{path} could not be written: {found}. Nothing was changed. Look whether the disk is full or "
            "read-only, or another program holds the database locked, and try again."
        )
        self.found = found


LISTED_BY = {
    "alarm": "alerts list --all", "hold": "retention holds", "listing": "queue", "model": "models",
    "run": "runs", "source": "sources", "token": "users token list",
    "verdict": "audit list --action verdict_given",
}  # fmt: skip
"""The command that lists rows of a kind; a new kind of row with a list is named here."""


class UnknownRow(StoreError):
    """A row was asked for by an id that is not in the store."""

    def __init__(self, kind: str, row_id: object) -> None:
        command = LISTED_BY.get(kind)
        if command is None:
            there_is_none = N_("There is no %(kind)s %(row_id)s in this database.")
            super().__init__(there_is_none, kind=Word(kind), row_id=row_id)
            return
        super().__init__(
            N_(
                "There is no %(kind)s %(row_id)s in this database; those there are, "
                "`precursor-watch %(command)s` lists."
            ),
            kind=Word(kind),
            row_id=row_id,
            command=command,
        )
