"""Pages read in processes beside the crawl, and what becomes of a page that a process cannot read."""

from __future__ import annotations

import asyncio
import dataclasses
import pickle
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from crawler.errors import CrawlError
from crawler.extract.page import ExtractedPage
from crawler.run.process import CrawlBroken
from crawler.run.run import crawl_source
from crawler.run.spider import MOST_UNDER_WAY
from crawler.workers import CrawlSettings, page_parser
from crawler.workers.confinement import landlock_version
from crawler.workers.page_parser import PageJob, given_up, parse_here
from crawler.workers.pool import NoWorker, WorkerPool, parsing
from fixtures.comparable import comparable
from fixtures.marketplaces.build import site_resources, write_site
from fixtures.marketplaces.data import STEMS, read_site
from store.database import open_database
from store.model import PageOutcome
from tests.crawler.crawls import Job, crawl_all, declare

if TYPE_CHECKING:
    import web_poet

    from crawler.sources.sources import DeclaredSource

pytestmark = pytest.mark.process

ROOMY = CrawlSettings(page_seconds=30, page_memory_mb=1_024)
STEM = "labware-shop"
HOSTILE = Path(__file__).parents[3] / "fixtures" / "hostile"


def page(title: str, *, body: str = "") -> PageJob:
    """Return a page of one item."""
    text = f'<title>{title}</title><h1>{title}</h1><p class="price">12.50 EUR</p><p>Oak, well kept.</p>{body}'
    return PageJob(url="https://shop.example/1", body=text.encode(), status=200, headers={})


def parse_all(
    jobs: list[PageJob], settings: CrawlSettings = ROOMY, *, kill_first: bool = False
) -> list[ExtractedPage]:
    """Parse pages in one worker, which is killed, if asked, as soon as the pages are on their way to it."""

    async def gather() -> list[ExtractedPage]:
        """Parse the pages at once."""
        readings = [asyncio.ensure_future(pool.parse(job)) for job in jobs]
        if kill_first:
            await asyncio.wait(readings[:1])
            pool._workers[0]._process.kill()
        return await asyncio.gather(*readings)

    with closing(WorkerPool(settings)) as pool:
        return asyncio.run(gather())


def test_a_page_reads_the_same_in_another_process() -> None:
    """A worker and this process return the same result; bounds of 0 mean none."""
    jobs = [page("Oak chair"), PageJob(url="https://shop.example/2", body=b"", status=404, headers={})]
    for settings in (ROOMY, CrawlSettings(page_seconds=0, page_memory_mb=0)):
        assert parse_all(jobs, settings) == [asyncio.run(parse_here(job)) for job in jobs]


def test_a_page_that_takes_too_long_is_given_up_and_the_next_is_read() -> None:
    """The worker is killed, and another worker parses the waiting pages."""
    rows = "".join(
        f'<div class="r"><a href="/{n}">Item {n}</a> <b>{n}.50 EUR</b></div>' for n in range(120_000)
    )
    slow, after = parse_all(
        [page("List", body=rows), page("Oak chair")], CrawlSettings(page_seconds=3, page_memory_mb=1_024)
    )
    assert slow == given_up("took more than 3 seconds and was ended")
    assert after == asyncio.run(parse_here(page("Oak chair")))


def test_a_page_that_takes_too_much_memory_is_given_up() -> None:
    """The worker continues."""
    large = page("List", body="<p>x</p>" * 1_000_000)
    # A worker forked from this process inherits the memory that earlier tests freed, and the limit is on what
    # is added. The first worker is killed, so that a new process, which inherits nothing, reads the page.
    jobs = [page("Oak table"), large, page("Oak chair")]
    _, found, after = parse_all(jobs, CrawlSettings(page_seconds=30, page_memory_mb=57), kill_first=True)
    assert found == given_up("needs more memory than a page may have")
    assert after == asyncio.run(parse_here(page("Oak chair")))


def test_a_page_is_read_again_when_its_process_was_killed() -> None:
    """A process may die for reasons that are not the page's."""
    jobs = [page(f"Oak chair {number}", body="<p>x</p>" * 1_000) for number in range(20)]
    assert parse_all(jobs, kill_first=True) == [asyncio.run(parse_here(job)) for job in jobs]


def crawl_without_worker(database: Path, declared: DeclaredSource) -> tuple[str, int]:
    """Crawl where no process can be started; return how the crawl ends and how many pages asked for one."""
    asked = 0

    async def parse(_: PageJob) -> ExtractedPage:
        """Parse the page in this process."""
        nonlocal asked
        asked += 1
        raise NoWorker.ended("ended with exit code 1")

    try:
        crawl_source(database, declared, parse=parse)
    except CrawlBroken as error:
        return str(error), asked
    return "", asked


def test_a_crawl_ends_at_once_when_no_process_can_be_started(tmp_path: Path) -> None:
    """The crawl stops at its first pages, and the message says what to do."""
    write_site(STEM, "folder", tmp_path / "saved")
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("forkserver")) as pool:
        declared = declare(tmp_path / "saved", source_id=STEM)
        sentence, asked = pool.submit(crawl_without_worker, tmp_path / "one.db", declared).result()
    assert sentence.startswith(f"The crawl of {STEM} ended early: The process that parses pages ended with")
    assert "Set `workers` under [crawl] to 0" in sentence
    assert asked <= MOST_UNDER_WAY < len(read_site(STEM).listings)


def test_a_crawl_with_two_workers_leaves_the_same_rows_in_the_same_order(tmp_path: Path) -> None:
    """Pages are taken in the order of the links, whichever of them is read first."""
    write_site(STEM, "folder", tmp_path / "saved")
    declared = declare(tmp_path / "saved", source_id=STEM, start=(read_site(STEM).base_url + "/",))
    jobs = [
        Job(database=tmp_path / f"{workers}.db", declared=declared, workers=workers) for workers in (0, 2)
    ]
    crawl_all(jobs)
    stores = []
    for job in jobs:
        with closing(open_database(job.database)) as db:
            pages = [tuple(row) for row in db.execute("SELECT page_id, url FROM pages ORDER BY page_id")]
            stores.append((pages, comparable(db)))
    assert stores[0] == stores[1]
    assert len(stores[0][0]) > len(read_site(STEM).listings)


def fixture_pages() -> list[PageJob]:
    """Return every page of the marketplaces, hostile pages, pages in old encodings, and one with a place."""
    sites = [resource for stem in STEMS for resource in site_resources(read_site(stem))]
    pages = [(each.url, each.body) for each in sites if each.content_type.startswith("text/html")]
    hostile = [(path.name, path.read_bytes()) for path in sorted(HOSTILE.iterdir()) if path.suffix == ".html"]
    title = "<title>Oak</title><h1>Oak</h1><p class=price>12.50 EUR</p>"
    declared = [
        (name, f'<meta charset="{name}">{title}'.encode()) for name in ("big5", "koi8-r", "shift_jis")
    ]
    ships_from = f"{title}<table><tr><th>Ships from</th><td>Qingdao, China</td></tr></table>".encode()
    declared.append(("ships-from", ships_from))
    named = [(f"https://shop.example/item/{name}", body) for name, body in [*hostile, *declared]]
    return [PageJob(url=url, body=body, status=200, headers={}) for url, body in [*pages, *named]]


def test_a_confined_worker_parses_every_kind_of_page_as_this_process_does() -> None:
    """It opens no file, so whatever parsing loads only when it is needed must be there before.

    The first worker is killed, because it was forked and so has what this process loaded for other tests.
    """
    jobs = fixture_pages()
    for job, found in zip(jobs, parse_all(jobs, kill_first=True), strict=True):
        assert found == asyncio.run(parse_here(job)), job.url


@pytest.mark.parametrize(
    "attack",
    [
        "__import__('socket').create_connection(('127.0.0.1', 9))",
        "open('/etc/hostname')",
        "open('/dev/null', 'w')",
        "__import__('os').pipe()",
    ],
)
def test_a_worker_opens_no_file_and_no_connection(attack: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Code that takes over the parser finds nothing to open, and no limit that it may raise again."""

    async def taken_over(response: web_poet.HttpResponse, *_: object) -> ExtractedPage:
        """Parse in a worker that tries the forbidden calls, once it is ready."""
        if "warm-up" in str(response.url):
            return ExtractedPage(outcome=PageOutcome.LISTING, sentence="not yet")
        resource = __import__("resource")
        for limit in (resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE):
            assert resource.getrlimit(limit) == (0, 0)
        eval(attack)
        return ExtractedPage(outcome=PageOutcome.LISTING, sentence="taken over")

    monkeypatch.setattr(page_parser, "parse_response", taken_over)
    (found,) = parse_all([page("Oak chair")])
    assert "failed (OSError: [Errno 24] Too many open files" in found.sentence


@pytest.mark.skipif(not landlock_version(), reason="this kernel has no Landlock")
@pytest.mark.parametrize(
    "attack",
    [
        "os.unlink({victim!r})",
        "os.rename({victim!r}, {victim!r} + '2')",
        "os.truncate({victim!r}, 0)",
        "os.mkdir({victim!r} + '2')",
        "os.symlink('/', {victim!r} + '2')",
        "os.execv('/bin/true', ['true'])",
        "os.kill(os.getppid(), 0)",
    ],
)
def test_a_worker_removes_starts_and_signals_nothing(
    attack: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Calls that open nothing are refused too, by the kernel, to root as to anybody."""
    victim = tmp_path / "store.db"
    victim.write_text("kept")

    async def taken_over(response: web_poet.HttpResponse, *_: object) -> ExtractedPage:
        """Parse in a worker that tries the forbidden call, once it is ready."""
        if "warm-up" not in str(response.url):
            eval(attack.format(victim=str(victim)), {"os": __import__("os")})
        return ExtractedPage(outcome=PageOutcome.LISTING, sentence="taken over")

    monkeypatch.setattr(page_parser, "parse_response", taken_over)
    (found,) = parse_all([page("Oak chair")])
    assert "failed (PermissionError: " in found.sentence
    assert (victim.read_text(), len(list(tmp_path.iterdir()))) == ("kept", 1)


@pytest.mark.parametrize(
    "message",
    [pickle.dumps(print), b"", b"\xc1", msgspec.msgpack.encode({"outcome": "listing", "sentence": 3})],
)
def test_what_is_no_result_costs_its_page_only(message: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """The crawl unpickles nothing; anything but a result costs only its page."""
    frame = page_parser.LENGTH.pack(len(message)) + message
    monkeypatch.setattr(page_parser, "framed", lambda _: frame)
    found = parse_all([page("Oak chair")])
    assert found == [given_up("gave an invalid result")]


def test_text_that_is_no_unicode_comes_through() -> None:
    """JSON in a page can spell half a character; the page is parsed all the same."""
    product = r'{"@type": "Product", "name": "Oak \ud83d chair", "offers": {"price": "12.50"}}'
    body = f'<script type="application/ld+json">{product}</script><h1>Oak chair</h1>'
    (found,) = parse_all([PageJob(url="https://shop.example/1", body=body.encode(), status=200, headers={})])
    assert found.listing
    assert found.outcome is PageOutcome.LISTING


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(206, PageOutcome.TRUNCATED), (999, PageOutcome.BLOCKED), (200, PageOutcome.LISTING)],
)
def test_a_status_that_is_no_answer_to_the_question_is_no_listing(status: int, outcome: PageOutcome) -> None:
    """A 206 is only a part of the page; some sites refuse programs with 999."""
    job = dataclasses.replace(page("Oak chair"), status=status)
    assert asyncio.run(parse_here(job)).outcome is outcome


def test_a_header_of_any_bytes_leaves_the_page_readable() -> None:
    """One byte that is not UTF-8 must not hide a page."""
    headers = {b"X-A": [b"caf\xe9"], b"X-\xff": [b"\x00\xff"], b"Content-Type": [b"text/html; charset=utf-8"]}
    job = dataclasses.replace(page("Oak chair"), headers=headers)
    assert asyncio.run(parse_here(job)) == asyncio.run(parse_here(page("Oak chair")))


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_where_no_page_can_be_read_nothing_is_crawled(
    workers: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk without room for what the language model unpacks ends the crawl; it does not cost its pages."""

    async def refused(_: object) -> ExtractedPage:
        """Parse where the disk is full."""
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(page_parser, "parse_response", refused)
    settings = CrawlSettings(workers=workers)
    with pytest.raises(CrawlError, match=r"before it was ready|No page can be read here"):
        parse_in(settings, page("Oak chair"))


def parse_in(settings: CrawlSettings, job: PageJob) -> ExtractedPage:
    """Parse a page as a crawl with these settings does."""

    async def parse() -> ExtractedPage:
        """Parse within the loop."""
        return await parse_page(job)

    with parsing(settings) as parse_page:
        return asyncio.run(parse())
