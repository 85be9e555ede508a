"""Collects the links of a page that may lead to listings of the same site."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from crawler.extract.document import registrable_host

if TYPE_CHECKING:
    from crawler.extract.document import Document

_LEADS_NOWHERE = re.compile(
    r"\.(?:jpe?g|png|gif|webp|svg|ico|css|js|pdf|zip|docx?|xlsx?|mp4|xml|rss|exe)$|"
    r"/(?:log-?in|log-?out|sign-?in|sign-?up|register|account|cart|basket|checkout|wishlist|compare|"
    r"share|privacy|terms|"
    r"cookies?|help|faq|about(?:-us)?|contact(?:-us)?|impressum|agb|datenschutz|carrito|ingresar|"
    r"registro|vhod|rss|feed|print)"
    r"(?:$|[/.?])",
    re.IGNORECASE,
)
_MOST_LINKS = 2000


def followable_links(document: Document) -> tuple[str, ...]:
    """Collects links worth following, each once, in page order.

    Args:
        document: The page.

    Returns:
        Absolute URLs on the page's own registrable host, without files, log-in, basket and help pages, and
        without links marked `nofollow`.
    """
    home = registrable_host(document.url)
    origin = f"{document.url.partition('://')[0]}://{urlsplit(document.url).netloc}/"
    found: dict[str, None] = {}
    for link in document.root.iter("a", "area"):
        href = link.get("href")
        if not href or "nofollow" in (link.get("rel") or ""):
            continue
        url = document.absolute(href)
        if not url or url in found or url == document.url:
            continue
        if (
            not url.startswith(origin)
            and registrable_host(url[: url.find("/", 8)] if "/" in url[8:] else url) != home
        ):
            continue
        if _LEADS_NOWHERE.search(url.partition("?")[0]) is None:
            found[url] = None
            if len(found) == _MOST_LINKS:
                break
    return tuple(found)
