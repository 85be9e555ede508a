"""Show the page as it looked: its screenshot, the places of its fields, and the changes between two."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from PIL import Image, ImageChops

from review.queue.lists import TheList
from review.web.dependencies import TheContactViewer, TheContext, TheDatabase, answer_page
from review.web.fields import MAX_ROW
from review.web.translations import word_tables
from store.audit.audit import AuditAction
from store.errors import UnknownRow
from store.review.listings import listing_file

if TYPE_CHECKING:
    from datetime import datetime

    from review.web.dependencies import AppContext
    from review.web.providers import PageView
    from store.database import Database
    from store.model import Sighting
    from store.review.listings import ListingFile

pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
MAX_PIXELS = 20_000_000
"""Of a screenshot; a larger one is not shown."""
_TILE = 16
"""Side of the squares, in pixels, in which two screenshots are compared."""
_SEEN = 24
"""Least difference of a colour, of 255, that counts."""
_MOST_MARKS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """One capture of a listing's page, as it is shown."""

    page_id: int
    seen_at: datetime
    view: PageView
    width: int
    height: int
    marks: tuple[tuple[int, int, int, int], ...] = ()
    """Where it differs from the other capture: left, top, width and height."""


@pages.get("/listings/{listing_id}/view")
def show_view(
    request: Request,
    db: TheDatabase,
    context: TheContext,
    where: TheList,
    person: TheContactViewer,
    listing_id: str,
    page: Annotated[int, Query(ge=0, le=MAX_ROW)] = 0,
    against: Annotated[int, Query(ge=0, le=MAX_ROW)] = 0,
) -> Response:
    """Show how the page looked, alone or beside another capture, to users who may see its contacts."""
    file = listing_file(db, listing_id)
    shown = [_capture(db, context, _sighting(file, each)) for each in dict.fromkeys((page, against or page))]
    for capture in shown:
        person.log(
            db,
            AuditAction.PAGE_VIEWED,
            f"listing:{listing_id}",
            {"page_id": capture.page_id, "view_sha256": capture.view.sha256},
            now=context.clock(),
        )
    values = {
        "file": file,
        "back": where.address(listing_id),
        "captures": _compared(shown),
        "sightings": {each.page_id: each for each in file.sightings}.values(),
        "names": word_tables()["fields"],
        "query": where.address()[1:],
    }
    return answer_page(request, "page_view.html", values)


@pages.get("/listings/{listing_id}/view/{page_id}.webp", response_class=Response)
def show_picture(
    db: TheDatabase, context: TheContext, person: TheContactViewer, listing_id: str, page_id: int
) -> Response:
    """Send a screenshot, encoded anew."""
    sighting = _sighting(listing_file(db, listing_id), page_id)
    picture = _opened(context.reference.view(db, sighting))
    if picture is None:
        raise UnknownRow("picture", page_id)
    stream = io.BytesIO()
    picture.save(stream, "WEBP", quality=85, method=2)
    return Response(stream.getvalue(), media_type="image/webp")


def _sighting(file: ListingFile, page_id: int) -> Sighting:
    """Return the listing's sighting on a page, or the newest one for 0."""
    found = next((each for each in file.sightings if page_id in {0, each.page_id}), None)
    if found is None:
        raise UnknownRow("page", page_id)
    return found


def _capture(db: Database, context: AppContext, sighting: Sighting) -> Capture:
    view = context.reference.view(db, sighting)
    picture = _opened(view)
    width, height = picture.size if picture else (0, 0)
    return Capture(page_id=sighting.page_id, seen_at=sighting.seen_at, view=view, width=width, height=height)


def _opened(view: PageView) -> Image.Image | None:
    """Return a screenshot without anything but its pixels, or None."""
    if not view.picture:
        return None
    try:
        picture = Image.open(io.BytesIO(view.picture), formats=["PNG"])
        if picture.width * picture.height > MAX_PIXELS:
            return None
        return picture.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):  # damaged
        return None


def _compared(captures: list[Capture]) -> list[Capture]:
    """Return two captures with the places where they differ; one alone stays as it is."""
    pictures = [_opened(each.view) for each in captures]
    if len(captures) != 2 or not all(pictures):
        return captures
    marks = difference(*(each for each in pictures if each))
    return [replace(each, marks=marks) for each in captures]


def difference(one: Image.Image, other: Image.Image) -> tuple[tuple[int, int, int, int], ...]:
    """Return where two pictures differ: rows of squares, each as left, top, width and height."""
    size = max(one.width, other.width), max(one.height, other.height)
    laid = []
    for each in (one, other):
        sheet = Image.new("RGB", size, "white")
        sheet.paste(each)
        laid.append(sheet)
    changed = ImageChops.difference(*laid).convert("L").point(lambda value: 255 * (value >= _SEEN))
    tiles = changed.reduce(_TILE).point(lambda value: 255 * (value > 0))
    marks = []
    for row in range(tiles.height):
        begin = None
        for column in range(tiles.width + 1):
            is_changed = column < tiles.width and tiles.getpixel((column, row))
            if is_changed and begin is None:
                begin = column
            elif not is_changed and begin is not None:
                marks.append((begin * _TILE, row * _TILE, (column - begin) * _TILE, _TILE))
                begin = None
    return tuple(marks[:_MOST_MARKS])
