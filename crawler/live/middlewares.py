"""Middlewares between the spider and the site: permission, revalidation, redirects, evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from scrapy import Request, signals
from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.exceptions import IgnoreRequest, StopDownload

from crawler.evidence.warc_writer import Exchange
from crawler.live.frontier import LeftOut
from crawler.live.gate import (
    EARLIER,
    LINKED,
    PAGE,
    RECEIVED,
    RECORD,
    SESSION_SETTING,
    RedirectCircle,
    Session,
    Stopped,
    what_failed,
)
from store.crawl.evidence import get_record
from store.crawl.fetches import REDIRECTED_TO, Fetch, FetchOutcome, earlier_page
from store.crawl.identity import canonical_url

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from store.crawl.evidence import EvidenceRecord

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
        self._session.gate.check(request.url)
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


class RedirectOnce(RedirectMiddleware):
    """Scrapy's redirects, with an error for a redirect back to an earlier address."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Create the middleware without Scrapy's check for a referrer policy, which would warn."""
        made = cls(crawler.settings)
        made.crawler = crawler
        return made

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
            session.gate.check(request.url)
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
