"""Filters and orders of review items, and the SELECT that they come to."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from store import times
from store.errors import UnknownRow
from store.review.search import Asked, asked_of, matching, seller_query
from store.suppliers.suppliers import get_supplier

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from store import rows
    from store.sqlite import Database


def falls_into(listing_id: str, share: float) -> bool:
    """Return whether a listing falls into a share from 0 to 1; the answer for a listing never changes.

    SQL knows this function too, so that lists and pages hide the same scores.
    """
    digest = hashlib.sha256(f"hidden:{listing_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64 < share


class State(StrEnum):
    """The state of a review item."""

    WAITING = "waiting"
    """Nobody has judged the current text."""
    SECOND = "second"
    """Judged once; waits for a blind second review by somebody else."""
    ADJUDICATION = "adjudication"
    """The two verdicts disagree, or both escalate."""
    DECIDED = "decided"


class Sort(StrEnum):
    """The order of a list."""

    LIKELY = "likely"
    NEWEST = "newest"
    OLDEST = "oldest"
    SELLER = "seller"
    WORTH = "worth"
    """Highest expected worth first: the place times the points of migration m025."""


SORTED = {
    Sort.LIKELY: ("place", "DESC", "ASC"),
    Sort.NEWEST: ("seen_at", "DESC", "DESC"),
    Sort.OLDEST: ("seen_at", "ASC", "ASC"),
    Sort.SELLER: ("seller_name", "ASC", "ASC"),
    Sort.WORTH: ("worth", "DESC", "ASC"),
}
"""The column and direction of each order, and the direction of sighting_id, which breaks ties."""

STORE_WIDE = ("sighting_id", "DESC", "DESC")
"""The order of a store-wide search: the full-text index has it without sorting."""

STORE_WIDE_COUNTED = 300
"""Highest count of a store-wide search: checking a match for a newer sighting costs more than finding it."""

COUNTED_AMONG = 100_000
"""A search narrowed by more than words counts among this many of the newest sightings, because it reads the
row of every match."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """A filter of review items. An empty or None field does not narrow the list."""

    reviewer: str = ""
    """The reviewer who views the list; their own verdicts do not wait for their check."""
    hidden_share: float | None = None
    """Share of waiting flagged items whose score is hidden from the reviewer, from 0 to 1; None hides
    nothing. Items with a hidden score match `p_from` and `p_to` by tenths only."""
    terms: str = ""
    names: tuple[tuple[str, str], ...] = ()
    """Words of `terms`, or all of `terms`, each with the name of the substance that it means."""
    source: str = ""
    family: str = ""
    tier: int | None = None
    p_from: float | None = None
    """Lowest position in the queue, from 0 to 1; the position of a flagged listing is its score."""
    p_to: float | None = None
    kind: str = ""
    """Kind of evidence, e.g. `cas`."""
    notice: str = ""
    """A kind of notice (`store.review.notices`), or kind and code as `rule:ebay-1`."""
    language: str = ""
    seller: str = ""
    """Words of a seller's name, as a search has them; without a state, of every listing in the store."""
    supplier: int | None = None
    """Number of a supplier, or of one that was merged into it; without a state, of every listing."""
    changed: str = ""
    """`1` for items that changed after a verdict."""
    since: str = ""
    """First day of the current sighting, ISO 8601, UTC."""
    until: str = ""
    """Last day of the current sighting."""
    state: str = ""
    """A `State`; `all` for every review item; `every` for every listing in the store; empty means items that
    wait for the reviewer, or every listing in a search or of a seller."""
    assignee: str = ""
    decision: str = ""
    """Decision of the standing verdict; an item that waits for a blind second review matches any."""
    is_open: bool = False
    """Whether to keep only items that wait for the reviewer, regardless of `state` and `terms`."""

    @property
    def is_narrowed(self) -> bool:
        """Whether a condition other than words narrows the list."""
        asker = {"reviewer": "", "hidden_share": None, "terms": "", "names": ()}
        asker |= {"state": ""} if self.state == "every" else {}
        return replace(self, **asker) != Filter()  # type: ignore[arg-type]

    @property
    def is_store_wide(self) -> bool:
        """Whether the list covers all listings, not only review items."""
        if self.is_open:
            return False
        return self.state == "every" or (bool(self.terms or self.seller or self.supplier) and not self.state)


NARROWING = {field.name for field in fields(Filter)} - {
    "terms", "reviewer", "hidden_share", "names", "is_open",
} | {"q"}  # fmt: skip
"""The names of the filters in the address of a list; `q` stands for `terms`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The place of an item in a sorted list, given by values because the item itself may leave the list."""

    value: float | str
    sighting_id: int


def newest_sighting(db: Database) -> int:
    """Return the id of the newest sighting, or 0."""
    return int(db.execute("SELECT ifnull(max(sighting_id), 0) FROM sightings").fetchone()[0])


def order_of(wanted: Filter, sort: Sort) -> tuple[str, str, str]:
    """Return the order of a list; a store-wide search has only one."""
    return STORE_WIDE if wanted.is_store_wide else SORTED[sort]


MAX_COUNTED = 1_000
"""Highest count of a search; a higher number only means that there are more."""

_INDEX = "{index}"
"""Placeholder in a condition for the full-text index."""


class ItemQuery:
    """Builds the SELECT over review items, or over the whole store."""

    def __init__(self, db: Database, wanted: Filter, sort: Sort) -> None:
        self._db = db
        self.column, self._order, self._tie = order_of(wanted, sort)
        self._is_store_wide = wanted.is_store_wide
        self._index_hint = ""
        self._conditions: list[str] = []
        self._arguments: list[object] = []
        self._search(wanted)
        self._state(wanted)
        self._facets(wanted)
        if wanted.supplier is not None:
            self._of_supplier(wanted.supplier)

    def narrow(self, condition: str, *arguments: object) -> None:
        """Add a condition."""
        self._conditions.append(condition)
        self._arguments += arguments

    def beyond(self, place: Place, *, is_backward: bool = False, is_included: bool = False) -> None:
        """Keep only items after a place in the order of the list; going backward, before it."""
        column, sighting = self._name(self.column), self._name("sighting_id")
        ahead = {"ASC": ">", "DESC": "<"}
        behind = {"ASC": "<", "DESC": ">"}
        signs = behind if is_backward else ahead
        sign, tie = signs[self._order], signs[self._tie] + ("=" if is_included else "")
        self.narrow(
            f"{column} {sign}= ? AND ({column} {sign} ? OR {sighting} {tie} ?)",
            place.value, place.value, place.sighting_id,
        )  # fmt: skip

    def among(self, sign: Literal["<", ">="], sighting_id: int) -> None:
        """Keep only sightings older than a sighting, or that sighting and newer ones."""
        self.narrow(f"{self._name('sighting_id')} {sign} ?", sighting_id)

    def unclaimed(self, now: datetime) -> None:
        """Leave out items that somebody else has open."""
        self.narrow(
            f"NOT EXISTS (SELECT 1 FROM claims WHERE claims.listing_id = {self._name('listing_id')} "  # noqa: S608 (no input)
            "AND claims.reviewer <> ? AND expires_at > ?)",
            self._reviewer, times.to_text(now),
        )  # fmt: skip

    def run(self, limit: int, *, is_backward: bool = False) -> list[rows.Row]:
        """Return the rows, in reverse order when going backward."""
        opposite = {"ASC": "DESC", "DESC": "ASC"}
        order, tie = (opposite[self._order], opposite[self._tie]) if is_backward else (self._order, self._tie)
        return self._rows(self._found(order, tie), self._filled_in(limit), order=order, tie=tie)

    def rows_of(self, sighting_ids: Sequence[int]) -> list[rows.Row]:
        """Return the rows of sightings that this query found, in the order of the list."""
        within = "SELECT value AS found_id FROM json_each(?)"
        given = [json.dumps(list(sighting_ids))]
        return self._rows(within, given, order=self._order, tie=self._tie)

    def ids(self, limit: int) -> list[int]:
        """Return the ids of the sightings in the order of the list."""
        query = self._found(self._order, self._tie)
        return [row[0] for row in self._db.execute(query, self._filled_in(limit))]

    def newest(self, sighting_id: int, limit: int, *, are_few: bool = False) -> list[int]:
        """Return the matches from a sighting on, newest first.

        Only later sightings are read, except in a store-wide list without words: it reads every match of
        one of its conditions, unless `are_few` says that there are fewer later sightings.
        """
        self.among(">=", sighting_id)
        if self._is_store_wide:
            self._index_hint = "NOT INDEXED" if are_few else ""
            return self.ids(limit)
        query = f"""
            SELECT sighting_id FROM review_items INDEXED BY idx_review_items_sighting
            WHERE {self._where} ORDER BY sighting_id DESC LIMIT ?
        """  # noqa: S608 (so)
        return [row[0] for row in self._db.execute(query, [*self._arguments, limit])]

    def count(self) -> int:
        """Return the number of review items; a search counts up to `MAX_COUNTED` + 1."""
        limit = MAX_COUNTED + 1 if self._is_search else -1
        query = f"SELECT count(*) FROM (SELECT 1 FROM review_items WHERE {self._where} LIMIT ?)"  # noqa: S608 (so)
        return int(self._db.execute(query, [*self._arguments, limit]).fetchone()[0])

    def _found(self, order: str, tie: str) -> str:
        """Return the SELECT of the sighting ids, as `found_id`; `_filled_in` returns its arguments."""
        if self._asked:
            # Each index yields its matches in order, so both stop at the limit and no match is sorted.
            arms = " UNION ".join(
                f"SELECT found_id FROM (SELECT {index}.rowid AS found_id FROM {index} "  # noqa: S608 (so)
                f"CROSS JOIN sightings ON sightings.sighting_id = {index}.rowid {self._beside} "
                f"WHERE {index} MATCH ? AND {self._where.replace(_INDEX, index)} "
                f"ORDER BY {index}.rowid {tie} LIMIT ?)"
                for index in self._asked
            )
            return f"{arms} ORDER BY found_id {tie} LIMIT ?"
        base = self._name("sighting_id")
        tables = f"sightings {self._index_hint} {self._beside}" if self._is_store_wide else "review_items"
        first = "" if self.column == "sighting_id" else f"{self._name(self.column)} {order}, "
        return (
            f"SELECT {base} AS found_id FROM {tables} WHERE {self._where} "  # noqa: S608 (so)
            f"ORDER BY {first}{base} {tie} LIMIT ?"
        )

    def _filled_in(self, limit: int) -> list[object]:
        arms = [[match, *self._arguments, limit] for match in self._asked.values()]
        return [value for arm in arms or [self._arguments] for value in arm] + [limit]

    def _rows(self, within: str, arguments: Sequence[object], *, order: str, tie: str) -> list[rows.Row]:
        query = f"""
            SELECT sightings.listing_id, sightings.sighting_id, listings.source_id, title,
                   sightings.seller_name, price_text, sightings.language, sightings.seen_at, scores.p_offer,
                   scores.score_id, ifnull(scores.substances, '[]') AS substances,
                   ifnull(is_flagged, 0) AS is_flagged,
                   ifnull(is_sample, 0) AS is_sample, state, decision, ifnull(decided_by, '') AS decided_by,
                   ifnull(assignee, '') AS assignee, ifnull(is_changed, 0) AS is_changed,
                   ifnull(place, 0.0) AS place, ifnull(worth, 0.0) AS worth
            FROM ({within}) JOIN sightings ON sightings.sighting_id = found_id
            JOIN listings USING (listing_id)
            LEFT JOIN review_items ON review_items.sighting_id = found_id
            LEFT JOIN scores ON scores.sighting_id = found_id
                AND scores.model_id = (SELECT model_id FROM model_in_use)
            ORDER BY {self._outer(self.column)} {order}, found_id {tie}
        """  # noqa: S608 (no input in it)
        return list(self._db.execute(query, list(arguments)))

    @property
    def _beside(self) -> str:
        """The joins of a store-wide search: only the tables that a condition needs."""
        listings = "JOIN listings USING (listing_id)" if "listings.source" in self._where else ""
        items = "LEFT JOIN review_items USING (listing_id)" if "review_items." in self._where else ""
        return f"{listings} {items}"

    @property
    def _where(self) -> str:
        return " AND ".join(self._conditions) or "true"

    def _name(self, column: str) -> str:
        """Return the qualified column for the table that the list is read from."""
        if not self._is_store_wide:
            return f"review_items.{column}"
        if column == "source_id":
            return "listings.source_id"
        if column == "sighting_id" and self._asked:
            return f"{_INDEX}.rowid"
        kept = ("sighting_id", "listing_id", "seen_at", "seller_name", "language")
        return f"{'sightings' if column in kept else 'review_items'}.{column}"

    def _outer(self, column: str) -> str:
        return column if column in {"place", "worth"} else f"sightings.{column}"

    def _search(self, wanted: Filter) -> None:
        self._is_search = bool(wanted.terms)
        self._reviewer = wanted.reviewer
        names = dict(wanted.names)
        of_seller = seller_query(self._db, wanted.seller) if wanted.seller else Asked({})
        asked = asked_of(self._db, wanted.terms, names) if self._is_store_wide else Asked({})
        if self._is_store_wide and wanted.seller and not wanted.terms:
            asked = of_seller
        self._asked, self.is_cut = asked.queries, asked.is_cut or of_seller.is_cut
        if wanted.seller and self._asked is not of_seller.queries:
            self._of_seller(of_seller)
        if wanted.terms and not self._asked:
            condition, arguments = matching(self._db, wanted.terms, self._name("sighting_id"), names)
            self.narrow(condition, *arguments)
        if self._is_store_wide:
            self.narrow(
                "NOT EXISTS (SELECT 1 FROM sightings AS later WHERE later.listing_id = sightings.listing_id "
                "AND later.sighting_id > sightings.sighting_id)"
            )

    def _of_seller(self, asked: Asked) -> None:
        if not asked.queries:
            self.narrow("false")
        for index, match in asked.queries.items():
            within = f"SELECT rowid FROM {index} WHERE {index} MATCH ?"  # noqa: S608 (no input)
            self.narrow(f"{self._name('sighting_id')} IN ({within})", match)

    def _state(self, wanted: Filter) -> None:
        if self._is_store_wide:
            return
        if wanted.state not in {"", "all", "every"}:
            self.narrow(f"{self._name('state')} = ?", wanted.state)
        if not wanted.state or wanted.is_open:
            self.narrow(f"{self._name('is_open')} = 1")
            if wanted.reviewer:
                self.narrow(
                    f"({self._name('state')} = 'waiting' OR {self._name('decided_by')} <> ?)", wanted.reviewer
                )

    def _facets(self, wanted: Filter) -> None:
        equal = {
            "source_id": wanted.source, "family": wanted.family, "tier": wanted.tier,
            "language": wanted.language, "assignee": wanted.assignee,
        }  # fmt: skip
        for column, value in equal.items():
            if value not in {"", None}:
                self.narrow(f"{self._name(column)} = ?", value)
        if wanted.changed:
            self.narrow("review_items.is_changed")
        if wanted.assignee and not self._is_store_wide:
            self.narrow("review_items.assignee <> ''")  # lets SQLite use the partial index
        if wanted.decision:
            self.narrow(f"({self._name('decision')} = ? OR {self._blind})", wanted.decision, wanted.reviewer)
        self._score(wanted)
        if wanted.kind:
            self.narrow(f"instr({self._name('kinds')}, ?) > 0", f",{wanted.kind},")
        if wanted.notice:
            kind, _, code = wanted.notice.partition(":")
            self.narrow(
                f"{self._name('sighting_id')} IN (SELECT sighting_id FROM notices WHERE kind = ? "  # noqa: S608 (no input)
                "AND ? IN ('', code))",
                kind, code,
            )  # fmt: skip
        if wanted.since:
            self.narrow(f"{self._name('seen_at')} >= ?", wanted.since)
        if wanted.until:
            self.narrow(f"{self._name('seen_at')} < ?", wanted.until + "T99")

    def _of_supplier(self, supplier_id: int) -> None:
        try:
            number = get_supplier(self._db, supplier_id).supplier_id
        except UnknownRow:
            self.narrow("false")
            return
        self.narrow(
            f"{self._name('listing_id')} IN (SELECT listing_id FROM supplier_accounts "  # noqa: S608 (no input)
            "CROSS JOIN listing_accounts USING (seller_account_id) WHERE supplier_id = ?)",
            number,
        )

    def _score(self, wanted: Filter) -> None:
        place = self._name("place")
        hides, share = self._hides, wanted.hidden_share
        if wanted.p_from is not None:
            self.narrow(f"{place} >= ?", wanted.p_from if share is None else _tenth(wanted.p_from) / 10)
            if share is not None:
                self.narrow(f"({place} >= ? OR {hides})", wanted.p_from, wanted.reviewer, share)
        if wanted.p_to is not None and share is None:
            self.narrow(f"{place} <= ?", wanted.p_to)
        elif wanted.p_to is not None:
            end = (_tenth(wanted.p_to) + 1) / 10  # the last tenth includes 1
            self.narrow(
                f"({place} <= ? OR (({place} < ? OR ? > 0.95) AND {hides}))",
                wanted.p_to, end, end, wanted.reviewer, share,
            )  # fmt: skip

    @property
    def _blind(self) -> str:
        """The condition that the item waits for a blind second review by the reviewer."""
        return f"({self._name('state')} = 'second' AND {self._name('decided_by')} <> ?)"

    @property
    def _hides(self) -> str:
        """The condition that the score is hidden from the reviewer, as in `hides_score` of `review`."""
        waits = f"({self._name('state')} = 'waiting' OR {self._blind})"
        chosen = f"(NOT ({self._name('is_flagged')} OR {self._name('is_changed')}) "
        chosen += f"OR falls_into({self._name('listing_id')}, ?))"
        return f"({waits} AND {chosen})"


def _tenth(p: float) -> int:
    """Return the tenth that a place falls into, from 0 to 9, as in `review_counts`."""
    return min(9, int(p * 10))
