"""A child's signs of life: the memory it holds, the processor time it uses, and what it writes."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterator

KERNEL_COUNTS = Path("/proc/vmstat")


class Vitals:
    """What is known of one child and its children, looked at again and again."""

    def __init__(self, pid: int, log: Path) -> None:
        """Begin to look at the process `pid`, which writes to `log`."""
        self._pid = pid
        self._log = log
        self._sign = (0.0, 0)
        self._stirred_at = time.monotonic()

    def memory_bytes(self) -> int:
        """Return the resident memory of the process and its children together."""
        return sum(memory for memory, _ in self._each())

    def idle(self) -> timedelta:
        """Return for how long it has used no processor and written nothing, as far as was looked."""
        spent = sum(cpu_s for _, cpu_s in self._each())
        sign = (spent, self._log.stat().st_size)
        if sign != self._sign:
            self._sign = sign
            self._stirred_at = time.monotonic()
        return timedelta(seconds=time.monotonic() - self._stirred_at)

    def _each(self) -> Iterator[tuple[int, float]]:
        """Yield resident bytes and processor seconds of each process; one may be gone when it is asked."""
        try:
            parent = psutil.Process(self._pid)
            processes = [parent, *parent.children(recursive=True)]
        except psutil.NoSuchProcess:
            return
        for process in processes:
            with suppress(psutil.NoSuchProcess), process.oneshot():
                times = process.cpu_times()
                yield process.memory_info().rss, times.user + times.system


def kernel_kills() -> int:
    """Return how many processes the kernel has killed for want of memory since its start; 0 if unknown."""
    try:
        lines = KERNEL_COUNTS.read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)
