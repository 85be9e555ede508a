"""Answer the requests of a drawn page: from the archive alone, or by the gated requests of a live crawl."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy import Request
from scrapy.http.request import NO_CALLBACK

from crawler.live.gate import ASSET, EXPECTED, Stopped
from crawler.render.browser import Answer, DrawingStopped

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from crawler.archives import Archive, SavedPage

MAX_REMEMBERED_BYTES = 64_000_000
"""Most bytes of scripts and styles that a live crawl remembers, so that it requests each only once."""
_REMEMBERED = ("text/css", "text/javascript", "application/javascript", "application/x-javascript", "image/")


class ArchiveAnswers:
    """Answers from an archive; requests that the archive cannot answer are refused and never sent."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._used: dict[str, SavedPage] = {}
        self._kept: set[str] = set()

    async def __call__(self, url: str, page_url: str) -> Answer | None:
        """Return the saved answer for a URL that a page requests, or None."""
        saved = self._archive.fetch_asset(url, page_url)
        if saved is None or saved.fault:
            return None
        self._used[saved.locator] = saved
        return Answer(status=saved.status, headers=saved.headers, body=saved.body)

    def take_used(self) -> tuple[SavedPage, ...]:
        """Return the files used since the last call, each once in a run."""
        used = tuple(each for locator, each in self._used.items() if locator not in self._kept)
        self._kept.update(self._used)
        self._used.clear()
        return used


class SiteAnswers:
    """Answers of a live site: each request passes the gate, robots.txt and the pacing like any other."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._remembered: dict[str, Answer] = {}
        self._bytes = 0

    async def __call__(self, url: str, page_url: str) -> Answer | None:  # noqa: ARG002 (an archive needs the page)
        """Return the site's answer for a URL that a page requests, or None if it was refused or failed.

        Raises:
            DrawingStopped: If the crawl may send no more requests.
        """
        if url in self._remembered:
            return self._remembered[url]
        assert self._crawler.engine
        request = Request(url, meta={ASSET: True}, callback=NO_CALLBACK)
        try:
            response = await self._crawler.engine.download_async(request)
        except Stopped as error:
            raise DrawingStopped(str(error)) from error
        except EXPECTED:
            return None  # a row of `fetches` has the reason
        headers = tuple(
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, values in response.headers.items()
            for value in values
        )
        answer = Answer(status=response.status, headers=headers, body=response.body)
        media_type = (response.headers.get(b"Content-Type") or b"").decode("latin-1").lower()
        has_room = self._bytes + len(answer.body) <= MAX_REMEMBERED_BYTES
        if response.status == 200 and media_type.startswith(_REMEMBERED) and has_room:
            self._remembered[url] = answer
            self._bytes += len(answer.body)
        return answer

    def take_used(self) -> tuple[SavedPage, ...]:
        """Return nothing, since each answer is kept as evidence when it arrives."""
        return ()
