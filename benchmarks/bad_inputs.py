"""Every bad input that is known, crawled for real, and what became of it, in one table.

`python -m benchmarks.bad_inputs` serves hosts on loopback that misbehave in every way of
`fixtures.misbehaving`, crawls them under a permission that names them, and prints each with its outcome and
sentence, as the store has them; then the damaged saved pages of `fixtures/hostile`.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from crawler.live.permission import Limits
from crawler.run.run import crawl_source
from crawler.sources.sources import DeclaredSource
from fixtures.misbehaving import hosts, traps, ways
from fixtures.misbehaving.server import LOOPBACK, serving
from store.crawl.sources import Permission
from store.database import open_database
from store.model import Source, SourceKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from fixtures.misbehaving.server import Server

HOSTILE = Path(__file__).parents[1] / "fixtures" / "hostile"
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
_BARREN_PAGES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One bad input."""

    kind: str
    name: str
    outcome: str
    sentence: str


def try_all(scratch: Path) -> list[Tried]:
    """Crawl everything, each source in a process of its own, and return what became of it.

    Args:
        scratch: A folder for the stores.
    """
    with serving() as server:
        server.hosts[ways.HOST] = ways.play
        server.hosts |= dict.fromkeys(hosts.HOSTS, hosts.play) | dict.fromkeys(traps.TRAPS, traps.play)
        jobs = [
            _live(scratch / "ways.db", [server.url(ways.HOST, path) for path in _PATHS], _PLAYED),
            _live(scratch / "hosts.db", [server.url(host) for host in hosts.HOSTS], _NAMED),
            *(_live(scratch / f"{host}.db", [server.url(host)], {host: (LOOPBACK,)}) for host in traps.TRAPS),
            (scratch / "saved.db", _saved(), {}),
        ]
        context = multiprocessing.get_context("forkserver")
        with ProcessPoolExecutor(max_workers=2, mp_context=context, max_tasks_per_child=1) as pool:
            list(pool.map(_crawl, *zip(*jobs, strict=True)))
        return [*_live_rows(server, scratch), *_saved_rows(scratch)]


_PATHS = (*ways.WAYS, *ways.LED_AWAY)
_PLAYED = {ways.HOST: (LOOPBACK,)}
_NAMED = {name: host.addresses for name, host in hosts.HOSTS.items() if host.addresses is not None}
_Job = tuple[Path, DeclaredSource, "Mapping[str, Sequence[str]]"]


def _crawl(database: Path, declared: DeclaredSource, names: Mapping[str, Sequence[str]]) -> None:
    crawl_source(database, declared, now=lambda: NOW, names=names)


def _live(database: Path, urls: Sequence[str], names: Mapping[str, Sequence[str]]) -> _Job:
    permission = Permission(
        basis="own_site",
        reference="benchmarks.bad_inputs",
        approved_by="whoever runs it",
        valid_from=date(2026, 11, 1),
        valid_until=date(2026, 11, 30),
        scope=tuple(dict.fromkeys(url.split("/")[0] + "//" + url.split("/")[2] for url in urls)),
        contact="https://bench.example/monitor",
        seconds_between_requests=0.001,
        at_once=8,
        private_addresses=(LOOPBACK,),
    )
    limits = Limits(
        seconds_between_requests=0.001,
        at_once=8,
        max_page_bytes=ways.LIMIT,
        timeout_s=1.0,
        retries=0,
        backoff_s=0.01,
        blocked_in_a_row=99,
        barren_pages=_BARREN_PAGES,
    )
    source = Source(
        source_id="bad", kind=SourceKind.LIVE, name="bad", supplied_by="-", supplied_on="2026-11-24"
    )
    declared = DeclaredSource(source=source, start=tuple(urls), permission=permission, limits=limits)
    return database, declared, names


def _saved() -> DeclaredSource:
    source = Source(
        source_id="hostile", kind=SourceKind.SAVED, name="hostile", supplied_by="-", supplied_on="2026-11-24"
    )
    return DeclaredSource(source=source, archive=HOSTILE)


def _live_rows(server: Server, scratch: Path) -> Iterator[Tried]:
    port = f":{server.port}"
    met = _outcomes(scratch / "ways.db")
    for path in _PATHS:
        outcome, sentence = met[server.url(ways.HOST, path)]
        yield Tried(kind="page", name=path, outcome=outcome, sentence=sentence.replace(port, ""))
    met = _outcomes(scratch / "hosts.db")
    for host in hosts.HOSTS:
        outcome, sentence = met[server.url(host)]
        yield Tried(kind="host", name=host, outcome=outcome, sentence=sentence.replace(port, ""))
    for host in traps.TRAPS:
        found = sum(outcome == "listing" for outcome, _ in _outcomes(scratch / f"{host}.db").values())
        asked = len(server.paths(host))
        is_left = found >= traps.GOODS and asked < 20 * _BARREN_PAGES
        yield Tried(
            kind="trap",
            name=host,
            outcome="left" if is_left else f"FOLLOWED ({asked} requests, {found} listings)",
            sentence="All its goods were found; no more was requested once it led to nothing new.",
        )


def _saved_rows(scratch: Path) -> Iterator[Tried]:
    for url, (outcome, sentence) in sorted(_outcomes(scratch / "saved.db").items()):
        yield Tried(kind="saved", name=url.rpartition("/")[2], outcome=outcome, sentence=sentence)


def _outcomes(database: Path) -> dict[str, tuple[str, str]]:
    with closing(open_database(database)) as db:
        pages = db.execute("SELECT url, outcome, sentence FROM pages").fetchall()
        return {url: (outcome, sentence) for url, outcome, sentence in pages}


def markdown(tried: Sequence[Tried]) -> str:
    """Return the table as docs/live-crawling.md has it."""
    lines = ["| input | outcome | sentence |", "|---|---|---|"]
    lines += [f"| {each.kind} `{each.name}` | `{each.outcome}` | {each.sentence} |" for each in tried]
    return "\n".join(lines)


def main() -> None:
    """Read the command line, crawl, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bad_inputs", description=__doc__)
    parser.add_argument("--markdown", action="store_true", help="print it as docs/live-crawling.md has it")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        tried = try_all(Path(scratch))
    if chosen.markdown:
        print(markdown(tried))
        return
    for each in tried:
        print(f"{each.kind:<6} {each.name:<26} {each.outcome:<15} {each.sentence}")
    print(f"{len(tried)} bad inputs, each with its outcome.")


if __name__ == "__main__":
    main()
