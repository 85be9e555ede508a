"""What an operator sees on one screen.

Only values: `scheduler.health` finds them, the terminal, the pages and the API show them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from store.model import RunOutcome

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from store.model import Run
    from store.operations.alarms import Alarm
    from store.review.queue import SourceCounts

UNDER_WAY = "under way"
INTERRUPTED = "interrupted"
NEVER = "never"

BAD = frozenset(
    {RunOutcome.FAILED, RunOutcome.TIMED_OUT, RunOutcome.OUT_OF_MEMORY, RunOutcome.KILLED, INTERRUPTED}
)
"""The standings at which a person should look; an interrupted run goes on when the service is started."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """What is ordinary of a number."""

    low: float
    usual: float
    high: float
    runs: int
    """How many it was learnt from."""

    def holds(self, value: float) -> bool:
        """Return whether a value is ordinary."""
        return self.low <= value <= self.high


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceHealth:
    """What an operator asks about one source."""

    source_id: str
    last_run: Run | None
    """The newest crawl that was begun."""
    standing: str
    """Of the last run: its outcome, or `UNDER_WAY`, `INTERRUPTED` or `NEVER`."""
    next_due: datetime | None
    """In UTC; None for a source without a schedule."""
    timezone: str
    """IANA name of the schedule's zone; empty without a schedule."""
    overdue: bool
    """A due time has passed and nothing accounts for it."""
    paused_by: str | None = None
    """Who asked that nothing be begun for it."""
    usual_listings: Band | None = None
    """How many listings its crawls usually meet; None while too few are done to say."""
    last_success_at: datetime | None = None
    """When the newest crawl that did its work ended."""
    report: SourceCounts | None = None
    """What is known of it; None before its first crawl."""

    @property
    def is_well(self) -> bool:
        """Whether nobody needs to look at this source."""
        return not self.overdue and self.standing not in BAD


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """Everything on one screen."""

    database: Path
    database_bytes: int
    disk_free_bytes: int
    """Where the database lies."""
    service: bool
    """Whether one is at work on it."""
    alarms: tuple[Alarm, ...]
    """Those that stand, oldest first."""
    model_id: str | None
    """In use."""
    queue: int
    """Listings that wait for a verdict."""
    unscored: int
    """New or changed listings that wait for a score."""
    scoring: str
    """Standing of the last scoring."""
    last_score_run: Run | None
    sources: tuple[SourceHealth, ...] = field(default=())
    """In the order of the sources file; none when it cannot be used."""
    sources_problem: str = ""
    """Why the sources file cannot be used; empty when it can."""

    @property
    def is_well(self) -> bool:
        """Whether nobody needs to look: what a monitoring system is told."""
        wants_model = self.model_id is None and self.unscored > 0
        is_alarmed = any(alarm.acknowledged_at is None for alarm in self.alarms)
        return not (self.sources_problem or wants_model or is_alarmed or self.scoring in BAD) and all(
            each.is_well for each in self.sources
        )
