"""Lists of review items: filtered, sorted, and paged by place.

A review item is a listing that was flagged, drawn as a sample, or judged. Triggers keep the table
`review_items`, one row for each item, and the counts of items (migration m012).
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import TYPE_CHECKING

from store import rows
from store.model import Decision, QueueEntry
from store.review.item_query import (
    COUNTED_AMONG,
    STORE_WIDE_COUNTED,
    Filter,
    ItemQuery,
    Place,
    Sort,
    State,
    newest_sighting,
    order_of,
)
from store.sqlite import transaction

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from store.sqlite import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedItem:
    """One row of a list."""

    listing_id: str
    sighting_id: int
    score_id: int | None
    """By the model in use."""
    source_id: str
    title: str
    seller_name: str
    price_text: str
    language: str
    seen_at: datetime
    p_offer: float | None
    substances: tuple[str, ...]
    is_flagged: bool
    is_sample: bool
    state: State | None
    """None if the listing is not a review item: neither flagged, nor sampled, nor judged."""
    decision: Decision | None
    decided_by: str
    assignee: str
    is_changed: bool
    """Whether the text has changed since a verdict on the listing."""
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """The expected worth of a look at a review item, by its parts (view `review_points`)."""

    place: float
    """The probability of an offer; of a sample, a place among the flagged listings."""
    tier_points: float
    family_points: float
    quantity_points: float
    evasion_points: float
    price_points: float
    seller_points: float
    listing_points: float
    office_points: float
    repeat_points: float
    unit: str | None
    """Of the price that was compared: kg, L or pcs."""
    currency: str | None
    amount: float | None
    """The price for one unit."""
    usual: float | None
    """The median of earlier listings."""
    compared: int | None
    """The number of earlier listings."""
    worth: float
    """The place times the points."""

    @property
    def points(self) -> float:
        """The sum of the points, at least 0.1."""
        return max(0.1, float(sum(getattr(self, name) for name in WORTH_PARTS)))


WORTH_PARTS = tuple(field.name for field in fields(Worth) if field.name.endswith("_points"))
"""The names of the parts of the points."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The first items that a search finds, and their count."""

    items: list[ListedItem]
    total: int
    """At most `STORE_WIDE_COUNTED`."""
    is_more: bool
    """Whether there are, or may be, more."""


def list_items(
    db: Database,
    wanted: Filter,
    *,
    sort: Sort = Sort.LIKELY,
    after: Place | None = None,
    before: Place | None = None,
    is_included: bool = False,
    limit: int = 25,
) -> list[ListedItem]:
    """Return one page of a list, always in the order of the list.

    The page begins after the place `after`, or with the item there if `is_included`; or it ends before the
    place `before`, with the last items that precede it. A store-wide search has its own order, newest first.
    """
    query = ItemQuery(db, wanted, sort)
    if after is not None:
        query.beyond(after, is_included=is_included)
    if before is not None:
        query.beyond(before, is_backward=True)
    found = [_item(row, query.column) for row in query.run(limit, is_backward=before is not None)]
    return found[::-1] if before is not None else found


def other_items(
    db: Database, wanted: Filter, known: Collection[int], *, sort: Sort, limit: int
) -> list[ListedItem]:
    """Return the first items of a list whose sightings are unknown, and read only these items."""
    query = ItemQuery(db, wanted, sort)
    others = [sighting_id for sighting_id in query.ids(limit) if sighting_id not in known]
    return [_item(row, query.column) for row in query.rows_of(others)] if others else []


def first_found(db: Database, wanted: Filter, *, limit: int) -> Found:
    """Return the first items of a store-wide search with their count, asking each index once.

    A search narrowed by more than words counts only among the newest sightings; it reads older sightings
    until the page is full.
    """
    edge = newest_sighting(db) - COUNTED_AMONG + 1 if wanted.is_narrowed else 1
    query = ItemQuery(db, wanted, Sort.LIKELY)
    query.among(">=", edge)
    found = query.ids(STORE_WIDE_COUNTED + 1)
    is_more = len(found) > STORE_WIDE_COUNTED or query.is_cut
    if edge > 1 and len(found) < limit:
        older = ItemQuery(db, wanted, Sort.LIKELY)
        older.among("<", edge)
        lacking = limit - len(found)
        found += older.ids(lacking + 1)
        is_more = len(found) > limit or query.is_cut
        found = found[:limit]
    elif edge > 1:
        is_more = True
    items = [_item(row, query.column) for row in query.rows_of(found[:limit])]
    return Found(items=items, total=min(len(found), STORE_WIDE_COUNTED), is_more=is_more)


def next_item(db: Database, wanted: Filter, *, sort: Sort, place: Place, now: datetime) -> ListedItem | None:
    """Return the next item after a place that nobody else has open, or the first such item, or None."""
    for after in (place, None):
        query = ItemQuery(db, wanted, sort)
        if after is not None:
            query.beyond(after)
        query.unclaimed(now)
        found = [_item(row, query.column) for row in query.run(2)]
        for item in found:
            if item.sighting_id != place.sighting_id:
                return item
    return None


def item_of(db: Database, listing_id: str) -> ListedItem | None:
    """Return the review item of a listing, or None."""
    return items_of(db, [listing_id]).get(listing_id)


def items_of(db: Database, listing_ids: Sequence[str]) -> dict[str, ListedItem]:
    """Return the review items among these listings, by listing."""
    query = ItemQuery(db, Filter(state="all"), Sort.LIKELY)
    query.narrow(f"review_items.listing_id IN ({', '.join('?' * len(listing_ids))})", *listing_ids)
    found = (_item(row, query.column) for row in query.run(len(listing_ids)))
    return {item.listing_id: item for item in found}


def worth_of(db: Database, listing_id: str) -> Worth | None:
    """Return the expected worth of a look at a listing; None if the listing is no review item."""
    query = """
        SELECT place, review_points.*, ifnull(quantity_points, 0.0) AS quantity_points, worth,
               unit, currency, amount, usual, compared
        FROM review_items JOIN review_points USING (sighting_id) LEFT JOIN unit_prices USING (sighting_id)
        WHERE review_items.listing_id = ?
    """
    return rows.find(db, Worth, query, [listing_id])


def title_of(db: Database, sighting_id: int) -> str:
    """Return the title of a sighting."""
    query = "SELECT title FROM sightings WHERE sighting_id = ?"
    return str(db.execute(query, [sighting_id]).fetchone()["title"])


def place_of(db: Database, listing_id: str, wanted: Filter, sort: Sort) -> Place | None:
    """Return the place that a listing has, or would have, in a list; None for an unknown listing."""
    column = order_of(wanted, sort)[0]
    query = """
        SELECT newest.sighting_id, coalesce(review_items.place, scores.p_offer, 0.0) AS place, newest.seen_at,
               newest.seller_name, ifnull(worth, 0.0) AS worth
        FROM latest_sightings AS newest
        LEFT JOIN review_items USING (listing_id)
        LEFT JOIN scores ON scores.sighting_id = newest.sighting_id
            AND model_id = (SELECT model_id FROM model_in_use)
        WHERE newest.listing_id = ?
    """
    row = db.execute(query, [listing_id]).fetchone()
    return None if row is None else _place(row, column)


def place_of_sighting(db: Database, sighting_id: int, wanted: Filter, sort: Sort) -> Place | None:
    """Return the place that a sighting has, or had, in a list; None if there is no such sighting.

    A verdict does not move an item. A superseded sighting has the place of its score if it was flagged.
    """
    query = """
        SELECT sightings.sighting_id, sightings.seen_at, sightings.seller_name,
               CASE WHEN now.sighting_id = sightings.sighting_id THEN now.place
                    WHEN scores.p_offer >= (SELECT threshold FROM model_in_use) THEN scores.p_offer
                    ELSE ifnull(now.place, 0.0) END AS place,
               ifnull(now.worth, 0.0) AS worth
        FROM sightings
        LEFT JOIN review_items AS now USING (listing_id)
        LEFT JOIN scores ON scores.sighting_id = sightings.sighting_id
            AND model_id = (SELECT model_id FROM model_in_use)
        WHERE sightings.sighting_id = ?
    """
    row = db.execute(query, [sighting_id]).fetchone()
    return None if row is None else _place(row, order_of(wanted, sort)[0])


def count_items(db: Database, wanted: Filter) -> int:
    """Return the number of items in a list.

    A search counts up to `MAX_COUNTED` + 1 items, a store-wide search as many as `first_found` counts.
    """
    if wanted.is_store_wide:
        found = first_found(db, wanted, limit=1)
        return found.total + found.is_more
    kept = _kept_count(db, wanted)
    if kept is not None:
        return kept
    return ItemQuery(db, wanted, Sort.LIKELY).count()


def facet_counts(db: Database, states: Sequence[State]) -> dict[str, dict[str, int]]:
    """Return the number of items in these states, by facet and value."""
    marks = ", ".join("?" * len(states))
    query = f"""
        SELECT facet, value, sum(items) FROM review_counts WHERE state IN ({marks})
        GROUP BY facet, value HAVING sum(items) > 0 ORDER BY facet, sum(items) DESC, value
    """  # noqa: S608 (marks only)
    counts: dict[str, dict[str, int]] = {}
    for facet, value, items in db.execute(query, list(states)):
        counts.setdefault(facet, {})[value] = items
    return counts


def count_settled(db: Database, wanted: Filter) -> int:
    """Return the number of items that do not wait for the reviewer; a search counts up to `MAX_COUNTED` + 1.

    These items are decided, disputed, or wait for a second review by somebody else.
    """
    if not (wanted.terms or wanted.seller or wanted.supplier or wanted.state):
        return 0  # such a list has only items that wait
    state = "all" if wanted.state in {"", "every"} else wanted.state
    query = ItemQuery(db, replace(wanted, state=state, is_open=False), Sort.LIKELY)
    query.narrow(
        "NOT (is_open = 1 AND (state = 'waiting' OR ? = '' OR decided_by <> ?))",
        wanted.reviewer, wanted.reviewer,
    )  # fmt: skip
    return query.count()


def _kept_count(db: Database, wanted: Filter) -> int | None:
    """Return the count that the triggers maintain, or None if more than one facet narrows the list."""
    narrowed = {
        "source": wanted.source, "family": wanted.family, "language": wanted.language,
        "tier": "" if wanted.tier is None else str(wanted.tier), "assignee": wanted.assignee,
        "changed": wanted.changed,
    }  # fmt: skip
    named = {facet: value for facet, value in narrowed.items() if value}
    others = (
        wanted.terms, wanted.p_from, wanted.p_to, wanted.kind, wanted.notice, wanted.seller, wanted.supplier,
        wanted.since, wanted.until, wanted.decision,
    )  # fmt: skip
    if (
        len(named) > 1
        or any(other not in {"", None} for other in others)
        or (wanted.is_open and wanted.state)
    ):
        return None
    facet, value = next(iter(named.items()), ("all", ""))
    states = {"": (State.WAITING, State.SECOND), "all": tuple(State)}.get(wanted.state) or (wanted.state,)
    marks = ", ".join("?" * len(states))
    kept = f"""
        SELECT ifnull(sum(items), 0) FROM review_counts WHERE facet = ? AND value = ? AND state IN ({marks})
    """  # noqa: S608 (marks only)
    count = int(db.execute(kept, [facet, value, *states]).fetchone()[0])
    if wanted.state or not wanted.reviewer:
        return count
    own = ItemQuery(db, replace(wanted, state=State.SECOND, reviewer=""), Sort.LIKELY)
    own.narrow("decided_by = ? AND decided_by <> ''", wanted.reviewer)
    return count - own.count()


def _item(row: rows.Row, column: str) -> ListedItem:
    return rows.read(ListedItem, row, place=_place(row, column))


def _place(row: rows.Row, column: str) -> Place:
    value = row[column]
    return Place(value=value if isinstance(value, str) else float(value), sighting_id=row["sighting_id"])


def review_queue(db: Database, *, limit: int = 50, offset: int = 0) -> list[QueueEntry]:
    """Return the listings that wait for a verdict, highest score first."""
    query = "SELECT * FROM review_queue LIMIT ? OFFSET ?"
    return rows.select(db, QueueEntry, query, [limit, offset])


def count_queue(db: Database) -> int:
    """Return the number of listings that wait for a verdict."""
    query = "SELECT count(*) FROM review_items WHERE state = 'waiting' AND is_flagged"
    return int(db.execute(query).fetchone()[0])


_CANDIDATES = """
    SELECT sightings.listing_id FROM scores JOIN sightings USING (sighting_id)
    WHERE model_id = (SELECT model_id FROM model_in_use) AND p_offer >= (SELECT threshold FROM model_in_use)
    UNION SELECT listing_id FROM verdicts
    UNION SELECT listing_id FROM sample_members
    UNION SELECT listing_id FROM office_term_hits JOIN sightings USING (sighting_id)
    UNION SELECT listing_id FROM notices JOIN sightings USING (sighting_id)
"""
"""Every listing that can be a review item, as in migration m031."""


_COUNTED = """
    SELECT facet, value, state, count(*) AS items FROM (
        SELECT 'all' AS facet, '' AS value, state FROM review_items
        UNION ALL SELECT 'source', source_id, state FROM review_items
        UNION ALL SELECT 'family', family, state FROM review_items
        UNION ALL SELECT 'tier', ifnull(CAST(tier AS TEXT), ''), state FROM review_items
        UNION ALL SELECT 'language', language, state FROM review_items
        UNION ALL SELECT 'band', CAST(min(9, CAST(place * 10 AS INTEGER)) AS TEXT), state FROM review_items
        UNION ALL SELECT 'assignee', assignee, state FROM review_items
        UNION ALL SELECT 'changed', '1', state FROM review_items WHERE is_changed
    ) GROUP BY facet, value, state
"""
"""What `review_counts` must hold, apart from zeros; as in the triggers of migrations m012 and m022."""


def mend_queue(db: Database) -> int:
    """Rebuild the wrong rows of the queue from its definition, and return the number of wrong listings.

    The counts of the queue are put right too.

    The triggers keep it so. But the queue is no evidence and so not in the record: by SQL, somebody could
    hide a flagged listing from every reviewer.
    """
    now = f"SELECT * FROM review_items_now WHERE listing_id IN ({_CANDIDATES})"  # noqa: S608 (no input in it)
    query = f"""
        SELECT listing_id FROM ({now} EXCEPT SELECT * FROM review_items)
        UNION SELECT listing_id FROM (SELECT * FROM review_items EXCEPT {now})
    """  # noqa: S608 (so)
    with transaction(db):
        wrong = [row[0] for row in db.execute(query)]
        for listing_id in wrong:
            db.execute("DELETE FROM review_items WHERE listing_id = ?", [listing_id])
            db.execute(
                "INSERT INTO review_items SELECT * FROM review_items_now WHERE listing_id = ?", [listing_id]
            )
        counts = "SELECT * FROM review_counts WHERE items <> 0"
        differs = f"""
            SELECT 1 FROM ({counts} EXCEPT {_COUNTED}) UNION ALL SELECT 1 FROM ({_COUNTED} EXCEPT {counts})
        """  # noqa: S608 (no input in it)
        if db.execute(differs).fetchone():
            db.execute("DELETE FROM review_counts")
            db.execute(f"INSERT INTO review_counts {_COUNTED}")
    return len(wrong)
