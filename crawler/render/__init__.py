"""Draw pages in Chromium if the plain response lacks a listing's fields, and keep the drawn pages.

The browser has no network: every request of a page is answered by the crawl's own gated requests, or from the
archive. Take this folder out, and every page is read as it came.
"""

from __future__ import annotations

import math
import re
import shutil
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from store.model import PageOutcome

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from crawler.extract.page import ExtractedPage

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_SCRIPT = re.compile(rb"<script\b(?![^>]*\btype\s*=\s*[\"']?application/(?:ld\+)?json)", re.IGNORECASE)
"""A script that may draw something; JSON in a page cannot."""
_DRAWABLE = frozenset({PageOutcome.LISTING, PageOutcome.CATEGORY, PageOutcome.NOT_UNDERSTOOD})
NEEDED, ALWAYS = "needed", "always"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """How the pages of a source are drawn; each is a key of the table `render` in the sources file."""

    when: str = NEEDED
    """`needed`: a page whose plain response lacks what a listing needs; `always`: every HTML page."""
    scrolls: int = 3
    """Most times that a page is scrolled to its end, while it grows."""
    click: str = ""
    """CSS selector of a button that replaces the rows of a list in place; empty clicks nothing."""
    clicks: int = 0
    """Most clicks on that button for each page."""
    images: bool = False
    """Whether a live page's pictures are requested too, each at the permitted rate."""
    seconds: float = 30.0
    """Most time that the browser may take for a page, without the time in which it waits for an answer."""
    max_requests: int = 100
    """Most requests of one page; more are refused."""
    max_bytes: int = 30_000_000
    """Most bytes of all answers to one page; more are refused."""
    memory_mb: int = 1_500
    """Most memory of the browser, all its processes together."""

    def wants(self, extracted: ExtractedPage, body: bytes) -> bool:
        """Return whether a page should be drawn.

        A page is drawn if it has a script and its plain response shows no listing and no list, or a listing
        with neither a price nor a description. Blocked and refused pages are never drawn.
        """
        if extracted.outcome not in _DRAWABLE:
            return False
        if self.when == ALWAYS:
            return True
        listing = extracted.listing
        is_bare = listing is not None and not (listing.content.price_text or listing.content.description)
        return (is_bare or extracted.outcome is PageOutcome.NOT_UNDERSTOOD) and bool(_SCRIPT.search(body))


def read_rendering(value: object) -> Rendering | None:
    """Return the value of `render` in the sources file; None if it is false.

    Raises:
        ValueError: If a key is unknown or its value is wrong; the message names the key.
    """
    if isinstance(value, bool):
        return Rendering() if value else None
    table: Mapping[str, Any] = value if isinstance(value, dict) else {"when": value}
    for name, given in table.items():
        if name not in Rendering.__slots__:
            known = ", ".join(Rendering.__slots__)
            raise ValueError(f"render has an unknown key {name!r}; it knows {known}")
        if why := _fault(name, given):
            raise ValueError(f"render.{name} is {given!r}, not {why}")
    rendering = Rendering(**table)
    if rendering.clicks and not rendering.click:
        raise ValueError("render.clicks needs render.click, the CSS selector of the button")
    return rendering


def _fault(name: str, value: object) -> str:
    """Return what was expected if a value is wrong, or empty text."""
    if name == "when":
        return "" if value in (NEEDED, ALWAYS) else f"true, false, {NEEDED!r} or {ALWAYS!r}"
    kind = type(getattr(Rendering(), name))
    if kind in (int, float):
        is_right = isinstance(value, (int, kind)) and not isinstance(value, bool) and math.isfinite(value)
        least = 0 if name in {"scrolls", "clicks"} else 1
        return "" if is_right and least <= value <= 10**9 else f"a number from {least}"  # type: ignore[operator]
    return "" if isinstance(value, kind) else {str: "a text", bool: "true or false"}[kind]


def find_chromium() -> str:
    """Return the path of Chromium on this machine, or empty text."""
    return next(filter(None, map(shutil.which, _BROWSERS)), "") or ""


def why_not() -> str:
    """Return the sentence why no page can be drawn on this machine; empty if pages can be drawn."""
    if not find_chromium():
        return "Chromium is missing (Debian: apt install chromium)."
    if find_spec("playwright") is None:
        return "Playwright is missing (pip install 'precursor-watch[render]')."
    return ""
