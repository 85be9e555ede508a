"""Who may work now: one piece of work of a name at a time, and so many crawls of one host."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from threading import BoundedSemaphore, Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scheduler.jobs import Job


class Turns:
    """Made for several threads of one process; other processes are kept apart by `store.locks`."""

    def __init__(self, per_host: int) -> None:
        """Allow `per_host` crawls of one host at a time."""
        self._per_host = per_host
        self._lock = Lock()
        self._names: dict[str, Lock] = {}
        self._hosts: dict[str, BoundedSemaphore] = {}

    @contextmanager
    def alone(self, name: str) -> Iterator[bool]:
        """Tell whether nobody else is at work of this name, and keep others off it while inside."""
        with self._lock:
            lock = self._names.setdefault(name, Lock())
        is_ours = lock.acquire(blocking=False)
        try:
            yield is_ours
        finally:
            if is_ours:
                lock.release()

    @contextmanager
    def on_hosts_of(self, job: Job) -> Iterator[None]:
        """Wait for a turn on every host of a job; always in the same order, so that nobody waits for ever."""
        with self._lock:
            turns = [
                self._hosts.setdefault(host, BoundedSemaphore(self._per_host)) for host in sorted(job.hosts)
            ]
        with ExitStack() as stack:
            for turn in turns:
                stack.enter_context(turn)
            yield
