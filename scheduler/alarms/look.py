"""What the checks look at: the store, the declared sources, the clock and the operator's settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scheduler.alarms.bands import HISTORY
from store.crawl.runs import done_runs
from store.model import RunKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from crawler.sources.sources import DeclaredSource
    from scheduler.alarms.settings import AlarmSettings
    from store.database import Database
    from store.model import Run
    from store.operations.alarms import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look at everything."""

    db: Database
    database: Path
    """Where `db` lies."""
    sources: Mapping[str, DeclaredSource]
    now: datetime
    settings: AlarmSettings
    sources_problem: str = ""
    """Why the sources file on disk cannot be used, while the last good one is; empty when it can."""
    _crawls: dict[str, list[Run]] = field(default_factory=dict)

    def crawls(self, source_id: str) -> list[Run]:
        """Return the crawls of a source that did their work, newest first; read once for all checks."""
        if source_id not in self._crawls:
            self._crawls[source_id] = done_runs(
                self.db, RunKind.CRAWL, source_id=source_id, limit=HISTORY + 1
            )
        return self._crawls[source_id]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that is looked for."""

    kind: str
    """Of the findings, and of the alarms they become."""
    about: str
    """For the operator's manual: when it is raised."""
    find: Callable[[Look], Iterator[Finding]]
