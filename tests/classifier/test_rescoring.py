"""What a candidate would change in the queue, told apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from classifier.training.candidate import SHOWN, rescore
from store.model import Decision
from store.scores.scores import Standing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def standing(text: str, p_offer: float | None, decision: Decision | None = None) -> Standing:
    """Return a listing whose text is the candidate's probability."""
    return Standing(
        sighting_id=1, listing_id="1", url="", title=text, text=text, p_offer=p_offer, decision=decision
    )


def score(texts: Sequence[str]) -> NDArray[np.float64]:
    """Read the probability from the text."""
    return np.array([float(text) for text in texts])


OFFER, OTHER = Decision.OFFER, Decision.NOT_OFFER


@pytest.mark.parametrize(
    ("p_candidate", "p_in_use", "decision", "counted"),
    [
        ("0.9", 0.9, None, set()),
        ("0.9", 0.1, None, {"entering"}),
        ("0.1", 0.9, None, {"leaving"}),
        ("0.9", None, None, {"entering", "unscored"}),
        ("0.1", None, None, {"unscored"}),
        ("0.9", 0.1, Decision.UNSURE, set()),
        ("0.9", 0.9, OFFER, set()),
        ("0.1", 0.9, OFFER, {"turning", "contradicted_by_candidate"}),
        ("0.9", 0.1, OTHER, {"turning", "contradicted_by_candidate"}),
        ("0.9", 0.1, OFFER, {"contradicted_by_in_use"}),
        ("0.9", 0.9, OTHER, {"contradicted_by_candidate", "contradicted_by_in_use"}),
        ("0.1", None, OFFER, {"unscored", "contradicted_by_candidate"}),
    ],
)
def test_a_listing_is_counted_for_what_becomes_of_it(
    p_candidate: str, p_in_use: float | None, decision: Decision | None, counted: set[str]
) -> None:
    """Judged listings are in no queue; a verdict is contradicted by either model, or turned against."""
    found = rescore(
        [[standing(p_candidate, p_in_use, decision)]], score=score, threshold=0.5, threshold_in_use=0.5
    )
    assert {what for what, count in found.counts.items() if count} == {"listings", *counted}


def test_the_first_changes_are_shown_and_all_counted() -> None:
    """Memory holds a few, however long the history."""
    steps = list[int]()
    batches = [[standing("0.9", 0.1)] * 7] * 3
    found = rescore(batches, score=score, threshold=0.5, threshold_in_use=0.5, progress=steps.append)
    assert (found.counts["entering"], len(found.shown["entering"]), steps) == (21, SHOWN, [7, 7, 7])
    assert "21 would enter the queue" in found.sentence
    assert found.sentence.endswith("it contradicts 0 standing verdicts, the model in use 0.")
    first = rescore([[standing("0.9", None, OTHER)]], score=score, threshold=0.5, threshold_in_use=None)
    assert first.sentence.endswith("it contradicts 1 standing verdict.")
