"""Run by `test_handler.py` in a process of its own: one Scrapy crawl of an archive, sockets blocked."""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest_socket
import scrapy
from scrapy.crawler import AsyncCrawlerProcess

from crawler.archives import open_archive
from crawler.run.saved import NotInArchive, saved_settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from scrapy.http import Response
    from twisted.python.failure import Failure


class SavedSpider(scrapy.Spider):
    """Asks for each start URL and follows every link."""

    name = "saved"

    def __init__(self, start: list[str], seen: list[dict[str, object]]) -> None:
        """Take the URLs to begin with, and the list to which answers are added."""
        super().__init__()
        self.start_urls = start
        self.seen = seen

    async def start(self) -> AsyncIterator[Any]:
        """Ask for the first pages."""
        for url in self.start_urls:
            yield scrapy.Request(url, self.parse, errback=self.refused)

    def parse(self, response: Response, **_: object) -> Iterator[scrapy.Request]:
        """Note what came, and go on."""
        page = response.meta["saved_page"]
        self.seen.append(
            {
                "url": response.url,
                "status": response.status,
                "type": type(response).__name__,
                "title": response.css("title::text").get(),
                "flags": response.flags,
                "locator": page.locator,
            }
        )
        for link in response.css("a::attr(href)").getall():
            yield response.follow(link, self.parse, errback=self.refused)

    def refused(self, failure: Failure) -> None:
        """Note what did not come."""
        is_absent = isinstance(failure.value, NotInArchive)
        url = failure.request.url  # type: ignore[attr-defined]  # Scrapy adds the request
        self.seen.append({"url": url, "error": "NotInArchive" if is_absent else repr(failure.value)})


def main() -> None:
    """Crawl the archive named first from the URLs named after it, and print what was seen as JSON."""
    pytest_socket.disable_socket(allow_unix_socket=True)
    try:
        socket.socket()
        are_blocked = False
    except pytest_socket.SocketBlockedError:
        are_blocked = True
    seen: list[dict[str, object]] = []
    with open_archive(Path(sys.argv[1]), base_url="https://shop.example/") as archive:
        process = AsyncCrawlerProcess({**saved_settings(archive), "LOG_LEVEL": "WARNING"})
        process.crawl(SavedSpider, start=sys.argv[2:], seen=seen)
        process.start()
    sys.stdout.write(json.dumps({"are_blocked": are_blocked, "seen": seen}))


if __name__ == "__main__":
    main()
