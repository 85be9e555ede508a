"""Trained models, the model in use, and the scores that models give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from store import rows, times
from store.audit import audit
from store.audit.audit import BY_HAND, AuditAction, Origin
from store.errors import UnknownRow
from store.model import Decision
from store.review.search import index_substances, names_in
from store.sqlite import Database, transaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from store.model import Model, Promotion, Score, Sighting
    from store.rows import Row


def register_model(db: Database, model: Model) -> None:
    """Write a model; the same model registered twice stays one row."""
    with transaction(db):
        values = {
            "model_id": model.model_id,
            "created_at": times.to_text(model.created_at),
            "folder": model.folder,
            "embedder_id": model.embedder_id,
            "threshold": model.threshold,
            "card": rows.to_json(model.card),
        }
        rows.insert(db, "models", values, ignore=True)


def promote(
    db: Database,
    model_id: str,
    *,
    promoted_by: str,
    sentence: str,
    origin: Origin = BY_HAND,
    now: datetime,
) -> None:
    """Put a registered model in use; the record and the audit log say who did and why.

    Raises:
        UnknownRow: If no such model is registered.
    """
    model = get_model(db, model_id)
    with transaction(db):
        before = model_in_use(db)
        values = {"model_id": model_id, "promoted_at": times.to_text(now)}
        new_id = rows.insert(db, "promotions", {**values, "promoted_by": promoted_by, "sentence": sentence})
        audit.record(
            db,
            AuditAction.MODEL_PROMOTED,
            actor=promoted_by,
            origin=origin,
            subject=f"model:{model_id}",
            details={
                "before": before.model_id if before else None,
                "threshold": model.threshold,
                "why": sentence,
            },
            rows=[("promotions", int(new_id or 0))],
            now=now,
        )


def model_in_use(db: Database) -> Model | None:
    """Return the model promoted last, or None before the first promotion."""
    row = db.execute("SELECT * FROM model_in_use").fetchone()
    return None if row is None else rows.model_from(row)


def get_model(db: Database, model_id: str) -> Model:
    """Return one registered model.

    Raises:
        UnknownRow: If no such model is registered.
    """
    row = db.execute("SELECT * FROM models WHERE model_id = ?", [model_id]).fetchone()
    if row is None:
        raise UnknownRow("model", model_id)
    return rows.model_from(row)


def list_models(db: Database) -> list[Model]:
    """Return every registered model, newest first."""
    query = "SELECT * FROM models ORDER BY created_at DESC, model_id"
    return [rows.model_from(row) for row in db.execute(query)]


def promotions(db: Database) -> list[Promotion]:
    """Return every promotion, oldest first; the last one is in force."""
    query = "SELECT * FROM promotions ORDER BY promotion_id"
    return [rows.promotion_from(row) for row in db.execute(query)]


def model_before(history: Sequence[Promotion]) -> str | None:
    """Return the id of the model that was in use before the one in use, or None if there was none.

    Going back is no step forward: after A, B, C and back to B, the model before is A.
    """
    path: list[str] = []
    for promotion in history:
        if promotion.model_id in path:
            del path[path.index(promotion.model_id) + 1 :]
        else:
            path.append(promotion.model_id)
    return path[-2] if len(path) > 1 else None


def unscored_sightings(db: Database, model_id: str, *, after: int = 0, limit: int) -> list[Sighting]:
    """Return the oldest sightings that this model has not scored.

    Superseded ones are among them: only a listing's latest sighting can be queued, but the record says of
    each text what the model made of it.

    Args:
        db: The store.
        model_id: Whose scores count.
        after: Only sightings with a higher id; the last one of the batch before, so that going through
            a long history looks at each once.
        limit: At most so many.
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
    """Return how many sightings this model has not scored."""
    query = """
        SELECT (SELECT count(*) FROM sightings) - (SELECT count(*) FROM scores WHERE model_id = ?)
    """
    return int(db.execute(query, [model_id]).fetchone()[0])


def count_awaiting(db: Database) -> int:
    """Return how many sightings the model in use has not scored: all of them before the first model."""
    query = """
        SELECT (SELECT count(*) FROM sightings)
             - (SELECT count(*) FROM scores WHERE model_id = (SELECT model_id FROM model_in_use))
    """
    return int(db.execute(query).fetchone()[0])


def newest_is_scored(db: Database) -> bool:
    """Return whether the model in use has scored the newest sighting, which a scoring comes to last.

    It is looked up, where `count_awaiting` walks: for what is called all day. True without sightings.
    """
    query = """
        SELECT (SELECT max(sighting_id) FROM sightings) IS NULL OR EXISTS (
            SELECT 1 FROM scores WHERE sighting_id = (SELECT max(sighting_id) FROM sightings)
                AND model_id = (SELECT model_id FROM model_in_use)
        )
    """
    return bool(db.execute(query).fetchone()[0])


def record_scores(db: Database, scores: Iterable[Score]) -> int:
    """Write scores in one transaction; one that stands already for its sighting and model stays.

    Returns:
        How many were written.
    """
    with transaction(db):
        return sum(_record(db, score) for score in scores)


def count_scored(db: Database, run_id: int) -> dict[str, int]:
    """Return how many sightings a run scored and how many of them it flagged, over all its attempts."""
    query = "SELECT count(*), ifnull(sum(p_offer >= threshold), 0) FROM scores WHERE run_id = ?"
    scored, flagged = db.execute(query, [run_id]).fetchone()
    return {"scored": scored, "flagged": flagged}


def current_score(db: Database, sighting_id: int) -> tuple[int, Score] | None:
    """Return the id and score that the model in use gave a sighting, or None if it has not scored it."""
    query = """
        SELECT * FROM scores
        WHERE sighting_id = ? AND model_id = (SELECT model_id FROM model_in_use)
    """
    row = db.execute(query, [sighting_id]).fetchone()
    return None if row is None else (row["score_id"], rows.score_from(row))


def _record(db: Database, score: Score) -> bool:
    is_new = rows.insert(db, "scores", rows.score_row(score), ignore=True) is not None
    if is_new:
        index_substances(db, score.sighting_id, names_in(score.reasons))
    return is_new


BATCH = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A listing as last seen, with what the model in use and people say of it."""

    sighting_id: int
    listing_id: str
    url: str
    title: str
    text: str
    p_offer: float | None
    """By the model in use; None when it has not scored it."""
    decision: Decision | None
    """Of the verdict that stands on the listing as it now reads."""


def standing_listings(db: Database) -> Iterator[list[Standing]]:
    """Yield batches of listings as last seen; no more than a batch is in memory at once."""
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
    while batch := [_standing(row) for row in db.execute(query, [last, BATCH])]:
        yield batch
        last = batch[-1].sighting_id


def _standing(row: Row) -> Standing:
    fields = {name: row[name] for name in Standing.__slots__ if name != "decision"}
    return Standing(decision=None if row["decision"] is None else Decision(row["decision"]), **fields)
