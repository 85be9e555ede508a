"""The service through so many days: each step goes to the next moment at which something happens."""

from __future__ import annotations

import logging
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING

import structlog
import time_machine

from fixtures.builders import store as build
from fixtures.service_days.children import WorldChildren
from fixtures.service_days.clock import LOOK, Clock, manual_scheduler
from fixtures.service_days.faults import Fault, Injected, lay_out
from fixtures.service_days.world import BEGINNING, SCHEDULES
from scheduler.alarms import tell
from scheduler.service import Service, Watchdog
from scheduler.settings import AlarmSettings, MaintenanceSettings
from scheduler.worker import Settings, Worker
from store.database import Connections, open_database
from store.errors import StoreError
from store.locks import hold
from store.times import utc_now

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

AHEAD = timedelta(hours=3)
BACK = timedelta(hours=-1)


@dataclass
class Lived:
    """What a simulation leaves behind to be accounted for."""

    database: Path
    injected: list[Injected]
    until: datetime
    messages: list[str] = field(default_factory=list)
    """Titles of the messages that people got."""
    starts: int = 0
    """How often the service was started."""
    attempts: int = 0
    """Crawls that were begun or gone on with."""


def live(folder: Path, *, days: int, seed: int) -> Lived:
    """Let the service live through so many days from `BEGINNING`, in a folder of its own."""
    settings = _settings(folder)
    with closing(open_database(settings.database)) as db:
        build.use(db)
    lived = Lived(
        database=settings.database,
        injected=lay_out(Random(seed), days),
        until=BEGINNING + timedelta(days=days),
    )
    with (
        _quiet(),
        closing(open_database(settings.database)),  # or each close would fold the write-ahead log
        time_machine.travel(BEGINNING, tick=False) as traveller,
    ):
        clock = Clock(traveller, BEGINNING)
        while clock.now < lived.until:
            lived.starts += 1
            _serve(settings, clock, lived)
    return lived


def _serve(settings: Settings, clock: Clock, lived: Lived) -> None:
    """Run one service until it is killed or the days are over."""
    scheduler = manual_scheduler()
    children = WorldChildren(settings.database, clock)
    with hold(settings.database, "service"), closing(Connections(settings.database)) as connections:
        worker = Worker(settings, now=utc_now, children=children, connections=connections)
        service = Service(settings, scheduler, worker)
        watchdog = Watchdog(settings, service, clock=clock.seconds)
        scheduler.start()
        while clock.now < lived.until and not children.is_dead:
            _inject(lived.injected, children, clock, settings.sources_file)
            with suppress(StoreError):
                service.look()
                service.sweep()
            quiet = scheduler.turn()
            if not children.is_dead:
                _watch(watchdog, settings, lived)
                if children.machine == _machine_at(lived.injected, clock.now):
                    clock.advance(min(quiet, LOOK, _until_next(lived.injected, clock.now)))
                # Otherwise something began or ended while a crawl took its time: it is let happen first.
        lived.attempts += children.attempts
        scheduler.shutdown()
        watchdog.close()
    if children.machine and children.is_dead:
        clock.advance_to(children.machine.ends)


def _watch(watchdog: Watchdog, settings: Settings, lived: Lived) -> None:
    watchdog.watch()
    with closing(open_database(settings.database)) as db:
        tell(db, settings.alarms, now=utc_now(), deliver=lambda _, title, __: lived.messages.append(title))


def _inject(injected: Sequence[Injected], children: WorldChildren, clock: Clock, file: Path) -> None:
    """Let go wrong what is laid out for now, and put right what has ended."""
    under_way = [each for each in injected if each.begins <= clock.now < each.ends]
    children.faults = {each.source: each.fault for each in under_way if each.source}
    machine = _machine_at(injected, clock.now)
    if machine == children.machine:
        return
    children.machine = machine
    fault = machine.fault if machine else None
    clock.put(
        {Fault.CLOCK_AHEAD: AHEAD, Fault.CLOCK_BACK: BACK}.get(fault, timedelta(0)) if fault else timedelta(0)
    )
    file.write_text("[sources" if fault is Fault.FILE_BROKEN else _sources_text(), encoding="utf-8")


def _machine_at(injected: Sequence[Injected], now: datetime) -> Injected | None:
    return next((each for each in injected if not each.source and each.begins <= now < each.ends), None)


def _until_next(injected: Sequence[Injected], now: datetime) -> timedelta:
    """Return how long until a fault begins or ends."""
    moments = [moment for each in injected for moment in (each.begins, each.ends) if moment > now]
    return min(moments, default=now + LOOK) - now


def _settings(folder: Path) -> Settings:
    file = folder / "sources.toml"
    file.write_text(_sources_text(), encoding="utf-8")
    return Settings(
        command=("precursor-watch",),
        database=folder / "store.db",
        sources_file=file,
        alarms=AlarmSettings(urls=("json://127.0.0.1:9/",), disk_free_mb=0),
        maintenance=MaintenanceSettings(),
    )


def _sources_text() -> str:
    return "".join(
        f'[sources.{name}]\nname = "{name}"\narchive = "{name}"\nsupplied_by = "A. Nowak"\n'
        f"supplied_on = 2027-01-31\nschedule = {{ {schedule} }}\n"
        for name, schedule in SCHEDULES.items()
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Log nothing while inside: everything that goes wrong was meant to."""
    before = structlog.get_config()
    scheduler_log = logging.getLogger("apscheduler")
    level = scheduler_log.level
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    scheduler_log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        structlog.configure(**before)
        scheduler_log.setLevel(level)
