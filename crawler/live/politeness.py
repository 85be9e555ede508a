"""Obey a site's rules for robots: which pages they may fetch and read, and how fast.

The rules come from robots.txt, `X-Robots-Tag` headers, `meta` tags and `Retry-After`. The words of headers
and tags are those of
https://developers.google.com/search/docs/crawling-indexing/robots-meta-tag (read 2026-11-26), shared by the
other large search engines. The slowest pace of permission, settings, robots.txt and the site applies.
"""

from __future__ import annotations

import asyncio
import codecs
import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

import structlog
from scrapy import Request, signals
from scrapy.downloadermiddlewares.retry import RetryMiddleware
from scrapy.extensions.throttle import AutoThrottle
from scrapy.http.request import NO_CALLBACK
from scrapy.robotstxt import ProtegoRobotParser

from crawler.live.gate import ASSET, SESSION_SETTING, HostRefused, NotAllowed, Session, Stopped, what_failed
from crawler.live.permission import ROBOT
from store.model import PageOutcome

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import time

    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from scrapy.robotstxt import RobotParser

MAX_ROBOTS_BYTES = 512_000
"""Bytes of a robots.txt that are parsed; RFC 9309 (2.5) requires at least 500 KiB."""
MAX_AGE = timedelta(hours=24)
"""Lifetime of a robots.txt; RFC 9309 (2.4) allows at most 24 hours."""
_PRIORITY = 1_000
_FIRST_ERROR, _FIRST_SERVER_ERROR = 400, 500
_UNWELCOME = frozenset({401, 403, 429})
_WHOLE = frozenset({200, 203, 204})
_ROBOTS = "robots_txt"
NO_INDEX = frozenset({"noindex", "none"})
NO_FOLLOW = frozenset({"nofollow", "none"})
_META = re.compile(rb"<meta\b[^<>]*>", re.IGNORECASE)
_NAME = re.compile(rb"""name\s*=\s*["']?\s*(?:robots|precursor-watch)\b""", re.IGNORECASE)
_CONTENT = re.compile(rb"""content\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]*))""", re.IGNORECASE)
_WIDE = {
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]")
"""Characters that show nothing; before a `User-agent` they would hide the rules that follow."""
_NAMED_WITH_VERSION = re.compile(rf"(user[- ]?agent\s*:\s*{ROBOT})/[^\r\n]*", re.IGNORECASE)
"""This robot as it names itself in its requests: the version is no part of the name that Protego compares."""
_AGENT = re.compile(r"user[- ]?agent\s*:", re.IGNORECASE)
_RULE = re.compile(
    r"(?:(?:dis{1,2}|dia?s)?al{1,2}[oa]w|diasllow|crawl-delay|request-rate|visit-time)\s*:", re.IGNORECASE
)
"""A rule of a group, also in the misspellings that Protego reads."""
_DIRECTIVE = re.compile(r"(?:sitemap|host|clean-param|noindex|content-signal)\s*:", re.IGNORECASE)
_RULES_WITH_VALUE = frozenset({"max-snippet", "max-image-preview", "max-video-preview", "unavailable_after"})
"""Rules that can precede a colon and so must not be taken for a robot's name."""
BUSY = frozenset({429, 503})


@dataclass(frozen=True, slots=True, kw_only=True)
class Robots:
    """The robots.txt of one site."""

    parser: ProtegoRobotParser
    read_at: datetime
    unknown: str = ""
    """Why the file could not be fetched, in which case it forbids everything; empty otherwise."""
    outcome: PageOutcome = PageOutcome.REFUSED
    """Outcome of the pages that the file forbids, or that it may forbid."""

    def why_not(self, url: str, now: datetime) -> str:
        """Return the reason why an address may not be requested now; empty if it may."""
        if self.unknown:
            return self.unknown
        if not self.parser.allowed(url, ROBOT):
            return "the site's robots.txt forbids it"
        hours = self.parser.rp.visit_time(ROBOT)
        if hours and not _is_between(hours.start_time, hours.end_time, now.time()):
            return f"the site's robots.txt asks for visits from {hours.start_time} to {hours.end_time} UTC"
        return ""


class RobotsMiddleware:
    """Requests the robots.txt of each site (scheme, host and port) before any page.

    Scrapy's own middleware uses one file for both schemes of a host, keeps it for the whole crawl, and allows
    everything if the file cannot be fetched.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._session: Session = crawler.settings[SESSION_SETTING]
        self._known: dict[str, asyncio.Future[Robots]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Create the middleware of a crawl."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Raise `NotAllowed` for a request that robots.txt forbids."""
        if request.meta.get(_ROBOTS):
            return
        robots = await self._robots_for(request)
        if why := robots.why_not(request.url, self._session.now()):
            raise NotAllowed(robots.outcome, f"It was not requested: {why}.")

    async def _robots_for(self, request: Request) -> Robots:
        parts = urlsplit(request.url)
        site = f"{parts.scheme}://{parts.netloc}"
        known = self._known.get(site)
        if known and known.done() and not known.exception() and self._is_old(known.result()):
            known = None
        if known is None:
            known = self._known[site] = asyncio.ensure_future(self._read(site, request))
        return await asyncio.shield(known)

    def _is_old(self, robots: Robots) -> bool:
        return self._session.now() - robots.read_at > MAX_AGE

    async def _read(self, site: str, request: Request) -> Robots:
        assert self._crawler.engine
        meta = {_ROBOTS: True} | {name: True for name in (ASSET,) if name in request.meta}
        asking = Request(f"{site}/robots.txt", priority=_PRIORITY, meta=meta, callback=NO_CALLBACK)
        try:
            response = await self._crawler.engine.download_async(asking)
        except Stopped:
            raise
        except HostRefused as error:
            return self._forbidding(str(error).removeprefix("It was not requested: ").rstrip("."))
        except Exception as error:  # noqa: BLE001 (any error means that there is no file)
            outcome, sentence = what_failed(error)
            return self._unavailable(sentence.rstrip("."), outcome)
        if not _shows_rules(response.status):
            return self._unavailable(f"HTTP {response.status}")
        if "dataloss" in response.flags:
            return self._unavailable("it was truncated", PageOutcome.UNREACHABLE)
        try:
            text = robots_text(response.body if response.status < _FIRST_ERROR else b"")
        except ValueError as error:
            return self._unavailable(str(error))
        parser = ProtegoRobotParser.from_crawler(self._crawler, text.encode())
        robots = Robots(parser=parser, read_at=self._session.now())
        await self._crawler.signals.send_catch_log_async(
            signal=signals.robots_parsed, robotparser=robots.parser, request=request
        )
        return robots

    def _unavailable(self, why: str, outcome: PageOutcome = PageOutcome.REFUSED) -> Robots:
        is_down = outcome is PageOutcome.UNREACHABLE
        return self._forbidding(
            f"the site's robots.txt could not be fetched ({why}), so it may forbid the page",
            PageOutcome.UNREACHABLE if is_down else PageOutcome.REFUSED,
        )

    def _forbidding(self, why: str, outcome: PageOutcome = PageOutcome.REFUSED) -> Robots:
        parser = ProtegoRobotParser.from_crawler(self._crawler, b"User-agent: *\nDisallow: /")
        return Robots(parser=parser, read_at=self._session.now(), unknown=why, outcome=outcome)


def robots_text(body: bytes) -> str:
    """Return the text of a robots.txt, up to the limit.

    Raises:
        ValueError: If the file is not UTF-8 text (RFC 9309, 2.3), is another kind of text such as an HTML
            page, or has a rule before any `User-agent`, so that its rules are unknown.
    """
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    try:
        text = decoder.decode(body[:MAX_ROBOTS_BYTES], final=len(body) <= MAX_ROBOTS_BYTES)
    except UnicodeDecodeError as error:
        raise ValueError("it is not text in UTF-8") from error
    if "\0" in text:  # e.g. UTF-16 without a byte order mark
        raise ValueError("it is not text in UTF-8")
    text = _UNSEEN.sub("", text)
    lines = [line for each in text.splitlines() if (line := each.partition("#")[0].strip())]
    if lines and not any(_AGENT.match(line) or _RULE.match(line) or _DIRECTIVE.match(line) for line in lines):
        raise ValueError("it has no line of a robots.txt, such as User-agent")
    first = next((line for line in lines if _AGENT.match(line) or _RULE.match(line)), "")
    if _RULE.match(first):
        raise ValueError(f"its rule {first[:60]!r} names no User-agent")
    return _NAMED_WITH_VERSION.sub(r"\1", text)


def _shows_rules(status: int) -> bool:
    """Return whether a status shows the site's rules: a complete answer, or no file at all."""
    is_missing = _FIRST_ERROR <= status < _FIRST_SERVER_ERROR and status not in _UNWELCOME
    return status in _WHOLE or is_missing


def _is_between(start: time, end: time, moment: time) -> bool:
    return start <= moment <= end if start <= end else moment >= start or moment <= end


def has_robots_rule(response: Response, words: frozenset[str]) -> bool:
    """Return whether a page gives one of the rules to all robots, or to this one.

    A header that begins with another robot's name does not apply to this one at all: in
    `googlebot: nofollow, noindex` both rules are for googlebot. `max-snippet: 5, noindex` begins with no
    name and applies to every robot.
    """
    return any(not words.isdisjoint(said) for said in _said(response))


def _said(response: Response) -> Iterator[set[str]]:
    for value in response.headers.getlist(b"X-Robots-Tag"):
        yield _words_of_header(value.decode("latin-1").lower())
    for tag in _META.findall(_narrow(response.body)):
        if _NAME.search(tag) and (content := _CONTENT.search(tag)):
            yield _words(b"".join(filter(None, content.groups())).decode("latin-1").lower())


def _words_of_header(text: str) -> set[str]:
    first, colon, rest = text.partition(":")
    name = first.strip()
    if not colon or "," in name or name in _RULES_WITH_VALUE:
        return _words(text)
    return _words(rest) if name == ROBOT else set()


def _words(text: str) -> set[str]:
    return {word.partition(":")[0].strip() for word in re.split(r"[,;\s]+", text)}


def _narrow(body: bytes) -> bytes:
    """Return a body in which tags can be found byte by byte, even if it is UTF-16."""
    coding = _WIDE.get(body[:2])
    return body.decode(coding, "replace").encode("latin-1", "replace") if coding else body


log = structlog.get_logger()


class Pacing(AutoThrottle):
    """Scrapy's AutoThrottle with a minimum delay for each host, which the host's Crawl-delay may raise."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._session: Session = crawler.settings[SESSION_SETTING]
        self._floors: dict[str, float] = {}
        crawler.signals.connect(self._read_crawl_delay, signals.robots_parsed)
        crawler.signals.connect(self._hold_to_floor, signals.request_reached_downloader)
        crawler.signals.connect(self._hold_to_floor, signals.response_downloaded)  # after AutoThrottle itself

    def _read_crawl_delay(self, robotparser: RobotParser, request: Request) -> None:
        asked = crawl_delay(robotparser)
        downloader = self.crawler.engine.downloader if self.crawler.engine else None
        if asked > self._session.limits.longest_wait_s:
            self._session.gate.stop(
                f"The site's robots.txt asks for {asked:,.0f} seconds between requests, more than the "
                f"{self._session.limits.longest_wait_s:,.0f} that a crawl waits (longest_wait_s)."
            )
        elif asked and downloader:
            self._floors[downloader.get_slot_key(request)] = asked
            log.info("crawl_delay", host=downloader.get_slot_key(request), seconds=asked)

    def _hold_to_floor(self, request: Request) -> None:
        # Scrapy drops a host's slot, with its delay, after a minute without requests.
        downloader = self.crawler.engine.downloader if self.crawler.engine else None
        key = downloader.get_slot_key(request) if downloader else ""
        slot = downloader.slots.get(key) if downloader else None
        if slot is not None:
            slot.delay = max(slot.delay, self._floors.get(key, 0.0))


class BusyMiddleware(RetryMiddleware):
    """Scrapy's retries, after the site's Retry-After or a back-off."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler.settings)
        self.crawler = crawler
        self._session: Session = crawler.settings[SESSION_SETTING]

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Create the middleware of a crawl."""
        return cls(crawler)

    def process_response(  # type: ignore[override]  # Scrapy passes no spider any more
        self, request: Request, response: Response
    ) -> Request | Response:
        """Repeat a request to an overloaded site, after its Retry-After or the back-off."""
        if response.status in BUSY or response.status >= _FIRST_SERVER_ERROR:
            wait = busy_wait(request, response, self._session)
            if wait > self._session.limits.longest_wait_s:
                self._session.gate.stop(
                    f"The site asks for a pause of {wait:,.0f} seconds (HTTP {response.status})."
                )
                return response
            hold_slot(self.crawler, request, wait)
        return super().process_response(request, response)

    def process_exception(  # type: ignore[override]
        self, request: Request, exception: Exception
    ) -> Request | Response | None:
        """Repeat a failed request after the back-off."""
        repeated = super().process_exception(request, exception)
        if repeated is not None:
            hold_slot(self.crawler, request, busy_wait(request, None, self._session))
        return repeated


def crawl_delay(robots: RobotParser) -> float:
    """Return the seconds between requests in a robots.txt, from Crawl-delay or Request-rate."""
    rate = robots.rp.request_rate(ROBOT) if isinstance(robots, ProtegoRobotParser) else None
    by_rate = rate.seconds / rate.requests if rate and rate.requests else 0.0
    delay = max(robots.crawl_delay(ROBOT) or 0.0, by_rate)
    return math.inf if math.isnan(delay) else delay


def busy_wait(request: Request, response: Response | None, session: Session) -> float:
    """Return the seconds before the next request to a host: the site's wait, at least the back-off."""
    backoff: float = session.limits.backoff_s * 2 ** int(request.meta.get("retry_times", 0))
    asked = response.headers.get(b"Retry-After") if response else None
    return max(backoff, retry_after(asked.decode("latin-1"), session.now()) if asked else 0.0)


def retry_after(value: str, now: datetime) -> float:
    """Return the seconds of a Retry-After header (RFC 9110, 10.2.3), or 0 for an invalid one."""
    if value.strip().isdecimal():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0.0, (moment - now).total_seconds())
    except (ValueError, TypeError, OverflowError, IndexError):
        return 0.0


def hold_slot(crawler: Crawler, request: Request, seconds: float) -> None:
    """Delay all requests to a request's host by a number of seconds."""
    downloader = crawler.engine.downloader if crawler.engine else None
    slot = downloader.slots.get(downloader.get_slot_key(request)) if downloader else None
    if slot is not None:
        # The slot sends again `delay` seconds after `lastseen`.
        slot.lastseen = max(slot.lastseen, monotonic() + seconds - slot.delay)
        log.info("host_held", host=request.meta.get("download_slot"), seconds=round(seconds, 1))
