"""Sheets of listings and cases: as a page to print, and as PDF/A."""

from __future__ import annotations

import base64
import hashlib
import logging
import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from review.cases.bundle import CASE, case_json, listing_lines, missing_evidence
from review.cases.exported import as_seen_by, case_listings, journal, missing_parts
from review.listing.item import content_changes, read_item
from review.listing.masking import masks_for
from review.web.dependencies import answer_page
from review.web.errors import ReviewError
from review.web.languages import N_, ngettext
from review.web.providers import LawEntry
from store.audit import audit
from store.crawl.evidence import LISTINGS
from store.crawl.pictures import shown_picture
from store.review import listings
from store.review.listings import listing_file, reviewed_listing
from store.review.notices import notices_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fastapi import Request, Response

    from review.listing.masking import Masks
    from review.web.dependencies import AppContext, Person
    from store.database import Database
    from store.review.cases import Case
    from store.review.listings import Reviewed


SHEET_CSS = Path(__file__).parents[1] / "static" / "sheet.css"

VARIANT = "pdf/a-3u"
"""ISO 19005-3, level U: it may carry files, and all of its text can be copied."""


class NoPdf(ReviewError):
    """The libraries for PDF files are missing."""

    def __init__(self, found: str) -> None:
        super().__init__(
            N_(
                "The PDF could not be made: %(found)s. WeasyPrint needs Pango (Debian: apt-get "
                "install libpangoft2-1.0-0). You can print the sheet from the browser instead."
            ),
            found=found,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A PDF, and the list of its missing parts."""

    body: bytes
    undrawn: str
    """Each character that no installed font has."""


def answer_sheet(
    request: Request,
    db: Database,
    context: AppContext,
    person: Person,
    listing_id: str | None,
    case: Case | None,
    *,
    undrawn: str = "",
) -> Response:
    """Answer with the sheet of a listing or of a case, as HTML, and log that its listings were viewed."""
    masks = masks_for(context, person)
    if case is not None:
        case, found = masks(case), masks(case_listings(db, case, person.name))
    else:
        found = masks(as_seen_by(db, [reviewed_listing(db, listing_id or "")], person.name))
    for each in found:
        audit.record_view(
            db,
            sighting_id=each.sighting.sighting_id,
            score_id=each.score_id,
            actor=person.name,
            origin=person.origin,
            is_masked=masks.are_on,
            now=context.clock(),
        )
    shown: dict[str, object] = {
        "parts": [_part(db, context, each, masks) for each in found],
        "case": case,
        "journal": journal(db, case) if case else [],
        "missing": [
            *missing_evidence(db, found, context.reference.evidence),
            *missing_parts(found, person.name),
        ],
        "now": context.clock(),
        "sums": {LISTINGS: hashlib.sha256(listing_lines(found)).hexdigest()},
        "undrawn": undrawn,
        "are_masked": masks.are_on,
        "draw": context.reference.draw,
    }
    if case is not None:
        shown["sums"] = {
            CASE: hashlib.sha256(case_json(db, case)).hexdigest(),
            LISTINGS: hashlib.sha256(listing_lines(found)).hexdigest(),
        }
    return answer_page(request, "sheet.html", shown)


def make_sheet(
    request: Request,
    db: Database,
    context: AppContext,
    person: Person,
    listing_id: str | None,
    case: Case | None,
) -> Sheet:
    """Return the sheet of a listing or of a case as PDF/A-3, with the data that it shows attached.

    Raises:
        NoPdf: If WeasyPrint cannot be used here.
    """
    attached = {}
    if case is not None:
        masks = masks_for(context, person)
        attached = {
            CASE: case_json(db, masks(case)),
            LISTINGS: listing_lines(masks(case_listings(db, case, person.name))),
        }
    return draw_sheet(
        lambda undrawn: _with_pictures(
            db, _text_of(answer_sheet(request, db, context, person, listing_id, case, undrawn=undrawn))
        ),
        attached,
    )


def draw_sheet(write: Callable[[str], str], attached: dict[str, bytes]) -> Sheet:
    """Return a sheet as PDF/A-3, with a count in place of characters that no installed font can draw.

    `write` returns the sheet as HTML, given the characters that cannot be drawn. `attached` are files by
    name.

    Raises:
        NoPdf: If WeasyPrint cannot be used here.
    """
    css = SHEET_CSS.read_text(encoding="utf-8")
    sheet = to_pdf(write(""), css, attached)
    if not sheet.undrawn:
        return sheet
    html = _without(write(sheet.undrawn), sheet.undrawn)
    return replace(to_pdf(html, css, attached), undrawn=sheet.undrawn)


def to_pdf(html: str, css: str, attached: dict[str, bytes] | None = None) -> Sheet:
    """Return a sheet as PDF/A-3; no address in it is ever fetched, pictures are data in the sheet.

    Raises:
        NoPdf: If WeasyPrint cannot be used here.
    """
    try:
        from weasyprint import CSS, HTML, Attachment
        from weasyprint.urls import URLFetcher
    except (ImportError, OSError) as error:
        raise NoPdf(str(error).splitlines()[0]) from error
    fetcher = URLFetcher(allowed_protocols={"data"})
    document = HTML(string=html, url_fetcher=fetcher, base_url=None)
    style = CSS(string=css, url_fetcher=fetcher)
    files = [
        Attachment(string=body, name=name, description=name, relationship="Source")
        for name, body in (attached or {}).items()
    ]
    with _undrawn() as lacking:
        body: bytes = document.write_pdf(stylesheets=[style], attachments=files, pdf_variant=VARIANT)
    return Sheet(body=body, undrawn="".join(sorted(lacking)))


@contextmanager
def _undrawn() -> Iterator[set[str]]:
    """Collect the characters for which WeasyPrint finds no glyph, as its log says them.

    PDF/A forbids the box that stands for a missing glyph, and whoever reads the box knows nothing.
    """
    lacking: set[str] = set()
    here = threading.get_ident()

    class Lacking(logging.Handler):
        def emit(self, said: logging.LogRecord) -> None:
            """Keep the character of a warning of this thread."""
            if said.thread == here and ".notdef" in str(said.msg) and isinstance(said.args, tuple):
                lacking.add(chr(int(str(said.args[-1]))))

    log, handler = logging.getLogger("weasyprint"), Lacking(level=logging.WARNING)
    log.addHandler(handler)
    try:
        yield lacking
    finally:
        log.removeHandler(handler)


def _without(html: str, undrawn: str) -> str:
    """Return a page with runs of characters that cannot be drawn replaced by their number."""
    runs = re.compile(f"[{re.escape(undrawn)}]+")
    return runs.sub(lambda found: f"[{_counted(len(found[0]))}]", html)


def _counted(count: int) -> str:
    return ngettext("%(num)s character", "%(num)s characters", count) % {"num": count}


def _text_of(sheet: Response) -> str:
    return bytes(sheet.body).decode()


def _part(db: Database, context: AppContext, each: Reviewed, masks: Masks) -> dict[str, Any]:
    """Return what the sheet shows of one listing."""
    whole = listing_file(db, each.listing.listing_id)
    file = masks(replace(whole, notices=tuple(notices_of(db, each.sighting.sighting_id))))
    scored = each.filed.pinned.score if each.filed else file.score
    substances = scored.reasons.substances if scored else ()
    file = replace(
        file,
        sightings=tuple(one for one in file.sightings if one.sighting_id <= each.sighting.sighting_id),
        score=each.score,
        verdicts=each.verdicts,
        payload_sha256=each.payload_sha256,
    )
    newest = each.filed.newest if each.filed else None
    law = [LawEntry(**entry) for entry in each.filed.entry.law] if each.filed else []
    return {
        "item": read_item(file),
        "each": each,
        "substances": [each.verdict.substance] if each.verdict and each.verdict.substance else substances,
        "law": law or context.reference.law(substances),
        "is_law_pinned": bool(law),
        "provenance": listings.provenance(db, each.page_id),
        "newest": newest,
        "newest_provenance": listings.provenance(db, newest.page_id) if newest else None,
        "changes": content_changes(each.sighting.content, newest.sighting.content) if newest else (),
    }


def _with_pictures(db: Database, html: str) -> str:
    """Return a sheet with its pictures as data; a text of a listing cannot contain a tag."""

    def as_data(found: re.Match[str]) -> str:
        """Return the picture's data in place of its address."""
        shown = shown_picture(db, found[1]) or b""
        return f'src="data:image/webp;base64,{base64.b64encode(shown).decode()}"'

    return re.sub(r'src="/pictures/([0-9a-f]{64})"', as_data, html)
