"""A live crawl ends, waits or slows down as its permission, budgets and site demand."""

from __future__ import annotations

import os
import resource
import time
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from crawler.live.crawl import CrawlEnded, NotPermitted
from crawler.live.permission import Limits
from crawler.live.politeness import retry_after
from crawler.run.process import CrawlBroken
from fixtures.misbehaving.answers import PAGE, html
from fixtures.misbehaving.server import serving
from store.crawl.runs import list_runs
from store.crawl.sources import record_decision
from store.database import open_database
from store.model import RunOutcome
from tests.crawler.crawls import NOW, Job, crawl_all
from tests.crawler.killing import POLL_S, rows_in
from tests.crawler.live.shop import HOST, Shop
from tests.crawler.live.sources import everywhere, live, permit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from fixtures.misbehaving.server import Answer, Asked, Server
    from store.crawl.sources import Permission
    from store.model import Run

pytestmark = pytest.mark.process


@pytest.fixture
def server() -> Iterator[Server]:
    """A server on this machine."""
    with serving() as playing:
        yield playing


@dataclass(kw_only=True)
class Bounded:
    """A shop to be crawled once, with its store."""

    server: Server
    database: Path
    shop: Shop = field(default_factory=Shop)

    def permission(self, **changes: Any) -> Permission:
        """Return a permission for the shop."""
        return permit(self.server.url(HOST), **changes)

    def crawl(
        self,
        permission: Permission | None,
        *,
        clock: Callable[[], datetime] | None = None,
        **limits: Any,
    ) -> Run:
        """Crawl the shop."""
        self.server.hosts[HOST] = self.shop.play
        source = live(self.server.url(HOST), permission=permission, limits=limits)
        job = Job(database=self.database, declared=source, names=everywhere(HOST), clock=clock)
        return crawl_all([job])[0]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return what the store says."""
        with closing(open_database(self.database)) as db:
            return [tuple(row) for row in db.execute(query)]

    def last_run(self) -> Run:
        """Return the newest run."""
        with closing(open_database(self.database)) as db:
            return list_runs(db, limit=1)[0]


@pytest.fixture
def bounded(server: Server, tmp_path: Path) -> Bounded:
    """A shop and an empty store."""
    return Bounded(server=server, database=tmp_path / "store.db")


class Passing:
    """A clock that moves on by a minute each time it is looked at."""

    def __init__(self, begin: datetime) -> None:
        """Take when it begins."""
        self.at = begin

    def __call__(self) -> datetime:
        """Return the time."""
        self.at += timedelta(minutes=1)
        return self.at


def test_without_a_permission_nothing_is_asked(bounded: Bounded) -> None:
    """The refusal is a sentence, an ended run, and a row for each address that was to be asked for."""
    with pytest.raises(NotPermitted, match=r"there is no permission.*No request was sent\.") as refused:
        bounded.crawl(None)
    assert not bounded.server.asked
    run = bounded.last_run()
    assert (run.outcome, run.sentence) == (RunOutcome.FAILED, str(refused.value))
    ((url, outcome, permission, sentence),) = bounded.rows(
        "SELECT url, outcome, permission_id, sentence FROM fetches"
    )
    assert (url, outcome, permission) == (bounded.server.url(HOST), "refused", None)
    assert sentence.startswith("It was not requested: there is no permission;")


def test_a_permission_that_ends_during_a_crawl_ends_it_at_the_next_request(bounded: Bounded) -> None:
    """At midnight in UTC; what was read until then is kept, and the sentence says why there is no more."""
    permission = bounded.permission(valid_until=date(2026, 11, 24))
    clock = Passing(datetime(2026, 11, 24, 22, 50, tzinfo=UTC))
    with pytest.raises(CrawlEnded, match="its permission ended on 2026-11-24; today is 2026-11-25"):
        bounded.crawl(permission, clock=clock, at_once=1)
    sent = bounded.rows("SELECT url, asked_at FROM fetches WHERE outcome <> 'refused'")
    assert 1 < len(sent) < 14
    assert len(bounded.server.paths(HOST)) == len(sent)
    assert bounded.last_run().outcome is RunOutcome.FAILED
    assert bounded.rows("SELECT count(*) FROM pages WHERE outcome = 'listing'")[0][0] >= 1


def test_a_permission_withdrawn_during_a_crawl_ends_it_at_the_next_request(bounded: Bounded) -> None:
    """Every request checks the store, so a withdrawal needs no knowledge of the crawl."""
    permission = bounded.permission(at_once=1)

    def withdraw(answer: Answer) -> bool:
        if len(bounded.server.asked) == 5:
            said: dict[str, Any] = {"by": "the shop", "reason": "a letter came", "now": NOW}
            with closing(open_database(bounded.database)) as db:
                record_decision(db, permission.permission_id, is_approval=False, **said)
        return False

    bounded.shop.before = withdraw
    said = r"withdrawn on 2026-11-24 09:00 UTC by the shop \(a letter came\)"
    with pytest.raises(CrawlEnded, match=said):
        bounded.crawl(permission)
    assert len(bounded.server.asked) == 5
    with pytest.raises(NotPermitted, match=said):
        bounded.crawl(permission)
    assert len(bounded.server.asked) == 5


def test_a_budget_of_requests_is_kept_to_the_last(bounded: Bounded) -> None:
    """The robots.txt counts too; the run is done, and says what was used up."""
    run = bounded.crawl(bounded.permission(max_pages=6))
    assert len(bounded.server.asked) == 6
    assert run.outcome is RunOutcome.DONE
    assert run.sentence.endswith("The budget of 6 requests in one run was used up.")


def test_a_budget_of_bytes_is_kept_in_the_middle_of_a_page(bounded: Bounded) -> None:
    """The rest of the page is not waited for, and what came of it is evidence, marked as cut."""

    def flood(answer: Answer) -> bool:
        if answer.path != "/item/chair-3":
            return False
        answer.send_response(200)
        answer.send_header("Content-Length", "15000000")
        answer.end_headers()
        for _ in range(15_000):
            answer.wfile.write(bytes(1_000))
        return True

    bounded.shop.before = flood
    run = bounded.crawl(bounded.permission(max_bytes=100_000, at_once=1))
    assert run.sentence.endswith("The budget of 100,000 bytes in one run was used up.")
    ((received,),) = bounded.rows("SELECT sum(bytes) FROM fetches")
    assert 100_000 <= received < 1_000_000
    assert not bounded.rows("SELECT 1 FROM pages WHERE url LIKE '%chair-3'"), "the next run comes to it"


def test_a_site_that_refuses_page_after_page_is_left(bounded: Bounded) -> None:
    """After the third refusal only requests that are under way are sent."""

    def refuse(answer: Answer) -> bool:
        if answer.path.startswith("/item/"):
            answer.give(b"", 403)
        return answer.path.startswith("/item/")

    bounded.shop.before = refuse
    with pytest.raises(CrawlEnded, match="The site refused 3 pages one after the other"):
        bounded.crawl(bounded.permission(at_once=1), blocked_in_a_row=3)
    refused = bounded.rows("SELECT count(*) FROM fetches WHERE http_status = 403")[0][0]
    assert 3 <= refused <= 6, f"all {len(bounded.shop.goods)} are not asked for"
    assert len(bounded.server.asked) == 3 + refused


def least_pace(asked: Sequence[Asked]) -> float:
    """Return the seconds between requests that the crawl kept, as the server saw it.

    A busy machine may see a request late, and the requests after it then seem to come early. So the seconds
    are counted up to the last request from each of the first three, and the longest average is the answer.
    """
    return max((asked[-1].at - asked[n].at) / (len(asked) - 1 - n) for n in range(min(3, len(asked) - 1)))


KEPT = 0.9
"""Share of the seconds that may be seen; those of another rule are at most two thirds of them."""


@pytest.mark.parametrize(
    ("robots", "rate", "limit", "least_s"),
    [
        ("Crawl-delay: 0.3", 0.01, 0.01, 0.3),
        ("Request-rate: 10/4", 0.01, 0.01, 0.4),
        ("", 0.3, 0.01, 0.3),
        ("", 0.01, 0.3, 0.3),
        ("Crawl-delay: 0.01", 0.2, 0.3, 0.3),
    ],
)
def test_the_slowest_of_robots_permission_and_settings_holds(
    bounded: Bounded, robots: str, rate: float, limit: float, least_s: float
) -> None:
    """From the first page on, though several requests might be under way at once."""
    bounded.shop.goods = bounded.shop.goods[:3]
    bounded.shop.robots = f"User-agent: *\n{robots}\n"
    bounded.crawl(bounded.permission(seconds_between_requests=rate), seconds_between_requests=limit)
    assert len(bounded.server.asked) == 6
    assert least_pace(bounded.server.asked) >= KEPT * least_s


def test_a_redirect_to_another_host_keeps_the_pace_of_that_host(bounded: Bounded) -> None:
    """The Crawl-delay of the target host applies."""
    calm = "calm.example"

    def play(answer: Answer) -> None:
        if answer.path == "/robots.txt":
            answer.give(b"User-agent: *\nCrawl-delay: 0.4", content_type="text/plain")
        else:
            answer.give()

    def lead_away(answer: Answer) -> bool:
        if answer.path.startswith("/item/"):
            answer.give(b"", 302, Location=bounded.server.url(calm, answer.path))
        return answer.path.startswith("/item/")

    bounded.shop.goods = bounded.shop.goods[:3]
    bounded.shop.before = lead_away
    bounded.server.hosts |= {HOST: bounded.shop.play, calm: play}
    permission = permit(bounded.server.url(HOST), bounded.server.url(calm))
    source = live(bounded.server.url(HOST), permission=permission)
    crawl_all([Job(database=bounded.database, declared=source, names=everywhere(HOST, calm))])
    asked = [each for each in bounded.server.asked if each.host == calm]
    assert len(asked) == 4
    assert least_pace(asked) >= KEPT * 0.4


def test_a_slow_site_is_asked_more_slowly(bounded: Bounded) -> None:
    """AutoThrottle: after an answer that took long the site is left alone for half as long, and so on."""

    def take_time(answer: Answer) -> bool:
        if answer.path == "/list":
            time.sleep(0.8)  # a slow server is the point
        return False

    bounded.shop.goods = bounded.shop.goods[:3]
    bounded.shop.before = take_time
    bounded.crawl(bounded.permission(at_once=1), at_once=1)
    first, _, third = (each.at for each in bounded.server.asked if each.path.startswith("/item/"))
    assert third - first >= 0.2, "0.6 s are due; without AutoThrottle it is one hundredth of that"


def test_a_crawl_delay_longer_than_a_crawl_waits_ends_it(bounded: Bounded) -> None:
    """A day between requests is a way of saying no."""
    bounded.shop.robots = "User-agent: *\nCrawl-delay: 86400\n"
    with pytest.raises(CrawlEnded, match="asks for 86,400 seconds between requests"):
        bounded.crawl(bounded.permission())
    assert bounded.server.paths(HOST) == ["/robots.txt"]


def busy_once(seconds: str) -> Callable[[Answer], bool]:
    """Return a site that is busy at the first request for its list."""
    seen: list[str] = []

    def be_busy(answer: Answer) -> bool:
        if answer.path != "/list" or seen:
            return False
        seen.append(answer.path)
        answer.give(b"", 503, Retry_After=seconds)
        return True

    return be_busy


def test_a_busy_site_is_asked_again_when_it_said(bounded: Bounded) -> None:
    """The retry waits for Retry-After, and the crawl then continues."""
    bounded.shop.before = busy_once("1")
    run = bounded.crawl(bounded.permission(), retries=1)
    asked = [each.at for each in bounded.server.asked if each.path == "/list"]
    assert len(asked) == 2
    assert asked[1] - asked[0] >= KEPT * 1
    assert run.counts["listing"] == 12


def test_a_site_that_asks_for_a_long_rest_is_left(bounded: Bounded) -> None:
    """The next run goes there again."""
    bounded.shop.before = busy_once("86400")
    with pytest.raises(CrawlEnded, match=r"asks for a pause of 86,400 seconds \(HTTP 503\)"):
        bounded.crawl(bounded.permission(), retries=1)
    assert bounded.server.paths(HOST)[-1] == "/list"


UNKNOWABLE: list[tuple[bytes, int, dict[str, str], str]] = [
    (b"", 302, {}, "HTTP 302"),
    (b"", 304, {}, "HTTP 304"),
    (b"User-agent: *\nDisallow:", 206, {"Content_Range": "bytes 0-22/999"}, "HTTP 206"),
    (b"", 999, {}, "HTTP 999"),
    ("User-agent: *\nDisallow: /".encode("utf-16"), 200, {}, "it is not text in UTF-8"),
    ("User-agent: *\nDisallow: /".encode("utf-16-le"), 200, {}, "it is not text in UTF-8"),
    ("User-agent: *\nDisallow: /é".encode("latin-1"), 200, {}, "it is not text in UTF-8"),
    (b"<!DOCTYPE html>\n<title>Shop</title>", 200, {}, "it has no line of a robots.txt, such as User-agent"),
    (b"Not found\n", 200, {}, "it has no line of a robots.txt, such as User-agent"),
    (b"Disallow: /x\nUser-agent: *\nAllow: /", 200, {}, "its rule 'Disallow: /x' names no User-agent"),
]


@pytest.mark.parametrize(("body", "status", "headers", "why"), UNKNOWABLE)
def test_a_robots_txt_that_cannot_be_understood_forbids(
    bounded: Bounded, body: bytes, status: int, headers: dict[str, str], why: str
) -> None:
    """The rules of the site are unknown then, so only robots.txt itself is requested."""

    def give_it(answer: Answer) -> bool:
        if answer.path == "/robots.txt":
            answer.give(body, status, **headers)
        return answer.path == "/robots.txt"

    bounded.shop.before = give_it
    bounded.crawl(bounded.permission())
    assert bounded.server.paths(HOST) == ["/robots.txt"]
    ((sentence,),) = bounded.rows("SELECT sentence FROM pages")
    assert f"the site's robots.txt could not be fetched ({why}), so it may forbid the page" in sentence


@pytest.mark.parametrize(
    "agent", ["User-agent: precursor-watch/0.1", "USER-AGENT:Precursor-Watch/9 (+x)", "\u200bUser-agent: *"]
)
def test_a_site_may_name_this_robot_as_its_requests_do(bounded: Bounded, agent: str) -> None:
    """With any version; and a character that shows nothing hides no rule."""
    bounded.shop.before = lambda answer: robots_of(answer, f"{agent}\nDisallow: /".encode())
    bounded.crawl(bounded.permission())
    assert bounded.server.paths(HOST) == ["/robots.txt"]


def robots_of(answer: Answer, body: bytes) -> bool:
    """Give this robots.txt."""
    if answer.path == "/robots.txt":
        answer.give(body, 200)
    return answer.path == "/robots.txt"


def test_an_absurd_retry_after_is_a_back_off(bounded: Bounded) -> None:
    """The site was busy; what it said beside is nonsense, and no reason to stop or to fail."""
    bounded.shop.before = busy_once("Tue, 24 Nov 2026 09:01:00 +99999999999999")
    run = bounded.crawl(bounded.permission(), retries=1)
    assert run.outcome is RunOutcome.DONE
    assert bounded.server.paths(HOST).count("/list") == 2


def test_a_header_that_is_not_utf_8_hides_no_page(bounded: Bounded) -> None:
    """One byte in a header must not make every page of a site unreadable."""

    def with_header(answer: Answer) -> bool:
        if not answer.path.startswith("/item/"):
            return False
        body = html("Chair", "<h1>Chair</h1><p class=price>20.50 EUR</p><p>Well kept.</p>")
        answer.give(body, X_A="caf\xe9")  # which http.server sends as Latin-1
        return True

    bounded.shop.before = with_header
    bounded.crawl(bounded.permission())
    assert bounded.rows("SELECT count(*) FROM pages WHERE outcome = 'listing'") == [(12,)]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("Tue, 24 Nov 2026 09:01:00 +99999999999999", 0.0),
        ("Tue, 99 Nov 2026 99:99:99 GMT", 0.0),
        ("Tue, 24 Nov 99999999999999999999 09:01:00 GMT", 0.0),
        (",,,,", 0.0),
        ("٣", 3.0),
        ("120", 120.0),
        (" 7 ", 7.0),
        ("Tue, 24 Nov 2026 09:01:00 GMT", 60.0),
        ("Tue, 24 Nov 2026 08:00:00 GMT", 0.0),
        ("soon", 0.0),
        ("-5", 0.0),
        ("", 0.0),
        ("9" * 400, float("inf")),
    ],
)
def test_a_retry_after_is_read_as_seconds_or_a_date(value: str, seconds: float) -> None:
    """RFC 9110, 10.2.3; any other value counts as none."""
    assert retry_after(value, NOW) == seconds


class LittleRoom:
    """A clock that, when first looked at, leaves its process no more room for a file than 2 MB."""

    def __call__(self) -> datetime:
        """Return the time."""
        resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
        return NOW


def test_a_crawl_that_cannot_keep_its_evidence_asks_for_nothing_more(bounded: Bounded) -> None:
    """On a full disk the run fails with the reason, and no page without evidence is parsed."""
    has_pages = rows_in(bounded.database, "page_evidence", 1)

    def bulky(answer: Answer) -> bool:
        while answer.path == "/item/chair-4" and not has_pages():
            time.sleep(POLL_S)  # pages are written a second after they came, and these come faster
        if answer.path.startswith("/item/"):
            answer.give(PAGE.replace(b"</body>", b"<!-- %s --></body>" % os.urandom(150_000).hex().encode()))
        return answer.path.startswith("/item/")

    bounded.shop.goods = [f"chair {number}" for number in range(30)]
    bounded.shop.before = bulky
    with pytest.raises(CrawlBroken, match=r"/item/chair-\d+ could not be stored \(.*File too large"):
        bounded.crawl(bounded.permission(at_once=1), clock=LittleRoom())
    assert 5 < len(bounded.server.asked) < 25
    ((pages,),) = bounded.rows("SELECT count(*) FROM pages JOIN page_evidence USING (page_id)")
    assert 0 < pages < len(bounded.server.asked)
    assert bounded.last_run().outcome is RunOutcome.FAILED


def test_limits_have_defaults_that_spare_a_site() -> None:
    """A second between requests, one at a time, and an end."""
    assert (Limits().seconds_between_requests, Limits().at_once, Limits().max_pages) == (1.0, 1, 10_000)
