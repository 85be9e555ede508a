"""Which review items a list holds, and in what order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class State(StrEnum):
    """Where a review item stands."""

    WAITING = "waiting"
    """Nobody has judged it as it now reads."""
    SECOND = "second"
    """Judged once; somebody else is to look, blind."""
    ADJUDICATION = "adjudication"
    """Two people disagree, or neither would decide."""
    DECIDED = "decided"


class Sort(StrEnum):
    """In what order a list stands."""

    LIKELY = "likely"
    NEWEST = "newest"
    OLDEST = "oldest"
    SELLER = "seller"


SORTED = {
    Sort.LIKELY: ("place", "DESC", "ASC"),
    Sort.NEWEST: ("seen_at", "DESC", "DESC"),
    Sort.OLDEST: ("seen_at", "ASC", "ASC"),
    Sort.SELLER: ("seller_name", "ASC", "ASC"),
}
"""The column of each order, its direction, and the direction of sighting_id, which settles ties."""

STORE_WIDE = ("sighting_id", "DESC", "DESC")
"""The order of a search in the whole store: the full-text index gives it without sorting what it finds."""

STORE_WIDE_COUNTED = 300
"""A search in the whole store is counted up to here: whether each listing has been seen otherwise since costs
more than to find it."""

COUNTED_AMONG = 100_000
"""A search narrowed by more than words is counted among so many of the newest sightings, or as far as its
first page needs: what narrows it is read from each row that the words find."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which items a list holds. What is empty or None does not narrow it."""

    reviewer: str = ""
    """Who looks: what they judged themselves does not wait for them to check it."""
    hidden_share: float | None = None
    """Of flagged items that wait for who looks, how many keep their score from them, from 0 to 1; None: none.
    Hidden items answer to `p_from` and `p_to` by tenths only."""
    terms: str = ""
    names: tuple[tuple[str, str], ...] = ()
    """Of `terms`: words, or all of them, and the name of the substance each stands for."""
    source: str = ""
    family: str = ""
    tier: int | None = None
    p_from: float | None = None
    """Lowest place in the queue, from 0 to 1; for a flagged listing that is its score."""
    p_to: float | None = None
    kind: str = ""
    """Of evidence, e.g. `cas`."""
    language: str = ""
    seller: str = ""
    since: str = ""
    """First day on which it was seen as it now reads, ISO 8601, UTC."""
    until: str = ""
    """Last such day."""
    state: str = ""
    """A `State`, `all`, or empty: what waits for this reviewer; of a search, every listing of the store."""
    assignee: str = ""
    decision: str = ""
    """Of the verdict that stands; an item that waits for a blind second look answers to any."""
    is_open: bool = False
    """Whether only what waits for this reviewer is kept of it, whatever its state or terms say."""

    @property
    def is_narrowed(self) -> bool:
        """Whether more than words narrows it."""
        asker = {"reviewer": "", "hidden_share": None, "terms": "", "names": ()}
        return replace(self, **asker) != Filter()  # type: ignore[arg-type]

    @property
    def is_store_wide(self) -> bool:
        """Whether it looks beyond the review items: a search in everything that is kept."""
        return bool(self.terms) and not (self.state or self.is_open)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an item stands in a sorted list: given by values, because the item itself may leave it."""

    value: float | str
    sighting_id: int


def order_of(wanted: Filter, sort: Sort) -> tuple[str, str, str]:
    """Return the order in which a list stands; a search in the whole store has but one."""
    return STORE_WIDE if wanted.is_store_wide else SORTED[sort]
