"""Marketplaces that general rules do not read well enough: one small page object per file.

To add one, write `crawler/markets/NAME.py` with a subclass of `MarketplacePage` under web-poet's
`@handle_urls("its.domain", to_return=ExtractedPage)`; it is found by being here. `docs/add-a-marketplace.md`
walks through it.
"""

from __future__ import annotations

import tldextract.tldextract
from web_poet import consume_modules, default_registry

from crawler.extract.document import suffixes
from crawler.extract.page import ExtractedPage, MarketplacePage


def find_markets() -> None:
    """Import every page object of this package, which makes its rules known. Call it once, before a crawl."""
    # Matching a URL to a rule goes through tldextract's own extractor, which would fetch its list of suffixes
    # over the network: a crawl of saved pages must ask nobody.
    tldextract.tldextract.TLD_EXTRACTOR = suffixes()
    consume_modules(__name__)


def page_class_for(url: str) -> type[MarketplacePage]:
    """Return the page object class whose rule matches a URL best, or the general one."""
    found: type[MarketplacePage] | None = default_registry.page_cls_for_item(url, ExtractedPage)
    return found or MarketplacePage
