"""Killing processes at random, starting the service again as systemd would, and filling the disk."""

from __future__ import annotations

import os
import signal
import subprocess
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from random import Random

RESTART_S = 2.0
"""After which a service that is gone is started again."""


@dataclass
class Service:
    """The service as a supervisor keeps it: started again whenever it is gone."""

    command: Sequence[str]
    environ: Mapping[str, str]
    log: Path
    starts: int = 0
    process: subprocess.Popen[bytes] | None = None
    killed: Counter[str] = field(default_factory=Counter)

    def keep(self) -> None:
        """Start it if it is not running."""
        if self.process is None or self.process.poll() is not None:
            with self.log.open("ab") as log:
                self.process = subprocess.Popen(
                    self.command, env=self.environ, stdout=log, stderr=log, stdin=subprocess.DEVNULL
                )
            self.starts += 1

    def shoot(self, chance: Random, *, at_work: bool) -> bool:
        """Kill the service, one of its children or all of them with SIGKILL; return whether any was killed.

        Args:
            chance: Chooses which.
            at_work: Only while it has work going on; otherwise kill nothing.
        """
        if self.process is None:
            return False
        with suppress(psutil.NoSuchProcess, ProcessLookupError):
            service = psutil.Process(self.process.pid)
            children = service.children(recursive=True)
            if at_work and not children:
                return False
            # A service killed alone leaves its crawl to end by itself. A power cut ends both, and the crawl
            # is resumed: so the whole tree is one of the targets.
            targets = chance.choice([[service], *([child] for child in children), [service, *children]])
            for target in targets:
                name = "service" if target == service else _work(target)
                os.kill(target.pid, signal.SIGKILL)
                self.killed[name] += 1
            return True
        return False

    def stop(self) -> int:
        """Ask it to stop, and return its exit code."""
        if self.process is None:
            return 0
        self.process.terminate()
        return self.process.wait(120)


@contextmanager
def full_disk(folder: Path) -> Iterator[None]:
    """Fill the file system of a folder to its last byte while inside."""
    filler = folder / "filler"
    with filler.open("wb") as file, suppress(OSError):
        while True:
            file.write(b"\0" * (1 << 16))
            file.flush()
    try:
        yield
    finally:
        filler.unlink()


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[bool]:
    """Give a folder a file system of its own that can be filled; yield False where that is not allowed."""
    folder.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    is_mounted = os.geteuid() == 0 and subprocess.run(mount, check=False).returncode == 0
    try:
        yield is_mounted
    finally:
        if is_mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=False)


def _work(process: psutil.Process) -> str:
    line = process.cmdline()
    known = [word for word in line if word in {"crawl", "score", "backup", "verify", "purge", "retrain"}]
    return known[0] if known else "other"
