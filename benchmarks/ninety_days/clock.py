"""True time, and the wall clock that shows it or something else; both are turned by hand."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from time_machine import Traveller


class Clock:
    """Moves true time on and tells the process's wall clock, which may be put wrong."""

    def __init__(self, traveller: Traveller, now: datetime) -> None:
        """Begin at `now`, with a wall clock that is right."""
        self._traveller = traveller
        self._wrong = timedelta(0)
        self.now = now
        """True time."""

    def advance(self, by: timedelta) -> None:
        """Let time pass."""
        self.now += by
        self._show()

    def advance_to(self, moment: datetime) -> None:
        """Let time pass until a moment, if it has not come."""
        self.advance(max(timedelta(0), moment - self.now))

    def put(self, wrong: timedelta) -> None:
        """Put the wall clock forward or back from true time by so much; by nothing to put it right."""
        self._wrong = wrong
        self._show()

    @property
    def wall(self) -> datetime:
        """What the wall clock shows."""
        return self.now + self._wrong

    def seconds(self) -> float:
        """Return seconds as a monotonic clock counts them."""
        return self.now.timestamp()

    def _show(self) -> None:
        self._traveller.move_to(self.wall)
