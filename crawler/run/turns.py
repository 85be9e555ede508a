"""Keeps what is done for one page after another in their order, however long each takes to be ready."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

    from scrapy import Request
    from scrapy.crawler import Crawler

MOST_UNDER_WAY = 8
"""Pages fetched and not yet taken: enough to keep readers busy, few enough to stop soon."""


class Turn:
    """One page's place in the order."""

    def __init__(self, turns: Turns, before: asyncio.Event) -> None:
        self._turns = turns
        self._before = before
        self.is_over = asyncio.Event()

    async def come(self) -> None:
        """Wait until all before it are over."""
        await self._before.wait()
        self._turns.current = self


class Turns:
    """Gives out turns, in order."""

    def __init__(self) -> None:
        self.current: Turn | None = None
        """The one that has come."""
        self._last = asyncio.Event()
        self._last.set()
        self._under_way = 0
        self._has_room = asyncio.Event()
        self._has_room.set()

    def give(self) -> None:
        """Let the next turn come."""
        assert self.current is not None
        self.current.is_over.set()

    async def room(self) -> None:
        """Wait until fewer than `MOST_UNDER_WAY` are under way."""
        await self._has_room.wait()

    @contextmanager
    def next(self) -> Iterator[Turn]:
        """Take the next turn. It is over when `give` is called, or when something is raised inside."""
        turn = Turn(self, self._last)
        self._last = turn.is_over
        self._count(1)
        try:
            yield turn
        except BaseException:
            turn.is_over.set()
            raise
        finally:
            self._count(-1)

    def _count(self, more: int) -> None:
        self._under_way += more
        if self._under_way < MOST_UNDER_WAY:
            self._has_room.set()
        else:
            self._has_room.clear()


class RoomMiddleware:
    """Holds a request of Scrapy's back while as many pages as may be are under way."""

    def __init__(self, crawler: Crawler) -> None:
        """Take the crawler, whose spider has the turns."""
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make the middleware of a crawl."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:  # noqa: ARG002 (Scrapy's signature)
        """Wait for room."""
        spider: Any = self._crawler.spider
        await spider.turns.room()
