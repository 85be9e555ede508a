"""Build the export of a listing: one record with its history, and text formats made of records."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from review.queue.blinding import hidden_from, hides_verdicts
from review.web.errors import ReviewError
from review.web.languages import N_
from review.web.translations import word_tables
from store.messages import COMMANDS, guard_cell
from store.review.cases import changes_since_filing, filed_listings
from store.review.item_query import State
from store.review.listings import reviewed_as_filed
from store.review.queue import items_of
from store.times import to_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from store.database import Database
    from store.model import ListingContent, Score, Verdict
    from store.review.cases import Case, CaseEntry, Version
    from store.review.listings import Reviewed


COLUMNS = (
    "listing_id", "source", "url", "title", "seller", "price", "decision", "reason", "substance", "family",
    "tier", "note", "reviewer", "decided_at", "score", "threshold", "model", "seen_at", "page_sha256",
    "state", "hidden", "supplied_by", "supplied_on", "filed_at", "filed_by", "newer_seen_at", "newer_title",
    "newer_price", "newer_page_sha256",
)  # fmt: skip
"""Of the CSV, in order."""


class NoFollowTheMoney(ReviewError):
    """The library that writes the entities is not installed."""

    def __init__(self) -> None:
        super().__init__(
            N_(
                "FollowTheMoney is not installed, so nothing was exported. Install it with pip install "
                "'precursor-watch[followthemoney]' (PyICU, which it needs, is built against libicu)."
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A part of a listing that an export lacks."""

    listing_id: str
    part: str
    """`page`, `newer page`, `pictures`, `verdict` or `score`."""
    why: str
    """A message, to be filled in with `values`."""
    values: Mapping[str, object] = field(default_factory=dict)


UNDECIDED = {
    State.WAITING: N_("nobody has given a verdict on this text"),
    State.SECOND: N_("the first verdict waits for a second review"),
    State.ADJUDICATION: N_("the verdicts differ, and the final decision is missing"),
}
"""Why a listing has no final verdict."""

HIDDEN = N_("hidden from %(name)s until their own verdict")


def case_listings(db: Database, case: Case, reader: str) -> list[Reviewed]:
    """Return every listing of a case as pinned, decided or not, as this reader may see it."""
    return as_seen_by(db, [reviewed_as_filed(db, filed) for filed in filed_listings(db, case)], reader)


def as_seen_by(db: Database, found: Sequence[Reviewed], reader: str) -> list[Reviewed]:
    """Return listings without the scores and verdicts that are hidden from the reader until they decide."""
    hides = hidden_from(db, reader)
    items = items_of(db, [each.listing.listing_id for each in found])
    return [_veiled(each, items.get(each.listing.listing_id), hides, reader) for each in found]


def _veiled(each: Reviewed, item: Any, hides: Callable[[Any], bool], reader: str) -> Reviewed:
    is_second = each.state is State.SECOND and each.verdict is not None and each.verdict.reviewer != reader
    if is_second or hides_verdicts(item, reviewer=reader):
        own = tuple(verdict for verdict in each.verdicts if verdict.reviewer == reader)
        each = replace(each, verdict=None, verdicts=own, is_blind=True)
    return replace(each, score=None, score_hidden=True) if hides(item) else each


def missing_parts(found: Iterable[Reviewed], reader: str) -> list[Missing]:
    """Return what these listings lack besides their pages: pictures, final verdicts and scores."""
    parts = []
    for each in found:
        listing_id = each.listing.listing_id
        pictures = {"kept": len(each.pictures), "named": len(each.sighting.content.images)}
        if each.is_blind:
            parts.append(Missing(listing_id=listing_id, part="verdict", why=HIDDEN, values={"name": reader}))
        elif each.state is not State.DECIDED:
            parts.append(Missing(listing_id=listing_id, part="verdict", why=UNDECIDED[each.state]))
        if each.score_hidden:
            parts.append(Missing(listing_id=listing_id, part="score", why=HIDDEN, values={"name": reader}))
        elif each.score is None:
            parts.append(
                Missing(listing_id=listing_id, part="score", why=N_("the listing had none at that time"))
            )
        if pictures["kept"] < pictures["named"]:
            why = N_("the evidence holds %(kept)s of the %(named)s that the page names")
            parts.append(Missing(listing_id=listing_id, part="pictures", why=why, values=pictures))
    return parts


def record(reviewed: Reviewed) -> dict[str, Any]:
    """Return the exported data of a listing as JSON values."""
    verdict = reviewed.verdict if reviewed.state is State.DECIDED else None
    whole: dict[str, Any] = {
        "listing_id": reviewed.listing.listing_id,
        "source": reviewed.source_name,
        "supplied_by": reviewed.supplied_by,
        "supplied_on": reviewed.supplied_on,
        "url": reviewed.listing.url,
        **_content(reviewed.sighting.content),
        "text": reviewed.sighting.text,
        "text_sha256": reviewed.sighting.text_hash,
        "seen_at": to_text(reviewed.sighting.seen_at),
        "state": str(reviewed.state),
        "verdict_hidden": reviewed.is_blind,
        "score_hidden": reviewed.score_hidden,
        "decision": str(verdict.decision) if verdict else "",
        "reason": str(verdict.reason_code or "") if verdict else "",
        "substances": _substances(reviewed),
        "note": verdict.note if verdict else "",
        "reviewer": verdict.reviewer if verdict else "",
        "decided_at": to_text(verdict.decided_at) if verdict else "",
        "score": _score(reviewed.score),
        "office_terms": [
            asdict(hit)
            | {"added_at": to_text(hit.added_at), "found_at": to_text(hit.found_at)}
            | {"retired_at": hit.retired_at and to_text(hit.retired_at)}
            for hit in reviewed.office_hits
        ],
        "page": {
            "url": reviewed.page_url,
            "sha256": reviewed.payload_sha256,
            "fetched_at": to_text(reviewed.fetched_at),
            "captured_at": reviewed.captured_at and to_text(reviewed.captured_at),
            "digest": reviewed.digest and asdict(reviewed.digest),
        },
        "pictures_kept": [
            {"url": each.url, "sha256": each.sha256, "record_id": each.record_id, "text": each.text or ""}
            for each in reviewed.pictures
        ],
        "verdicts": [_verdict(each) for each in reviewed.verdicts],
    }
    if reviewed.filed is None:
        return whole
    filed = reviewed.filed
    return whole | {
        "filed": {
            "at": to_text(filed.entry.written_at),
            "by": filed.entry.written_by,
            "sighting_id": filed.pinned.sighting.sighting_id,
            "score_id": filed.pinned.score_id,
            "law": list(filed.entry.law),
        },
        "newer": None if filed.newest is None else _newer(filed.pinned, filed.newest, reviewed),
    }


def _newer(pinned: Version, newest: Version, reviewed: Reviewed) -> dict[str, Any]:
    return {
        **_content(newest.sighting.content),
        "sighting_id": newest.sighting.sighting_id,
        "text": newest.sighting.text,
        "text_sha256": newest.sighting.text_hash,
        "seen_at": to_text(newest.sighting.seen_at),
        "score": None if reviewed.score_hidden else _score(newest.score),
        "page": {
            "url": newest.page_url,
            "sha256": newest.payload_sha256,
            "fetched_at": to_text(newest.fetched_at),
            "captured_at": newest.captured_at and to_text(newest.captured_at),
        },
        "differences": [
            {
                "field": name,
                "before": _plain(getattr(pinned.sighting.content, name)),
                "after": _plain(getattr(newest.sighting.content, name)),
            }
            for name in word_tables()["fields"]
            if getattr(pinned.sighting.content, name) != getattr(newest.sighting.content, name)
        ],
    }


def _content(content: ListingContent) -> dict[str, Any]:
    return {
        "title": content.title,
        "price": content.price_text,
        "quantity": content.quantity_text,
        "seller": content.seller_name,
        "seller_url": content.seller_url,
        "location": content.location,
        "pictures": list(content.images),
    }


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | int | float):
        return value
    return [str(each) for each in value] if isinstance(value, tuple) else str(value)


def _score(score: Score | None) -> dict[str, Any] | None:
    if score is None:
        return None
    return {
        "p_offer": score.p_offer,
        "threshold": score.threshold,
        "model": score.model_id,
        "scored_at": to_text(score.scored_at),
        "family": score.reasons.family,
        "tier": score.reasons.tier,
    }


def _verdict(each: Verdict) -> dict[str, Any]:
    return {
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


def case_record(db: Database, case: Case) -> dict[str, Any]:
    """Return a case and its journal as JSON values; changes that crawls saw are lines of the journal."""
    return {
        "number": case.number,
        "title": case.title,
        "opened_by": case.opened_by,
        "opened_at": to_text(case.opened_at),
        "is_closed": case.is_closed,
        "kept_by": case.kept_by,
        "listings": list(case.listings),
        "sellers": [{"source_id": source, "name": name} for source, name in case.sellers],
        "journal": [asdict(line) | {"at": to_text(line.at)} for line in journal(db, case)],
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalLine:
    """A line of a case's journal."""

    at: Any
    """An aware datetime."""
    kind: str
    """As `store.review.cases.write_entry` names it, or `changed`."""
    by: str
    """Empty for a change that a crawl saw."""
    entry_id: int | None
    """None for a change that a crawl saw, which nobody wrote."""
    listing_id: str = ""
    source_id: str = ""
    seller_name: str = ""
    note: str = ""
    handed_to: str = ""
    sighting_id: int | None = None
    payload_sha256: str = ""
    run_id: int | None = None


def journal(db: Database, case: Case) -> list[JournalLine]:
    """Return the journal of a case with the changes of its listings since they were filed, oldest first."""
    lines = [_line(entry) for entry in case.entries]
    lines += [
        JournalLine(
            at=each.seen_at,
            kind="changed",
            by="",
            entry_id=None,
            listing_id=each.listing_id,
            sighting_id=each.sighting_id,
            run_id=each.run_id,
        )
        for each in changes_since_filing(db, case)
    ]
    return sorted(lines, key=lambda line: line.at)


def _line(entry: CaseEntry) -> JournalLine:
    return JournalLine(
        at=entry.written_at,
        kind=entry.kind,
        by=entry.written_by,
        entry_id=entry.entry_id,
        listing_id=entry.listing_id or "",
        source_id=entry.source_id or "",
        seller_name=entry.seller_name,
        note=entry.note,
        handed_to=entry.handed_to,
        sighting_id=entry.sighting_id,
        payload_sha256=entry.payload_sha256,
    )


def write_jsonl(found: Iterable[Reviewed]) -> Iterator[str]:
    """Yield one line of JSON for each listing."""
    for reviewed in found:
        yield json.dumps(record(reviewed), ensure_ascii=False) + "\n"


def write_csv(found: Iterable[Reviewed]) -> Iterator[str]:
    """Yield the lines of a CSV file (RFC 4180) in which no cell is a formula; the first begins with a BOM."""
    yield "\ufeff" + _csv_line(COLUMNS)
    for reviewed in found:
        whole = record(reviewed)
        score, filed, newer = whole["score"] or {}, whole.get("filed") or {}, whole.get("newer") or {}
        cells = {
            **whole,
            "substance": "; ".join(whole["substances"]),
            "family": score.get("family", ""),
            "tier": score.get("tier", ""),
            "score": score.get("p_offer", ""),
            "threshold": score.get("threshold", ""),
            "model": score.get("model", ""),
            "page_sha256": whole["page"]["sha256"],
            "hidden": " ".join(name for name in ("verdict", "score") if whole[f"{name}_hidden"]),
            "filed_at": filed.get("at", ""),
            "filed_by": filed.get("by", ""),
            "newer_seen_at": newer.get("seen_at", ""),
            "newer_title": newer.get("title", ""),
            "newer_price": newer.get("price", ""),
            "newer_page_sha256": newer["page"]["sha256"] if newer else "",
        }
        yield _csv_line(safe_cell(cells[name]) for name in COLUMNS)


def safe_cell(value: object) -> str:
    """Return a cell that a spreadsheet never runs: an apostrophe precedes a formula."""
    text = "" if value is None else COMMANDS.sub("\ufffd", str(value))
    return text if isinstance(value, int | float) else guard_cell(text)


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
    decided = f"Reviewed {whole['decided_at']} by {whole['reviewer']}: {said}"
    page.add("notes", decided if whole["decision"] else f"No final verdict ({whole['state']}).")
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
    if reviewed.verdict is not None and reviewed.verdict.substance:
        return [reviewed.verdict.substance]
    score = reviewed.score or (reviewed.filed.pinned.score if reviewed.filed else None)
    return list(score.reasons.substances) if score else []


def _csv_line(cells: Iterable[str]) -> str:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerow(list(cells))
    return out.getvalue()
