"""What a benchmark comes to, in one form: ratios, rates and limits, each with its aim and what was found."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """How fast something is by itself, round by round, where there is nothing to hold it against."""

    name: str
    unit: str
    """What is counted each second, e.g. `pages/s`."""
    target: float | None
    """What is aimed at, at least; None where nothing is."""
    ours: tuple[float, ...]

    @property
    def rounds(self) -> list[float]:
        """What is held against the aim, of each round."""
        return list(self.ours)

    @property
    def median(self) -> float:
        """The middle one of the rounds."""
        return statistics.median(self.rounds)

    @property
    def is_met(self) -> bool | None:
        """Whether the median is what is aimed at; None where nothing is."""
        return None if self.target is None else self.median >= self.target

    def as_json(self) -> dict[str, Any]:
        """Return every figure, for programs and for `table`."""
        return {
            "name": self.name,
            "unit": self.unit,
            "kind": type(self).__name__.lower(),
            "ours": list(self.ours),
            "stock": [],
            "rounds": self.rounds,
            "found": self.median,
            "aim": self.target,
            "met": self.is_met,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio(Rate):
    """How fast ours is beside the stock way, round by round; the aim is a ratio."""

    stock: tuple[float, ...]

    @property
    def rounds(self) -> list[float]:
        """Ours divided by stock, of each round."""
        return [mine / theirs for mine, theirs in zip(self.ours, self.stock, strict=True)]

    def as_json(self) -> dict[str, Any]:
        """Return every figure, for programs and for `table`."""
        return {**Rate.as_json(self), "stock": list(self.stock)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit(Rate):
    """How much something takes, round by round: the aim is not to be exceeded."""

    @property
    def is_met(self) -> bool | None:
        """Whether the median is within the limit."""
        return None if self.target is None else self.median <= self.target


HEADING = (
    f"{'BENCHMARK':<42} {'OURS':>9} {'STOCK':>9} {'UNIT':<12} "
    f"{'FOUND':>9} {'SPREAD':>17} {'AIM':>9} {'MET':>4}"
)


def row_of(row: Mapping[str, Any]) -> str:
    """Return what `as_json` said as a line of a table for people."""
    stock = number(statistics.median(row["stock"])) if row["stock"] else "-"
    sign = {"limit": "≤", "rate": "≥", "ratio": "≥"}[row["kind"]]
    aim = "-" if row["aim"] is None else f"{sign} {number(row['aim'])}"
    times = " ×" if row["kind"] == "ratio" else ""
    spread = f"{number(min(row['rounds']))}-{number(max(row['rounds']))}"
    met = {True: "yes", False: "NO", None: "-"}[row["met"]]
    return (
        f"{row['name']:<42} {number(statistics.median(row['ours'])):>9} {stock:>9} {row['unit']:<12} "
        f"{number(row['found']) + times:>9} {spread:>17} {aim:>9} {met:>4}"
    )


def report(
    rows: Sequence[Rate], packages: Sequence[str], *, as_json: bool, more: Mapping[str, Any] | None = None
) -> None:
    """Print rows, the machine, and what else was found: a table, or one line of JSON.

    Args:
        rows: What was measured.
        packages: Whose versions the figures belong to.
        as_json: For `benchmarks.__main__` and other programs.
        more: Said below the table.
    """
    more = more or {}
    if as_json:
        said = {"machine": machine(packages), "rows": [row.as_json() for row in rows], "more": more}
        print(json.dumps(said))
    else:
        print(machine(packages), HEADING, *(row_of(row.as_json()) for row in rows), sep="\n")
        print(*(f"{name}: {value}" for name, value in more.items()), sep="\n")


def alternate(ours: Callable[[], T], stock: Callable[[], U], rounds: int) -> tuple[list[T], list[U]]:
    """Measure two ways in turn, each going first in every second round.

    Args:
        ours: Does the work once and returns how fast it was.
        stock: The same for the other way.
        rounds: How often; at least 1.

    Returns:
        What ours returned each time, and what stock returned.
    """
    mine: list[T] = []
    theirs: list[U] = []
    for number in range(rounds):
        if number % 2 == 0:
            mine.append(ours())
        theirs.append(stock())
        if number % 2:
            mine.append(ours())
    return mine, theirs


def speed(work: Callable[[], object], count: int) -> float:
    """Do some work and return how many of so many things it did each second."""
    began = time.perf_counter()
    work()
    return count / (time.perf_counter() - began)


def machine(packages: Sequence[str]) -> str:
    """Return the machine and the versions that the figures belong to, on one line."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages)
    load = f"load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "load unknown"
    python = f"Python {platform.python_version()}"
    return f"{platform.machine()}, {os.cpu_count()} cores, {load}, {python}, {versions}"


def number(value: float) -> str:
    """Return a figure as people read it: whole from a hundred upwards, else in three digits."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
