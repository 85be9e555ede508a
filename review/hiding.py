"""What is kept from a reviewer until they have decided: the score, and what somebody else decided before."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from listings.item_filters import State

if TYPE_CHECKING:
    from listings.review_items import ListedItem


def hides_score(item: ListedItem | None, *, reviewer: str, share: float, always: bool) -> bool:
    """Return whether a list or an item keeps the score from this reviewer.

    Samples from below the line hide it, and so does a share of what is flagged: else its absence would tell.

    Args:
        item: The listing's row; None when it is no review item.
        reviewer: Who looks.
        share: Of flagged listings that hide their score from everyone, from 0 to 1.
        always: The reviewer asked to see no score before deciding.
    """
    if item is None or not waits_for(item, reviewer):
        return False
    return always or not item.is_flagged or _falls_into(item.listing_id, share)


def hides_first(item: ListedItem | None, *, reviewer: str) -> bool:
    """Return whether somebody else's verdict is kept from this reviewer, because theirs is to check it."""
    return item is not None and item.state is State.SECOND and item.decided_by != reviewer


def waits_for(item: ListedItem, reviewer: str) -> bool:
    """Return whether the listing waits for this reviewer's decision."""
    return item.state is State.WAITING or hides_first(item, reviewer=reviewer)


def _falls_into(listing_id: str, share: float) -> bool:
    digest = hashlib.sha256(f"hidden:{listing_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64 < share
