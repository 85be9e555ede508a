"""Exports of reviewed listings: CSV, JSON lines, FollowTheMoney, and the evidence ZIP."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import zipfile
import zlib
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict

from review.web.dependencies import TheContext, TheDatabase, TheReviewer, TheViewer, answer_page
from review.web.errors import ReviewError
from review.web.fields import RowId, refusals
from review.web.languages import N_
from store.audit import audit
from store.audit.audit import AuditAction, list_entries
from store.crawl.evidence import FORMAT, LISTINGS, MANIFEST, README, RECORDS, WARC
from store.messages import COMMANDS
from store.model import Decision
from store.review.cases import get_case, list_cases
from store.review.listings import evidence_of, reviewed_listings
from store.signing import SIGNATURE, sign
from store.sqlite import database_path
from store.times import to_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from store.crawl.evidence import EvidenceRecord
    from store.database import Database
    from store.review.listings import Reviewed


pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
api = APIRouter(prefix="/api", tags=["cases and exports"])


@pages.get("/exports")
def show_exports(request: Request, db: TheDatabase, person: TheViewer) -> Response:
    """Show the export form and the earlier exports."""
    shown = {
        "cases": list_cases(db),
        "before": list_entries(db, action=AuditAction.EXPORTED, limit=20),
        "has_followthemoney": find_spec("followthemoney") is not None,
        "count": sum(1 for _ in reviewed_listings(db)),
    }
    return answer_page(request, "exports.html", shown)


@pages.post("/exports")
def export(
    db: TheDatabase,
    context: TheContext,
    person: TheReviewer,
    form: Annotated[Literal["csv", "jsonl", "ftm", "zip"], Form()],
    decision: Annotated[Literal["", "offer", "not_offer", "unsure"], Form()] = "",
    case_id: Annotated[str, Form(pattern=r"^\d{0,18}$")] = "",
) -> Response:
    """Export the decided listings, of one verdict or case if chosen, and log the export."""
    now = context.clock()
    case = get_case(db, int(case_id)) if case_id else None
    found = list(
        reviewed_listings(
            db, decision=Decision(decision) if decision else "", listing_ids=case.listings if case else None
        )
    )
    exported = {each.listing.listing_id for each in found}
    left_out = [each for each in case.listings if each not in exported] if case else []
    details: dict[str, object] = {"decision": decision, "case": case.number if case else None}
    if left_out:
        details["left_out"] = len(left_out)
    if form == "zip":
        anchor = audit.take_anchor(db)
        bundle = make_bundle(
            db,
            found,
            context.reference.evidence,
            by=person.name,
            anchor=anchor,
            left_out=left_out,
            now=now,
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


class Export(BaseModel):
    """The listings to export, and the format."""

    model_config = ConfigDict(extra="forbid")

    form: Literal["csv", "jsonl", "ftm", "zip"]
    decision: Literal["", "offer", "not_offer", "unsure"] = ""
    case_id: RowId | None = None


@api.post(
    "/exports",
    responses=refusals(404, 409)
    | {200: {"content": {"text/csv": {}, "application/x-ndjson": {}, "application/zip": {}}}},
    response_class=Response,
)
def hand_on(db: TheDatabase, context: TheContext, person: TheReviewer, wanted: Export) -> Response:
    """Export the decided listings as CSV, JSON lines, FollowTheMoney or evidence ZIP, and log it."""
    case_id = "" if wanted.case_id is None else str(wanted.case_id)
    return export(db, context, person, wanted.form, wanted.decision, case_id)


COLUMNS = (
    "listing_id", "source", "url", "title", "seller", "price", "decision", "reason", "substance", "family",
    "tier", "note", "reviewer", "decided_at", "score", "threshold", "model", "seen_at", "page_sha256",
)  # fmt: skip
"""Of the CSV, in order."""

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""A cell that begins so may be run by a spreadsheet, the full-width forms too (OWASP, CSV injection)."""


class NoFollowTheMoney(ReviewError):
    """The library that writes the entities is not installed."""

    def __init__(self) -> None:
        super().__init__(
            N_(
                "FollowTheMoney is not installed, so nothing was exported. Install it with pip install "
                "'precursor-watch[followthemoney]' (PyICU, which it needs, is built against libicu)."
            )
        )


def record(reviewed: Reviewed) -> dict[str, Any]:
    """Return the exported data of a listing as JSON values."""
    content, score, verdict = reviewed.sighting.content, reviewed.score, reviewed.verdict
    return {
        "listing_id": reviewed.listing.listing_id,
        "source": reviewed.source_name,
        "url": reviewed.listing.url,
        "title": content.title,
        "text": reviewed.sighting.text,
        "text_sha256": reviewed.sighting.text_hash,
        "price": content.price_text,
        "seller": content.seller_name,
        "seller_url": content.seller_url,
        "location": content.location,
        "seen_at": to_text(reviewed.sighting.seen_at),
        "decision": str(verdict.decision),
        "reason": str(verdict.reason_code or ""),
        "substances": _substances(reviewed),
        "note": verdict.note,
        "reviewer": verdict.reviewer,
        "decided_at": to_text(verdict.decided_at),
        "score": None
        if score is None
        else {
            "p_offer": score.p_offer,
            "threshold": score.threshold,
            "model": score.model_id,
            "scored_at": to_text(score.scored_at),
            "family": score.reasons.family,
            "tier": score.reasons.tier,
        },
        "page": {
            "url": reviewed.page_url,
            "sha256": reviewed.payload_sha256,
            "fetched_at": to_text(reviewed.fetched_at),
            "captured_at": reviewed.captured_at and to_text(reviewed.captured_at),
        },
        "verdicts": [
            {
                "verdict_id": each.verdict_id,
                "stage": str(each.stage),
                "decision": str(each.decision),
                "reason": str(each.reason_code or ""),
                "note": each.note,
                "substance": each.substance,
                "reviewer": each.reviewer,
                "decided_at": to_text(each.decided_at),
                "undoes": each.undoes,
                "answers": each.answers,
                "sighting_id": each.sighting_id,
                "score_id": each.score_id,
                "score_hidden": each.score_hidden,
            }
            for each in reviewed.verdicts
        ],
    }


def write_jsonl(found: Iterable[Reviewed]) -> Iterator[str]:
    """Yield one line of JSON for each listing."""
    for reviewed in found:
        yield json.dumps(record(reviewed), ensure_ascii=False) + "\n"


def write_csv(found: Iterable[Reviewed]) -> Iterator[str]:
    """Yield the lines of a CSV file (RFC 4180) in which no cell is a formula; the first begins with a BOM."""
    yield "\ufeff" + _line(COLUMNS)
    for reviewed in found:
        whole = record(reviewed)
        score = whole["score"] or {}
        cells = {
            **whole,
            "substance": "; ".join(whole["substances"]),
            "family": score.get("family", ""),
            "tier": score.get("tier", ""),
            "score": score.get("p_offer", ""),
            "threshold": score.get("threshold", ""),
            "model": score.get("model", ""),
            "page_sha256": whole["page"]["sha256"],
        }
        yield _line(safe_cell(cells[name]) for name in COLUMNS)


def safe_cell(value: object) -> str:
    """Return a cell that a spreadsheet never runs: an apostrophe precedes a formula."""
    text = "" if value is None else COMMANDS.sub("\ufffd", str(value))
    is_number = isinstance(value, int | float)
    return f"'{text}" if text.lstrip(" \u00a0\u3000").startswith(FORMULA) and not is_number else text


def write_followthemoney(found: Iterable[Reviewed]) -> Iterator[str]:
    """Yield one FollowTheMoney entity a line, for OpenAleph: the page, its seller, and the link of the two.

    Raises:
        NoFollowTheMoney: If the library is not installed.
    """
    try:
        from followthemoney import model
    except ImportError as error:
        raise NoFollowTheMoney from error
    for reviewed in found:
        for entity in _entities(model, reviewed):
            yield json.dumps(entity.to_dict(), ensure_ascii=False) + "\n"


WRITERS: dict[str, tuple[Callable[[Iterable[Reviewed]], Iterator[str]], str, str]] = {
    "csv": (write_csv, "text/csv; charset=utf-8", "csv"),
    "jsonl": (write_jsonl, "application/x-ndjson", "jsonl"),
    "ftm": (write_followthemoney, "application/x-ndjson", "ftm.json"),
}
"""The writer, media type and file ending of each text format."""


def _entities(model: Any, reviewed: Reviewed) -> Iterator[Any]:
    whole = record(reviewed)
    page = model.make_entity("HyperText")
    page.make_id("precursor-watch", "listing", whole["listing_id"])
    page.add("title", whole["title"])
    page.add("sourceUrl", whole["url"], quiet=True)
    page.add("bodyText", whole["text"])
    page.add("publisher", whole["source"])
    page.add("keywords", whole["substances"])
    page.add("retrievedAt", whole["page"]["fetched_at"][:19], quiet=True)
    page.add("language", reviewed.sighting.content.language, quiet=True)
    said = f"{whole['decision']} {whole['note']}".strip()
    page.add("notes", f"Reviewed {whole['decided_at']} by {whole['reviewer']}: {said}")
    page.add("summary", f"SHA-256 of the page as kept: {whole['page']['sha256']}")
    yield page
    if whole["seller"]:
        seller = model.make_entity("LegalEntity")
        seller.make_id("precursor-watch", "seller", reviewed.listing.source_id, whole["seller"])
        seller.add("name", whole["seller"])
        seller.add("sourceUrl", whole["seller_url"], quiet=True)
        seller.add("address", whole["location"])
        yield seller
        link = model.make_entity("UnknownLink")
        link.make_id("precursor-watch", "offers", whole["listing_id"], whole["seller"])
        link.add("subject", seller)
        link.add("object", page)
        link.add("role", "named as the seller")
        yield link


def _substances(reviewed: Reviewed) -> list[str]:
    if reviewed.verdict.substance:
        return [reviewed.verdict.substance]
    return list(reviewed.score.reasons.substances) if reviewed.score else []


def _line(cells: Iterable[str]) -> str:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerow(list(cells))
    return out.getvalue()


ABOUT = """\
Evidence of reviewed listings, exported by precursor-watch on {at} by {by}.

listings.jsonl    the text of each listing, the verdict, the reviewer and the time, with all earlier verdicts
evidence.warc.gz  the pages as they were received (WARC 1.1); any WARC reader opens the file
records.json      the page and the SHA-256 of each record in evidence.warc.gz
manifest.json     the SHA-256 of every other file
signature.json    the signature of manifest.json (Ed25519), with the public key of the database

Listings whose page is missing, because its bytes are not stored or not readable: {missing} (manifest.json).
Listings of the case that are left out, because they have no final or no matching verdict: {left_out}
(manifest.json).

Check the files without this program:  sha256sum of each file against manifest.json
Check everything:                      precursor-watch evidence verify THIS.zip

This bundle does not prove that a substance was sold or delivered, that it is what the text says, who the
seller is, or that the offer is unlawful. A flag is a request to look. A verdict is a person's judgement.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A bundle, ready to be sent."""

    body: bytes
    manifest_sha256: str
    listings: int
    records: int
    missing: int
    """Listings whose page is not stored, or no longer whole."""


def make_bundle(
    db: Database,
    found: Iterable[Reviewed],
    evidence: Path | None,
    *,
    by: str,
    anchor: str,
    left_out: Sequence[str] = (),
    now: datetime,
) -> Bundle:
    """Return the ZIP of these listings.

    Args:
        db: The store.
        found: The listings.
        evidence: The folder of WARC files; None leaves the pages out, and the bundle says so.
        by: Who exports.
        anchor: The newest hash of the audit log, to hold the bundle against the log later.
        left_out: Listings of the case that are not exported, as they are undecided or decided otherwise.
        now: When.
    """
    reviewed = list(found)
    warc, index, missing = _collect(db, reviewed, evidence)
    files = {
        README: ABOUT.format(at=to_text(now), by=by, missing=len(missing), left_out=len(left_out)).encode(),
        LISTINGS: "".join(json.dumps(record(each), ensure_ascii=False) + "\n" for each in reviewed).encode(),
        WARC: warc,
        RECORDS: json.dumps(index, ensure_ascii=False, indent=1).encode(),
    }
    manifest = {
        "format": FORMAT,
        "exported_at": to_text(now),
        "exported_by": by,
        "audit_log": anchor,
        "listings": len(reviewed),
        "without_page": len(missing),
        "without_page_ids": missing,
        "left_out": len(left_out),
        "left_out_ids": list(left_out),
        "files": {
            name: {"bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}
            for name, body in files.items()
        },
    }
    files[MANIFEST] = json.dumps(manifest, ensure_ascii=False, indent=1).encode()
    if database := database_path(db):
        files[SIGNATURE] = sign(files[MANIFEST], database)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            moment = zipfile.ZipInfo(name, date_time=now.timetuple()[:6])
            moment.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(moment, body)
    return Bundle(
        body=out.getvalue(),
        manifest_sha256=hashlib.sha256(files[MANIFEST]).hexdigest(),
        listings=len(reviewed),
        records=len(index),
        missing=len(missing),
    )


def _collect(
    db: Database, reviewed: list[Reviewed], evidence: Path | None
) -> tuple[bytes, list[dict[str, Any]], list[str]]:
    """Return the concatenated records, their index, and the listings whose page has no record.

    A partly readable page counts as missing: half a record would make the bundle fail its check.
    """
    warc, index, missing = bytearray(), {}, []
    for each in reviewed:
        records = evidence_of(db, each.page_id) if evidence else []
        fresh = [kept for kept in records if kept.record_id not in index]
        bodies = [_read(evidence, kept) for kept in fresh] if evidence else []
        is_whole = bool(records) and records[-1].repeats is None
        whole = [body for body in bodies if body is not None]
        if not is_whole or len(whole) < len(bodies):
            missing.append(each.listing.listing_id)
            continue
        for kept, body in zip(fresh, whole, strict=True):
            index[kept.record_id] = _entry(kept, len(warc), each)
            warc += body
    return bytes(warc), list(index.values()), missing


def _read(evidence: Path, kept: EvidenceRecord) -> bytes | None:
    """Return a record's bytes, or None when they are gone, cut short, damaged, or another record's."""
    try:
        with (evidence / kept.file).open("rb") as file:
            file.seek(kept.offset)
            body = file.read(kept.length)
        plain = gzip.decompress(body)
    except (OSError, EOFError, zlib.error):  # a file that was purged is missing; a bad checksum is an OSError
        return None
    is_whole = len(body) == kept.length and f"<urn:uuid:{kept.record_id}>".encode() in plain
    return body if is_whole else None


def _entry(kept: EvidenceRecord, offset: int, reviewed: Reviewed) -> dict[str, Any]:
    return {
        "record_id": kept.record_id,
        "offset": offset,
        "length": kept.length,
        "record_type": kept.record_type,
        "url": kept.url,
        "written_at": to_text(kept.written_at),
        "payload_sha256": kept.payload_sha256,
        "payload_bytes": kept.payload_bytes,
        "repeats": kept.repeats,
        "kept_in": kept.file,
        "run_id": kept.run_id,
        "listing_id": reviewed.listing.listing_id,
    }
