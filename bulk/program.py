"""How this program starts itself, for pieces of work that each need a process of their own."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from store.errors import Interrupted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

PROGRAM = (sys.executable, "-P", "-m", "cli")
"""To be followed by a command's name. -P keeps the folder it is called in, which may hold evidence, off
Python's path: a `click.py` saved there would be run otherwise."""


def run_each(commands: Iterable[Sequence[str]]) -> list[int]:
    """Run this program once for each list of arguments, one after the other, and return the exit codes.

    Raises:
        Interrupted: When SIGTERM or Ctrl-C came; the child that ran has been asked to stop and has ended.
    """
    codes: list[int] = []
    child: subprocess.Popen[bytes] | None = None
    is_stopping = False

    def stop() -> None:
        nonlocal is_stopping
        is_stopping = True
        if child:
            child.terminate()

    with calling(stop):
        for arguments in commands:
            child = subprocess.Popen([*PROGRAM, *arguments])  # noqa: S603 (our own command)
            if is_stopping:  # asked to before the child was known to `stop`
                child.terminate()
            codes.append(child.wait())
            if is_stopping:
                raise Interrupted("Stopped; the same command goes on from there.")
    return codes


@contextmanager
def calling(stop: Callable[[], None]) -> Iterator[None]:
    """Have SIGTERM and Ctrl-C call `stop` while inside, and nothing else happen; in the main thread only."""
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(number, lambda *_: stop()) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
