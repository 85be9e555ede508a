"""What was lived through, accounted for: every due time, every listing, every fault and its alarm."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from crawler.sources.sources import load_sources
from fixtures.service_days.faults import ALARM_OF, Fault, Injected
from fixtures.service_days.world import BEGINNING, PUBLISHED_EVERY, SCHEDULES, SHOWN
from scheduler.due import due_times
from store.database import open_database
from store.model import RunKind
from store.operations.service import Alarm, list_alarms
from store.times import from_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from benchmarks.ninety_days.simulation import Lived
    from crawler.sources.sources import Schedule
    from store.database import Database

HALF_A_DAY = timedelta(hours=12)
"""The last hours are left out: what is due in them may not have been begun."""

A_MOMENT = timedelta(seconds=1)
"""The store keeps milliseconds."""

SLACK = timedelta(hours=30)
"""A fault of a daily source shows at its next crawl, and is over at the one after its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the table: something that had to be so, and how often it was."""

    what: str
    expected: int
    found: int
    wrong: tuple[str, ...] = ()
    """What was not so, in words."""

    @property
    def holds(self) -> bool:
        """Whether it was so every time."""
        return self.expected == self.found and not self.wrong


def account(lived: Lived) -> list[Line]:
    """Return every line of the table."""
    with closing(open_database(lived.database)) as db:
        alarms = list_alarms(db, limit=100_000)
        return [
            *_due_times(db, lived),
            *_listings(db, lived),
            *_faults(alarms, lived),
            _all_resolved(alarms),
        ]


def tally(lived: Lived) -> dict[str, int]:
    """Return how the runs of all crawls ended, and the other counts worth seeing."""
    with closing(open_database(lived.database)) as db:
        query = "SELECT coalesce(outcome, 'under way'), count(*) FROM run_log WHERE kind = 'crawl' GROUP BY 1"
        outcomes = {f"crawls {row[0]}": row[1] for row in db.execute(query)}
        interrupted = db.execute("SELECT count(*) FROM run_interruptions").fetchone()[0]
    faults = Counter(each.fault for each in lived.injected)
    return {
        **outcomes,
        "attempts interrupted and gone on with": interrupted,
        "starts of the service": lived.starts,
        "messages to people": len(lived.messages),
        **{f"fault {fault}": faults[fault] for fault in Fault},
    }


def _due_times(db: Database, lived: Lived) -> list[Line]:
    wrong, expected, found = [], 0, 0
    for source, declared in load_sources(lived.database.with_name("sources.toml")).items():
        assert declared.schedule is not None
        query = "SELECT due_at FROM runs WHERE kind = ? AND source_id = ? ORDER BY run_id"
        rows = [from_text(row[0]) for row in db.execute(query, [RunKind.CRAWL, source])]
        due = {rows[0], *_all_due(declared.schedule, after=rows[0], until=lived.until - HALF_A_DAY)}
        counted = Counter(rows)
        wrong += [
            f"{source} due {moment} has {counted[moment]} rows" for moment in due if counted[moment] != 1
        ]
        wrong += [f"{source} has a row for {moment}, which was no due time" for moment in counted
                  if moment < lived.until - HALF_A_DAY and moment not in due]  # fmt: skip
        expected += len(due)
        found += sum(counted[moment] == 1 for moment in due)
    line = Line(what="due times with exactly one row", expected=expected, found=found, wrong=tuple(wrong))
    query = "SELECT count(*), count(DISTINCT run_id) FROM run_endings"
    endings, runs = db.execute(query).fetchone()
    return [line, Line(what="endings, one for each run", expected=runs, found=endings)]


def _all_due(schedule: Schedule, *, after: datetime, until: datetime) -> Iterator[datetime]:
    """Yield every due time, in pieces short enough for `due_times` to leave none out."""
    while after < until:
        piece = min(after + timedelta(days=20), until)
        yield from due_times(schedule, after=after, until=piece)
        after = piece


def _listings(db: Database, lived: Lived) -> list[Line]:
    published = int((lived.until - timedelta(days=2) - BEGINNING) / PUBLISHED_EVERY) + SHOWN
    expected = {
        f"https://{site}.example/item/{number}" for site in SCHEDULES for number in range(1, published + 1)
    }
    query = "SELECT url FROM listings WHERE url NOT LIKE '%-_'"  # without what a flood showed
    known = Counter(row[0] for row in db.execute(query))
    lost = sorted(expected - set(known))
    doubled = db.execute("""
        SELECT count(*) FROM (
            SELECT content_hash,
                   lag(content_hash) OVER (PARTITION BY listing_id ORDER BY sighting_id) AS before
            FROM sightings
        ) WHERE content_hash = before
    """).fetchone()[0]
    return [
        Line(
            what="items that were on show, known once each",
            expected=len(expected),
            found=sum(known[url] == 1 for url in expected),
            wrong=tuple(lost[:5]),
        ),
        Line(what="sightings that repeat the one before", expected=0, found=doubled),
    ]


def _faults(alarms: list[Alarm], lived: Lived) -> list[Line]:
    lines = []
    for fault, kind in ALARM_OF.items():
        injected = [each for each in lived.injected if each.fault is fault]
        once = [each for each in injected if _raised(alarms, kind, each) == 1]
        wrong = [
            f"{each.fault} of {each.source or 'the machine'} at {each.begins:%m-%d %H:%M}: "
            f"{_raised(alarms, kind, each)} alarms"
            for each in injected
            if each not in once
        ]
        lines.append(
            Line(
                what=f"{fault}: alarmed once as {kind}",
                expected=len(injected),
                found=len(once),
                wrong=tuple(wrong),
            )
        )
    stray = [
        alarm for alarm in alarms if alarm.kind != "run_missed" and not _explained(alarm, lived.injected)
    ]
    words = tuple(
        f"{each.kind} {each.subject} {each.raised_at:%m-%d %H:%M} {each.sentence}" for each in stray
    )
    lines.append(Line(what="alarms that no fault explains", expected=0, found=len(stray), wrong=words[:5]))
    return lines


def _raised(alarms: list[Alarm], kind: str, injected: Injected) -> int:
    return sum(
        alarm.kind == kind
        and alarm.subject == injected.source
        and injected.begins - A_MOMENT <= alarm.raised_at <= injected.ends + SLACK
        for alarm in alarms
    )


def _explained(alarm: Alarm, injected: list[Injected]) -> bool:
    return any(
        each.begins - timedelta(hours=4) <= alarm.raised_at <= each.ends + SLACK
        and (each.source == alarm.subject or not each.source)
        for each in injected
    )


def _all_resolved(alarms: list[Alarm]) -> Line:
    standing = [alarm for alarm in alarms if alarm.is_active]
    words = tuple(f"{alarm.kind} {alarm.subject}: {alarm.sentence}" for alarm in standing)
    return Line(
        what="alarms resolved in the end",
        expected=len(alarms),
        found=len(alarms) - len(standing),
        wrong=words[:5],
    )
