"""Trained models, the model in use, and the scores that models give."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from statistics import median
from typing import TYPE_CHECKING

from store import rows, times
from store.audit import audit
from store.audit.audit import BY_HAND, AuditAction, Origin
from store.errors import UnknownRow
from store.model import Decision, Model, Promotion, Score, TermName
from store.review.search import index_substances, names_in
from store.sqlite import Database, transaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from store.model import Sighting


_UNDER_LAW = "-law"


def register_model(db: Database, model: Model) -> None:
    """Record a model; a model that is registered twice stays one row."""
    with transaction(db):
        rows.insert(db, "models", rows.columns_of(model), ignore=True)


def promote(
    db: Database,
    model_id: str,
    *,
    promoted_by: str,
    sentence: str,
    origin: Origin = BY_HAND,
    now: datetime,
) -> None:
    """Put a registered model in use; the promotion and the audit log record the person and the reason.

    The model reads under the law in force (`under_law`).

    Raises:
        UnknownRow: If no such model is registered.
    """
    with transaction(db):
        model, before = get_model(db, model_id), model_in_use(db)
        model = under_law(db, model, _law_in_force(db))
        values = {"model_id": model.model_id, "promoted_at": times.to_text(now)}
        new_id = rows.insert(db, "promotions", {**values, "promoted_by": promoted_by, "sentence": sentence})
        audit.record(
            db,
            AuditAction.MODEL_PROMOTED,
            actor=promoted_by,
            origin=origin,
            subject=f"model:{model.model_id}",
            details={
                "before": before.model_id if before else None,
                "threshold": model.threshold,
                "why": sentence,
            },
            rows=[("promotions", int(new_id or 0))],
            now=now,
        )


def under_law(db: Database, model: Model, law_import_id: int) -> Model:
    """Return a model as it reads under the law from an import on; it is registered as a model of its own.

    Scores are unique by sighting and model, so the scores under each law stay apart. The files are the same.
    `law_import_id` is the last import that counts; 0 for the law that comes with the product.
    """
    model = get_model(db, base_id(model.model_id))
    if law_import_id:
        model_id = id_under_law(model.model_id, law_import_id)
        model = replace(model, model_id=model_id, card={**model.card, "model_id": model_id})
        register_model(db, model)
    return model


def id_under_law(model_id: str, law_import_id: int) -> str:
    """Return the id of a model as it reads under the law from an import on."""
    return f"{base_id(model_id)}{_UNDER_LAW}{law_import_id}"


def base_id(model_id: str) -> str:
    """Return the id under which a model was trained."""
    return model_id.partition(_UNDER_LAW)[0]


def _law_in_force(db: Database) -> int:
    query = "SELECT ifnull(max(law_import_id), 0) FROM law_decisions WHERE decision = 'accepted'"
    return int(db.execute(query).fetchone()[0])


def model_in_use(db: Database) -> Model | None:
    """Return the model promoted last, or None before the first promotion."""
    return rows.find(db, Model, "SELECT * FROM model_in_use")


def get_model(db: Database, model_id: str) -> Model:
    """Return one registered model.

    Raises:
        UnknownRow: If no such model is registered.
    """
    model = rows.find(db, Model, "SELECT * FROM models WHERE model_id = ?", [model_id])
    if model is None:
        raise UnknownRow("model", model_id)
    return model


def list_models(db: Database) -> list[Model]:
    """Return every registered model, newest first."""
    return rows.select(db, Model, "SELECT * FROM models ORDER BY created_at DESC, model_id")


def trained_models(db: Database) -> list[Model]:
    """Return every model as trained, newest first; under other laws the files are the same."""
    return [each for each in list_models(db) if each.model_id == base_id(each.model_id)]


def promotions(db: Database) -> list[Promotion]:
    """Return every promotion, oldest first; the last is in force."""
    return rows.select(db, Promotion, "SELECT * FROM promotions ORDER BY promotion_id")


def model_before(history: Sequence[Promotion]) -> str | None:
    """Return the id of the model in use before the present one, or None if there was none.

    After promotions of A, B, C and B again, the model before B is A, because the last promotion is a
    rollback. A model under another law is the same model.
    """
    path: list[str] = []
    for model_id in (base_id(promotion.model_id) for promotion in history):
        if model_id in path:
            del path[path.index(model_id) + 1 :]
        else:
            path.append(model_id)
    return path[-2] if len(path) > 1 else None


def unscored_sightings(db: Database, model_id: str, *, after: int = 0, limit: int) -> list[Sighting]:
    """Return the oldest sightings that this model has not scored.

    Superseded sightings are included: they cannot enter the queue, but the record has a score of each text.
    Batches pass `after`, the last id, so that they read a long history once.
    """
    query = """
        SELECT * FROM sightings
        WHERE sighting_id > ? AND NOT EXISTS (
            SELECT 1 FROM scores WHERE scores.sighting_id = sightings.sighting_id AND model_id = ?
        )
        ORDER BY sighting_id LIMIT ?
    """
    return [rows.sighting_from(row) for row in db.execute(query, [after, model_id, limit])]


def count_unscored(db: Database, model_id: str) -> int:
    """Return the number of sightings that this model has not scored."""
    query = """
        SELECT (SELECT count(*) FROM sightings) - (SELECT count(*) FROM scores WHERE model_id = ?)
    """
    return int(db.execute(query, [model_id]).fetchone()[0])


def count_awaiting(db: Database) -> int:
    """Return the number of sightings that the model in use has not scored; all if there is no model."""
    query = """
        SELECT (SELECT count(*) FROM sightings)
             - (SELECT count(*) FROM scores WHERE model_id = (SELECT model_id FROM model_in_use))
    """
    return int(db.execute(query).fetchone()[0])


def newest_is_scored(db: Database) -> bool:
    """Return whether the model in use has scored the newest sighting, which is always scored last.

    One index lookup, so cheaper than `count_awaiting`. True if there are no sightings.
    """
    query = """
        SELECT (SELECT max(sighting_id) FROM sightings) IS NULL OR EXISTS (
            SELECT 1 FROM scores WHERE sighting_id = (SELECT max(sighting_id) FROM sightings)
                AND model_id = (SELECT model_id FROM model_in_use)
        )
    """
    return bool(db.execute(query).fetchone()[0])


def record_scores(db: Database, scores: Iterable[Score]) -> int:
    """Record scores in one transaction, and return the number of new ones; an existing score stays."""
    with transaction(db):
        return sum(_record(db, score) for score in scores)


def count_scored(db: Database, run_id: int, model_id: str) -> dict[str, int]:
    """Return the numbers of sightings that a run scored and flagged by a model, over all its attempts.

    If the run found office terms, their number is added as `office_terms`.
    """
    query = """
        SELECT count(*), ifnull(sum(p_offer >= threshold), 0) FROM scores WHERE run_id = ? AND model_id = ?
    """
    scored, flagged = db.execute(query, [run_id, model_id]).fetchone()
    named = db.execute("SELECT count(*) FROM office_term_hits WHERE run_id = ?", [run_id]).fetchone()[0]
    return {"scored": scored, "flagged": flagged} | ({"office_terms": named} if named else {})


def current_score(db: Database, sighting_id: int) -> tuple[int, Score] | None:
    """Return id and score of a sighting by the model in use, or None."""
    query = """
        SELECT * FROM scores
        WHERE sighting_id = ? AND model_id = (SELECT model_id FROM model_in_use)
    """
    row = db.execute(query, [sighting_id]).fetchone()
    return None if row is None else (row["score_id"], rows.read(Score, row))


def _record(db: Database, score: Score) -> bool:
    if score.reasons.substances:
        compare_price(db, score.sighting_id, score.reasons.substances[0])
    is_new = rows.insert(db, "scores", rows.score_row(score), ignore=True) is not None
    if is_new:
        index_substances(db, score.sighting_id, names_in(score.reasons))
    return is_new


_BASES = {
    "kg": ("kg", 1.0), "g": ("kg", 1000.0), "t": ("kg", 0.001),
    "L": ("L", 1.0), "mL": ("L", 1000.0), "pcs": ("pcs", 1.0),
}  # fmt: skip
"""The unit in which prices are compared, and the factor of a price for one of each unit."""

COMPARED = 1_000
"""Most earlier prices of a substance, the newest, that a price is compared with."""


def compare_price(db: Database, sighting_id: int, substance: str) -> None:
    """Store the price of a sighting for one unit beside the median of earlier listings, once.

    The usual price is the median of the newest `COMPARED` prices of other listings for the same substance,
    unit and currency; a listing counts once, with its newest price. Without a price for one unit, nothing is
    stored.
    """
    query = "SELECT listing_id, terms, price_amount, currency FROM sightings WHERE sighting_id = ?"
    row = db.execute(query, [sighting_id]).fetchone()
    found = row and unit_price(json.loads(row["terms"]), row["price_amount"], row["currency"])
    if not found:
        return
    amount, unit, currency = found
    query = """
        SELECT amount, max(sighting_id) FROM (
            SELECT amount, listing_id, sighting_id FROM unit_prices
            WHERE substance = ? AND unit = ? AND currency = ? AND sighting_id < ?
            ORDER BY sighting_id DESC LIMIT ?
        ) WHERE listing_id <> ? GROUP BY listing_id
    """
    listing_id = row["listing_id"]
    asked = [substance, unit, currency, sighting_id, COMPARED, listing_id]
    earlier = [price[0] for price in db.execute(query, asked)]
    db.execute(
        "INSERT OR IGNORE INTO unit_prices VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            sighting_id, listing_id, substance, unit, currency, amount,
            median(earlier) if earlier else None, len(earlier),
        ],
    )  # fmt: skip


def unit_price(
    terms: Sequence[Mapping[str, str]], price: str | None, currency: str
) -> tuple[float, str, str] | None:
    """Return the price for one kg, L or piece with unit and currency; None if the offer does not state it.

    An offer states it outright, or by one price and one pack size.
    """
    for term in terms:
        if term["name"] == TermName.UNIT_PRICE and term.get("unit") in _BASES and term.get("amount"):
            unit, factor = _BASES[term["unit"]]
            amount = float(term["amount"]) * factor
            return (amount, unit, term["value"]) if amount > 0 and term.get("value") else None
    packs = {
        (term["amount"], term["unit"])
        for term in terms
        if term["name"] == TermName.PACK_SIZE and term.get("unit") in _BASES and term.get("amount")
    }
    if price is None or not currency or len(packs) != 1:
        return None
    size, of = packs.pop()
    unit, factor = _BASES[of]
    return (float(price) / float(size) * factor, unit, currency) if float(price) > 0 < float(size) else None


BATCH = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The latest sighting of a listing, with its score and its verdict."""

    sighting_id: int
    listing_id: str
    url: str
    title: str
    text: str
    p_offer: float | None
    """Score by the model in use; None if unscored."""
    decision: Decision | None
    """Decision of the standing verdict on this text."""


def standing_listings(db: Database) -> Iterator[list[Standing]]:
    """Yield the latest sighting of every listing, in batches that fit in memory."""
    query = """
        SELECT latest_sightings.sighting_id, latest_sightings.listing_id, url, title, text, p_offer, decision
        FROM latest_sightings
        JOIN listings USING (listing_id)
        LEFT JOIN scores ON scores.sighting_id = latest_sightings.sighting_id
            AND scores.model_id = (SELECT model_id FROM model_in_use)
        LEFT JOIN standing_verdicts ON standing_verdicts.listing_id = latest_sightings.listing_id
            AND standing_verdicts.text_hash = latest_sightings.text_hash
        WHERE latest_sightings.sighting_id > ?
        ORDER BY latest_sightings.sighting_id LIMIT ?
    """
    last = 0
    while batch := rows.select(db, Standing, query, [last, BATCH]):
        yield batch
        last = batch[-1].sighting_id
