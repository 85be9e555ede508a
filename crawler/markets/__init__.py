"""Page objects for marketplaces that the general rules misread, one small file for each.

To add one, write `crawler/markets/NAME.py` with a subclass of `MarketplacePage` under web-poet's
`@handle_urls("its.domain", to_return=ExtractedPage)`. The file needs no registration. See
`docs/add-a-marketplace.md`.
"""

from __future__ import annotations

import tldextract.tldextract
from web_poet import consume_modules, default_registry

from crawler.extract.document import suffixes
from crawler.extract.page import ExtractedPage, MarketplacePage


def find_markets() -> None:
    """Import every page object of this package, which registers its rules. Call it once, before a crawl."""
    # web-poet matches URLs with tldextract's default extractor, which would download its suffix list;
    # a crawl of saved pages must not use the network.
    tldextract.tldextract.TLD_EXTRACTOR = suffixes()
    consume_modules(__name__)


def page_class_for(url: str) -> type[MarketplacePage]:
    """Return the page object class whose rule best matches a URL, or the general class."""
    found: type[MarketplacePage] | None = default_registry.page_cls_for_item(url, ExtractedPage)
    return found or MarketplacePage
