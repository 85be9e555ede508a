"""Two ways of doing one thing, measured in turn, and what comes of it as one value."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import statistics
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """How fast ours is beside the stock way, round by round."""

    name: str
    unit: str
    """What is counted each second, e.g. `pages/s`."""
    target: float
    """The ratio that is aimed at, at least."""
    ours: tuple[float, ...]
    stock: tuple[float, ...]

    @property
    def rounds(self) -> list[float]:
        """Ours divided by stock, of each round."""
        return [mine / theirs for mine, theirs in zip(self.ours, self.stock, strict=True)]

    @property
    def median(self) -> float:
        """The middle one of the rounds' ratios."""
        return statistics.median(self.rounds)

    def row(self) -> str:
        """Return the ratio as a line of a table for people."""
        ours, stock = statistics.median(self.ours), statistics.median(self.stock)
        spread = f"{min(self.rounds):.2f}-{max(self.rounds):.2f}"
        speeds = f"{ours:>9,.0f} {stock:>9,.0f} {self.unit:<11}"
        return f"{self.name:<38} {speeds} {self.median:>6.2f} {spread:>15} {self.target:>8.1f}"

    def as_json(self) -> dict[str, object]:
        """Return every figure, for programs."""
        return {**asdict(self), "rounds": self.rounds, "median": self.median}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """How fast something is by itself, round by round, where there is nothing to hold it against."""

    name: str
    unit: str
    target: float
    """The speed that is aimed at, at least."""
    ours: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle one of the rounds' speeds."""
        return statistics.median(self.ours)

    def row(self) -> str:
        """Return the speed as a line of a table for people."""
        spread = f"{min(self.ours):,.0f}-{max(self.ours):,.0f}"
        speeds = f"{self.median:>9,.0f} {'-':>9} {self.unit:<11} {'-':>6}"
        return f"{self.name:<38} {speeds} {spread:>15} {self.target:>8,.0f}"

    def as_json(self) -> dict[str, object]:
        """Return every figure, for programs."""
        return {**asdict(self), "median": self.median}


HEADING = f"{'BENCHMARK':<38} {'OURS':>9} {'STOCK':>9} {'UNIT':<11} {'RATIO':>6} {'SPREAD':>15} {'AIM':>8}"


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


def machine(packages: Sequence[str]) -> str:
    """Return the machine and the versions that the figures belong to, on one line."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages)
    load = f"load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "load unknown"
    python = f"Python {platform.python_version()}"
    return f"{platform.machine()}, {os.cpu_count()} cores, {load}, {python}, {versions}"
