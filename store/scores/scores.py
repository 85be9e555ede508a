"""Scores: which sightings wait for one, and the scores themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from store import rows
from store.database import Database, transaction
from store.review.search_index import index_substances, names_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from store.model import Score, Sighting


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
