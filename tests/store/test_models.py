"""The way back through models that were in use."""

from __future__ import annotations

import pytest

from fixtures.builders.store import NOW
from store.model import Promotion
from store.scores.scores import model_before


@pytest.mark.parametrize(
    ("promoted", "before"),
    [
        ("", None),
        ("A", None),
        ("AA", None),
        ("AB", "A"),
        ("ABC", "B"),
        ("ABCB", "A"),
        ("ABCBA", None),
        ("ABCBD", "B"),
    ],
)
def test_going_back_is_no_step_forward(promoted: str, before: str | None) -> None:
    """Each rollback goes one model further back."""
    history = [
        Promotion(promotion_id=n, model_id=model_id, promoted_at=NOW, promoted_by="ada", sentence="")
        for n, model_id in enumerate(promoted)
    ]
    assert model_before(history) == before
