"""Exports: what people decided, handed on to others. Nothing unreviewed leaves, and each export is logged."""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from review.accounts.people import TheReviewer, TheViewer  # noqa: TC001 (FastAPI reads them)
from review.cases.bundle import make_bundle
from review.cases.tables import write_csv, write_followthemoney, write_jsonl
from review.web.desk import TheDatabase, TheDesk, answer_page
from store.audit import audit
from store.audit.audit import AuditAction, list_entries
from store.model import Decision
from store.review.cases import get_case, list_cases
from store.review.reviewed import reviewed_listings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from store.review.reviewed import Reviewed

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

WRITERS: dict[str, tuple[Callable[[Iterable[Reviewed]], Iterator[str]], str, str]] = {
    "csv": (write_csv, "text/csv; charset=utf-8", "csv"),
    "jsonl": (write_jsonl, "application/x-ndjson", "jsonl"),
    "ftm": (write_followthemoney, "application/x-ndjson", "ftm.json"),
}
"""Each form of text, with how it is written, its media type and its ending."""


@router.get("/exports")
def show_exports(request: Request, db: TheDatabase, person: TheViewer) -> Response:  # noqa: ARG001 (must be logged in)
    """Show what can be exported, and what was."""
    shown = {
        "cases": list_cases(db),
        "before": list_entries(db, action=AuditAction.EXPORTED, limit=20),
        "has_followthemoney": find_spec("followthemoney") is not None,
        "count": sum(1 for _ in reviewed_listings(db)),
    }
    return answer_page(request, "exports.html", shown)


@router.post("/exports")
def export(
    db: TheDatabase,
    desk: TheDesk,
    person: TheReviewer,
    form: Annotated[Literal["csv", "jsonl", "ftm", "zip"], Form()],
    decision: Annotated[Literal["", "offer", "not_offer", "unsure"], Form()] = "",
    case_id: Annotated[str, Form(pattern=r"^\d{0,18}$")] = "",
) -> Response:
    """Hand on the decided listings, of one verdict or one case if asked, and log what was handed on."""
    now = desk.clock()
    case = get_case(db, int(case_id)) if case_id else None
    found = list(
        reviewed_listings(
            db, decision=Decision(decision) if decision else "", listing_ids=case.listings if case else None
        )
    )
    details: dict[str, object] = {"decision": decision, "case": case.number if case else None}
    if form == "zip":
        number, anchor = audit.head(db)
        bundle = make_bundle(
            db, found, desk.reference.evidence, by=person.name, anchor=f"{number}:{anchor}", now=now
        )
        body, media, ending = bundle.body, "application/zip", "zip"
        details |= {
            "manifest_sha256": bundle.manifest_sha256,
            "records": bundle.records,
            "without_page": bundle.missing,
        }
    else:
        write, media, ending = WRITERS[form]
        body = "".join(write(found)).encode()
    audit.record(
        db,
        AuditAction.EXPORTED,
        actor=person.name,
        origin=person.origin,
        subject=f"export:{form}",
        details=details | {"listings": len(found), "sha256": hashlib.sha256(body).hexdigest()},
        rows=[("verdicts", each.verdict.verdict_id) for each in found],
        now=now,
    )
    name = f"precursor-watch-{now:%Y%m%dT%H%M%SZ}.{ending}"
    return Response(body, media_type=media, headers={"Content-Disposition": f'attachment; filename="{name}"'})
