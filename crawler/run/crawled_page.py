"""A crawled page and its drawing, from any kind of crawl, on their way to the store."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 (msgspec resolves the fields of a page, as of the others)
from dataclasses import dataclass, field

from crawler.archives import SavedPage  # noqa: TC001
from crawler.extract.page import ExtractedPage  # noqa: TC001
from store.crawl.evidence import EvidenceRecord  # noqa: TC001
from store.crawl.pages import Box, EarlierPage, LiveReading  # noqa: TC001

MOST_PICTURES = 8
"""Most pictures of one listing that are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """How a browser drew a page, on its way to the store."""

    picture: bytes = field(repr=False)
    """PNG."""
    boxes: Mapping[str, Box]
    """Where each field was read, in pixels of the picture."""
    requests: int
    refused: int
    drawn_with: str
    answers: tuple[SavedPage, ...] = field(default=(), repr=False)
    """Files of an archive that the page asked for, which the run has not kept yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawledPage:
    """A crawled page on its way to the store."""

    url: str
    http_status: int | None
    saved: SavedPage | None = field(default=None, repr=False)  # Scrapy logs an item whole if it fails
    """None for a page that was not fetched or came over the network."""
    extracted: ExtractedPage = field(repr=False)
    pictures: tuple[SavedPage, ...] = field(default=(), repr=False)
    """The pictures of the page's listings that the archive holds and no earlier page of the crawl had."""
    body: bytes = field(default=b"", repr=False)
    """The unpacked body."""
    record: EvidenceRecord | None = field(default=None, repr=False)
    """The evidence of a page from the network."""
    live: LiveReading | None = field(default=None, repr=False)
    """Values of a page from the network for the next crawl."""
    same_as: EarlierPage | None = field(default=None, repr=False)
    """The earlier page with the same bytes, if the page was not parsed again."""
    drawing: Drawing | None = field(default=None, repr=False)
    """How a browser drew the page; `body` is then the drawn document."""
