"""What goes wrong, when, and the alarm that each is to raise: laid out before, by a seed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from benchmarks.ninety_days.world import BEGINNING, SCHEDULES

if TYPE_CHECKING:
    from random import Random

SETTLING = timedelta(days=9)
"""At first nothing goes wrong, so that bands are learnt."""

APART = timedelta(days=6)
"""Between two faults of one source, so that each alarm has its own fault."""


class Fault(StrEnum):
    """A fault of a source's crawls, or of the machine."""

    FAILS = "fails"
    DIES_FIRST = "dies_first"
    """Before it has a row."""
    FORGETS = "forgets"
    """Ends well without saying so."""
    KILLED = "killed"
    TIMES_OUT = "times_out"
    OUT_OF_MEMORY = "out_of_memory"
    SILENT = "silent"
    FLOODED = "flooded"
    FIELDS_GONE = "fields_gone"
    BLOCKED = "blocked"
    LAYOUT = "layout"
    UNWRITABLE = "unwritable"
    """The disk is full when the service writes."""
    SERVICE_KILLED = "service_killed"
    """With the child, in the middle of a crawl."""
    CLOCK_AHEAD = "clock_ahead"
    """Put forward by hours, and back an hour later."""
    CLOCK_BACK = "clock_back"
    """Put back by an hour, and right an hour later."""
    FILE_BROKEN = "file_broken"
    """The sources file is edited into nonsense, and mended."""


ALARM_OF = {
    Fault.FAILS: "run_failed",
    Fault.DIES_FIRST: "run_failed",
    Fault.FORGETS: "run_failed",
    Fault.KILLED: "run_failed",
    Fault.TIMES_OUT: "run_failed",
    Fault.OUT_OF_MEMORY: "run_failed",
    Fault.SILENT: "yield_unusual",
    Fault.FLOODED: "yield_unusual",
    Fault.FIELDS_GONE: "coverage_fallen",
    Fault.BLOCKED: "pages_blocked",
    Fault.LAYOUT: "layout_changed",
    Fault.FILE_BROKEN: "sources_file",
}
"""Faults that a person must hear of; the others the service gets over by itself."""

OF_SOURCES = tuple(fault for fault in Fault if fault in ALARM_OF and fault is not Fault.FILE_BROKEN)
OF_THE_MACHINE = (
    Fault.UNWRITABLE,
    Fault.SERVICE_KILLED,
    Fault.CLOCK_AHEAD,
    Fault.CLOCK_BACK,
    Fault.FILE_BROKEN,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Injected:
    """One fault, laid out."""

    fault: Fault
    source: str
    """Empty for one of the machine."""
    begins: datetime
    lasts: timedelta

    @property
    def ends(self) -> datetime:
        """When all is well again."""
        return self.begins + self.lasts


def lay_out(chance: Random, days: int) -> list[Injected]:
    """Return the faults of so many days, in the order in which they begin."""
    end = BEGINNING + timedelta(days=days) - timedelta(days=4)
    injected = [each for source in SCHEDULES for each in _of_source(chance, source, end)]
    injected += _of_machine(chance, end)
    return sorted(injected, key=lambda each: each.begins)


def _of_source(chance: Random, source: str, end: datetime) -> list[Injected]:
    found: list[Injected] = []
    kinds = chance.sample(OF_SOURCES, len(OF_SOURCES))
    moment = BEGINNING + SETTLING + timedelta(hours=chance.uniform(0, 72))
    while moment < end and kinds:
        lasts = timedelta(hours=chance.uniform(26, 50))  # at least one crawl of a daily source lies in it
        found.append(Injected(fault=kinds.pop(), source=source, begins=moment, lasts=lasts))
        moment += lasts + APART + timedelta(hours=chance.uniform(0, 24))
    return found


def _of_machine(chance: Random, end: datetime) -> list[Injected]:
    found: list[Injected] = []
    moment = BEGINNING + timedelta(hours=chance.uniform(20, 40))
    while moment < end:
        fault = OF_THE_MACHINE[len(found) % len(OF_THE_MACHINE)]
        lasts = (
            timedelta(hours=chance.uniform(2, 14)) if fault is Fault.SERVICE_KILLED else timedelta(minutes=75)
        )
        found.append(Injected(fault=fault, source="", begins=moment, lasts=lasts))
        moment += timedelta(hours=chance.uniform(20, 60))
    return found
