"""Hide scores and other people's verdicts from reviewers until their own verdict."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from store.audit.audit import AuditAction
from store.review.item_query import State, falls_into
from store.review.queue import items_of
from store.review.workspace import hidden_share

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from store.audit.audit import AuditEntry
    from store.database import Database
    from store.review.listings import Neighbour
    from store.review.queue import ListedItem


def hides_score_of(item: ListedItem | None, *, reviewer: str, share: float) -> bool:
    """Return whether the score is hidden from this reviewer.

    Samples from below the line hide it, and so does a share of what is flagged: else its absence would tell.
    What changed after a verdict is known to be no sample. `item` is None for a listing that is no review
    item. `share` is that of `hidden_share`, from 0 to 1.
    """
    if item is None or not waits_for(item, reviewer):
        return False
    return not (item.is_flagged or item.is_changed) or falls_into(item.listing_id, share)


def hides_verdicts(item: ListedItem | None, *, reviewer: str) -> bool:
    """Return whether the first verdict is hidden from this reviewer, who is to check it."""
    return item is not None and item.state is State.SECOND and item.decided_by != reviewer


def waits_for(item: ListedItem, reviewer: str) -> bool:
    """Return whether the listing waits for this reviewer's decision."""
    return item.state is State.WAITING or hides_verdicts(item, reviewer=reviewer)


def hidden_from(db: Database, reviewer: str) -> Callable[[ListedItem | None], bool]:
    """Return a function that tells whether an item's score is hidden from this reviewer."""
    share = hidden_share(db, reviewer)
    return lambda item: hides_score_of(item, reviewer=reviewer, share=share)


def hide_log_verdicts(db: Database, entries: Iterable[AuditEntry], reviewer: str) -> list[AuditEntry]:
    """Return log entries without the verdicts that this reviewer is to check blind."""
    found = list(entries)
    told = {
        entry.entry_id: entry.subject.removeprefix("listing:")
        for entry in found
        if entry.action in {AuditAction.VERDICT_GIVEN, AuditAction.VERDICT_UNDONE}
    }
    items = items_of(db, list(dict.fromkeys(told.values())))
    return [
        replace(entry, details={"hidden": "until your verdict"})
        if hides_verdicts(items.get(told.get(entry.entry_id, "")), reviewer=reviewer)
        else entry
        for entry in found
    ]


def hide_scores(db: Database, near: Iterable[Neighbour], reviewer: str, listing_id: str) -> list[Neighbour]:
    """Return a listing's neighbours without the scores hidden from this reviewer.

    What reads like a listing whose score is hidden is scored like it, so its score is left out as well.
    """
    found, hides = list(near), hidden_from(db, reviewer)
    items = items_of(db, [listing_id, *(each.listing_id for each in found)])
    is_hidden = hides(items.get(listing_id))
    return [
        replace(each, p_offer=None, is_flagged=None)
        if hides(items.get(each.listing_id)) or (is_hidden and each.likeness is not None)
        else each
        for each in found
    ]
