"""Child processes: each runs in its own process group, within limits, and writes to a log of its own."""

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
"""How often a child's memory and activity are measured."""

MAX_LINE_CHARS = 500
"""How much of a child's last line is quoted."""

TAIL_BYTES = 1_000_000
"""The end of a log in which its last lines are looked for."""

STAMP = "%Y%m%dT%H%M%SZ"

SLACK = timedelta(minutes=10)
"""A process records its attempt within this time of its start; process numbers repeat only after days."""

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
    """How long it may use no processor time and write nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """How a child process ended."""

    code: int
    """Its exit code; the negative of the signal's number when a signal ended it."""
    over: OverLimit | None = None
    """The limit for which we ended it."""
    interrupted: bool = False
    """It was asked to stop, by `Children.stop` or by a person; its work resumes at the next start."""
    killed_by_kernel: bool = False
    """It was killed, and while it ran the kernel killed a process because memory ran out."""
    last_line: str = ""
    """The last line of its log."""


class Children:
    """The child processes that run now; safe for several threads, each of which waits for one child."""

    def __init__(self, grace: timedelta) -> None:
        """Begin without any child; `grace` is how long a child may take to stop after SIGTERM."""
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
            limits: The whole process group is ended when it exceeds one of them.
            logs: The folder of the child's log, which takes standard output and error.
            work: The work's name, which begins the name of the log.
            before_the_end: Called when a limit is exceeded, while the child still runs.

        Returns:
            None, with nothing started, once `stop` has been called.
        """
        private_folder(logs)
        kills, started_at = kernel_kills(), times.utc_now()
        unnamed = logs / f"{work}.{get_ident()}.starting"  # the final name holds the child's process number
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
        """Start nothing more, ask every child to stop, and kill those still running after the grace."""
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
    """Return the outcome and the sentence for the run of a child that did not record its own end."""
    outcome, sentence = _over_limit(child.over, limits) if child.over else _by_code(child)
    last = f" Its last words: {child.last_line}" if child.last_line else ""
    return outcome, sentence + last


def last_line(log: Path) -> str:
    """Return the last line of a log that is not blank, shortened and harmless to a terminal."""
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    return next((harmless(line.strip()[:MAX_LINE_CHARS]) for line in reversed(lines) if line.strip()), "")


def logs_folder(database: Path) -> Path:
    """Return the folder with the logs of the children that work on a database."""
    return database.with_name(database.name + ".logs")


def log_name(work: str, started_at: datetime, pid: int) -> str:
    """Return the name of a child's log, e.g. `crawl-andes.20261126T041500Z.4711.log`."""
    return f"{work}.{started_at.astimezone(UTC):{STAMP}}.{pid}.log"


def log_of(database: Path, run: Run, attempt: Attempt) -> Path | None:
    """Return the log of one attempt at a run, or None when there is none."""
    work = work_of(run.kind, run.source_id)
    for path in sorted(logs_folder(database).glob(f"{work}.*.{attempt.pid}.log")):
        started = datetime.strptime(path.name.split(".")[-3], STAMP).replace(tzinfo=UTC)
        if abs(attempt.started_at - started) < SLACK:
            return path
    return None


def read_log(path: Path, *, lines: int | None = None) -> list[str]:
    """Return the lines of a log; bytes that are not UTF-8 are replaced.

    Args:
        path: The log.
        lines: How many of the last lines to return, at most those in the last `TAIL_BYTES`; None for all.
    """
    with path.open("rb") as file:
        if lines is not None:
            file.seek(max(0, path.stat().st_size - TAIL_BYTES))
        written = file.read().decode("utf-8", errors="replace").splitlines()
    return written if lines is None else written[-lines:]


class ResourceUsage:
    """The memory and the activity of a process and its children, measured again and again."""

    def __init__(self, pid: int, log: Path) -> None:
        """Begin to measure the process `pid`, which writes to `log`."""
        self._pid = pid
        self._log = log
        self._activity = (0.0, 0)
        self._active_at = time.monotonic()

    def memory_bytes(self) -> int:
        """Return the resident memory of the process and its children together."""
        return sum(memory for memory, _ in self._each())

    def idle(self) -> timedelta:
        """Return for how long no processor time was used and nothing written, as seen by these calls."""
        activity = (sum(cpu_s for _, cpu_s in self._each()), self._log.stat().st_size)
        if activity != self._activity:
            self._activity = activity
            self._active_at = time.monotonic()
        return timedelta(seconds=time.monotonic() - self._active_at)

    def _each(self) -> Iterator[tuple[int, float]]:
        """Yield resident bytes and processor seconds of each process; one may end before it is measured."""
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
    """Return how many processes the kernel has killed because memory ran out; 0 if unknown."""
    try:
        lines = KERNEL_COUNTS.read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)


def _wait(process: subprocess.Popen[bytes], limits: Limits, log: Path) -> OverLimit | None:
    """Wait for a child's end and return None, or return the limit it exceeded while it still runs."""
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
