"""Pages that a browser drew: their screenshots, and the place of each field on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from store import rows
from store.sqlite import Database

Box = tuple[int, int, int, int]
"""Left, top, width and height in pixels of the screenshot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageDrawing:
    """How a page looked when a browser had drawn it."""

    plain_record_id: str | None
    """The evidence record of the response before any script ran."""
    view_record_id: str
    """The evidence record of the screenshot, a PNG."""
    boxes: Mapping[str, Box]
    """Where each field of the page's own listing was read."""
    requests: int
    """Number of requests of the page that were answered."""
    refused: int
    """Number of requests of the page that were not: outside the permission, or never allowed."""
    drawn_with: str
    """Name and version of the browser."""


def insert_drawing(db: Database, page_id: int, drawing: PageDrawing) -> None:
    """Store how a page was drawn, inside the transaction that records the page."""
    rows.insert(db, "page_drawings", {"page_id": page_id, **rows.columns_of(drawing)})


def drawing_of(db: Database, page_id: int) -> PageDrawing | None:
    """Return how a page was drawn, or None if it was read as it came."""
    return rows.find(db, PageDrawing, "SELECT * FROM page_drawings WHERE page_id = ?", [page_id])
