"""The spider of a live crawl, with the same page objects as for saved pages."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import scrapy
from scrapy import signals

from crawler.extract.page import ExtractedPage
from crawler.live.frontier import LeftOut, without_session
from crawler.live.gate import EARLIER, LINKED, PAGE, RECORD, Session, Stopped, is_expected, what_failed
from crawler.live.politeness import NO_FOLLOW, NO_INDEX, has_robots_rule
from crawler.run.spider import CrawledPage, job_of
from store.crawl.fetches import LiveReading, addresses_settled, known_listing_urls, readings_of
from store.crawl.identity import listing_text
from store.model import PageOutcome

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator

    from scrapy.http import Response
    from twisted.python.failure import Failure

    from store.crawl.fetches import EarlierPage

_REMEMBERED = frozenset({PageOutcome.LISTING, PageOutcome.CATEGORY, PageOutcome.NOT_UNDERSTOOD})
NOT_TO_BE_READ = "The page asks robots not to read it (noindex); it was not read as a listing."


class LiveSpider(scrapy.Spider):
    """Crawls one live source from its start addresses, within the frontier."""

    name = "live"

    def __init__(self, *, session: Session, begin: tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._session = session
        self._begin = begin
        self._blocked = 0
        self._closing: asyncio.Future[None] | None = None

    async def start(self) -> AsyncIterator[scrapy.Request]:
        """Request the first pages; in a resumed run, the remaining pages."""
        session, frontier = self._session, self._session.frontier
        before = addresses_settled(session.db, session.run_id)
        for url in before:
            frontier.settle(url)
        for url in self._begin:
            if url not in before:  # even outside the scope, so that the address gets a row of its refusal
                frontier.settle(url)
                yield self._request(url)
        for page, _, links in readings_of(session.db, session.run_id):
            for url in frontier.admit(links, from_url=page):
                yield self._request(url, is_linked=True)
        # Then earlier listings without a link to them, to learn whether they are gone.
        await self.crawler.signals.wait_for(signals.scheduler_empty)
        for url in frontier.admit(known_listing_urls(session.db, session.source_id)):
            yield self._request(url)

    async def parse(self, response: Response) -> AsyncIterator[Any]:
        """Parse a page, unless it is unchanged, and follow its links."""
        crawled = await self._crawled(response)
        self._count_refusals(crawled)
        yield crawled
        frontier = self._session.frontier
        frontier.found(response.url, _listing_texts(crawled))
        rows = {without_session(row.url) for row in crawled.extracted.rows}
        for url in frontier.admit(crawled.live.links if crawled.live else (), from_url=response.url):
            yield self._request(url, is_linked=True, priority=int(url in rows))

    def failed(self, failure: Failure) -> CrawledPage | None:
        """Record a failed page with the reason; end the crawl if no more requests may be sent."""
        request: scrapy.Request = failure.request  # type: ignore[attr-defined]
        error = failure.value
        assert error is not None
        if isinstance(error, LeftOut):
            return None
        if isinstance(error, Stopped):
            self._close()
            return None  # the next run requests it
        if not is_expected(error):
            self.logger.error("page_failed", exc_info=error)
        outcome, sentence = what_failed(error)
        first_url = request.meta.get("redirect_urls", [request.url])[0]
        if first_url != request.url:
            sentence = f"It redirects to {request.url}. {sentence}"
        kept = request.meta.get(RECORD)
        return CrawledPage(
            url=first_url,
            http_status=None,
            extracted=ExtractedPage(outcome=outcome, sentence=sentence),
            record=kept if kept and kept.url == first_url else None,
        )

    async def _crawled(self, response: Response) -> CrawledPage:
        earlier: EarlierPage | None = response.meta.get(EARLIER)
        same = earlier if earlier and _is_same(response, earlier) else None
        if same:
            extracted, links = ExtractedPage(outcome=same.outcome, sentence=same.sentence), same.reading.links
        else:
            extracted = _refusal(response) or await self._session.parse(job_of(response))
            is_error = response.status >= HTTPStatus.INTERNAL_SERVER_ERROR
            if is_error and extracted.outcome is PageOutcome.NOT_UNDERSTOOD:
                extracted = replace(extracted, outcome=PageOutcome.UNREACHABLE)
            links = () if has_robots_rule(response, NO_FOLLOW) else tuple(self._wanted(extracted))
        return CrawledPage(
            url=response.url,
            http_status=response.status,
            extracted=extracted,
            body=response.body,
            record=response.meta.get(RECORD),
            live=self._remembered(response, extracted, links, same),
            same_as=same,
        )

    def _remembered(
        self, response: Response, extracted: ExtractedPage, links: tuple[str, ...], same: EarlierPage | None
    ) -> LiveReading | None:
        if not same and (extracted.outcome not in _REMEMBERED or response.status != HTTPStatus.OK):
            return None
        # A *not modified* answer may omit headers that the site sent with the page (RFC 9110, 15.4.5).
        before = same.reading if same else None
        return LiveReading(
            reader=self._session.reader,
            etag=_header(response, b"ETag") or (before.etag if before else ""),
            last_modified=_header(response, b"Last-Modified") or (before.last_modified if before else ""),
            links=links,
        )

    def _wanted(self, extracted: ExtractedPage) -> Iterable[str]:
        wanted = [extracted.next_page or "", *(row.url for row in extracted.rows), *extracted.links]
        scope = self._session.gate.scope
        return dict.fromkeys(url for url in (each.partition("#")[0] for each in wanted) if url in scope)

    def _count_refusals(self, crawled: CrawledPage) -> None:
        self._blocked = self._blocked + 1 if crawled.extracted.outcome is PageOutcome.BLOCKED else 0
        if self._blocked >= self._session.limits.blocked_in_a_row:
            self._session.gate.stop(
                f"The site refused {self._blocked} pages one after the other; this is not worked around."
            )

    def _close(self) -> None:
        if self.crawler.engine and not self._closing:
            self._closing = asyncio.ensure_future(self.crawler.engine.close_spider_async(reason="stopped"))

    def _request(self, url: str, *, is_linked: bool = False, priority: int = 0) -> scrapy.Request:
        meta = {PAGE: True, LINKED: is_linked}
        return scrapy.Request(url, self.parse, errback=self.failed, meta=meta, priority=priority)


def _listing_texts(crawled: CrawledPage) -> Iterator[str]:
    """Yield the text of each listing on a page, or the hash of an unchanged page."""
    same, extracted = crawled.same_as, crawled.extracted
    if same and same.has_listings:
        yield same.payload_sha256
    for each in (extracted.listing, *extracted.rows):
        if each:
            yield f"{listing_text(each.content)}\n{each.content.price_text}\n{each.content.seller_name}"


def _is_same(response: Response, earlier: EarlierPage) -> bool:
    if response.status == HTTPStatus.NOT_MODIFIED:
        return True
    is_whole = response.status == HTTPStatus.OK and "dataloss" not in response.flags
    return is_whole and hashlib.sha256(response.body).hexdigest() == earlier.payload_sha256


def _refusal(response: Response) -> ExtractedPage | None:
    """Return the outcome that a page's status and headers decide, or None if it should be parsed."""
    if "dataloss" in response.flags:
        sentence = "The connection ended before the body was complete; it was not read as a listing."
        return ExtractedPage(outcome=PageOutcome.TRUNCATED, sentence=sentence)
    if HTTPStatus.MULTIPLE_CHOICES <= response.status < HTTPStatus.BAD_REQUEST:
        to = _header(response, b"Location") or "nowhere"
        sentence = f"It redirects to {to!r} (HTTP {response.status}), which is not followed."
        return ExtractedPage(outcome=PageOutcome.UNREACHABLE, sentence=sentence)
    if has_robots_rule(response, NO_INDEX):
        return ExtractedPage(outcome=PageOutcome.REFUSED, sentence=NOT_TO_BE_READ)
    return None


def _header(response: Response, name: bytes) -> str:
    value = response.headers.get(name)
    return value.decode("latin-1") if value else ""
