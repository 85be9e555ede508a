"""Sheets to print: a listing, or all of a case, with where it comes from and what it does not prove."""

from __future__ import annotations

from typing import TYPE_CHECKING

from review.listing.items import read_item
from review.queue.hiding import hidden_from, hides_first
from review.web.desk import answer_page
from review.web.errors import ReviewError
from review.web.languages import N_
from store.audit import audit
from store.review import related
from store.review.queue import listing_file
from store.review.review_items import item_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastapi import Request, Response

    from review.accounts.people import Person
    from review.web.desk import Desk
    from store.database import Database
    from store.review.cases import Case


class NoPdf(ReviewError):
    """What makes PDF files of sheets is not there."""

    def __init__(self, found: str) -> None:
        super().__init__(
            N_(
                "No PDF could be made: %(found)s. WeasyPrint needs Pango (Debian: apt-get install "
                "libpangoft2-1.0-0); the sheet itself can be printed from the browser."
            ),
            found=found,
        )


def answer_sheet(
    request: Request, db: Database, desk: Desk, person: Person, listing_ids: Sequence[str], case: Case | None
) -> Response:
    """Answer with the sheet of these listings, as HTML."""
    hides = hidden_from(db, person.name)
    parts = []
    for listing_id in listing_ids:
        file, row = listing_file(db, listing_id), item_of(db, listing_id)
        is_blind = hides_first(row, reviewer=person.name)
        audit.record_view(
            db,
            sighting_id=file.sightings[0].sighting_id,
            score_id=file.score_id,
            actor=person.name,
            origin=person.origin,
            now=desk.clock(),
        )
        names = file.score.reasons.substances if file.score else ()
        parts.append(
            {
                "item": read_item(file),
                "row": row,
                "score_hidden": hides(row),
                "verdicts": [v for v in file.verdicts if not is_blind or v.reviewer == person.name],
                "is_decided": row is not None and row.state == "decided",
                "provenance": related.provenance(db, file.sightings[0].page_id),
                "law": desk.reference.law(names),
            }
        )
    return answer_page(request, "sheet.html", {"parts": parts, "case": case, "now": desk.clock()})


def to_pdf(html: bytes, css: str) -> bytes:
    """Return a sheet as PDF. Nothing is fetched: whatever address stands in it, no request is made.

    Raises:
        NoPdf: If WeasyPrint cannot be used here.
    """
    try:
        from weasyprint import CSS, HTML
    except (ImportError, OSError) as error:
        raise NoPdf(str(error).splitlines()[0]) from error
    document = HTML(string=html.decode(), url_fetcher=_fetch_nothing, base_url=None)
    pdf: bytes = document.write_pdf(stylesheets=[CSS(string=css, url_fetcher=_fetch_nothing)])
    return pdf


def _fetch_nothing(url: str, *_: object, **__: object) -> dict[str, object]:
    raise ValueError(f"A sheet fetches nothing, and {url[:80]} is an address.")
