"""What a candidate would change in the queue: every listing as last seen, scored in passing, nothing kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from store.messages import counted
from store.scores.labels import TEACHING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from store.model import Decision
    from store.scores.scores import Standing

SHOWN = 10
"""Listings shown of each sort of change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A listing that the candidate would put elsewhere."""

    listing_id: str
    title: str
    url: str
    p_candidate: float
    p_in_use: float | None
    decision: Decision | None


@dataclass(slots=True, kw_only=True)
class Rescore:
    """What became of all listings as last seen."""

    counts: dict[str, int]
    """`listings`; `entering` and `leaving` the queue; `turning` against a standing verdict that the model
    in use agrees with; verdicts that the candidate and the model in use contradict; `unscored` by it."""
    shown: dict[str, list[Change]]
    """The first listings that are entering, leaving and turning."""

    @property
    def sentence(self) -> str:
        """Say it in words."""
        against = counted(self.counts["contradicted_by_candidate"], "standing verdict", "standing verdicts")
        in_use = ""
        if self.counts["unscored"] < self.counts["listings"]:
            in_use = f", the model in use {self.counts['contradicted_by_in_use']}"
        return (
            f"Of {self.counts['listings']} listings as last seen, {self.counts['entering']} would enter "
            f"the queue, {self.counts['leaving']} leave it, {self.counts['turning']} turn against a verdict; "
            f"it contradicts {against}{in_use}."
        )


def rescore(
    batches: Iterable[Sequence[Standing]],
    *,
    score: Callable[[Sequence[str]], NDArray[np.float64]],
    threshold: float,
    threshold_in_use: float | None,
    progress: Callable[[int], None] | None = None,
) -> Rescore:
    """Try a candidate on listings as last seen.

    Args:
        batches: Of any number; one is in memory at a time.
        score: Texts to the candidate's probabilities.
        threshold: The candidate's line.
        threshold_in_use: The line of the model in use; None when there is none.
        progress: Called with the number of listings done since the last call.
    """
    sorts = ("entering", "leaving", "turning")
    names = ("listings", *sorts, "contradicted_by_candidate", "contradicted_by_in_use", "unscored")
    found = Rescore(counts=dict.fromkeys(names, 0), shown={sort: [] for sort in sorts})
    for batch in batches:
        for listing, p_offer in zip(batch, score([listing.text for listing in batch]), strict=True):
            flagged_now = _is_flagged(listing.p_offer, threshold_in_use)
            for what in _changes(listing, flagged_now=flagged_now, would_flag=bool(p_offer >= threshold)):
                found.counts[what] += 1
                if what in found.shown and len(found.shown[what]) < SHOWN:
                    found.shown[what].append(_change(listing, float(p_offer)))
        if progress:
            progress(len(batch))
    return found


def _is_flagged(p_offer: float | None, threshold: float | None) -> bool:
    return p_offer is not None and threshold is not None and p_offer >= threshold


def _changes(listing: Standing, *, flagged_now: bool, would_flag: bool) -> Iterable[str]:
    yield "listings"
    is_scored = listing.p_offer is not None
    if not is_scored:
        yield "unscored"
    if listing.decision is None:
        if flagged_now != would_flag:
            yield "entering" if would_flag else "leaving"
        return
    label = TEACHING.get(listing.decision)
    if label is None:
        return
    agrees_now = is_scored and flagged_now == bool(label)
    if is_scored and not agrees_now:
        yield "contradicted_by_in_use"
    if would_flag != bool(label):
        yield "contradicted_by_candidate"
        if agrees_now:
            yield "turning"


def _change(listing: Standing, p_offer: float) -> Change:
    return Change(
        listing_id=listing.listing_id,
        title=listing.title,
        url=listing.url,
        p_candidate=round(p_offer, 4),
        p_in_use=None if listing.p_offer is None else round(listing.p_offer, 4),
        decision=listing.decision,
    )
