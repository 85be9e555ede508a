"""How a child process ended, and the outcome and sentence that its row in the ledger gets for it."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from store.crawl.text import harmless
from store.model import RunOutcome

if TYPE_CHECKING:
    from pathlib import Path

MAX_LINE_CHARS = 500
"""How much of a child's last words is quoted."""


class OverLimit(StrEnum):
    """The limit that a child went beyond."""

    TIME = "time"
    MEMORY = "memory"
    STALL = "stall"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a child may take."""

    time: timedelta
    memory_bytes: int = 4_000_000_000
    """Of its whole process group together, resident."""
    stall: timedelta = timedelta(minutes=20)
    """How long it may use no processor and write nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """How a child process ended."""

    code: int
    """Its exit code; the negative of the signal's number when a signal ended it."""
    over: OverLimit | None = None
    """We ended it, because it went beyond this limit."""
    interrupted: bool = False
    """It was asked to stop, by `Children.stop` or by a person, so its work goes on at the next start."""
    killed_by_kernel: bool = False
    """While it ran the kernel killed a process for want of memory, and this one was killed."""
    last_line: str = ""
    """The last line it wrote."""


def explain(child: Exit, limits: Limits) -> tuple[RunOutcome, str]:
    """Return the outcome and the sentence for a child that did not write its own ending."""
    outcome, sentence = _beyond(child.over, limits) if child.over else _by_code(child)
    words = f" Its last words: {child.last_line}" if child.last_line else ""
    return outcome, sentence + words


def _beyond(limit: OverLimit, limits: Limits) -> tuple[RunOutcome, str]:
    match limit:
        case OverLimit.TIME:
            return RunOutcome.TIMED_OUT, f"It was not done within {limits.time} and was ended."
        case OverLimit.STALL:
            return RunOutcome.TIMED_OUT, f"It did not stir for {limits.stall} and was ended."
        case OverLimit.MEMORY:
            held = f"{limits.memory_bytes / 1e6:,.0f} MB"
            return RunOutcome.OUT_OF_MEMORY, f"It held more than {held} of memory and was ended."


def _by_code(child: Exit) -> tuple[RunOutcome, str]:
    if child.killed_by_kernel:
        return RunOutcome.OUT_OF_MEMORY, "The machine had no memory left, and the kernel ended it."
    if child.code < 0:
        name = signal.Signals(-child.code).name
        return RunOutcome.KILLED, f"It was ended by {name}, by a person or the system."
    if child.code == 0:
        return RunOutcome.FAILED, "It exited with code 0 without writing how it ended."
    return RunOutcome.FAILED, f"It failed with exit code {child.code}."


def last_line(log: Path) -> str:
    """Return the last line of a log that is not blank, cut and without what a terminal would obey."""
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    return next((harmless(line.strip()[:MAX_LINE_CHARS]) for line in reversed(lines) if line.strip()), "")
