"""Child processes: each works in its own process group, within limits, and can be stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress
from threading import Lock, get_ident
from typing import TYPE_CHECKING

from scheduler.endings import Exit, Limits, OverLimit, last_line
from scheduler.run_logs import log_name
from scheduler.vitals import Vitals, kernel_kills
from store import times
from store.errors import Interrupted
from store.private import private_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import timedelta
    from pathlib import Path

LOOK_S = 1.0
"""How often a child's memory and its signs of life are looked at."""


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
        limits: Limits,
        logs: Path,
        work: str,
        before_the_end: Callable[[OverLimit], None] = lambda _: None,
    ) -> Exit | None:
        """Run a command to its end and say how it ended.

        Args:
            command: The program and its arguments.
            limits: Beyond any of which its whole process group is ended.
            logs: The folder of the file its standard output and error go to; see `scheduler.run_logs`.
            work: The work's name, for that file.
            before_the_end: Called when a limit has passed, while the child still runs.

        Returns:
            None, with nothing started, once `stop` has been called.
        """
        private_folder(logs)
        kills, started_at = kernel_kills(), times.utc_now()
        unnamed = logs / f"{work}.{get_ident()}.starting"  # its name holds the child's number
        with unnamed.open("wb") as output:
            process = self._start(command, output.fileno())
        if process is None:
            unnamed.unlink()
            return None
        log = unnamed.rename(logs / log_name(work, started_at, process.pid))
        try:
            over = _wait(process, limits, log)
            if over:
                try:
                    before_the_end(over)
                finally:
                    end(process, self._grace)
        finally:
            with self._lock:
                self._running.discard(process)
        return Exit(
            code=process.returncode,
            over=over,
            interrupted=not over and self._was_asked_to_stop(process.returncode),
            killed_by_kernel=process.returncode == -signal.SIGKILL and kernel_kills() > kills,
            last_line=last_line(log),
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


def _wait(process: subprocess.Popen[bytes], limits: Limits, log: Path) -> OverLimit | None:
    """Wait for the end of a child and return None, or the limit that it went beyond, while it still runs."""
    deadline = time.monotonic() + limits.time.total_seconds()
    vitals = Vitals(process.pid, log)
    while True:
        left = deadline - time.monotonic()
        try:
            process.wait(max(0.0, min(LOOK_S, left)))
        except subprocess.TimeoutExpired:
            if left <= 0:
                return OverLimit.TIME
            if vitals.memory_bytes() > limits.memory_bytes:
                return OverLimit.MEMORY
            if vitals.idle() > limits.stall:
                return OverLimit.STALL
        else:
            return None


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
