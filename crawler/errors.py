"""What can go wrong with a crawl, each error a sentence for the operator."""

from __future__ import annotations

from listings.errors import ListingsError


class CrawlError(ListingsError):
    """Base of every error of this package."""
