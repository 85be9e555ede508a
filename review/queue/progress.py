"""How far a reviewer has come today."""

from __future__ import annotations

from typing import TYPE_CHECKING

from store.review.verdicts import count_standing

if TYPE_CHECKING:
    from datetime import datetime

    from store.database import Database


def done_today(db: Database, reviewer: str, now: datetime) -> int:
    """Return how many of a reviewer's verdicts since midnight UTC stand."""
    return count_standing(db, reviewer, since=now.replace(hour=0, minute=0, second=0, microsecond=0))
