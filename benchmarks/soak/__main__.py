"""Run the soak and print its table; exit with 1 if the listings are not those of undisturbed crawls."""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from benchmarks.soak.shooting import RESTART_S, Service, full_disk, small_disk
from benchmarks.soak.sites import served
from cli.options import PROGRAM
from store.audit.verification import verify as verify_audit
from store.database import open_database
from store.operations.integrity import check_store
from store.times import to_text, utc_now

LISTINGS = """
    SELECT listings.url, source_id, title, description, price_text, price_amount, currency, seller_name,
           location, attributes, text, (SELECT count(*) FROM sightings AS s WHERE s.listing_id = l.listing_id)
    FROM latest_sightings AS l JOIN listings USING (listing_id)
"""

DISK_MB = 600


def main() -> None:
    """Read the command line, soak, compare, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak")
    parser.add_argument("--minutes", type=float, default=20, help="[20]")
    parser.add_argument("--kill-every", type=float, default=30, help="seconds [30]")
    parser.add_argument("--seed", type=int, default=7, help="of whom to kill [7]")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, served() as sources:
        undisturbed = Path(scratch) / "undisturbed"
        undisturbed.mkdir()
        (undisturbed / "sources.toml").write_text(sources, encoding="utf-8")
        _call(undisturbed, "crawl", "--sources", str(undisturbed / "sources.toml"))
        with small_disk(Path(scratch) / "disk", DISK_MB) as can_be_filled:
            folder = Path(scratch) / "disk"
            (folder / "sources.toml").write_text(sources, encoding="utf-8")
            service = _soak(folder, chosen, can_be_filled=can_be_filled)
            sys.exit(_report(undisturbed / "watch.db", folder / "watch.db", service, is_filled=can_be_filled))


def _soak(folder: Path, chosen: argparse.Namespace, *, can_be_filled: bool) -> Service:
    settings = {"SERVICE_STOP_GRACE_SECONDS": 60, "ALARMS_DISK_FREE_MB": 50}
    environ = {**os.environ, **{f"PRECURSOR_WATCH_{name}": str(value) for name, value in settings.items()}}
    command = [*PROGRAM, "run", "--db", str(folder / "watch.db"), "--sources", str(folder / "sources.toml")]
    service = Service(command=command, environ=environ, log=folder / "service.log")
    chance, began = random.Random(chosen.seed), time.monotonic()
    next_kill, has_filled = began + chosen.kill_every, not can_be_filled
    waits_for_work = False
    while (passed := time.monotonic() - began) < chosen.minutes * 60:
        service.keep()
        if time.monotonic() >= next_kill and service.shoot(chance, at_work=waits_for_work):
            next_kill += chosen.kill_every
            # Crawls take some seconds of each minute: chance alone would hit few of them.
            waits_for_work = not waits_for_work
        if not has_filled and passed > chosen.minutes * 30:
            with full_disk(folder):
                time.sleep(chosen.kill_every)
            has_filled = True
        time.sleep(RESTART_S)
    _wait_for_a_crawl_of_each(folder / "watch.db", service)
    print(f"The service stopped with exit code {service.stop()}.")
    return service


def _wait_for_a_crawl_of_each(database: Path, service: Service) -> None:
    """Wait until every source was crawled once without being disturbed, at most ten minutes."""
    since, deadline = to_text(utc_now()), time.monotonic() + 600
    query = """
        SELECT count(*) FROM sources WHERE NOT EXISTS (
            SELECT 1 FROM run_log WHERE run_log.source_id = sources.source_id AND outcome = 'done'
              AND requested_at > ?)
    """
    while time.monotonic() < deadline:
        service.keep()
        with closing(open_database(database)) as db:
            if db.execute(query, [since]).fetchone()[0] == 0:
                return
        time.sleep(RESTART_S)


def _report(undisturbed: Path, soaked: Path, service: Service, *, is_filled: bool) -> int:
    _call(soaked.parent, "verify")
    with closing(open_database(undisturbed)) as first, closing(open_database(soaked)) as second:
        check_store(second, soaked)
        verify_audit(second)
        expected = {tuple(row) for row in first.execute(LISTINGS)}
        found = {tuple(row) for row in second.execute(LISTINGS)}
        outcomes = second.execute(
            "SELECT kind || ' ' || coalesce(outcome, 'without an ending'), count(*) FROM run_log GROUP BY 1"
        ).fetchall()
        doubled = second.execute("""
            SELECT count(*) FROM (SELECT 1 FROM runs WHERE due_at IS NOT NULL
                                  GROUP BY kind, source_id, due_at HAVING count(*) > 1)
        """).fetchone()[0]
        interrupted = second.execute("SELECT count(*) FROM run_interruptions").fetchone()[0]
        alarms = second.execute(
            "SELECT kind, count(*), sum(resolved_at IS NULL) FROM alarm_log GROUP BY 1"
        ).fetchall()
    rows = [
        ("starts of the service", service.starts),
        *((f"killed: {name}", count) for name, count in sorted(service.killed.items())),
        ("disk filled", "once" if is_filled else "no (not allowed to mount)"),
        *((f"runs: {name}", count) for name, count in outcomes),
        ("attempts interrupted and gone on with", interrupted),
        ("due times with more than one row", doubled),
        *((f"alarms: {name}", f"{count}, {standing} standing") for name, count, standing in alarms),
        ("listings, undisturbed", len(expected)),
        ("listings, soaked", len(found)),
        ("listings that differ", len(expected ^ found)),
    ]
    for name, value in rows:
        print(f"  {name:42} {value}")
    for row in sorted(expected ^ found, key=repr)[:5]:
        print("   ", row[:4])
    return int(expected != found or doubled > 0)


def _call(folder: Path, *arguments: str) -> None:
    subprocess.run([*PROGRAM, *arguments, "--db", str(folder / "watch.db")], check=True)


if __name__ == "__main__":
    main()
