"""Interfaces to the facts that the app shows and does not compute.

The app imports neither classifier, crawler nor scheduler. The command that builds the app hands these in
(`cli/serve.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date, datetime
    from pathlib import Path

    from store.audit.audit import Origin
    from store.crawl.runs import Attempt
    from store.database import Database
    from store.model import Run, Sighting
    from store.operations.service import Overview, Request


@dataclass(frozen=True, slots=True, kw_only=True)
class LawEntry:
    """One line of one list of one law."""

    substance: str
    instrument: str
    list_name: str
    since: str
    """The date of entry into force, in the source's words, and the last day if there is one."""
    code: str
    source: str
    """The source of the entry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Jurisdiction:
    """The law of one jurisdiction on one substance."""

    substance: str
    name: str
    """Of the jurisdiction, e.g. `European Union`."""
    is_own: bool
    """Whether it belongs to the office's profile, so that it counts."""
    entries: tuple[LawEntry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPage:
    """A saved page."""

    html: str
    """Decoded as the crawler decodes pages; hostile."""
    sha256: str


class Drawing(NamedTuple):
    """Two structures side by side, the parent on the left, with their common part marked."""

    core_atoms: int
    """Number of marked atoms of the parent; hydrogen is not counted."""
    shapes: Sequence[tuple[str, str]]
    """Kind (`core`, `bond`, `atom`) and data of SVG paths, in 520 × 200 pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageView:
    """A picture of a page."""

    picture: bytes = b""
    """PNG as the browser made it; hostile. Empty if there is none."""
    sha256: str = ""
    boxes: Mapping[str, tuple[int, int, int, int]] = field(default_factory=dict)
    """Where each field stands: left, top, width and height in pixels."""
    drawn_with: str = ""
    """Name and version of the browser."""
    is_evidence: bool = False
    """Whether the crawl kept the picture; otherwise it was drawn just now."""
    why_not: str = ""
    """Why there is no picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Lookups in the gazetteer and in the evidence."""

    law: Callable[[Iterable[str]], list[LawEntry]] = lambda _: []
    """The entries of substances under the office's profile, given by name."""
    jurisdictions: Callable[[Iterable[str]], list[Jurisdiction]] = lambda _: []
    """What each jurisdiction says of substances, the office's own first, each once for a substance."""
    law_state: Callable[[Database, date], Mapping[str, Any]] = lambda _, __: {}
    """What each profile of the law holds (`profiles`), and which entries begin or end soon (`changes`)."""
    page: Callable[[Database, int], KeptPage | None] = lambda _, __: None
    """The saved page of a page id; None if its bytes are not stored."""
    view: Callable[[Database, Sighting], PageView] = lambda _, __: PageView()
    """How the page of a sighting looked."""
    names: Callable[[str], Mapping[str, str]] = lambda _: {}
    """Of the words of a search, or all of them together, those that name a substance (by a synonym, by a CAS
    number), and its name as scores have it."""
    evidence: Path | None = None
    """The folder of WARC files."""
    contacts: Callable[[str, str, str, str], list[tuple[int, int]]] = lambda text, *_: [(0, len(text))]
    """Start and end of everything in a text that may be a contact, given the text, location of the seller,
    language and URL; without a reader, the whole text."""
    draw: Callable[[str, str], Drawing | None] = lambda *_: None
    """The drawing of a parent and a compound, given as SMILES; None if structures cannot be drawn here."""


NO_REFERENCE = Reference()

LOG_LINES = 200
"""Lines of a process's log that a page shows, at most."""


class Ask(Protocol):
    """Sends a request to the service, or raises an error that says why not."""

    def __call__(
        self, db: Database, request: Request, source_id: str, *, by: str, origin: Origin, now: datetime
    ) -> int:
        """Return the request's number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSource:
    """A saved source to be declared."""

    source_id: str
    name: str
    archive: str
    """Relative to the folder of the sources file, which it must not leave."""
    supplied_by: str
    """With the reference under which the archive was handed over."""
    supplied_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """The reading of a new source on trial; nothing of it is stored."""

    pages: int
    """Of the archive that were read, the first ones."""
    outcomes: Mapping[str, int]
    """Numbers of pages by what they are."""
    titles: tuple[str, ...]
    """Of the listings."""


TRIAL_PAGES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceApi:
    """The service: its state, its logs and requests to it."""

    overview: Callable[[Database, datetime], Overview]
    standing: Callable[[Run], str]
    """The outcome of a run, or that the run is under way."""
    log: Callable[[Run, Attempt, int], list[str] | None]
    """The last lines of a process's log; None if there is no log."""
    ask: Ask
    try_source: Callable[[NewSource, datetime], Trial]
    """Check a new source and read its first pages, or raise an error that says what is wrong."""
    add_source: Callable[[NewSource, datetime], object]
    """Check a new source and declare it in the sources file."""
    teach: Callable[[Mapping[str, object]], dict[str, Any]]
    """Ask a question about teaching a source (`crawler.teach.desk.Question`), and return the answer, plain
    data; or raise an error that says what is wrong."""
