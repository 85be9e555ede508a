"""Processes beside a crawl that parse its pages, so that a crawl uses two cores and survives any page."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What one page may cost the process that parses it; 0 sets no bound."""

    seconds: float
    """Of processor time."""
    memory_bytes: int
    """Beyond what the process has before the page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlSettings:
    """How the pages of a crawl are parsed: the operator's settings, which `cli/settings.py` reads."""

    workers: int = 1
    """Processes beside each crawl that parse its pages; 0 parses them in the crawl itself, unbounded."""
    page_seconds: int = 60
    """Processor time that parsing one page may take before the page is given up; 0 sets no bound."""
    page_memory_mb: int = 2_000
    """Memory that parsing one page may take, beyond what the process has before it; 0 sets no bound."""

    @property
    def bounds(self) -> Bounds:
        """The bounds of one page."""
        return Bounds(seconds=self.page_seconds, memory_bytes=self.page_memory_mb * 2**20)
