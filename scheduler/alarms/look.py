"""What the checks look at: the store, the declared sources, the clock and the operator's settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from crawler.sources import DeclaredSource
    from listings.alarms import Finding
    from listings.database import Database
    from scheduler.alarms.settings import AlarmSettings


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that is looked for."""

    kind: str
    """Of the findings, and of the alarms they become."""
    about: str
    """For the operator's manual: when it is raised."""
    find: Callable[[Look], Iterator[Finding]]
