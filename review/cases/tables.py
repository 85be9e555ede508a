"""Reviewed listings as CSV, JSON lines and FollowTheMoney entities."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

from review.web.errors import ReviewError
from review.web.languages import N_
from store.crawl.text import COMMANDS
from store.times import to_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from store.review.reviewed import Reviewed

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
    """Return all that is handed on of a listing, as JSON values."""
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
    """Return a cell that a spreadsheet shows and never runs: before a formula stands an apostrophe."""
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
