"""Draw the pages of a crawl that need it, and add the drawn pages to the crawl."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol

from crawler.extract.page import ExtractedPage
from crawler.render import why_not
from crawler.render.browser import DrawingFailed, Renderer
from crawler.run.crawled_page import CrawledPage, Drawing
from store.model import PageOutcome

if TYPE_CHECKING:
    from crawler.archives import SavedPage
    from crawler.render import Rendering
    from crawler.render.browser import Answer
    from crawler.workers.page_parser import PageJob, Parse


class Answers(Protocol):
    """Where the answers to a page's requests come from."""

    async def __call__(self, url: str, page_url: str) -> Answer | None:
        """Return the answer for a URL that a page requests, or None."""

    def take_used(self) -> tuple[SavedPage, ...]:
        """Return the saved files used since the last call."""


class PageDrawer:
    """Draws the pages of one crawl. Close it with the crawl."""

    def __init__(
        self, rendering: Rendering, answers: Answers, parse: Parse, *, user_agent: str | None = None
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
