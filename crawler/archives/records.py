"""The listings of a saved archive as plain records, page by page, without a store."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

import web_poet

from crawler.extract.page import read_page
from store.crawl.text import listing_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawler.archives.archive import Archive
    from crawler.archives.pages import SavedPage
    from crawler.extract.page import ReadListing


def archive_records(
    archive: Archive, *, start: int, stop: int
) -> Iterator[tuple[int, int, list[dict[str, Any]]]]:
    """Yield pages done, pages in all, and the listings of each page of an archive, in its order.

    A page that cannot be read, or is no listing, yields none. A list row is left out if the archive holds
    the item's own page.

    Args:
        archive: Open; its index is in memory, its pages are not.
        start: Pages done before.
        stop: Pages after which no more is read.
    """
    total = len(archive)
    for done, url in enumerate(islice(archive.urls(), start, stop), start=start + 1):
        page = archive.fetch(url)
        yield done, total, [] if page is None or page.fault else _records(archive, page)


def _records(archive: Archive, page: SavedPage) -> list[dict[str, Any]]:
    headers = web_poet.HttpResponseHeaders.from_name_value_pairs(
        [{"name": name, "value": value} for name, value in page.headers]
    )
    reading = read_page(
        web_poet.HttpResponse(url=page.url, body=page.body, status=page.status, headers=headers)
    )
    rows = [row for row in reading.rows if row.url not in archive]
    found = [reading.listing, *rows] if reading.listing else rows
    return [_record(page, each) for each in found]


def _record(page: SavedPage, read: ReadListing) -> dict[str, Any]:
    return {
        "url": read.url,
        "page_url": page.url,
        "locator": page.locator,
        "title": read.content.title,
        "text": listing_text(read.content),
    }
