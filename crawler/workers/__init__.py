"""Processes beside a crawl that parse its pages, so that a crawl uses two cores and survives any page."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlSettings:
    """How the pages of a crawl are read."""

    readers: int = 1
    """Processes beside each crawl that read its pages; 0 reads them in the crawl's own process, unbounded."""
    page_seconds: int = 60
    """Processor time that reading one page may take before it is given up; 0 sets no bound."""
    page_memory_mb: int = 2_000
    """Memory that reading one page may take, beyond what the process has before it; 0 sets no bound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What one page may cost the process that reads it; 0 is as much as it likes."""

    seconds: float
    """Of processor time."""
    memory_bytes: int
    """Beyond what the process has before it."""


def bounds_of(settings: CrawlSettings) -> Bounds:
    """Return the bounds that the settings mean."""
    return Bounds(seconds=settings.page_seconds, memory_bytes=settings.page_memory_mb * 2**20)
