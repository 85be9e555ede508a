"""Draw a kept page later: without a network, without scripts, and for the eye only."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

from crawler.extract.page import ExtractedListing, ExtractedPage
from crawler.render import Rendering
from crawler.render.browser import Drawn, Renderer
from crawler.workers.page_parser import PageJob
from store.model import PageOutcome

if TYPE_CHECKING:
    from crawler.render.browser import Answer
    from store.model import ListingContent

_RENDERING = Rendering(scrolls=0, seconds=20, memory_mb=1_000)
_one_at_a_time = threading.Lock()


def draw_kept(url: str, html: str, content: ListingContent) -> Drawn:
    """Return a kept page as it looks without scripts, styles and pictures, with the places of its fields.

    Call it from a thread without an event loop.

    Raises:
        DrawingFailed: If the page cannot be drawn.
    """
    headers = {b"Content-Type": [b"text/html; charset=utf-8"]}
    job = PageJob(url=url, body=html.encode("utf-8", "replace"), status=200, headers=headers)
    with _one_at_a_time:
        return asyncio.run(_draw(job, content))


async def _draw(job: PageJob, content: ListingContent) -> Drawn:
    async def read_before(_: PageJob) -> ExtractedPage:
        listing = ExtractedListing(url=job.url, content=content)
        return ExtractedPage(outcome=PageOutcome.LISTING, sentence="", listing=listing)

    async def refuse(_: str, __: str) -> Answer | None:
        return None

    renderer = Renderer(_RENDERING, refuse, read_before, has_scripts=False)
    try:
        return await renderer.draw(job)
    finally:
        await renderer.close()
