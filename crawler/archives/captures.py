"""The values of saved pages: files, captures, pages and faults."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 (msgspec resolves the fields of a page)
from typing import TYPE_CHECKING, BinaryIO

from crawler.errors import CrawlError
from store.model import DigestFinding, PageOutcome  # noqa: TC001 (likewise)

if TYPE_CHECKING:
    from collections.abc import Callable


class ArchiveError(CrawlError):
    """The whole archive cannot be opened."""


class UnreadableBodyError(Exception):
    """A page's body is incomplete; carries the page's outcome and the reason."""

    def __init__(self, outcome: PageOutcome, sentence: str, body: bytes = b"") -> None:
        """Take the outcome, the sentence, and the readable part of the body."""
        super().__init__(sentence)
        self.outcome = outcome
        self.sentence = sentence
        self.body = body
        self.findings: tuple[DigestFinding, ...] = ()
        """The stated digests that the bytes do not match, as far as they were read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveFault:
    """An entry whose URL could not be read."""

    locator: str
    outcome: PageOutcome
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPage:
    """One saved page, with its transport encodings undone."""

    url: str
    """Original URL without fragment, in the form of a Scrapy request."""
    status: int
    """HTTP status; 200 for formats without one."""
    headers: tuple[tuple[str, str], ...]
    """The saved headers, without those that describe the body's encoding for transport."""
    is_http: bool = False
    """Whether status and headers come from an HTTP response in the archive."""
    body: bytes
    """Dechunked and decompressed, in the page's own character set."""
    captured_at: datetime | None
    """Aware, UTC; None when unknown."""
    locator: str
    """Path below the archive's root, then `#` and the entry, record offset or part."""
    fault: PageOutcome | None
    """Set when the body is missing or incomplete."""
    sentence: str
    """The reason for `fault`; otherwise empty."""
    digest: DigestFinding | None = None
    """Digests that the archive states and the page does not match; None if all match or there are none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file on disk or in a ZIP. It can be opened repeatedly."""

    name: str
    """Path below the containing folder or ZIP, with `/` between the parts."""
    locator: str
    """Path below the archive's root; `#` precedes the name of an entry in a ZIP."""
    open: Callable[[], BinaryIO]
    """Opens the file and returns a binary file object at the first byte."""
    stated_hash: str = ""
    """The hash that the `datapackage.json` of a WACZ states for the file."""
    finding: DigestFinding | None = None
    """Set when the file, or a file around it, does not match its stated hash."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """Status, headers and body of one capture."""

    status: int = 200
    headers: tuple[tuple[str, str], ...]
    body: bytes
    is_http: bool = False
    findings: tuple[DigestFinding, ...] = ()
    """The stated digests that the bytes do not match."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """The index entry of one saved response, without its body."""

    file: StoredFile
    read: Callable[[Capture, int], Payload]
    """Reads the payload, given a limit in bytes; raises `UnreadableBodyError`."""
    position: int | None = None
    """Record offset or part number; None for a file of one page."""
    length: int = 0
    """Bytes of the record's block in the file; used for WARC and ARC."""
    stated_url: str = ""
    """The URL in the archive."""
    hinted_url: str = ""
    """The URL that the page states for itself; ignored when another page states it too."""
    encoding: str = ""
    """Character set from a manifest."""
    captured_at: datetime | None = None
    fault: PageOutcome | None = None
    sentence: str = ""
    is_page: bool = True
    """False for images, styles, scripts and fonts."""
    is_picture: bool = False
    digest: str = ""
    """WARC payload digest, by which a revisit record finds its body."""
    refers_to: str = ""
    """For a revisit record, the URL of the repeated body, if the record names one."""
    is_revisit: bool = False
    original: Capture | None = None
    """For a revisit record, the capture with its body, once found."""

    @property
    def files(self) -> tuple[StoredFile, ...]:
        """The files that hold the record and, for a revisit, the body that it repeats."""
        return (self.file,) if self.original is None else (self.file, self.original.file)

    @property
    def locator(self) -> str:
        """Return where the capture lies, the same on every machine."""
        return self.file.locator if self.position is None else f"{self.file.locator}#{self.position}"
