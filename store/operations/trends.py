"""Questions an operator's watch asks of the store: what came in, what people cleared, how scores lie."""

from __future__ import annotations

from typing import TYPE_CHECKING

from store import times

if TYPE_CHECKING:
    from datetime import datetime

    from store.database import Database

SCORE_BANDS = 10
"""Of equal width, from 0 to 1."""


def count_seen_fields(db: Database, run_id: int) -> dict[str, int]:
    """Return of how many listings seen in a crawl title, price and seller are known, as `with_title` etc."""
    query = """
        SELECT count(*) AS listings, sum(title <> '') AS with_title, sum(price_text <> '') AS with_price,
               sum(seller_name <> '') AS with_seller
        FROM (SELECT DISTINCT listing_id FROM pages JOIN page_listings USING (page_id) WHERE run_id = ?)
        JOIN latest_sightings USING (listing_id)
    """
    row = db.execute(query, [run_id]).fetchone()
    return {name: int(row[name] or 0) for name in ("listings", "with_title", "with_price", "with_seller")}


def count_flagged_since(db: Database, since: datetime) -> int:
    """Return how many scores of the model in use have come above its line since then."""
    query = """
        SELECT count(*) FROM scores, model_in_use
        WHERE scores.model_id = model_in_use.model_id AND p_offer >= model_in_use.threshold AND scored_at >= ?
    """
    return int(db.execute(query, [times.to_text(since)]).fetchone()[0])


def count_judged_since(db: Database, since: datetime) -> int:
    """Return how many listings a person has decided about since then; undoing is no decision."""
    query = "SELECT count(DISTINCT listing_id) FROM verdicts WHERE decided_at >= ? AND decision <> 'undone'"
    return int(db.execute(query, [times.to_text(since)]).fetchone()[0])


def count_scores_by_band(db: Database, *, since: datetime, until: datetime) -> list[int]:
    """Return how many scores of the model in use, given in [since, until), lie in each of `SCORE_BANDS`."""
    query = f"""
        SELECT min({SCORE_BANDS - 1}, CAST(p_offer * {SCORE_BANDS} AS INTEGER)) AS band, count(*)
        FROM runs JOIN scores USING (run_id)
        WHERE kind = 'score' AND scores.model_id = (SELECT model_id FROM model_in_use)
          AND scored_at >= ? AND scored_at < ?
        GROUP BY band
    """  # noqa: S608 (a constant of ours)
    counts = dict.fromkeys(range(SCORE_BANDS), 0)
    for band, count in db.execute(query, [times.to_text(since), times.to_text(until)]):
        counts[band] = count
    return list(counts.values())
