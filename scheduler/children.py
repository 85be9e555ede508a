"""Child processes: each runs in its own process group, within limits, and writes its own log."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from threading import Lock, get_ident
from typing import TYPE_CHECKING

import psutil

from store import times
from store.errors import Interrupted
from store.locks import work_of
from store.messages import harmless
from store.model import RunOutcome
from store.private import private_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from store.crawl.runs import Attempt
    from store.model import Run

POLL_S = 1.0
"""Interval for measuring a child's memory and activity, in seconds."""

MAX_LINE_CHARS = 500
"""Maximum length of the quoted last line of a child's log."""

TAIL_BYTES = 1_000_000
"""Size of the end of a log that is searched for its last lines."""

STAMP = "%Y%m%dT%H%M%SZ"

SLACK = timedelta(minutes=10)
"""Maximum time from a process's start to its attempt record; process IDs repeat only after days."""

KERNEL_COUNTS = Path("/proc/vmstat")


class OverLimit(StrEnum):
    """The limit that a child exceeded."""

    TIME = "time"
    MEMORY = "memory"
    STALL = "stall"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits of one child."""

    time: timedelta
    memory_bytes: int = 4_000_000_000
    """Resident memory of the whole process group."""
    stall: timedelta = timedelta(minutes=20)
    """How long the child may be idle: no processor time, no output."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """How a child process ended."""

    code: int
    """The exit code, or the negative signal number if a signal ended the child."""
    over: OverLimit | None = None
    """The limit for which the service ended the child."""
    interrupted: bool = False
    """Whether `Children.stop` or a person stopped the child; its work resumes at the next start."""
    killed_by_kernel: bool = False
    """Whether the child was killed while the kernel killed a process for lack of memory."""
    last_line: str = ""
    """The last line of the child's log."""


class Children:
    """The running child processes; thread-safe, with one waiting thread for each child."""

    def __init__(self, grace: timedelta) -> None:
        """Start without children; `grace` is the time from SIGTERM to SIGKILL."""
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
        """Run a command to its end and return how it ended.

        The whole process group is ended when it exceeds a limit; `before_the_end` is called first, while the
        child still runs. The log in `logs` holds standard output and error; its name begins with `work`.
        Return None if nothing was started, because `stop` was called.
        """
        private_folder(logs)
        kills, started_at = kernel_kills(), times.utc_now()
        unnamed = logs / f"{work}.{get_ident()}.starting"  # the final name contains the process ID
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
        """Start no more children, send SIGTERM to all, and SIGKILL to those that outlast the grace."""
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
    """End a child's process group: SIGTERM first, SIGKILL after `grace`."""
    _signal_group(process, signal.SIGTERM)
    _kill_after(process, grace.total_seconds())


def explain(child: Exit, limits: Limits) -> tuple[RunOutcome, str]:
    """Return the outcome and the sentence for a child that did not record the end of its run."""
    outcome, sentence = _over_limit(child.over, limits) if child.over else _by_code(child)
    last = f" Last line of the log: {child.last_line}" if child.last_line else ""
    return outcome, sentence + last


def last_line(log: Path) -> str:
    """Return the last non-blank line of a log, shortened and without control characters."""
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    return next((harmless(line.strip()[:MAX_LINE_CHARS]) for line in reversed(lines) if line.strip()), "")


def logs_folder(database: Path) -> Path:
    """Return the folder of the children's logs for a database."""
    return database.with_name(database.name + ".logs")


def log_name(work: str, started_at: datetime, pid: int) -> str:
    """Return the name of a child's log, e.g. `crawl-andes.20261126T041500Z.4711.log`."""
    return f"{work}.{started_at.astimezone(UTC):{STAMP}}.{pid}.log"


def log_of(database: Path, run: Run, attempt: Attempt) -> Path | None:
    """Return the log of an attempt at a run, or None if there is none."""
    work = work_of(run.kind, run.source_id)
    for path in sorted(logs_folder(database).glob(f"{work}.*.{attempt.pid}.log")):
        started = datetime.strptime(path.name.split(".")[-3], STAMP).replace(tzinfo=UTC)
        if abs(attempt.started_at - started) < SLACK:
            return path
    return None


def read_log(path: Path, *, lines: int | None = None) -> list[str]:
    """Return the lines of a log, with invalid UTF-8 replaced.

    `lines` are the last ones to return, within the last `TAIL_BYTES`; None returns all.
    """
    with path.open("rb") as file:
        if lines is not None:
            file.seek(max(0, path.stat().st_size - TAIL_BYTES))
        written = file.read().decode("utf-8", errors="replace").splitlines()
    return written if lines is None else written[-lines:]


class ResourceUsage:
    """The memory use and activity of a process and its children, measured on each call."""

    def __init__(self, pid: int, log: Path) -> None:
        """Measure the process `pid`, which writes to `log`."""
        self._pid = pid
        self._log = log
        self._activity = (0.0, 0)
        self._active_at = time.monotonic()

    def memory_bytes(self) -> int:
        """Return the total resident memory of the process and its children."""
        return sum(memory for memory, _ in self._each())

    def idle(self) -> timedelta:
        """Return the time without processor use and output, as observed by these calls."""
        activity = (sum(cpu_s for _, cpu_s in self._each()), self._log.stat().st_size)
        if activity != self._activity:
            self._activity = activity
            self._active_at = time.monotonic()
        return timedelta(seconds=time.monotonic() - self._active_at)

    def _each(self) -> Iterator[tuple[int, float]]:
        """Yield the resident bytes and processor seconds of each process; skip processes that have ended."""
        try:
            parent = psutil.Process(self._pid)
            processes = [parent, *parent.children(recursive=True)]
        except psutil.NoSuchProcess:
            return
        for process in processes:
            with suppress(psutil.NoSuchProcess), process.oneshot():
                cpu = process.cpu_times()
                yield process.memory_info().rss, cpu.user + cpu.system


def kernel_kills() -> int:
    """Return how many processes the kernel has killed for lack of memory; 0 if unknown."""
    try:
        lines = KERNEL_COUNTS.read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)


def _wait(process: subprocess.Popen[bytes], limits: Limits, log: Path) -> OverLimit | None:
    """Wait for a child to end and return None, or return the exceeded limit while it still runs."""
    deadline = time.monotonic() + limits.time.total_seconds()
    usage = ResourceUsage(process.pid, log)
    while True:
        left = deadline - time.monotonic()
        try:
            process.wait(max(0.0, min(POLL_S, left)))
        except subprocess.TimeoutExpired:
            if left <= 0:
                return OverLimit.TIME
            if usage.memory_bytes() > limits.memory_bytes:
                return OverLimit.MEMORY
            if usage.idle() > limits.stall:
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


def _over_limit(limit: OverLimit, limits: Limits) -> tuple[RunOutcome, str]:
    match limit:
        case OverLimit.TIME:
            return RunOutcome.TIMED_OUT, f"It exceeded the time limit of {limits.time} and was ended."
        case OverLimit.STALL:
            return RunOutcome.TIMED_OUT, f"It was idle for {limits.stall} and was ended."
        case OverLimit.MEMORY:
            held = f"{limits.memory_bytes / 1e6:,.0f} MB"
            return RunOutcome.OUT_OF_MEMORY, f"It used more than {held} of memory and was ended."


def _by_code(child: Exit) -> tuple[RunOutcome, str]:
    if child.killed_by_kernel:
        return RunOutcome.OUT_OF_MEMORY, "The machine ran out of memory, and the kernel ended it."
    if child.code < 0:
        name = signal.Signals(-child.code).name
        return RunOutcome.KILLED, f"It was ended by {name}, by a person or the system."
    if child.code == 0:
        return RunOutcome.FAILED, "It exited with code 0 without recording an outcome."
    return RunOutcome.FAILED, f"It failed with exit code {child.code}."
