"""The values that readers of saved pages exchange: files, captures, pages and faults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from crawler.errors import CrawlError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from store.model import PageOutcome


class ArchiveError(CrawlError):
    """An archive as a whole cannot be opened; the message is a sentence for a person."""


class UnreadableBodyError(Exception):
    """One page's body cannot be given whole; says what it turned out to be and why."""

    def __init__(self, outcome: PageOutcome, sentence: str, body: bytes = b"") -> None:
        """Keep the outcome beside the sentence, and whatever part of the body there is."""
        super().__init__(sentence)
        self.outcome = outcome
        self.sentence = sentence
        self.body = body


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveFault:
    """An entry of which not even the URL could be read."""

    locator: str
    outcome: PageOutcome
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPage:
    """One page as it was saved, with its transport encodings undone."""

    url: str
    """Original URL, without fragment, in the form that a Scrapy request has."""
    status: int
    """HTTP status; 200 for formats that do not keep it."""
    headers: tuple[tuple[str, str], ...]
    """As saved, less those that described how the body was packed for transport."""
    is_http: bool = False
    """Whether status and headers are those of an HTTP answer that the archive kept."""
    body: bytes
    """Dechunked and decompressed, in the page's own character set."""
    captured_at: datetime | None
    """Aware, UTC; None when the archive does not say."""
    locator: str
    """Path relative to the archive's root, then `#` and the entry, record offset or part."""
    fault: PageOutcome | None
    """Set when the body is missing or incomplete."""
    sentence: str
    """Why, when `fault` is set; otherwise empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file that can be opened any number of times, wherever it lies."""

    name: str
    """Path relative to the folder or ZIP that holds it, with `/` between the parts."""
    locator: str
    """Path relative to the archive's root; `#` precedes the name of an entry in a ZIP."""
    open: Callable[[], BinaryIO]
    """Return a new binary handle at the first byte."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """What a reader takes out of a file for one capture."""

    status: int = 200
    headers: tuple[tuple[str, str], ...]
    body: bytes
    is_http: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """What the index keeps of one saved response: where it lies, never its body."""

    file: StoredFile
    read: Callable[[Capture, int], Payload]
    """Reads the payload, given a limit in bytes; raises `UnreadableBodyError`."""
    position: int | None = None
    """Record offset or part number; None when the file holds one page only."""
    length: int = 0
    """Bytes of the record's block that are there; used for WARC and ARC."""
    stated_url: str = ""
    """What the archive says the URL was."""
    hinted_url: str = ""
    """What the page says its URL is, believed when no other page says the same."""
    encoding: str = ""
    """Character set given by a manifest."""
    captured_at: datetime | None = None
    fault: PageOutcome | None = None
    sentence: str = ""
    is_page: bool = True
    """False for images, styles, scripts and fonts."""
    digest: str = ""
    """WARC payload digest, by which a revisit finds the body it repeats."""
    refers_to: str = ""
    """For a revisit record, the URL whose body it repeats, where it says so."""
    is_revisit: bool = False
    original: Capture | None = None
    """For a revisit record, the capture that holds its body, once found."""

    @property
    def locator(self) -> str:
        """Say where the capture lies, portably."""
        return self.file.locator if self.position is None else f"{self.file.locator}#{self.position}"
