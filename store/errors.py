"""Errors of the store; each message says how to proceed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path


class Word(str):
    """A word inside a message that is translated with the message."""

    __slots__ = ()


def N_(sentence: str) -> str:  # noqa: N802 (the name that gettext tools expect)
    """Mark a message, or a word, for translation where it is shown."""
    return sentence


def fill(sentence: str, values: Mapping[str, object], say: Callable[[str], str] = str) -> str:
    """Return a message with its placeholders filled in.

    A `Word` among the values may have placeholders of its own. `say` translates the message or a word into
    the language of the reader.
    """
    if not values:
        return say(sentence) if sentence else ""
    words = {
        name: say(value) % values if isinstance(value, Word) else value for name, value in values.items()
    }
    return say(sentence) % words


class StoreError(Exception):
    """Base of every error of this package.

    The sentence is English. If there are values, it has placeholders like `%(name)s`, so that pages can
    translate it.
    """

    def __init__(self, sentence: str = "", /, **values: object) -> None:
        super().__init__(fill(sentence, values))
        self.sentence, self.values = sentence, values


ROWS = (
    N_("account"), N_("alarm"), N_("batch"), N_("case"), N_("contact"),
    N_("hold"), N_("law import"), N_("listing"), N_("model"), N_("run"),
    N_("session"), N_("sighting"), N_("source"), N_("supplier"), N_("token"), N_("verdict"),
)  # fmt: skip
"""The names of rows in messages."""


class Interrupted(StoreError):
    """Work was asked to stop; its run has not ended, so the next start resumes it."""

    EXIT_CODE = 130
    """Exit code of an interrupted process, as in shells after Ctrl-C."""


class StoreUnusable(StoreError):
    """The database file cannot be opened as a store."""

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
    """The folder of the database is not writable, which SQLite needs even to read."""

    def __init__(self, path: Path) -> None:
        StoreError.__init__(
            self,
            f"{path} cannot be opened: this user cannot write to the folder {path.resolve().parent}, and "
            "SQLite needs to keep files beside a database even to read it. Give this user write permission "
            "there, or copy the database to another folder and name it with --db.",
        )


class StoreDiskFull(StoreUnusable):
    """The disk is full, so that SQLite cannot make the files that it needs even to read a database."""

    def __init__(self, path: Path, found: str) -> None:
        StoreError.__init__(
            self,
            f"{path} cannot be opened: {found}. The disk is full, and SQLite keeps files beside a "
            "database even to read it. Free some space and try again; the database is unchanged.",
        )


class StoreUnwritable(StoreError):
    """The database cannot be written now, because of the disk or another process."""

    def __init__(self, path: Path | str, found: str) -> None:
        super().__init__(
            f"{path} could not be written: {found}. Nothing was changed. Check whether the disk is full or "
            "read-only, or whether another program has locked the database, and try again."
        )
        self.found = found


LISTED_BY = {
    "alarm": "alerts list --all", "hold": "retention holds", "listing": "queue", "model": "models",
    "run": "runs", "source": "sources", "token": "users token list",
    "verdict": "audit list --action verdict_given",
}  # fmt: skip
"""The command that lists the rows of each kind."""


class UnknownRow(StoreError):
    """There is no row with this id."""

    def __init__(self, kind: str, row_id: object) -> None:
        command = LISTED_BY.get(kind)
        if command is None:
            there_is_none = N_("There is no %(kind)s %(row_id)s in this database.")
            super().__init__(there_is_none, kind=Word(kind), row_id=row_id)
            return
        super().__init__(
            N_(
                "There is no %(kind)s %(row_id)s in this database. To see what there is, run "
                "`precursor-watch %(command)s`."
            ),
            kind=Word(kind),
            row_id=row_id,
            command=command,
        )
