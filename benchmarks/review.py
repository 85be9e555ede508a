"""How quickly the review app answers over a large store while a crawl writes to it.

    python -m benchmarks.review                         # 1,000,000 listings, 50,000 flagged
    python -m benchmarks.review --listings 50000 --flagged 2500
    python -m benchmarks.review --store var/big.db      # generates it there once, and uses it again

Times are the app's own, from the request's arrival to the last byte of the answer, without a network. CPU is
what this process worked meanwhile: on a machine that does other things too, it says more than the clock.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi.testclient import TestClient

from benchmarks.review_store import CUMULATED, NOW, SOURCES, VOCABULARY, generate, identity
from benchmarks.rounds import Limit, Rate, report
from fixtures.builders.forms import read_form
from fixtures.builders.login import a_user, build, cookie_of
from store.accounts.users import Role
from store.crawl.pages import SeenListing, record_page
from store.crawl.runs import begin_run
from store.database import open_database
from store.model import ListingContent, Page, PageOutcome, RunKind
from store.review.queue import review_queue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PACKAGES = ("fastapi", "sqlite-utils")

LIMITS_MS: dict[str, float] = {
    "queue": 50, "by worth": 50, "filtered": 50, "item": 50, "batch preview": 50, "search": 100,
    "verdict": 20,
}  # fmt: skip
"""The 95th percentile that each kind of request must stay under."""

PER_SECOND = 200
"""Sightings that the writer inserts meanwhile."""

AT_ONCE = 10
"""Sightings in one transaction of the writer, as a crawl batches its pages."""


class Timed:
    """An app that notes how long each answer took, and how much of that the processor, in milliseconds."""

    def __init__(self, app: Any) -> None:
        self.app, self.took, self.worked = app, 0.0, 0.0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass the request on."""
        began, worked = time.perf_counter(), time.process_time()
        await self.app(scope, receive, send)
        if scope["type"] == "http":
            self.took = (time.perf_counter() - began) * 1000
            self.worked = (time.process_time() - worked) * 1000


def main() -> None:
    """Generate a store unless there is one, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--listings", type=int, default=1_000_000)
    parser.add_argument("--flagged", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--store", type=Path)
    parser.add_argument("--write", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    asked = parser.parse_args()
    if asked.write:
        write_without_end(asked.write)
        return
    with tempfile.TemporaryDirectory() as folder:
        store = asked.store or Path(folder) / "review.db"
        if not store.exists():
            began = time.perf_counter()
            promotion = generate(store, count=asked.listings, flagged=asked.flagged)
            _tell(f"generated in {time.perf_counter() - began:,.0f} s; promotion alone {promotion:.1f} s")
        report(measure(store, asked.rounds), PACKAGES, as_json=asked.json)


def measure(store: Path, rounds: int) -> list[Rate]:
    """Ask for every kind of page while the writer writes; return the 95th percentile of what each took."""
    with closing(open_database(store)) as db:
        count = int(db.execute("SELECT count(*) FROM listings").fetchone()[0])
        waiting = [entry.listing_id for entry in review_queue(db, limit=100_000)]
        held = int(db.execute("SELECT count(*) FROM sightings").fetchone()[0])
    _tell(f"{count:,} listings, {len(waiting):,} waiting; {_size(store) / 1e9:.2f} GB")
    a_user(store, "ada", Role.REVIEWER)
    app = Timed(build(store, clock=lambda: datetime.now(UTC)))
    client = TestClient(app, base_url="http://127.0.0.1")
    client.cookies.set(*cookie_of(app.app, store, now=datetime.now(UTC)))
    chance = random.Random(11)
    asking: dict[str, Callable[[], object]] = {
        "queue": lambda: client.get("/"),
        "by worth": lambda: client.get("/", params={"sort": "worth"}),
        "filtered": lambda: client.get(
            "/", params={"source": chance.choice(SOURCES), "tier": chance.randint(1, 3), "sort": "newest"}
        ),
        "item": lambda: client.get(f"/listings/{chance.choice(waiting)}"),
        "batch preview": lambda: client.get(
            "/bulk", params={"source": chance.choice(SOURCES), "tier": chance.randint(1, 3)}
        ),
        "search": lambda: client.get("/", params={"q": _words(chance, count)}),
        "verdict": _verdicts(client, waiting, chance),
    }
    rows: list[Rate] = []
    with client, writing(store):
        _tell(f"{'ms':14}{'n':>6}{'p50':>9}{'p95':>9}{'p99':>9}{'CPU p50':>10}{'CPU p95':>10}")
        for name, ask in asking.items():
            for _ in range(3):
                ask()
            took, worked = [], []
            for _ in range(rounds):
                ask()
                took.append(app.took)
                worked.append(app.worked)
            _tell_one(name, took, worked)
            rows.append(
                Limit(
                    name=f"review at {count:,}: {name}, p95",
                    unit="ms",
                    target=LIMITS_MS[name],
                    ours=(_at(took, 0.95),),
                )
            )
    with closing(open_database(store)) as db:
        now_held = int(db.execute("SELECT count(*) FROM sightings").fetchone()[0])
    _tell(f"written meanwhile: {now_held - held:,} sightings; {_size(store) / 1e9:.2f} GB")
    return rows


def _words(chance: random.Random, count: int) -> str:
    """Return what a person might type: two words, common or rare, or one listing's own number."""
    if chance.random() < 0.3:
        return f"ref {chance.randint(1, count):07}"
    return " ".join(chance.choices(VOCABULARY, cum_weights=CUMULATED, k=2))


def _verdicts(client: TestClient, waiting: list[str], chance: random.Random) -> Callable[[], object]:
    """Return what opens a listing, unmeasured, and then sends its verdict, without following the redirect."""
    left = chance.sample(waiting, len(waiting))

    def give() -> object:
        form = read_form(client.get(f"/listings/{left.pop()}").text, "/verdict")
        sent = form.values | {"decision": "not_offer", "reason_code": "ordinary_goods"}
        answer = client.post(form.action, data=sent, follow_redirects=False)
        assert answer.status_code == 303, answer.text[:500]
        return answer

    return give


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _tell_one(name: str, took: list[float], worked: list[float]) -> None:
    p50, p95, p99 = (_at(took, share) for share in (0.5, 0.95, 0.99))
    cpu = f"{_at(worked, 0.5):>10.1f}{_at(worked, 0.95):>10.1f}"
    _tell(f"{name:14}{len(took):>6}{p50:>9.1f}{p95:>9.1f}{p99:>9.1f}{cpu}")


def _at(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


@contextmanager
def writing(store: Path) -> Iterator[None]:
    """Have another process insert sightings at a steady rate."""
    child = subprocess.Popen([sys.executable, "-m", "benchmarks.review", "--write", str(store)])
    time.sleep(2)  # its imports are no part of what is measured
    try:
        yield
    finally:
        child.terminate()
        child.wait()


def write_without_end(store: Path) -> None:
    """Insert sightings of new listings, `PER_SECOND` a second, until told to stop."""
    with closing(open_database(store)) as db:
        run = begin_run(db, RunKind.CRAWL, source_id=SOURCES[1], now=NOW).run_id
        content = ListingContent(
            title="Lamp", description="A lamp for a desk, with a cable. " * 8, language="en"
        )
        number, due = int(datetime.now(UTC).timestamp()) * 1_000, time.monotonic()
        while True:
            with db.conn:
                db.conn.execute("BEGIN IMMEDIATE")
                for number in range(number + 1, number + 1 + AT_ONCE):  # noqa: B020 (counts on)
                    url = f"https://site-01.example/new/{number}"
                    page = Page(
                        run_id=run, source_id=SOURCES[1], url=url, fetched_at=NOW + timedelta(seconds=1),
                        outcome=PageOutcome.LISTING, sentence="One listing.", payload_sha256=f"{number:064x}",
                        payload_bytes=1_000, locator="none",
                    )  # fmt: skip
                    seen = replace(content, title=f"Lamp {number} {identity(number)}")
                    record_page(db, page, [SeenListing(url=url, content=seen)])
            due += AT_ONCE / PER_SECOND
            time.sleep(max(0.0, due - time.monotonic()))


def _size(store: Path) -> int:
    return sum(path.stat().st_size for path in store.parent.glob(store.name + "*") if path.is_file())


if __name__ == "__main__":
    main()
