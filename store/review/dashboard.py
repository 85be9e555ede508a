"""Figures of the review over time, each as rows of a table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 (the JSON API resolves the annotations)
from typing import TYPE_CHECKING

from store import times

if TYPE_CHECKING:
    from store.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One day, UTC."""

    day: str
    flagged: int
    """Listings that the model in use flagged, by the day of their score."""
    reviewed: int
    """First verdicts given, those taken back left out."""
    confirmed: int
    """Of them, offers."""
    dismissed: int
    """Of them, no offers."""

    @property
    def precision(self) -> float | None:
        """The share of settled flagged listings that were offers; None where nothing was settled."""
        settled = self.confirmed + self.dismissed
        return self.confirmed / settled if settled else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What came of the flagged listings of one source or substance."""

    name: str
    waiting: int
    confirmed: int
    dismissed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """How a source's crawls fare."""

    source_id: str
    name: str
    last_crawl: datetime | None
    outcome: str
    sentence: str
    pages: int
    listings_read: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionTimes:
    """Seconds from a listing's coming onto the screen to its verdict."""

    count: int
    median: float | None
    p90: float | None


def days(db: Database, *, since: datetime) -> list[Day]:
    """Return each day since then on which anything happened, oldest first."""
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
    """Return how long decisions took, those given in bulk or over an hour left out."""
    query = """
        SELECT (julianday(decided_at) - julianday(shown_at)) * 86400 AS seconds FROM verdicts
        WHERE shown_at IS NOT NULL AND batch IS NULL AND decided_at >= ? AND seconds BETWEEN 0 AND 3600
        ORDER BY seconds
    """
    taken = [float(row[0]) for row in db.execute(query, [times.to_text(since)])]
    if not taken:
        return DecisionTimes(count=0, median=None, p90=None)
    return DecisionTimes(
        count=len(taken), median=taken[len(taken) // 2], p90=taken[min(len(taken) - 1, len(taken) * 9 // 10)]
    )


def by_source(db: Database) -> list[Group]:
    """Return what came of each source's review items, most first."""
    query = f"""
        SELECT source_id AS name, {_SUMS} FROM review_items GROUP BY source_id ORDER BY count(*) DESC LIMIT 50
    """  # noqa: S608 (no input in it)
    return [Group(**dict(row)) for row in db.execute(query)]


def by_substance(db: Database) -> list[Group]:
    """Return what came of the review items in which each substance was read as offered, most first."""
    query = f"""
        SELECT value AS name, {_SUMS}
        FROM review_items JOIN scores USING (score_id), json_each(scores.substances)
        GROUP BY value ORDER BY count(*) DESC LIMIT 50
    """  # noqa: S608 (no input in it)
    return [Group(**dict(row)) for row in db.execute(query)]


def source_states(db: Database) -> list[SourceState]:
    """Return each source with its last crawl."""
    query = """
        SELECT sources.source_id, sources.name, requested_at, coalesce(run_log.outcome, '') AS outcome,
               coalesce(run_log.sentence, '') AS sentence,
               (SELECT count(*) FROM pages WHERE pages.run_id = run_log.run_id) AS pages,
               (SELECT count(*) FROM pages JOIN page_listings USING (page_id)
                WHERE pages.run_id = run_log.run_id) AS listings_read
        FROM sources LEFT JOIN run_log ON run_log.run_id = (
            SELECT max(run_id) FROM runs WHERE runs.source_id = sources.source_id AND kind = 'crawl'
        ) ORDER BY sources.source_id
    """
    return [
        SourceState(
            last_crawl=None if row["requested_at"] is None else times.from_text(row["requested_at"]),
            **{name: row[name] for name in SourceState.__slots__ if name != "last_crawl"},
        )
        for row in db.execute(query)
    ]


_SUMS = """
    sum(state IN ('waiting', 'second')) AS waiting, sum(ifnull(decision = 'offer', 0)) AS confirmed,
    sum(ifnull(decision = 'not_offer', 0)) AS dismissed
"""
