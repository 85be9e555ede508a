"""Alibaba.com, whose advertising the general rules take for the title, and its name for a brand."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

from web_poet import handle_urls

from crawler.extract.page import ExtractedPage, MarketplacePage
from store.model import TermName
from text.page_words import phrases_anywhere

_ITS_OWN_NAMES = frozenset({"ali", "alibaba", "alibaba.com"})


@handle_urls("alibaba.com", to_return=ExtractedPage)
class AlibabaPage(MarketplacePage):
    """A page of Alibaba.com, in any language and of any shop."""

    def corrected(self, page: ExtractedPage) -> ExtractedPage:
        """Remove the advertising from the title, and a brand that is only the site's own name."""
        if page.listing is None:
            return page
        content = page.listing.content
        attributes = tuple(
            (name, value)
            for name, value in content.attributes
            if not (name == "brand" and value.lower() in _ITS_OWN_NAMES)
        )
        terms = tuple(
            term
            for term in content.terms
            if not (term.name is TermName.BRAND and term.value.lower() in _ITS_OWN_NAMES)
        )
        title = _advertising().sub("", content.title)
        content = replace(content, title=title, attributes=attributes, terms=terms)
        return replace(page, listing=replace(page.listing, content=content))


@cache
def _advertising() -> re.Pattern[str]:
    verb = phrases_anywhere("title_words.advertising")
    return re.compile(rf"\s+[-–]\s+{verb} .{{1,400}} Alibaba\.com$", re.IGNORECASE)
