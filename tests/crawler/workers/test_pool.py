"""Pages read in processes beside the crawl, and what becomes of a page that a process cannot read."""

from __future__ import annotations

import asyncio
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from multiprocessing import get_context
from typing import TYPE_CHECKING

import pytest

from crawler.run.process import CrawlBroken
from crawler.run.run import crawl_source
from crawler.run.spider import MOST_UNDER_WAY
from crawler.workers import Bounds
from crawler.workers.page_parser import ReadJob, given_up, read_here
from crawler.workers.pool import NoReader, Readers
from fixtures.marketplaces.build import write_site
from fixtures.marketplaces.data import read_site
from store.database import open_database
from tests.crawler.comparable import comparable
from tests.crawler.crawls import Job, crawl_all, declare

if TYPE_CHECKING:
    from pathlib import Path

    from crawler.extract.page import ExtractedPage
    from crawler.sources.sources import DeclaredSource

pytestmark = pytest.mark.process

ROOMY = Bounds(seconds=30, memory_bytes=2**30)
STEM = "labware-shop"


def page(title: str, *, body: str = "") -> ReadJob:
    """Return a page of one item."""
    text = f'<title>{title}</title><h1>{title}</h1><p class="price">12.50 EUR</p><p>Oak, well kept.</p>{body}'
    return ReadJob(url="https://shop.example/1", body=text.encode(), status=200, headers={})


def read_all(jobs: list[ReadJob], bounds: Bounds = ROOMY, *, kill_first: bool = False) -> list[ExtractedPage]:
    """Have pages read by one process, which is perhaps killed as soon as they are on their way to it."""

    async def gather() -> list[ExtractedPage]:
        readings = [asyncio.ensure_future(readers.read(job)) for job in jobs]
        if kill_first:
            await asyncio.wait(readings[:1])
            readers._readers[0]._process.kill()
        return await asyncio.gather(*readings)

    with closing(Readers(1, bounds)) as readers:
        return asyncio.run(gather())


def test_a_page_reads_the_same_in_another_process() -> None:
    """Whatever a page is, its reading is the one that this process comes to; bounds of 0 are none."""
    jobs = [page("Oak chair"), ReadJob(url="https://shop.example/2", body=b"", status=404, headers={})]
    for bounds in (ROOMY, Bounds(seconds=0, memory_bytes=0)):
        assert read_all(jobs, bounds) == [asyncio.run(read_here(job)) for job in jobs]


def test_a_page_that_takes_too_long_is_given_up_and_the_next_is_read() -> None:
    """Its process is ended; what waited behind it is read by another."""
    rows = "".join(
        f'<div class="r"><a href="/{n}">Item {n}</a> <b>{n}.50 EUR</b></div>' for n in range(60_000)
    )
    slow, after = read_all(
        [page("List", body=rows), page("Oak chair")], Bounds(seconds=1, memory_bytes=2**30)
    )
    assert slow == given_up("took more than 1 seconds and was ended")
    assert after == asyncio.run(read_here(page("Oak chair")))


def test_a_page_that_takes_too_much_memory_is_given_up() -> None:
    """The process goes on."""
    large = page("List", body="<p>x</p>" * 1_000_000)
    found, after = read_all([large, page("Oak chair")], Bounds(seconds=30, memory_bytes=60_000_000))
    assert found == given_up("needs more memory than a page may have")
    assert after == asyncio.run(read_here(page("Oak chair")))


def test_a_page_is_read_again_when_its_process_was_killed() -> None:
    """A process may die for reasons that are not the page's."""
    jobs = [page(f"Oak chair {number}", body="<p>x</p>" * 1_000) for number in range(20)]
    assert read_all(jobs, kill_first=True) == [asyncio.run(read_here(job)) for job in jobs]


def crawl_without_reader(database: Path, declared: DeclaredSource) -> tuple[str, int]:
    """Crawl where no process can be started; return how the crawl ends and how many pages asked for one."""
    asked = 0

    async def read(_: ReadJob) -> ExtractedPage:
        nonlocal asked
        asked += 1
        raise NoReader("ended with exit code 1")

    try:
        crawl_source(database, declared, read=read)
    except CrawlBroken as error:
        return str(error), asked
    return "", asked


def test_a_crawl_ends_at_once_when_no_process_can_be_started(tmp_path: Path) -> None:
    """It does not go through all its pages, and says what is to be done."""
    write_site(STEM, "folder", tmp_path / "saved")
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("forkserver")) as pool:
        declared = declare(tmp_path / "saved", source_id=STEM)
        sentence, asked = pool.submit(crawl_without_reader, tmp_path / "one.db", declared).result()
    assert sentence.startswith(
        f"The crawl of {STEM} ended early: The process that is to read pages ended with"
    )
    assert "Set `readers` under [crawl] to 0" in sentence
    assert asked <= MOST_UNDER_WAY < len(read_site(STEM).listings)


def test_a_crawl_with_two_readers_leaves_the_same_rows_in_the_same_order(tmp_path: Path) -> None:
    """Pages are taken in the order of the links, whichever of them is read first."""
    write_site(STEM, "folder", tmp_path / "saved")
    declared = declare(tmp_path / "saved", source_id=STEM, start=(read_site(STEM).base_url + "/",))
    jobs = [
        Job(database=tmp_path / f"{readers}.db", declared=declared, readers=readers) for readers in (0, 2)
    ]
    crawl_all(jobs)
    stores = []
    for job in jobs:
        with closing(open_database(job.database)) as db:
            pages = [tuple(row) for row in db.execute("SELECT page_id, url FROM pages ORDER BY page_id")]
            stores.append((pages, comparable(db)))
    assert stores[0] == stores[1]
    assert len(stores[0][0]) > len(read_site(STEM).listings)
