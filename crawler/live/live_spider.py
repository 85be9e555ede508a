"""The spider of a live crawl, and the middlewares between it and the site.

The spider uses the same page objects as for saved pages. The middlewares check permissions, revalidate known
pages, follow redirects and keep the evidence.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self

import scrapy
from scrapy import Request, signals
from scrapy.exceptions import IgnoreRequest, StopDownload

from crawler.evidence.warc_records import Exchange
from crawler.extract.page import ExtractedPage
from crawler.live.gate import (
    ASSET,
    EARLIER,
    EXPECTED,
    LINKED,
    PAGE,
    RECEIVED,
    RECORD,
    SESSION_SETTING,
    LeftOut,
    RedirectCircle,
    Session,
    Stopped,
    what_failed,
    without_session,
)
from crawler.live.politeness import NO_FOLLOW, NO_INDEX, has_robots_rule
from crawler.render.browser import DrawingStopped
from crawler.render.pages import PageDrawer, SiteAnswers
from crawler.run.crawled_page import CrawledPage
from crawler.run.process import QuietRedirect
from crawler.run.spider import job_of
from store.crawl.evidence import get_record
from store.crawl.identity import canonical_url, listing_text
from store.crawl.pages import (
    REDIRECTED_TO,
    Fetch,
    FetchOutcome,
    LiveReading,
    addresses_settled,
    earlier_page,
    known_listing_urls,
    readings_of,
)
from store.model import PageOutcome

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator

    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from twisted.python.failure import Failure

    from store.crawl.evidence import EvidenceRecord
    from store.crawl.pages import EarlierPage

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
        self._drawer: PageDrawer | None = None

    async def start(self) -> AsyncIterator[scrapy.Request]:
        """Request the first pages; in a resumed run, the remaining pages."""
        session, frontier = self._session, self._session.frontier
        if session.rendering:
            self._drawer = PageDrawer(
                session.rendering, SiteAnswers(self.crawler), session.parse, user_agent=session.user_agent
            )
            self.crawler.signals.connect(self._drawer.close, signals.spider_closed)
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
        try:
            pages = await self._crawled(response)
        except DrawingStopped:
            self._close()
            return  # the next run requests the page
        for crawled in pages:
            self._count_refusals(crawled)
            yield crawled
        frontier = self._session.frontier
        frontier.found(response.url, (text for crawled in pages for text in _listing_texts(crawled)))
        rows = {without_session(row.url) for crawled in pages for row in crawled.extracted.rows}
        links = [link for crawled in pages if crawled.live for link in crawled.live.links]
        for url in frontier.admit(links, from_url=response.url):
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
        if not isinstance(error, EXPECTED):
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

    async def _crawled(self, response: Response) -> list[CrawledPage]:
        """Return the page; as it was drawn, if it needs drawing, and then once more for each click."""
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
        plain = CrawledPage(
            url=response.url,
            http_status=response.status,
            extracted=extracted,
            body=response.body,
            record=response.meta.get(RECORD),
            live=self._remembered(response, extracted, links, same),
            same_as=same,
        )
        if self._drawer is None or same:
            return [plain]
        pages = await self._drawer.drawn(plain, job_of(response))
        return [self._as_drawn(response, page) if page.drawing else page for page in pages]

    def _as_drawn(self, response: Response, page: CrawledPage) -> CrawledPage:
        """Return a drawn page with its links, unless its document asks robots not to read or follow it.

        Its validators are not remembered: that the plain response is unchanged says nothing about what its
        scripts would draw.
        """
        document = response.replace(body=page.body)
        extracted = _refusal(document) or page.extracted
        links = () if has_robots_rule(document, NO_FOLLOW) else tuple(self._wanted(extracted))
        is_remembered = extracted.outcome in _REMEMBERED
        reading = LiveReading(reader=self._session.reader, links=links) if is_remembered else None
        return replace(page, extracted=extracted, live=reading)

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


_CONDITIONS = (b"If-None-Match", b"If-Modified-Since")
_NOT_MODIFIED = 304
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class _OfSession:
    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._session: Session = crawler.settings[SESSION_SETTING]

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Create the middleware of a crawl."""
        return cls(crawler)


class PermissionMiddleware(_OfSession):
    """The first middleware, which checks every request, including robots.txt and redirects."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        crawler.signals.connect(self._count, signals.bytes_received)

    def process_request(self, request: Request) -> None:
        """Refuse a request that the permission does not cover."""
        # A redirect inherits the download slot of the previous host, and with it another site's pace.
        request.meta.pop("download_slot", None)
        self._session.gate.check(request.url, is_asset=ASSET in request.meta)
        is_row = request.priority > 0
        if request.meta.get(LINKED) and not self._session.frontier.is_open(request.url, is_row=is_row):
            raise LeftOut
        request.meta.pop(RECEIVED, None)

    def _count(self, data: bytes, request: Request) -> None:
        request.meta[RECEIVED] = request.meta.get(RECEIVED, 0) + len(data)
        if not self._session.gate.receive(len(data)):
            raise StopDownload(fail=False)


class RevalidateMiddleware(_OfSession):
    """Asks whether a page has changed, if the current code parsed it and the site sent a validator."""

    def process_request(self, request: Request) -> None:
        """Add the earlier page's validators, unless they belong to a page that redirected here."""
        for name in _CONDITIONS:
            request.headers.pop(name, None)
        request.meta.pop(EARLIER, None)
        if not request.meta.get(PAGE):
            return
        session = self._session
        earlier = earlier_page(session.db, session.source_id, request.url, reader=session.reader)
        if earlier is None:
            return
        request.meta[EARLIER] = earlier
        if earlier.reading.etag:
            request.headers[b"If-None-Match"] = earlier.reading.etag
        if earlier.reading.last_modified:
            request.headers[b"If-Modified-Since"] = earlier.reading.last_modified


class RedirectOnce(QuietRedirect):
    """Scrapy's redirects, with an error for a redirect back to an earlier address."""

    def process_response(  # type: ignore[override]  # Scrapy passes no spider any more
        self, request: Request, response: Response
    ) -> Request | Response:
        """Follow a redirect.

        Raises:
            RedirectCircle: If it leads back to an earlier address of its chain.
        """
        found = super().process_response(request, response)
        seen = {canonical_url(url) for url in [*request.meta.get("redirect_urls", ()), request.url]}
        if isinstance(found, Request) and canonical_url(found.url) in seen:
            raise RedirectCircle(found.url)
        return found


class EvidenceMiddleware(_OfSession):
    """The middleware nearest to the network, which stores every answer and the result of every request."""

    _has_said_end = False

    def process_response(self, request: Request, response: Response) -> Response:
        """Store an answer before it is unpacked, followed or repeated.

        Raises:
            Stopped: If the answer cannot be stored, or was cut off by the byte budget.
        """
        session, is_unmodified = self._session, response.status == _NOT_MODIFIED
        record = self._keep(request, response, is_unmodified=is_unmodified)
        request.meta[RECORD] = record
        location = response.headers.get(b"Location")
        is_redirect = response.status in _REDIRECTS and location is not None
        outcome = FetchOutcome.REDIRECTED if is_redirect else FetchOutcome.FETCHED
        session.recorder.note_fetch(
            Fetch(
                run_id=session.run_id,
                permission_id=session.permission_id,
                url=request.url,
                asked_at=session.now(),
                outcome=FetchOutcome.NOT_MODIFIED if is_unmodified else outcome,
                http_status=response.status,
                address=str(response.ip_address or ""),
                bytes=len(response.body),
                sentence=f"{REDIRECTED_TO}{location.decode('latin-1')}" if is_redirect and location else "",
                record_id=record.record_id,
            )
        )
        if "download_stopped" in response.flags:
            session.gate.check(request.url, is_asset=ASSET in request.meta)
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Record a refused or failed request."""
        session = self._session
        if isinstance(exception, LeftOut):
            return  # the first skipped address of a kind has a row for all
        if isinstance(exception, Stopped):
            if self._has_said_end:
                return  # the end of the crawl has its own row
            self._has_said_end = True
        is_refused = isinstance(exception, IgnoreRequest)
        session.recorder.note_fetch(
            Fetch(
                run_id=session.run_id,
                permission_id=session.permission_id,
                url=request.url,
                asked_at=session.now(),
                outcome=FetchOutcome.REFUSED if is_refused else FetchOutcome.FAILED,
                bytes=request.meta.get(RECEIVED, 0),
                sentence=what_failed(exception)[1],
            )
        )

    def _keep(self, request: Request, response: Response, *, is_unmodified: bool) -> EvidenceRecord:
        session = self._session
        earlier = request.meta.get(EARLIER) if is_unmodified else None
        try:
            return session.keeper.keep(
                self._exchange(request, response),
                same_as=get_record(session.db, earlier.record_id) if earlier else None,
            )
        except Exception as error:
            # A page that cannot be stored must not be parsed, and no more pages are requested.
            session.recorder.give_up(request.url, error)
            session.gate.stop(session.recorder.error)
            raise Stopped(session.recorder.error) from error

    def _exchange(self, request: Request, response: Response) -> Exchange:
        session = self._session
        return Exchange(
            url=request.url,
            at=session.now(),
            status=response.status,
            headers=_lines(response.headers),
            body=response.body,
            request_headers=_lines(request.headers),
            method=request.method,
            protocol=response.protocol or "HTTP/1.1",
            address=str(response.ip_address or ""),
            cut=_cut(response),
            notes={
                "run": str(session.run_id),
                "source": session.source_id,
                "permission": session.permission_id,
            },
        )


def _cut(response: Response) -> str:
    if "download_stopped" in response.flags:
        return "length"
    return "disconnect" if "dataloss" in response.flags else ""


def _lines(headers: Any) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name.decode("latin-1"), value.decode("utf-8", "replace"))
        for name, values in headers.items()
        for value in values
    )
