"""Cost of the audit log and of the record, and speed of verification.

An entry of the log is timed beside the same row without a chain; the rows of a page with one listing are
timed with and without the triggers that record them; and all is verified.

Run: python -m benchmarks.audit [ENTRIES [PAGES]]
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from statistics import quantiles
from typing import TYPE_CHECKING

from fixtures.builders.review_store import fill_store
from fixtures.builders.store import FULL, crawl_run, see
from store.audit.audit import AuditAction, Origin, Via, record_view
from store.audit.verification import verify
from store.database import Database, open_database, open_in_memory, transaction
from store.times import to_text, utc_now

if TYPE_CHECKING:
    from collections.abc import Callable

ORIGIN = Origin(via=Via.WEB, address="192.0.2.1")


CRAWLED_PAGE_MS = 5.5
"""Processor time that a page costs to crawl and read; `python -m benchmarks.crawl` measures it."""

ROWS_OF_A_LISTING = 7
"""Page, listing, sighting, their link, evidence record, its link, score."""


def main(entries: int, pages: int) -> None:
    """Measure the log and then the record, and print the figures."""
    _measure_record(pages)
    _measure_log(entries)


def _measure_record(pages: int) -> None:
    """Record pages in two stores by turns, of which one has no triggers that record."""
    with tempfile.TemporaryDirectory() as folder:
        stores = {name: open_database(Path(folder) / f"{name}.db") for name in ("recorded", "bare")}
        bare = stores["bare"]
        query = (
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%\\_recorded' ESCAPE '\\'"
        )
        for (name,) in bare.execute(query).fetchall():
            bare.conn.execute(f"DROP TRIGGER {name}")
        runs = {name: crawl_run(db) for name, db in stores.items()}
        spent = dict.fromkeys(stores, 0.0)
        for number in range(pages):
            for name, db in stores.items():
                began = time.process_time()
                see(db, runs[name], f"https://andes.example/{number}", FULL)
                spent[name] += time.process_time() - began
        verify(bare := open_in_memory())  # what is prepared once for a process
        bare.close()
        began = time.process_time()
        done = verify(stores["recorded"])
        seconds = time.process_time() - began
        for db in stores.values():
            db.close()
    cost = 1000 * (spent["recorded"] - spent["bare"]) / pages
    print(
        f"record: {cost:.3f} ms CPU a page with a listing, {100 * cost / CRAWLED_PAGE_MS:.1f} % of the "
        f"{CRAWLED_PAGE_MS} ms that a page costs to crawl and read"
    )
    million = seconds / done.lines * ROWS_OF_A_LISTING * 1_000_000
    print(
        f"record: verified {done.lines:,} lines in {seconds:.2f} s CPU; a million listings of "
        f"{ROWS_OF_A_LISTING} rows would take {million:.0f} s"
    )


def _measure_log(entries: int) -> None:
    """Write entries by turns with plain rows into a store on disk, and verify."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "audit.db"
        fill_store(path)
        db = open_database(path)
        db.execute("CREATE TABLE plain (id INTEGER PRIMARY KEY, at TEXT, actor TEXT, details TEXT) STRICT")
        chained, plain = [], []
        for _ in range(entries):
            chained.append(_timed(lambda: _chained(db)))
            plain.append(_timed(lambda: _plain(db)))
        db.execute("DROP TABLE plain")
        began = time.perf_counter()
        done = verify(db)
        seconds = time.perf_counter() - began
        db.close()
    for name, taken in (("entry of a view", chained), ("plain row", plain)):
        cuts = quantiles(taken, n=100)
        print(f"{name}: p50 {cuts[49]:.2f} ms, p95 {cuts[94]:.2f} ms, p99 {cuts[98]:.2f} ms")
    print(f"ratio of the medians: {quantiles(chained, n=100)[49] / quantiles(plain, n=100)[49]:.1f}")
    pace = done.entries / seconds
    print(f"verified: {done.entries:,} entries and {done.rows:,} rows at {pace:,.0f} entries/s")


def _timed(act: Callable[[], None]) -> float:
    began = time.perf_counter()
    act()
    return 1000 * (time.perf_counter() - began)


def _chained(db: Database) -> None:
    record_view(db, sighting_id=1, score_id=1, actor="ada", origin=ORIGIN, now=utc_now())


def _plain(db: Database) -> None:
    with transaction(db):
        row = (to_text(utc_now()), "ada", AuditAction.LISTING_VIEWED)
        db.conn.execute("INSERT INTO plain (at, actor, details) VALUES (?, ?, ?)", row)


if __name__ == "__main__":
    given = [int(number) for number in sys.argv[1:]]
    main(*(given + [5_000, 5_000][len(given) :]))
