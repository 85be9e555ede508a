"""Worker processes that parse pages, so that a crawl uses several cores and survives any page."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlSettings:
    """How a crawl parses its pages; `cli/settings.py` reads these settings of the operator."""

    workers: int = 1
    """Worker processes of each crawl; 0 parses pages in the crawl's own process, without limits."""
    page_seconds: int = 60
    """Most processor time for one page; 0 means no limit."""
    page_memory_mb: int = 2_000
    """Most additional memory for one page; 0 means no limit."""
