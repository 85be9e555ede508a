"""A clock that stands until it is moved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fixtures.builders.review_store import NOW

if TYPE_CHECKING:
    from datetime import datetime, timedelta


@dataclass
class Clock:
    """Call it for the time."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        """Return the time."""
        return self.now

    def pass_(self, span: timedelta) -> None:
        """Let time pass."""
        self.now += span
