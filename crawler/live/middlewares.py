"""What stands between the spider and the site: permission, robots.txt, evidence, revalidation, back-off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.downloadermiddlewares.retry import RetryMiddleware
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest

from crawler.evidence.exchange import Exchange
from crawler.live.failures import RedirectCircle, what_failed
from crawler.live.gate import Refused
from crawler.live.pacing import BUSY, busy_wait, hold_slot
from crawler.live.session import EARLIER, PAGE, RECORD, SESSION_SETTING, Session
from listings.evidence import get_record
from listings.fetches import Fetch, FetchOutcome
from listings.identity import canonical_url
from listings.readings import earlier_page

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from scrapy.robotstxt import RobotParser

_CONDITIONS = (b"If-None-Match", b"If-Modified-Since")
_NOT_MODIFIED = 304
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_FIRST_ERROR, _FIRST_SERVER_ERROR, _TOO_MANY = 400, 500, 429
MAX_ROBOTS_BYTES = 512_000
"""Of robots.txt that are read, as RFC 9309 (2.5) has it at least."""


class _OfSession:
    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._session: Session = crawler.settings[SESSION_SETTING]

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make the middleware of a crawl."""
        return cls(crawler)


class PermissionMiddleware(_OfSession):
    """First of all: asks the gate about every request, also for robots.txt and after every redirect."""

    def process_request(self, request: Request) -> None:
        """Refuse what the permission does not cover."""
        self._session.gate.check(request.url)


class StrictRobots(RobotsTxtMiddleware):
    """Scrapy's, but a robots.txt that cannot be had forbids everything, as RFC 9309 (2.3.1.4) has it."""

    def __init__(self, crawler: Crawler) -> None:
        """Begin with no site known."""
        super().__init__(crawler)
        self._unknown: dict[str, str] = {}

    def process_request_2(self, rp: RobotParser | None, request: Request) -> None:
        """Refuse what robots.txt forbids, with the reason."""
        if rp is None or rp.allowed(request.url, self._robotstxt_useragent or self._default_useragent):
            return
        why = self._unknown.get(request.url.split("/")[2])
        raise Refused(
            f"It was not asked for: the site's robots.txt could not be had ({why}), so it may forbid it."
            if why
            else "It was not asked for: the site's robots.txt forbids it."
        )

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        status = response.status
        if status >= _FIRST_SERVER_ERROR or status == _TOO_MANY:
            self._forbid(netloc, f"HTTP {status}")
            return
        body = b"" if status >= _FIRST_ERROR else response.body[:MAX_ROBOTS_BYTES]
        await super()._parse_robots(response.replace(body=body), netloc, request)

    def _robots_error(self, exc: Exception, netloc: str) -> None:
        self._forbid(netloc, what_failed(exc)[1].rstrip("."))

    def _forbid(self, netloc: str, why: str) -> None:
        self._unknown[netloc] = why
        forbidding = self._parserimpl.from_crawler(self.crawler, b"User-agent: *\nDisallow: /")
        waiting: Any = self._parsers[netloc]
        self._parsers[netloc] = forbidding
        waiting.callback(forbidding)


class RevalidateMiddleware(_OfSession):
    """Asks whether a page has changed, where the same code has read it before and the site gave a mark."""

    def process_request(self, request: Request) -> None:
        """Add the marks of the page as it was; those of a page that redirected here do not count."""
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


class RedirectOnce(RedirectMiddleware):
    """Scrapy's, but says so when a redirect leads back to where it came from."""

    def _engine_started(self) -> None:
        """Look for no referrer to send on; Scrapy would warn that there is none."""

    def _redirect(self, redirected: Request, request: Request, reason: Any) -> Request:
        seen = {canonical_url(url) for url in [*request.meta.get("redirect_urls", ()), request.url]}
        if canonical_url(redirected.url) in seen:
            raise RedirectCircle(redirected.url)
        return super()._redirect(redirected, request, reason)


class BusyMiddleware(RetryMiddleware):
    """Scrapy's repetition of failed requests, but no sooner than the site is ready: Retry-After, back-off."""

    def __init__(self, crawler: Crawler) -> None:
        """Take the crawl's session."""
        super().__init__(crawler.settings)
        self.crawler = crawler
        self._session: Session = crawler.settings[SESSION_SETTING]

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make the middleware of a crawl."""
        return cls(crawler)

    def process_response(  # type: ignore[override]  # Scrapy passes no spider any more
        self, request: Request, response: Response
    ) -> Request | Response:
        """Repeat a request that the site was too busy for, when it said it would be ready."""
        if response.status in BUSY or response.status >= _FIRST_SERVER_ERROR:
            wait = busy_wait(request, response, self._session)
            if wait > self._session.limits.longest_wait_s:
                self._session.gate.stop(
                    f"The site asks to be left alone for {wait:,.0f} seconds (HTTP {response.status})."
                )
                return response
            hold_slot(self.crawler, request, wait)
        return super().process_response(request, response)

    def process_exception(  # type: ignore[override]
        self, request: Request, exception: Exception
    ) -> Request | Response | None:
        """Repeat a request that failed, after the back-off."""
        repeated = super().process_exception(request, exception)
        if repeated is not None:
            hold_slot(self.crawler, request, busy_wait(request, None, self._session))
        return repeated


class EvidenceMiddleware(_OfSession):
    """Nearest to the network: keeps every answer as it came, and notes what became of every request."""

    def process_response(self, request: Request, response: Response) -> Response:
        """Keep an answer, before anything is unpacked, followed or repeated."""
        session, is_unmodified = self._session, response.status == _NOT_MODIFIED
        earlier = request.meta.get(EARLIER) if is_unmodified else None
        record = session.keeper.keep(
            self._exchange(request, response),
            same_as=get_record(session.db, earlier.record_id) if earlier else None,
        )
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
                sentence=f"To {location.decode('latin-1')}" if is_redirect and location else "",
                record_id=record.record_id,
            )
        )
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Note a request that was refused or failed."""
        session = self._session
        is_refused = isinstance(exception, IgnoreRequest)
        session.recorder.note_fetch(
            Fetch(
                run_id=session.run_id,
                permission_id=session.permission_id,
                url=request.url,
                asked_at=session.now(),
                outcome=FetchOutcome.REFUSED if is_refused else FetchOutcome.FAILED,
                sentence=what_failed(exception)[1],
            )
        )

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
            cut="disconnect" if "dataloss" in response.flags else "",
            notes={
                "run": str(session.run_id),
                "source": session.source_id,
                "permission": session.permission_id,
            },
        )


def _lines(headers: Any) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name.decode("latin-1"), value.decode("utf-8", "replace"))
        for name, values in headers.items()
        for value in values
    )
