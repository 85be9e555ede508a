"""Pace requests to each site by the strictest of permission, settings, robots.txt and the site's answers."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import TYPE_CHECKING, Self

import structlog
from scrapy import signals
from scrapy.downloadermiddlewares.retry import RetryMiddleware
from scrapy.extensions.throttle import AutoThrottle
from scrapy.robotstxt import ProtegoRobotParser

from crawler.live.gate import SESSION_SETTING, Session
from crawler.live.permission import ROBOT

if TYPE_CHECKING:
    from scrapy import Request, Spider
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from scrapy.robotstxt import RobotParser

log = structlog.get_logger()
BUSY = frozenset({429, 503})
_FIRST_SERVER_ERROR = 500


class Pacing(AutoThrottle):
    """Scrapy's AutoThrottle, with a least delay for each host, which its Crawl-delay may raise."""

    def __init__(self, crawler: Crawler) -> None:
        """Begin with the least delay of permission and settings for every host."""
        super().__init__(crawler)
        self._session: Session = crawler.settings[SESSION_SETTING]
        self._floors: dict[str, float] = {}
        crawler.signals.connect(self._read_robots, signals.robots_parsed)
        crawler.signals.connect(self._hold_to_floor, signals.request_reached_downloader)

    def _read_robots(self, robotparser: RobotParser, request: Request) -> None:
        asked = asked_delay(robotparser)
        downloader = self.crawler.engine.downloader if self.crawler.engine else None
        if asked > self._session.limits.longest_wait_s:
            self._session.gate.stop(
                f"The site's robots.txt asks for {asked:,.0f} seconds between requests, more than the "
                f"{self._session.limits.longest_wait_s:,.0f} that a crawl waits (longest_wait_s)."
            )
        elif asked and downloader:
            self._floors[downloader.get_slot_key(request)] = asked
            log.info("crawl_delay", host=downloader.get_slot_key(request), seconds=asked)

    def _hold_to_floor(self, request: Request, spider: Spider) -> None:
        # Scrapy drops the slot of a host that has been idle for a minute, and its delay too.
        key, slot = self._get_slot(request, spider)
        if slot is not None and key is not None:
            slot.delay = max(slot.delay, self._floors.get(key, 0.0))

    def _response_downloaded(self, response: Response, request: Request, spider: Spider) -> None:
        super()._response_downloaded(response, request, spider)
        self._hold_to_floor(request, spider)


class BusyMiddleware(RetryMiddleware):
    """Scrapy's retries, after the time that the site asks for (Retry-After) or a back-off."""

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
        """Repeat a request that the site was too busy for, after the time that the site asks for."""
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


def asked_delay(robots: RobotParser) -> float:
    """Return the seconds between requests that a robots.txt asks for, by Crawl-delay or Request-rate."""
    rate = robots.rp.request_rate(ROBOT) if isinstance(robots, ProtegoRobotParser) else None
    by_rate = rate.seconds / rate.requests if rate and rate.requests else 0.0
    delay = max(robots.crawl_delay(ROBOT) or 0.0, by_rate)
    return math.inf if math.isnan(delay) else delay


def busy_wait(request: Request, response: Response | None, session: Session) -> float:
    """Return the seconds before the next request to a host: what it asks for, at least the back-off."""
    backoff: float = session.limits.backoff_s * 2 ** int(request.meta.get("retry_times", 0))
    asked = response.headers.get(b"Retry-After") if response else None
    return max(backoff, retry_after(asked.decode("latin-1"), session.now()) if asked else 0.0)


def retry_after(value: str, now: datetime) -> float:
    """Return the seconds that a Retry-After header asks for (RFC 9110, 10.2.3); 0 for nonsense."""
    if value.strip().isdecimal():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0.0, (moment - now).total_seconds())
    except (ValueError, TypeError, OverflowError, IndexError):
        return 0.0


def hold_slot(crawler: Crawler, request: Request, seconds: float) -> None:
    """Send nothing to a request's host for the given number of seconds."""
    downloader = crawler.engine.downloader if crawler.engine else None
    slot = downloader.slots.get(downloader.get_slot_key(request)) if downloader else None
    if slot is not None:
        # The slot waits until `delay` has passed since it was last used.
        slot.lastseen = max(slot.lastseen, monotonic() + seconds - slot.delay)
        log.info("host_held", host=request.meta.get("download_slot"), seconds=round(seconds, 1))
