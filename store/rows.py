"""Between rows and values: how each frozen value of `store.model` is written and read back."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import fields, is_dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from store import times
from store.model import (
    Contribution,
    Decision,
    Listing,
    ListingContent,
    Model,
    Neighbour,
    Promotion,
    QueueEntry,
    ReasonCode,
    Reasons,
    Run,
    RunKind,
    RunOutcome,
    Score,
    ScoreStage,
    Sighting,
    Span,
    Stage,
    Term,
    TermName,
    Verdict,
    WordShare,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from store.sqlite import Database

Row = Any
"""A `sqlite3.Row` or a mapping: anything indexed by column name."""

_JSON_FIELDS = ("category_path", "attributes", "images", "terms", "provenance")


def insert(db: Database, table: str, values: Mapping[str, object], *, ignore: bool = False) -> int | None:
    """Insert one row of an append-only table and return its rowid.

    Args:
        db: The store.
        table: One whose rows `store.rows.refuse_changes` guards.
        values: By column.
        ignore: Return None when a row with this key stands already, which the table's trigger finds.
    """
    names = ", ".join(values)
    marks = ", ".join("?" * len(values))
    statement = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608 (no input in it)
    try:
        return db.conn.execute(statement, tuple(values.values())).lastrowid
    except sqlite3.IntegrityError as error:
        if ignore and error.sqlite_errorcode == sqlite3.SQLITE_CONSTRAINT_TRIGGER:
            return None
        raise


def to_json(value: object) -> str:
    """Return compact JSON; non-ASCII text stays readable in SQL tools. Our values become their fields."""
    return _ENCODER.encode(value)


def _plain(value: object) -> object:
    """Return what JSON has no form for as something it has; `asdict` would copy all that it holds first."""
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    return str(value)


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_plain)


def clean(text: str) -> str:
    """Return `text` storable as UTF-8: lone surrogates and NUL, which hostile pages hold, are replaced."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def content_row(content: ListingContent) -> dict[str, object]:
    """Return the columns of `sightings` that hold `content`."""
    row: dict[str, object] = {
        name: clean(value) if isinstance(value := getattr(content, name), str) else value
        for name in content.__slots__
    }
    row["price_amount"] = None if content.price_amount is None else f"{content.price_amount:f}"
    row["terms"] = [term_row(term) for term in content.terms]
    for name in _JSON_FIELDS:
        row[name] = clean(to_json(row[name]))
    return row


def content_from(row: Row) -> ListingContent:
    """Read back what `content_row` wrote."""
    texts = {
        name: row[name] for name in ListingContent.__slots__ if name not in {*_JSON_FIELDS, "price_amount"}
    }
    return ListingContent(
        **texts,
        price_amount=None if row["price_amount"] is None else Decimal(row["price_amount"]),
        category_path=tuple(json.loads(row["category_path"])),
        attributes=tuple((name, value) for name, value in json.loads(row["attributes"])),
        images=tuple(json.loads(row["images"])),
        terms=tuple(term_from(term) for term in json.loads(row["terms"])),
        provenance=json.loads(row["provenance"]),
    )


def listing_from(row: Row) -> Listing:
    """Read a listing."""
    names = ("listing_id", "source_id", "url", "item_id")
    return Listing(first_seen_at=times.from_text(row["first_seen_at"]), **{name: row[name] for name in names})


def sighting_from(row: Row) -> Sighting:
    """Read a sighting with its content."""
    names = ("sighting_id", "listing_id", "page_id", "run_id", "content_hash", "text", "text_hash")
    return Sighting(
        seen_at=times.from_text(row["seen_at"]),
        content=content_from(row),
        **{name: row[name] for name in names},
    )


def run_from(row: Row) -> Run:
    """Read a run with its ending, from the view `run_log`."""
    return Run(
        run_id=row["run_id"],
        kind=RunKind(row["kind"]),
        source_id=row["source_id"],
        due_at=_moment(row["due_at"]),
        requested_at=times.from_text(row["requested_at"]),
        attempts=row["attempts"],
        ended_at=_moment(row["ended_at"]),
        outcome=None if row["outcome"] is None else RunOutcome(row["outcome"]),
        sentence=row["sentence"] or "",
        counts=json.loads(row["counts"] or "{}"),
    )


def model_from(row: Row) -> Model:
    """Read a model."""
    names = ("model_id", "folder", "embedder_id", "threshold")
    return Model(
        created_at=times.from_text(row["created_at"]),
        card=json.loads(row["card"]),
        **{name: row[name] for name in names},
    )


def promotion_from(row: Row) -> Promotion:
    """Read a promotion."""
    names = ("promotion_id", "model_id", "promoted_by", "sentence")
    return Promotion(promoted_at=times.from_text(row["promoted_at"]), **{name: row[name] for name in names})


def reasons_from(text: str) -> Reasons:
    """Read the reasons of a score from their JSON."""
    data = json.loads(text)
    return Reasons(
        contributions=tuple(Contribution(**item) for item in data["contributions"]),
        rest_log_odds=data["rest_log_odds"],
        constant_log_odds=data.get("constant_log_odds"),
        wording=tuple(_word_share(item) for item in data.get("wording", ())),
        rest_wording=data.get("rest_wording", 0.0),
        spans=tuple(Span(**item) for item in data["spans"]),
        neighbours=tuple(Neighbour(**item) for item in data["neighbours"]),
        substances=tuple(data["substances"]),
        family=data["family"],
        tier=data["tier"],
        stage=ScoreStage(data.get("stage", ScoreStage.TRANSFORMER)),
    )


def _word_share(item: dict[str, Any]) -> WordShare:
    spans = tuple((start, end) for start, end in item["spans"])
    return WordShare(words=item["words"], log_odds=item["log_odds"], spans=spans)


def score_row(score: Score) -> dict[str, object]:
    """Return the columns of `scores`."""
    return {
        "sighting_id": score.sighting_id,
        "model_id": score.model_id,
        "run_id": score.run_id,
        "scored_at": times.to_text(score.scored_at),
        "p_offer": score.p_offer,
        "threshold": score.threshold,
        "substances": to_json(score.reasons.substances),
        "family": score.reasons.family,
        "tier": score.reasons.tier,
        "stage": score.reasons.stage,
        "reasons": clean(to_json(score.reasons)),
    }


def score_from(row: Row) -> Score:
    """Read a score with its reasons."""
    names = ("sighting_id", "model_id", "run_id", "p_offer", "threshold")
    return Score(
        scored_at=times.from_text(row["scored_at"]),
        reasons=reasons_from(row["reasons"]),
        **{name: row[name] for name in names},
    )


def verdict_from(row: Row) -> Verdict:
    """Read a verdict."""
    names = ("verdict_id", "listing_id", "sighting_id", "score_id", "note", "reviewer", "undoes")
    return Verdict(
        decision=Decision(row["decision"]),
        reason_code=None if row["reason_code"] is None else ReasonCode(row["reason_code"]),
        decided_at=times.from_text(row["decided_at"]),
        stage=Stage(row["stage"] or Stage.FIRST),
        answers=row["answers"],
        substance=row["substance"] or "",
        shown_at=_moment(row["shown_at"]),
        score_hidden=bool(row["score_hidden"]),
        batch=row["batch"] or "",
        **{name: row[name] for name in names},
    )


def queue_entry_from(row: Row) -> QueueEntry:
    """Read a row of the view `review_queue`."""
    derived = {"seen_at", "substances"}
    of_row = {name: row[name] for name in QueueEntry.__slots__ if name not in derived}
    return QueueEntry(
        seen_at=times.from_text(row["seen_at"]), substances=tuple(json.loads(row["substances"])), **of_row
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else times.from_text(text)


def term_row(term: Term) -> dict[str, str]:
    """Return a term as it is kept in JSON: all texts, what is empty left out."""
    amount = None if term.amount is None else f"{term.amount:f}"
    row = {
        "name": str(term.name),
        "text": term.text,
        "value": term.value,
        "amount": amount,
        "unit": term.unit,
        "rule": term.rule,
    }
    return {key: value for key, value in row.items() if value}


def term_from(row: Mapping[str, Any]) -> Term:
    """Read back what `term_row` wrote."""
    amount = row.get("amount")
    return Term(
        name=TermName(row["name"]),
        text=row.get("text", ""),
        value=row.get("value", ""),
        amount=None if amount is None else Decimal(amount),
        unit=row.get("unit", ""),
        rule=row.get("rule", ""),
    )
