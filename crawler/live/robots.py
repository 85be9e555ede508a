"""What a site's robots.txt says, read once for each site and day, and obeyed when in doubt."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from scrapy import Request, signals
from scrapy.http.request import NO_CALLBACK
from scrapy.robotstxt import ProtegoRobotParser

from crawler.live.failures import NotAllowed, what_failed
from crawler.live.gate import HostRefused, Stopped
from crawler.live.session import SESSION_SETTING, Session
from crawler.live.who import ROBOT
from store.model import PageOutcome

if TYPE_CHECKING:
    from datetime import datetime, time

    from scrapy.crawler import Crawler
    from scrapy.http import Response

MAX_ROBOTS_BYTES = 512_000
"""Of robots.txt that are read, as RFC 9309 (2.5) has it at least."""
MAX_AGE = timedelta(hours=24)
"""How long a robots.txt holds, as RFC 9309 (2.4) has it at most."""
_PRIORITY = 1_000
_FIRST_ERROR, _FIRST_SERVER_ERROR = 400, 500
_UNWELCOME = frozenset({401, 403, 429})
_ROBOTS = "robots_txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Robots:
    """The robots.txt of one site."""

    parser: ProtegoRobotParser
    read_at: datetime
    unknown: str = ""
    """Why it could not be had, so that it must be taken to forbid all; empty when it was."""
    outcome: PageOutcome = PageOutcome.REFUSED
    """Of the pages that it forbids, or may forbid."""

    def why_not(self, url: str, now: datetime) -> str:
        """Return in words why an address may not be asked for now; empty when it may."""
        if self.unknown:
            return self.unknown
        if not self.parser.allowed(url, ROBOT):
            return "the site's robots.txt forbids it"
        hours = self.parser.rp.visit_time(ROBOT)
        if hours and not _is_between(hours.start_time, hours.end_time, now.time()):
            return f"the site's robots.txt asks for visits from {hours.start_time} to {hours.end_time} UTC"
        return ""


class RobotsMiddleware:
    """Asks each site, by scheme, host and port, for its robots.txt before anything else.

    Scrapy's own takes one file for both schemes of a host, keeps it for as long as the crawl lasts, and takes
    a file that cannot be had for one that allows everything.
    """

    def __init__(self, crawler: Crawler) -> None:
        """Begin with no site known."""
        self._crawler = crawler
        self._session: Session = crawler.settings[SESSION_SETTING]
        self._known: dict[str, asyncio.Future[Robots]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make the middleware of a crawl."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Refuse what robots.txt forbids, with the reason."""
        if request.meta.get(_ROBOTS):
            return
        robots = await self._robots_for(request)
        if why := robots.why_not(request.url, self._session.now()):
            raise NotAllowed(robots.outcome, f"It was not asked for: {why}.")

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
        asking = Request(f"{site}/robots.txt", priority=_PRIORITY, meta={_ROBOTS: True}, callback=NO_CALLBACK)
        try:
            response = await self._crawler.engine.download_async(asking)
        except Stopped:
            raise
        except HostRefused as error:
            return self._forbidding(str(error).removeprefix("It was not asked for: ").rstrip("."))
        except Exception as error:  # noqa: BLE001 (whatever it is, the file was not had)
            outcome, sentence = what_failed(error)
            return self._not_had(sentence.rstrip("."), outcome)
        if response.status >= _FIRST_SERVER_ERROR or response.status in _UNWELCOME:
            return self._not_had(f"HTTP {response.status}")
        if "dataloss" in response.flags:
            return self._not_had("it came cut short", PageOutcome.UNREACHABLE)
        robots = Robots(parser=self._parse(response), read_at=self._session.now())
        await self._crawler.signals.send_catch_log_async(
            signal=signals.robots_parsed, robotparser=robots.parser, request=request
        )
        return robots

    def _parse(self, response: Response) -> ProtegoRobotParser:
        is_there = response.status < _FIRST_ERROR
        body = response.body[:MAX_ROBOTS_BYTES] if is_there else b""
        return ProtegoRobotParser.from_crawler(self._crawler, body)

    def _not_had(self, why: str, outcome: PageOutcome = PageOutcome.REFUSED) -> Robots:
        is_down = outcome is PageOutcome.UNREACHABLE
        return self._forbidding(
            f"the site's robots.txt could not be had ({why}), so it may forbid it",
            PageOutcome.UNREACHABLE if is_down else PageOutcome.REFUSED,
        )

    def _forbidding(self, why: str, outcome: PageOutcome = PageOutcome.REFUSED) -> Robots:
        parser = ProtegoRobotParser.from_crawler(self._crawler, b"User-agent: *\nDisallow: /")
        return Robots(parser=parser, read_at=self._session.now(), unknown=why, outcome=outcome)


def _is_between(start: time, end: time, moment: time) -> bool:
    return start <= moment <= end if start <= end else moment >= start or moment <= end
