"""Crawls for the tests, each in a process of its own: Twisted's reactor starts once."""

from __future__ import annotations

import multiprocessing
import re
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from crawler.run.run import crawl_source
from crawler.sources.sources import DeclaredSource
from crawler.workers import CrawlSettings
from crawler.workers.pool import parsing
from store.model import Source, SourceKind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from store.model import Run

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
NUMERIC = re.compile(r"[0-9a-fx.]+|[0-9a-f:.]*:[0-9a-f:.]*", re.IGNORECASE)
"""Addresses in whatever notation, which the system reads without asking anybody."""
NETWORK_EVENTS = frozenset({"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"})
"""What Python itself reports, whoever asks, before anything leaves the process."""


class NetworkTouched(BaseException):
    """Something asked for a connection or an address. No `except Exception` hides it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One crawl to be done."""

    database: Path
    declared: DeclaredSource
    now: datetime = NOW
    clock: Callable[[], datetime] | None = None
    """Where the time is to pass; it must survive a pickle."""
    names: dict[str, Sequence[str]] | None = None
    """For a live source: addresses of hosts, all on this machine."""
    workers: int = 0
    """Processes that read the pages beside the crawl."""


def declare(
    archive: Path, *, source_id: str = "shop", start: tuple[str, ...] = (), manifest: Path | None = None
) -> DeclaredSource:
    """Return a saved source as the sources file would declare it."""
    source = Source(
        source_id=source_id,
        kind=SourceKind.SAVED,
        name=source_id,
        supplied_by="the tests",
        supplied_on="2026-11-24",
    )
    return DeclaredSource(source=source, archive=archive, start=start, manifest=manifest)


def crawl_all(jobs: Sequence[Job]) -> list[Run]:
    """Do every crawl, two at a time, each in a fresh process, of which only a live one can touch a network.

    What a crawl raises is raised here.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["crawler.run.run", "tests.crawler.crawls", "tests.loaded"])
    with ProcessPoolExecutor(max_workers=2, mp_context=context, max_tasks_per_child=1) as pool:
        return list(pool.map(crawl_guarded, jobs))


def crawl(database: Path, declared: DeclaredSource, *, now: datetime = NOW) -> Run:
    """Do one crawl in a fresh process and return its run."""
    return crawl_all([Job(database=database, declared=declared, now=now)])[0]


def crawl_guarded(job: Job) -> Run:
    """Do one crawl in this process, in which from now on no network, or 127.0.0.1 alone, can be touched."""
    sys.addaudithook(refuse_network if job.declared.archive else refuse_far_network)
    clock = job.clock or (lambda: job.now)
    with parsing(CrawlSettings(workers=job.workers)) as parse:
        return crawl_source(job.database, job.declared, now=clock, names=job.names, parse=parse)


def refuse_network(event: str, arguments: tuple[object, ...]) -> None:
    """Raise at the first sign of a connection; an audit hook."""
    if event in NETWORK_EVENTS:
        raise NetworkTouched(f"{event} {arguments!r}")


def refuse_far_network(event: str, arguments: tuple[object, ...]) -> None:
    """Raise at the first sign of a connection to anywhere but this machine's own address; an audit hook."""
    is_near = event == "socket.connect" and arguments[1][0] == "127.0.0.1"  # type: ignore[index]
    is_literal = event == "socket.getaddrinfo" and NUMERIC.fullmatch(str(arguments[0])) is not None
    if event in NETWORK_EVENTS and not (is_near or is_literal):
        raise NetworkTouched(f"{event} {arguments!r}")
