"""What listings show apart from their score: counted by kind, substance, machine and rule, and exported."""

from __future__ import annotations

import csv
import hashlib
from dataclasses import asdict, fields
from io import StringIO
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import HTMLResponse

from review.web.dependencies import TheContext, TheDatabase, TheReviewer, TheViewer, answer_page
from review.web.fields import refusals
from store.audit import audit
from store.audit.audit import AuditAction
from store.messages import guard_cell
from store.review.notices import NoticeCount, NoticedListing, count_notices, noticed_listings

if TYPE_CHECKING:
    from collections.abc import Iterable

pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
api = APIRouter(prefix="/api/notices", tags=["figures and settings"])

LONGEST = 200


@pages.get("/notices")
def show_notices(request: Request, db: TheDatabase, person: TheViewer) -> Response:
    """Show how many listings show what."""
    return answer_page(request, "notices.html", {"counts": count_notices(db)})


@pages.post("/notices/export")
def export(
    db: TheDatabase,
    context: TheContext,
    person: TheReviewer,
    kind: Annotated[str, Form(max_length=LONGEST)] = "",
    code: Annotated[str, Form(max_length=LONGEST)] = "",
) -> Response:
    """Export the listings with a notice as CSV, and log the export."""
    now = context.clock()
    found = noticed_listings(db, kind, code)
    body = as_csv(found).encode()
    audit.record(
        db,
        AuditAction.EXPORTED,
        actor=person.name,
        origin=person.origin,
        subject="export:notices",
        details={"kind": kind, "code": code, "case": None, "listings": len(found),
                 "sha256": hashlib.sha256(body).hexdigest()},
        now=now,
    )  # fmt: skip
    headers = {"Content-Disposition": f'attachment; filename="notices-{now:%Y%m%dT%H%M%SZ}.csv"'}
    return Response(body, media_type="text/csv", headers=headers)


def as_csv(found: Iterable[NoticedListing]) -> str:
    """Return listings with notices as a CSV file, one line for each notice; no cell is a formula."""
    out = StringIO()
    writer = csv.DictWriter(out, [field.name for field in fields(NoticedListing)])
    writer.writeheader()
    for each in found:
        writer.writerow({name: guard_cell(str(value)) for name, value in asdict(each).items()})
    return out.getvalue()


@api.get("", responses=refusals())
def get_notices(
    db: TheDatabase, person: TheViewer, kind: Annotated[str, Query(max_length=LONGEST)] = ""
) -> list[NoticeCount]:
    """Return how many listings show what, by kind, the commonest first."""
    return count_notices(db, kind)
