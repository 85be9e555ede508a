"""What the app shows and does not compute.

The app imports neither classifier, crawler nor scheduler. The command that builds the app hands these in
(`cli/serve.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

    from store.audit.audit import Origin
    from store.crawl.runs import Attempt
    from store.database import Database
    from store.model import Run
    from store.operations.service import Overview, Request


@dataclass(frozen=True, slots=True, kw_only=True)
class LawEntry:
    """One line of one list of one law."""

    substance: str
    instrument: str
    list_name: str
    since: str
    """When it came into force, as the source says."""
    code: str
    source: str
    """Where the entry was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPage:
    """A page as it is kept."""

    html: str
    """Decoded as the crawler decodes it; hostile."""
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """What is looked up elsewhere."""

    law: Callable[[Iterable[str]], list[LawEntry]] = lambda _: []
    """The entries of substances, given by name."""
    page: Callable[[Database, int], KeptPage | None] = lambda _, __: None
    """The kept page of a page id; None when its bytes are not kept."""
    names: Callable[[str], Mapping[str, str]] = lambda _: {}
    """Of the words of a search, or all of them together, those that name a substance (by a synonym, by a CAS
    number), and its name as scores have it."""
    evidence: Path | None = None
    """The folder of WARC files."""


NO_REFERENCE = Reference()


LOG_LINES = 200
"""Of a process's log, how many of the last are shown."""


class Ask(Protocol):
    """Asks the service for something, or refuses with a sentence what it cannot do."""

    def __call__(
        self, db: Database, request: Request, source_id: str, *, by: str, origin: Origin, now: datetime
    ) -> int:
        """Return the request's number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceApi:
    """What is found out and asked elsewhere."""

    overview: Callable[[Database, datetime], Overview]
    standing: Callable[[Run], str]
    """How a run came out, or whether it is under way."""
    log: Callable[[Run, Attempt, int], list[str] | None]
    """The last so many lines of what a process wrote; None when it left no log."""
    ask: Ask
