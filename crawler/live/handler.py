"""Scrapy's own HTTP handler, behind the gate, and with bounds on what a server may send before a body.

The names with an underscore are Scrapy's and Twisted's; pyproject.toml holds Scrapy below 2.20, and the tests
of `tests/crawler/live` fail when one of them goes.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from scrapy.core.downloader.handlers.http11 import (
    HTTP11DownloadHandler,
    _LenientHTTP11ClientFactory,
    _LenientHTTP11ClientProtocol,
)
from scrapy.exceptions import CannotResolveHostError
from scrapy.utils.httpobj import urlparse_cached
from twisted.python.failure import Failure
from twisted.web._newclient import HEADER, STATUS

from crawler.live.gate import HostRefused
from crawler.live.resolver import REACHABLE_SETTING, REFUSALS_SETTING
from crawler.live.session import SESSION_SETTING, Session

if TYPE_CHECKING:
    from collections.abc import Callable

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from twisted.internet.defer import Deferred
    from twisted.internet.interfaces import IAddress
    from twisted.web._newclient import Request as TxRequest
    from twisted.web.iweb import IResponse

    from crawler.live.addresses import Reachable

MAX_HEAD_BYTES = 65_536
"""Status line and headers of an answer; servers themselves accept 8 to 64 KiB of a request's."""
LINE_BYTES = 4 * MAX_HEAD_BYTES
"""Longer than a line can grow before `MAX_HEAD_BYTES` ends it: at most 64 KiB are read at once."""


class HeadTooLarge(Exception):
    """A server sent headers without an end."""


class LiveHandler(HTTP11DownloadHandler):
    """Sends what the gate lets pass, and nothing else."""

    def __init__(self, crawler: Crawler) -> None:
        """Take the crawl's session and the check of addresses from the settings."""
        super().__init__(crawler)
        self._session: Session = crawler.settings[SESSION_SETTING]
        self._refused_hosts: dict[str, str] = crawler.settings[REFUSALS_SETTING].hosts
        factory: Any = partial(_BoundedFactory, crawler.settings[REACHABLE_SETTING])
        self._pool._factory = factory  # noqa: SLF001
        self._pool.retryAutomatically = False  # each request is counted, and repeated by Scrapy alone

    async def download_request(self, request: Request) -> Response:
        """Send a request.

        Raises:
            Refused: If the gate is closed to it.
            HostRefused: If no address of its host may be reached.
        """
        self._session.gate.send(request.url)
        try:
            return await super().download_request(request)
        except CannotResolveHostError:
            if why := self._refused_hosts.get(urlparse_cached(request).hostname or ""):
                raise HostRefused(f"It was not asked for: {why}.") from None
            raise


class _BoundedProtocol(_LenientHTTP11ClientProtocol):
    _head_bytes = 0

    def request(self, request: TxRequest) -> Deferred[IResponse]:
        self._head_bytes = 0
        answer = super().request(request)
        # Twisted hangs up without a word on a line of 16 KiB; which of the two bounds came first was chance.
        if self._parser is not None:
            self._parser.MAX_LENGTH = LINE_BYTES
        return answer

    def dataReceived(self, bytes: bytes) -> None:  # noqa: A002, N802 (Twisted's names)
        if self._is_in_head():
            self._head_bytes += len(bytes)
        super().dataReceived(bytes)  # type: ignore[no-untyped-call]
        if self._head_bytes > MAX_HEAD_BYTES and self._is_in_head():
            self._giveUp(Failure(HeadTooLarge()))  # type: ignore[no-untyped-call]

    def _is_in_head(self) -> bool:
        return self._parser is not None and self._parser.state in {STATUS, HEADER}


class _BoundedFactory(_LenientHTTP11ClientFactory):
    """Makes protocols for connections to addresses that may be reached, as the connection itself has it."""

    def __init__(self, reachable: Reachable, quiescent: Callable[..., None], metadata: object) -> None:
        super().__init__(quiescent, metadata)  # type: ignore[no-untyped-call]
        self._reachable = reachable

    def buildProtocol(  # type: ignore[override]  # noqa: N802 (None drops the connection)
        self, addr: IAddress | None
    ) -> _BoundedProtocol | None:
        if addr is None or self._reachable.why_not(addr.host):
            return None
        return _BoundedProtocol(self._quiescentCallback)  # type: ignore[no-untyped-call]
