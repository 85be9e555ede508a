"""Random samples from below the threshold, which estimate how many offers the model misses."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from store import rows, times
from store.errors import N_, StoreError
from store.scores.scores import model_in_use
from store.sqlite import transaction

if TYPE_CHECKING:
    from collections.abc import Callable

    from store.sqlite import Database


class NothingToSample(StoreError):
    """There is no listing to draw a sample from."""

    def __init__(self) -> None:
        super().__init__(
            N_("There is no unjudged listing below the threshold. Score listings first, then draw.")
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """One random draw."""

    draw_id: int
    model_id: str
    threshold: float
    population: int
    """Unjudged listings below the threshold at the time of the draw."""
    size: int
    seed: int
    drawn_by: str
    drawn_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MissRate:
    """The estimated share of offers among the listings below the threshold."""

    judged: int
    offers: int
    waiting: int
    """Sampled listings that are not judged yet."""
    population: int
    """Population of the newest draw."""
    wilson: tuple[float, float] | None
    """95 % interval of the share (Wilson 1927); None if nothing is judged."""
    exact: tuple[float, float] | None
    """95 % interval by Clopper and Pearson (1934): never too narrow."""

    @property
    def rate(self) -> float | None:
        """The share of offers among judged listings; None if nothing is judged."""
        return self.offers / self.judged if self.judged else None


def draw_sample(db: Database, size: int, *, seed: int, drawn_by: str, now: datetime) -> Draw:
    """Draw unjudged listings at random from below the threshold; they join the queue.

    Args:
        db: The store.
        size: The size of the sample; smaller if there are not enough listings.
        seed: The same seed on the same store draws the same listings.
        drawn_by: The person who draws.
        now: The present time.

    Raises:
        NothingToSample: If there is no listing to draw from.
    """
    model = model_in_use(db)
    candidates = _below_threshold(db) if model else []
    if model is None or not candidates:
        raise NothingToSample
    drawn = random.Random(seed).sample(candidates, min(size, len(candidates)))  # noqa: S311 (a sample, no secret)
    values = {
        "model_id": model.model_id, "threshold": model.threshold, "population": len(candidates),
        "size": len(drawn), "seed": seed, "drawn_by": drawn_by, "drawn_at": times.to_text(now),
    }  # fmt: skip
    with transaction(db):
        draw_id = int(rows.insert(db, "sample_draws", values) or 0)
        for listing_id, sighting_id in drawn:
            member = {"draw_id": draw_id, "listing_id": listing_id, "sighting_id": sighting_id}
            rows.insert(db, "sample_members", member)
    return list_draws(db)[0]


def list_draws(db: Database) -> list[Draw]:
    """Return every draw, newest first."""
    return rows.select(db, Draw, "SELECT * FROM sample_draws ORDER BY draw_id DESC")


def miss_rate(db: Database) -> MissRate:
    """Return the estimate from all draws for the model in use."""
    query = """
        SELECT count(standing.verdict_id) AS judged, ifnull(sum(standing.decision = 'offer'), 0) AS offers,
               count(*) AS drawn
        FROM (
            SELECT DISTINCT listing_id, sighting_id FROM sample_members JOIN sample_draws USING (draw_id)
            WHERE model_id = (SELECT model_id FROM model_in_use)
        ) AS members
        LEFT JOIN standing_verdicts AS standing ON standing.listing_id = members.listing_id
            AND standing.sighting_id = members.sighting_id AND standing.decision IN ('offer', 'not_offer')
    """
    row = db.execute(query).fetchone()
    newest = db.execute("""
        SELECT population FROM sample_draws WHERE model_id = (SELECT model_id FROM model_in_use)
        ORDER BY draw_id DESC LIMIT 1
    """).fetchone()
    judged, offers = int(row["judged"]), int(row["offers"])
    return MissRate(
        judged=judged,
        offers=offers,
        waiting=int(row["drawn"]) - judged,
        population=int(newest[0]) if newest else 0,
        wilson=wilson_interval(offers, judged) if judged else None,
        exact=exact_interval(offers, judged) if judged else None,
    )


def wilson_interval(hits: int, n: int, *, z: float = 1.959964) -> tuple[float, float]:
    """Return the score interval of a share, 95 % by default (Wilson, J. Am. Stat. Assoc. 22, 1927)."""
    share, spread = hits / n, z * z / n
    middle = (share + spread / 2) / (1 + spread)
    half = z * math.sqrt(share * (1 - share) / n + spread / (4 * n)) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)


def exact_interval(hits: int, n: int, *, alpha: float = 0.05) -> tuple[float, float]:
    """Return the Clopper-Pearson interval of a share (Biometrika 26, 1934), to 1e-9 by bisection."""
    low = 0.0 if hits == 0 else _solve(lambda p: 1 - _at_most(hits - 1, n, p) - alpha / 2)
    high = 1.0 if hits == n else _solve(lambda p: alpha / 2 - _at_most(hits, n, p))
    return low, high


def _solve(rising: Callable[[float], float]) -> float:
    low, high = 0.0, 1.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < 0 else (low, middle)
    return (low + high) / 2


def _at_most(hits: int, n: int, p: float) -> float:
    """Return the probability of at most `hits` of `n`."""
    if p <= 0 or p >= 1:
        return 1.0 if p <= 0 or hits >= n else 0.0
    logs = (
        math.lgamma(n + 1)
        - math.lgamma(k + 1)
        - math.lgamma(n - k + 1)
        + k * math.log(p)
        + (n - k) * math.log1p(-p)
        for k in range(hits + 1)
    )
    return min(1.0, math.fsum(math.exp(each) for each in logs))


def _below_threshold(db: Database) -> list[tuple[str, int]]:
    query = """
        SELECT sightings.listing_id, sightings.sighting_id FROM scores JOIN sightings USING (sighting_id)
        WHERE model_id = (SELECT model_id FROM model_in_use)
          AND p_offer < (SELECT threshold FROM model_in_use)
          AND NOT EXISTS (
              SELECT 1 FROM sightings AS later
              WHERE later.listing_id = sightings.listing_id AND later.sighting_id > sightings.sighting_id
          )
          AND NOT EXISTS (SELECT 1 FROM review_items WHERE review_items.listing_id = sightings.listing_id)
        ORDER BY sightings.sighting_id
    """
    return [(row["listing_id"], row["sighting_id"]) for row in db.execute(query)]
