"""Draw the pages of a crawl that need it, and turn what was drawn into pages of the crawl.

The requests of a drawn page are answered from the archive alone, or by the gated requests of a live crawl.
"""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from scrapy import Request
from scrapy.http.request import NO_CALLBACK

from crawler.extract.page import ExtractedPage
from crawler.live.gate import ASSET, EXPECTED, Stopped
from crawler.render import why_not
from crawler.render.browser import Answer, DrawingFailed, DrawingStopped, Renderer
from crawler.run.crawled_page import CrawledPage, Drawing
from store.model import PageOutcome

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from crawler.archives import Archive, SavedPage
    from crawler.render import Rendering
    from crawler.workers.page_parser import PageJob, Parse

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


class PageDrawer:
    """Draws the pages of one crawl. Close it with the crawl."""

    def __init__(
        self,
        rendering: Rendering,
        answers: ArchiveAnswers | SiteAnswers,
        parse: Parse,
        *,
        user_agent: str | None = None,
    ) -> None:
        self._rendering = rendering
        self._answers = answers
        self._why_not = why_not()
        self._renderer = Renderer(rendering, answers, parse, user_agent=user_agent)

    async def drawn(self, plain: CrawledPage, job: PageJob) -> list[CrawledPage]:
        """Return a page as it was drawn, or as it came if it needs no drawing.

        A click that changes the page makes another page, whose address ends in `#drawn-2` and so on. A page
        that cannot be drawn has the reason as its outcome.

        Raises:
            DrawingStopped: If a live crawl has ended meanwhile.
        """
        if plain.http_status != HTTPStatus.OK or not self._rendering.wants(plain.extracted, plain.body):
            return [plain]
        if self._why_not:
            sentence = f"{plain.extracted.sentence} It was not drawn: {self._why_not}"
            return [replace(plain, extracted=replace(plain.extracted, sentence=sentence))]
        try:
            drawn = await self._renderer.draw(job)
        except DrawingFailed as error:
            failed = ExtractedPage(outcome=PageOutcome.UNREADABLE, sentence=str(error))
            return [replace(plain, extracted=failed)]
        pages, used = [], self._answers.take_used()
        for number, state in enumerate(drawn.states, start=1):
            extracted = state.extracted
            pages.append(
                replace(
                    plain,
                    url=plain.url if number == 1 else f"{plain.url}#drawn-{number}",
                    body=state.html,
                    extracted=replace(
                        extracted,
                        sentence=f"{extracted.sentence} Drawn with {drawn.version}.",
                        links=(*extracted.links, *drawn.left_for),
                    ),
                    drawing=Drawing(
                        picture=state.picture,
                        boxes=state.boxes,
                        requests=drawn.requests,
                        refused=drawn.refused,
                        drawn_with=drawn.version,
                        answers=used if number == 1 else (),
                    ),
                )
            )
        return pages

    async def close(self) -> None:
        """End the browser."""
        await self._renderer.close()
