"""What a crawl asks for, and what it makes of each answer."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from store.database import open_database
from tests.crawler.archives.site import BASE, Saved, html, warc
from tests.crawler.crawls import Job, crawl_all, declare

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.process


def links(*paths: str) -> str:
    """Return a link to each path of the invented site."""
    return " ".join(f'<a href="/{path}">{path}</a>' for path in paths)


def item(title: str, *, head: str = "", more: str = "") -> bytes:
    """Return the page of one item for sale."""
    page = html(title, f'<h1>{title}</h1><p class="price">12.50 EUR</p><p>Oak, well kept.</p>{more}')
    return page.replace(b"<title>", head.encode() + b"<title>")


HOP = '<meta http-equiv="refresh" content="0; url=/item/1">'
LONG = BASE + "long/" + 9_000 * "x"
SITE = (
    Saved(url=BASE, body=html("Home", links("list#top", "hop", "moved", "astray", "gone", "absent"))),
    Saved(url=BASE + "list", body=html("Goods", links("item/1#photo", "item/2", "item/9"))),
    Saved(url=BASE + "item/1", body=item("Oak chair", more=links("", "list"))),
    Saved(url=BASE + "item/2", body=item("Oak table")),
    Saved(url=BASE + "unlinked?b=2&a=1", body=item("Oak bed")),
    Saved(url=BASE + "unlinked?a=1&b=2", body=item("Oak bed")),
    Saved(url=BASE + "hop", body=item("Oak shelf", head=HOP)),
    Saved(url=BASE + "moved", body=b"", status="302 Found", location=BASE + "unlinked?b=2&a=1"),
    Saved(url=BASE + "astray", body=b"", status="302 Found", location=BASE + "nowhere"),
    Saved(url=BASE + "gone", body=html("404", "Not found"), status="404 Not Found"),
    Saved(url=LONG, body=item("Oak bench")),
)
NO_COPY = "It could not be fetched: The archive has no copy of "
REACHED = {
    BASE: (200, "category"),
    BASE + "list": (200, "category"),
    BASE + "item/1": (200, "listing"),
    BASE + "item/2": (200, "listing"),
    BASE + "hop": (200, "listing"),
    BASE + "unlinked?b=2&a=1": (200, "listing"),
    BASE + "nowhere": (None, "unreadable"),
    BASE + "gone": (404, "gone"),
}
Pages = dict[str, tuple[int | None, str, str, str]]


@pytest.fixture(scope="module")
def crawls(tmp_path_factory: pytest.TempPathFactory) -> tuple[Pages, Pages]:
    """The pages met from two start addresses, one of them not saved; and when every page is asked for."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "site.warc.gz").write_bytes(warc(SITE))
    starts = ((BASE, BASE + "elsewhere"), ())
    jobs = [
        Job(
            database=folder / f"{number}.db",
            declared=declare(folder / "site.warc.gz", start=start),
        )
        for number, start in enumerate(starts)
    ]
    crawl_all(jobs)
    followed, whole = (_pages(job.database) for job in jobs)
    return followed, whole


def test_links_are_followed_to_what_the_archive_holds_and_no_further(crawls: tuple[Pages, Pages]) -> None:
    """Fragments are dropped, redirects followed, unsaved links left alone, and unlinked pages not read."""
    followed, _ = crawls
    met = {url: (status, outcome) for url, (status, outcome, *_) in followed.items()}
    assert met == {**REACHED, BASE + "elsewhere": (None, "unreadable")}


def test_a_start_address_that_was_not_saved_is_a_page_with_the_reason(crawls: tuple[Pages, Pages]) -> None:
    """A declared start address that is missing gets a row."""
    followed, _ = crawls
    assert followed[BASE + "elsewhere"] == (None, "unreadable", f"{NO_COPY}{BASE}elsewhere.", "")


def test_a_redirect_that_leads_nowhere_is_a_page_without_bytes(crawls: tuple[Pages, Pages]) -> None:
    """The redirect's own bytes are not taken for those of the page it leads to."""
    followed, _ = crawls
    assert followed[BASE + "nowhere"] == (None, "unreadable", f"{NO_COPY}{BASE}nowhere.", "")


def test_without_a_start_address_every_saved_page_is_read(crawls: tuple[Pages, Pages]) -> None:
    """Addresses that differ only in the order of their parameters, and very long ones, are read too."""
    _, whole = crawls
    met = {url: (status, outcome) for url, (status, outcome, *_) in whole.items()}
    assert met == {**REACHED, BASE + "unlinked?a=1&b=2": (200, "listing"), LONG: (200, "listing")}


def test_every_page_met_has_a_sentence(crawls: tuple[Pages, Pages]) -> None:
    """Every outcome has a sentence."""
    for pages in crawls:
        assert all(sentence.endswith(".") for _, _, sentence, _ in pages.values())


def _pages(database: Path) -> Pages:
    with closing(open_database(database)) as db:
        rows = db.execute("SELECT url, http_status, outcome, sentence, locator FROM pages").fetchall()
    return {row[0]: tuple(row)[1:] for row in rows}
