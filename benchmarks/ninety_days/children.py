"""In the place of child processes: crawls of the invented world, done here, that fail as children fail."""

from __future__ import annotations

import signal
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from benchmarks.ninety_days.faults import Fault
from benchmarks.ninety_days.world import SHOWN, Item, shown_at
from scheduler.children import Children, Exit, OverLimit
from store.crawl.pages import SeenListing, count_seen_fields, record_page
from store.crawl.runs import begin_run, end_run
from store.database import open_database
from store.errors import StoreUnwritable
from store.locks import hold, work_of
from store.model import PageOutcome, RunKind, RunOutcome
from store.times import from_text, utc_now
from tests.store import build

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from benchmarks.ninety_days.clock import Clock
    from benchmarks.ninety_days.faults import Injected
    from scheduler.children import Limits
    from store.database import Database

PAGES = 12
LISTS = 3
"""Of the pages, each with a third of the items; the others show nothing."""

OVER = {Fault.TIMES_OUT: OverLimit.TIME, Fault.OUT_OF_MEMORY: OverLimit.MEMORY}
BREAKING = {*OVER, Fault.FAILS, Fault.FORGETS, Fault.KILLED}
"""After which a crawl has no end of its own, or a bad one."""

A_CRAWL = timedelta(minutes=4)


class WorldChildren(Children):
    """Does what a child would, in this process, in no time but that of the clock turned by hand."""

    def __init__(self, database: Path, clock: Clock) -> None:
        """Begin with nothing going wrong."""
        super().__init__(timedelta(0))
        self._database = database
        self._clock = clock
        self.faults: dict[str, Fault] = {}
        """What goes wrong now, by source."""
        self.machine: Injected | None = None
        """What is wrong with the machine now."""
        self.is_dead = False
        """The service was killed, and its children with it."""
        self.attempts = 0

    def run(
        self,
        command: Sequence[str],
        *,
        limits: Limits,
        logs: Path,
        work: str,
        before_the_end: Callable[[OverLimit], None] = lambda _: None,
    ) -> Exit | None:
        """Do a crawl, or nothing for other work, and return how it ended."""
        del limits, logs
        if self.is_dead:
            return None
        if self.machine and self.machine.fault is Fault.UNWRITABLE:
            raise StoreUnwritable(self._database, "database or disk is full")
        if not work.startswith("crawl-"):
            return self._other(command, work)
        self.attempts += 1
        self._clock.advance(A_CRAWL)
        due_at = command[command.index("--due-at") + 1] if "--due-at" in command else None
        return self._crawl(command[2], due_at, before_the_end)

    def _crawl(
        self, source: str, due_at: str | None, before_the_end: Callable[[OverLimit], None]
    ) -> Exit | None:
        fault = self.faults.get(source)
        if fault is Fault.DIES_FIRST:
            return Exit(code=1, last_line="ImportError: no such library")
        work = work_of(RunKind.CRAWL, source)
        with hold(self._database, work), closing(open_database(self._database)) as db:
            run = begin_run(
                db,
                RunKind.CRAWL,
                source_id=source,
                due_at=None if due_at is None else from_text(due_at + "Z"),
                now=utc_now(),
            )
            if self.machine and self.machine.fault is Fault.SERVICE_KILLED:
                self._see(db, run.run_id, source, fault, lists=1)
                self.is_dead = True
                return None
            self._see(db, run.run_id, source, fault, lists=1 if fault in BREAKING else LISTS)
            if fault in OVER:
                before_the_end(OVER[fault])
                return Exit(code=-signal.SIGTERM, over=OVER[fault])
            if fault not in BREAKING:
                counts = {**_page_counts(fault), **count_seen_fields(db, run.run_id)}
                end_run(db, run.run_id, RunOutcome.DONE, "It was crawled.", counts=counts, now=utc_now())
            if fault is Fault.FAILS:
                end_run(db, run.run_id, RunOutcome.FAILED, "The site is unlike itself.", now=utc_now())
            return Exit(code={Fault.FAILS: 1, Fault.KILLED: -signal.SIGKILL}.get(fault, 0) if fault else 0)

    def _see(self, db: Database, run_id: int, source: str, fault: Fault | None, *, lists: int) -> None:
        """Record what the site shows; a crawl that goes on finds its pages recorded, and sees the rest."""
        items = _as_seen(shown_at(source, self._clock.now), fault)
        share = max(1, len(items) // LISTS)
        for number in range(lists):
            part = items[number * share : (number + 1) * share if number < LISTS - 1 else None]
            page = build.page(
                run_id, f"https://{source}.example/list/{number}", PageOutcome.CATEGORY, source_id=source
            )
            seen = [SeenListing(url=item.url, content=item.content) for item in part]
            record_page(db, replace(page, fetched_at=utc_now()), seen)

    def _other(self, command: Sequence[str], work: str) -> Exit:
        kind = RunKind(work)
        due_at = command[command.index("--due-at") + 1] if "--due-at" in command else None
        with hold(self._database, work), closing(open_database(self._database)) as db:
            due = None if due_at is None else from_text(due_at + "Z")
            run = begin_run(db, kind, due_at=due, now=utc_now())
            if kind is RunKind.SCORE:
                build.score_all(db, p_offer=0.1)
            end_run(db, run.run_id, RunOutcome.DONE, "It was done.", now=utc_now())
        return Exit(code=0)


def _as_seen(items: list[Item], fault: Fault | None) -> list[Item]:
    match fault:
        case Fault.SILENT:
            return []
        case Fault.FLOODED:
            more = [replace(item, url=f"{item.url}-{copy}") for item in items for copy in range(2)]
            return items + more
        case Fault.FIELDS_GONE:
            return [
                replace(item, content=replace(item.content, price_text="", price_amount=None))
                for item in items
            ]
    return items


def _page_counts(fault: Fault | None) -> dict[str, int]:
    outcome = {Fault.BLOCKED: "blocked", Fault.LAYOUT: "layout_changed"}.get(fault) if fault else None
    return {"pages": PAGES, "category": LISTS, **({outcome: 6} if outcome else {})}


assert SHOWN % LISTS == 0
