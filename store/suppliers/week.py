"""Read a week: new suppliers, new links, new substances of known suppliers, and quiet suppliers.

Without what nobody reviewed, a supplier is new when the first of its listings is finally judged an offer, its
substances are those of such listings, and its links are those that people decided on.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from store import rows, times
from store.sqlite import transaction

if TYPE_CHECKING:
    from collections.abc import Iterable

    from store.sqlite import Database

QUIET = timedelta(days=14)
"""A supplier is quiet when none of its listings was met for so long, although its sites were crawled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekLine:
    """A line about one supplier."""

    supplier_id: int
    name: str
    details: tuple[str, ...] = ()
    """Substances, kinds of evidence with decisions, or the day when it was last met."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """The events from `since` to before `until`, without contacts."""

    since: datetime
    until: datetime
    has_unreviewed: bool
    suppliers: tuple[WeekLine, ...]
    links: tuple[WeekLine, ...]
    substances: tuple[WeekLine, ...]
    quiet: tuple[WeekLine, ...]
    left_out: int
    """Suppliers with something new that nobody reviewed, left out."""

    @property
    def is_empty(self) -> bool:
        """Whether the week has no news."""
        return not (self.suppliers or self.links or self.substances or self.quiet)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Item:
    """A flagged or judged listing of a supplier."""

    supplier_id: int
    name: str
    first_seen_at: datetime
    decided_at: datetime | None
    """None unless the listing is finally judged an offer."""
    substance: str
    """By the verdict; empty if the model's stand."""
    substances: tuple[str, ...]

    @property
    def named(self) -> set[str]:
        return {self.substance} if self.substance else set(self.substances)


def read_week(db: Database, since: datetime, until: datetime, *, has_unreviewed: bool) -> Week:
    """Return the events from `since` to before `until`.

    `has_unreviewed` adds what nobody reviewed.
    """
    items = rows.select(db, _Item, _ITEMS)
    told, substances = _news(items, since, until, is_reviewed=not has_unreviewed)
    reviewed = {each.supplier_id for each in items if each.decided_at and each.decided_at < until}
    everything = _news(items, since, until, is_reviewed=False)
    left_out = {line.supplier_id for lines in everything for line in lines} - {
        line.supplier_id for line in (*told, *substances)
    }
    return Week(
        since=since,
        until=until,
        has_unreviewed=has_unreviewed,
        suppliers=tuple(told),
        links=tuple(_links(db, since, until, has_unreviewed=has_unreviewed)),
        substances=tuple(substances),
        quiet=tuple(
            line for line in _quiet(db, since, until) if has_unreviewed or line.supplier_id in reviewed
        ),
        left_out=0 if has_unreviewed else len(left_out),
    )


def last_report_until(db: Database) -> datetime | None:
    """Return where the last report that was sent ends; None if none was sent."""
    row = db.execute("SELECT max(until) FROM weekly_reports").fetchone()
    return times.from_text(row[0]) if row[0] else None


def record_report(db: Database, week: Week, *, sent_to: int, now: datetime) -> None:
    """Record that a report was sent, so that the next one begins where it ends."""
    values = {
        "since": times.to_text(week.since), "until": times.to_text(week.until), "sent_at": times.to_text(now),
        "sent_to": sent_to,
    }  # fmt: skip
    with transaction(db):
        rows.insert(db, "weekly_reports", values)


def _news(
    items: Iterable[_Item], since: datetime, until: datetime, *, is_reviewed: bool
) -> tuple[list[WeekLine], list[WeekLine]]:
    """Return new suppliers, and new substances of known ones."""
    names: dict[int, str] = {}
    before, within = defaultdict[int, set[str]](set), defaultdict[int, set[str]](set)
    for each in items:
        at = each.decided_at if is_reviewed else each.first_seen_at
        if at is None or at >= until:
            continue
        names[each.supplier_id] = each.name
        (within if at >= since else before)[each.supplier_id].update(each.named)
    new = [
        WeekLine(supplier_id=number, name=names[number], details=tuple(sorted(found)))
        for number, found in within.items()
        if number not in before
    ]
    more = [
        WeekLine(supplier_id=number, name=names[number], details=tuple(sorted(found - before[number])))
        for number, found in within.items()
        if number in before and found - before[number]
    ]
    return new, more


def _links(db: Database, since: datetime, until: datetime, *, has_unreviewed: bool) -> list[WeekLine]:
    arguments: dict[str, object] = {"since": times.to_text(since), "until": times.to_text(until)}
    found = db.execute(_DECIDED, arguments).fetchall()
    if has_unreviewed:
        found += db.execute(_LINKED, arguments).fetchall()
    lines: dict[int, WeekLine] = {}
    for row in found:
        known = lines.get(row["supplier_id"])
        details = (*(known.details if known else ()), row["said"])
        lines[row["supplier_id"]] = WeekLine(
            supplier_id=row["supplier_id"], name=row["name"], details=tuple(dict.fromkeys(details))
        )
    return list(lines.values())


def _quiet(db: Database, since: datetime, until: datetime) -> list[WeekLine]:
    arguments: dict[str, object] = {
        "since": times.to_text(since - QUIET), "until": times.to_text(until - QUIET),
    }  # fmt: skip
    return [
        WeekLine(supplier_id=row["supplier_id"], name=row["name"], details=(row["met_at"][:10],))
        for row in db.execute(_QUIET, arguments)
    ]


_ITEMS = """
    SELECT supplier_id, suppliers.name, listings.first_seen_at,
           CASE WHEN review_items.decision = 'offer' AND state = 'decided' THEN review_items.decided_at END
               AS decided_at,
           ifnull(verdicts.substance, '') AS substance, ifnull(scores.substances, '[]') AS substances
    FROM review_items JOIN listings USING (listing_id) JOIN listing_accounts USING (listing_id)
    JOIN supplier_accounts USING (seller_account_id) JOIN suppliers USING (supplier_id)
    LEFT JOIN scores ON scores.score_id = review_items.score_id
    LEFT JOIN verdicts ON verdicts.verdict_id = review_items.verdict_id
    WHERE is_flagged OR review_items.decision = 'offer'
    ORDER BY supplier_id, listings.first_seen_at
"""

_DECIDED = """
    SELECT supplier_id, suppliers.name, decision || ' by ' || decided_by AS said
    FROM standing_link_decisions JOIN supplier_accounts USING (seller_account_id)
    JOIN suppliers USING (supplier_id)
    WHERE decided_at >= :since AND decided_at < :until ORDER BY decision_id
"""

_LINKED = """
    SELECT supplier_id, suppliers.name, count(*) || ' by ' || kind AS said
    FROM supplier_links JOIN supplier_accounts USING (seller_account_id)
    JOIN suppliers USING (supplier_id) JOIN supplier_scores USING (supplier_id)
    WHERE first_linked_at >= :since AND first_linked_at < :until AND NOT is_left_out
    GROUP BY supplier_id, kind ORDER BY supplier_id, kind
"""

_QUIET = """
    WITH met AS (
        SELECT supplier_id, max(fetched_at) AS met_at, listings.source_id
        FROM supplier_scores CROSS JOIN supplier_accounts USING (supplier_id)
        CROSS JOIN listing_accounts USING (seller_account_id) CROSS JOIN listings USING (listing_id)
        CROSS JOIN pages INDEXED BY idx_pages_url
            ON pages.source_id = listings.source_id AND pages.url = listings.url
            AND pages.outcome = 'listing'
        GROUP BY supplier_id
    )
    SELECT supplier_id, suppliers.name, met_at FROM met JOIN suppliers USING (supplier_id)
    WHERE met_at >= :since AND met_at < :until AND EXISTS (
        SELECT 1 FROM runs
        WHERE kind = 'crawl' AND runs.source_id = met.source_id AND requested_at > met_at
    )
    ORDER BY met_at, supplier_id
"""
