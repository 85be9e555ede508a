"""Statistics of the review, the agreement of reviewers, and random samples from below the threshold."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from store import rows, times
from store.errors import N_, StoreError
from store.model import Decision
from store.scores.scores import model_in_use
from store.sqlite import transaction

if TYPE_CHECKING:
    from collections.abc import Iterable

    from store.sqlite import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One day, UTC."""

    day: str
    flagged: int
    """Listings flagged by the model in use, by the day of the score."""
    reviewed: int
    """First verdicts that were not undone."""
    confirmed: int
    """First verdicts *offer*."""
    dismissed: int
    """First verdicts *not_offer*."""

    @property
    def precision(self) -> float | None:
        """The share of offers among settled verdicts; None if there are none."""
        settled = self.confirmed + self.dismissed
        return self.confirmed / settled if settled else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The review items of one source or substance."""

    name: str
    waiting: int
    confirmed: int
    dismissed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """The last crawl of a source."""

    source_id: str
    name: str
    last_crawl: datetime | None
    outcome: str
    sentence: str
    counts: Mapping[str, int]
    """Counts that the crawl wrote at its end."""
    pages: int
    listings_read: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionTimes:
    """Seconds from showing a listing to its verdict."""

    count: int
    median: float | None
    p90: float | None


def days(db: Database, *, since: datetime) -> list[Day]:
    """Return each day since a time with scores or verdicts, oldest first."""
    flagged = """
        SELECT substr(scored_at, 1, 10) AS day, count(*) AS flagged FROM scores
        WHERE model_id = (SELECT model_id FROM model_in_use)
          AND p_offer >= (SELECT threshold FROM model_in_use) AND scored_at >= ? GROUP BY day
    """
    judged = """
        SELECT substr(decided_at, 1, 10) AS day, count(*) AS reviewed, sum(decision = 'offer') AS confirmed,
               sum(decision = 'not_offer') AS dismissed
        FROM verdicts
        WHERE decision <> 'undone' AND stage IS NULL AND decided_at >= ?
          AND NOT EXISTS (SELECT 1 FROM verdicts AS undo WHERE undo.undoes = verdicts.verdict_id)
        GROUP BY day
    """
    start = [times.to_text(since)]
    counts: dict[str, dict[str, int]] = {}
    for query in (flagged, judged):
        for row in db.execute(query, start):
            counts.setdefault(row["day"], {}).update({key: row[key] for key in row.keys() if key != "day"})  # noqa: SIM118 (a Row has no other)
    blank = dict.fromkeys(("flagged", "reviewed", "confirmed", "dismissed"), 0)
    return [Day(day=day, **(blank | found)) for day, found in sorted(counts.items())]


def decision_times(db: Database, *, since: datetime) -> DecisionTimes:
    """Return the decision times, without verdicts undone, given in bulk, or given after more than an hour."""
    query = """
        SELECT (julianday(decided_at) - julianday(shown_at)) * 86400 AS seconds FROM verdicts
        WHERE shown_at IS NOT NULL AND batch IS NULL AND decided_at >= ? AND seconds BETWEEN 0 AND 3600
          AND NOT EXISTS (SELECT 1 FROM verdicts AS undo WHERE undo.undoes = verdicts.verdict_id)
        ORDER BY seconds
    """
    taken = [float(row[0]) for row in db.execute(query, [times.to_text(since)])]
    if not taken:
        return DecisionTimes(count=0, median=None, p90=None)
    return DecisionTimes(
        count=len(taken), median=taken[len(taken) // 2], p90=taken[min(len(taken) - 1, len(taken) * 9 // 10)]
    )


def by_source(db: Database) -> list[Group]:
    """Return the review items by source, largest group first."""
    query = f"""
        SELECT source_id AS name, {_SUMS} FROM review_items GROUP BY source_id ORDER BY count(*) DESC LIMIT 50
    """  # noqa: S608 (no input in it)
    return rows.select(db, Group, query)


def by_substance(db: Database) -> list[Group]:
    """Return the review items by offered substance, largest group first."""
    query = f"""
        SELECT value AS name, {_SUMS}
        FROM review_items JOIN scores USING (score_id), json_each(scores.substances)
        GROUP BY value ORDER BY count(*) DESC LIMIT 50
    """  # noqa: S608 (no input in it)
    return rows.select(db, Group, query)


def source_states(db: Database) -> list[SourceState]:
    """Return each source with its last crawl."""
    query = """
        SELECT sources.source_id, sources.name, requested_at AS last_crawl,
               coalesce(run_log.outcome, '') AS outcome, coalesce(run_log.sentence, '') AS sentence,
               coalesce(run_log.counts, '{}') AS counts,
               (SELECT count(*) FROM pages WHERE pages.run_id = run_log.run_id) AS pages,
               (SELECT count(*) FROM pages JOIN page_listings USING (page_id)
                WHERE pages.run_id = run_log.run_id) AS listings_read
        FROM sources LEFT JOIN run_log ON run_log.run_id = (
            SELECT max(run_id) FROM runs WHERE runs.source_id = sources.source_id AND kind = 'crawl'
        ) ORDER BY sources.source_id
    """
    return rows.select(db, SourceState, query)


_SUMS = """
    sum(state IN ('waiting', 'second')) AS waiting, sum(ifnull(decision = 'offer', 0)) AS confirmed,
    sum(ifnull(decision = 'not_offer', 0)) AS dismissed
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """The agreement of first and second verdicts, over pairs whose first verdict did not escalate."""

    pairs: int
    agreed: int
    kappa: float | None
    """Cohen's kappa, at most 1; None if chance alone would always agree."""
    escalated: int
    """Pairs left out because the first verdict escalated, which decides nothing."""
    table: tuple[tuple[Decision, Decision, int], ...] = ()
    """First decision, second decision, count."""

    @property
    def raw(self) -> float | None:
        """The share of pairs that agree."""
        return self.agreed / self.pairs if self.pairs else None


def agreement(db: Database) -> Agreement:
    """Return the agreement of the standing pairs of first and second verdicts."""
    query = """
        SELECT checked.decision, second.decision FROM verdicts AS second
        JOIN verdicts AS checked ON checked.verdict_id = second.answers
        WHERE second.stage = 'second' AND second.decision <> 'undone'
          AND NOT EXISTS (
              SELECT 1 FROM verdicts AS undo WHERE undo.undoes IN (second.verdict_id, checked.verdict_id)
          )
          AND NOT EXISTS (
              SELECT 1 FROM verdicts AS later
              WHERE later.answers = second.answers AND later.stage = 'second' AND later.decision <> 'undone'
                AND later.verdict_id > second.verdict_id
                AND NOT EXISTS (SELECT 1 FROM verdicts AS undo WHERE undo.undoes = later.verdict_id)
          )
    """
    pairs = [(Decision(first), Decision(second)) for first, second in db.execute(query)]
    return measure_agreement(pairs)


def measure_agreement(pairs: Iterable[tuple[Decision, Decision]]) -> Agreement:
    """Return raw agreement and Cohen's kappa of pairs (Educ. Psychol. Meas. 20, 1960)."""
    given = list(pairs)
    settled = [pair for pair in given if pair[0] is not Decision.ESCALATE]
    n, agreed = len(settled), sum(first is second for first, second in settled)
    firsts, seconds = Counter(pair[0] for pair in settled), Counter(pair[1] for pair in settled)
    by_chance = sum(firsts[each] * seconds[each] for each in firsts) / n**2 if n else 1.0
    counted = Counter(given)
    return Agreement(
        pairs=n,
        agreed=agreed,
        kappa=None if by_chance == 1 else (agreed / n - by_chance) / (1 - by_chance),
        escalated=len(given) - n,
        table=tuple((first, second, count) for (first, second), count in sorted(counted.items())),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceReport:
    """The last crawl of a source, and its listings."""

    source_id: str
    last_crawl: str
    """Outcome of the newest crawl, e.g. `failed`; empty if it has not ended, or there is none."""
    pages: int
    """Pages of the newest successful crawl; if none succeeded, of the newest crawl."""
    outcomes: dict[str, int]
    listings: int
    with_title: int
    with_price: int
    with_seller: int
    flagged: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCounts:
    """Three counts of a source that are fast in a store of any size."""

    pages: int
    """Pages of the newest crawl, if it has ended."""
    listings: int
    """Known listings."""
    flagged: int
    """Listings flagged by the model in use."""


def count_listings(db: Database) -> int:
    """Return the number of listings."""
    return int(db.execute("SELECT count(*) FROM listings").fetchone()[0])


def report_sources(db: Database) -> list[SourceReport]:
    """Return a report of each source: its last successful crawl, and its listings."""
    query = """
        SELECT sources.source_id, max(run_id),
          coalesce(max(run_id) FILTER (WHERE outcome = 'done'), max(run_id))
        FROM sources LEFT JOIN run_log
          ON run_log.source_id = sources.source_id AND run_log.kind = 'crawl'
          AND coalesce(outcome, '') NOT IN ('skipped', 'missed')
        GROUP BY sources.source_id ORDER BY sources.source_id
    """
    return [_report_source(db, *row) for row in db.execute(query).fetchall()]


def count_sources(db: Database) -> dict[str, tuple[int, int]]:
    """Return the numbers of listings and of flagged listings, by source."""
    flagged = "SELECT source_id, count(*) FROM review_items WHERE is_flagged GROUP BY source_id"
    by_source = {row[0]: int(row[1]) for row in db.execute(flagged)}
    listings = "SELECT source_id, count(*) FROM listings GROUP BY source_id"
    return {row[0]: (int(row[1]), by_source.get(row[0], 0)) for row in db.execute(listings)}


def _report_source(db: Database, source_id: str, last: int | None, run_id: int | None) -> SourceReport:
    ended = db.execute("SELECT outcome FROM run_endings WHERE run_id IS ?", [last]).fetchone()
    outcomes = "SELECT outcome, count(*) FROM pages WHERE run_id IS ? GROUP BY outcome ORDER BY 2 DESC, 1"
    counts = {row[0]: row[1] for row in db.execute(outcomes, [run_id])}
    fields = """
        SELECT count(*), sum(title <> ''), sum(price_amount IS NOT NULL), sum(seller_name <> '')
        FROM latest_sightings JOIN listings USING (listing_id) WHERE source_id = ?
    """
    listings, *filled = db.execute(fields, [source_id]).fetchone()
    flagged = """
        SELECT count(*) FROM scores JOIN latest_sightings USING (sighting_id) JOIN listings USING (listing_id)
        WHERE source_id = ? AND scores.model_id = (SELECT model_id FROM model_in_use)
          AND p_offer >= (SELECT threshold FROM model_in_use)
    """
    with_title, with_price, with_seller = (int(value or 0) for value in filled)
    return SourceReport(
        source_id=source_id,
        last_crawl=ended[0] if ended else "",
        pages=sum(counts.values()),
        outcomes=counts,
        listings=listings,
        with_title=with_title,
        with_price=with_price,
        with_seller=with_seller,
        flagged=int(db.execute(flagged, [source_id]).fetchone()[0]),
    )


SCORE_BANDS = 10
"""Number of equal score bands from 0 to 1."""


def count_flagged_since(db: Database, since: datetime) -> int:
    """Return the number of scores since a time, by the model in use, at or above the threshold."""
    query = """
        SELECT count(*) FROM scores, model_in_use
        WHERE scores.model_id = model_in_use.model_id AND p_offer >= model_in_use.threshold AND scored_at >= ?
    """
    return int(db.execute(query, [times.to_text(since)]).fetchone()[0])


def count_reviewed_since(db: Database, since: datetime) -> int:
    """Return the number of listings decided by people since a time; an undo is not a decision."""
    query = "SELECT count(DISTINCT listing_id) FROM verdicts WHERE decided_at >= ? AND decision <> 'undone'"
    return int(db.execute(query, [times.to_text(since)]).fetchone()[0])


def count_scores_by_band(db: Database, *, since: datetime, until: datetime) -> list[int]:
    """Return the number of scores in each score band, by the model in use, given in [since, until)."""
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

    The sample is smaller than `size` if there are not enough. The same seed on the same store draws the same
    listings.

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


def wilson_interval(hits: int, n: int) -> tuple[float, float]:
    """Return the score interval of a share, 95 % (Wilson, J. Am. Stat. Assoc. 22, 1927)."""
    z = 1.959964
    share, spread = hits / n, z * z / n
    middle = (share + spread / 2) / (1 + spread)
    half = z * math.sqrt(share * (1 - share) / n + spread / (4 * n)) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)


def exact_interval(hits: int, n: int) -> tuple[float, float]:
    """Return the Clopper-Pearson interval of a share, 95 % (Biometrika 26, 1934)."""
    from scipy.special import betaincinv

    low = 0.0 if hits == 0 else float(betaincinv(hits, n - hits + 1, 0.025))
    high = 1.0 if hits == n else float(betaincinv(hits + 1, n - hits, 0.975))
    return low, high


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
