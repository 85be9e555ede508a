"""Child processes: each works in its own process group, under a time limit, and can be stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

from listings.errors import Interrupted
from listings.model import RunOutcome
from listings.text import harmless

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import timedelta
    from pathlib import Path

MAX_LINE_CHARS = 500
"""How much of a child's last words is quoted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """How a child process ended."""

    code: int
    """Its exit code; the negative of the signal's number when a signal ended it."""
    timed_out: bool = False
    interrupted: bool = False
    """It was asked to stop, by `Children.stop` or by a person, so its work goes on at the next start."""
    last_line: str = ""
    """The last line it wrote."""


class Children:
    """The child processes that run now; made for several threads, each waiting for one child."""

    def __init__(self, grace: timedelta) -> None:
        """Begin without any child; `grace` is how long one may take to stop after SIGTERM."""
        self._grace = grace
        self._lock = Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._stopping = False

    def run(
        self,
        command: Sequence[str],
        *,
        limit: timedelta,
        log: Path,
        before_time_out: Callable[[], None] = lambda: None,
    ) -> Exit | None:
        """Run a command to its end and say how it ended.

        Args:
            command: The program and its arguments.
            limit: When this has passed, its whole process group is ended.
            log: The file its standard output and error go to; replaced.
            before_time_out: Called when the limit has passed, while the child still runs.

        Returns:
            None, with nothing started, once `stop` has been called.
        """
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            process = self._start(command, output.fileno())
        if process is None:
            return None
        try:
            timed_out = _has_run_out(process, limit)
            if timed_out:
                before_time_out()
                end(process, self._grace)
        finally:
            with self._lock:
                self._running.discard(process)
        return Exit(
            code=process.returncode,
            timed_out=timed_out,
            interrupted=not timed_out and self._was_asked_to_stop(process.returncode),
            last_line=_last_line(log),
        )

    def stop(self) -> None:
        """Start nothing more, ask every child to stop, and end those that have not within the grace."""
        with self._lock:
            self._stopping = True
            running = tuple(self._running)
        for process in running:
            _signal_group(process, signal.SIGTERM)
        deadline = time.monotonic() + self._grace.total_seconds()
        for process in running:
            _kill_after(process, max(0.0, deadline - time.monotonic()))

    def _was_asked_to_stop(self, code: int) -> bool:
        return code == Interrupted.EXIT_CODE or (self._stopping and code != 0)

    def _start(self, command: Sequence[str], output: int) -> subprocess.Popen[bytes] | None:
        with self._lock:
            if self._stopping:
                return None
            process = subprocess.Popen(  # noqa: S603 (our own command line, no shell)
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, process_group=0
            )
            self._running.add(process)
            return process


def end(process: subprocess.Popen[bytes], grace: timedelta) -> None:
    """End a child's process group: SIGTERM, then SIGKILL to what is left after `grace`."""
    _signal_group(process, signal.SIGTERM)
    _kill_after(process, grace.total_seconds())


def explain(child: Exit, limit: timedelta) -> tuple[RunOutcome, str]:
    """Return the outcome and the sentence for a child that did not write its own ending."""
    words = f" Its last words: {child.last_line}" if child.last_line else ""
    if child.timed_out:
        return RunOutcome.TIMED_OUT, f"It was not done within {limit} and was ended.{words}"
    if child.code < 0:
        name = signal.Signals(-child.code).name
        return RunOutcome.KILLED, f"It was ended by {name}, by a person or the system.{words}"
    if child.code == 0:
        return RunOutcome.FAILED, f"It exited with code 0 without writing how it ended.{words}"
    return RunOutcome.FAILED, f"It failed with exit code {child.code}.{words}"


def _has_run_out(process: subprocess.Popen[bytes], limit: timedelta) -> bool:
    try:
        process.wait(limit.total_seconds())
    except subprocess.TimeoutExpired:
        return True
    return False


def _kill_after(process: subprocess.Popen[bytes], seconds: float) -> None:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        _signal_group(process, signal.SIGKILL)
        process.wait()


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    return next((harmless(line.strip()[:MAX_LINE_CHARS]) for line in reversed(lines) if line.strip()), "")
