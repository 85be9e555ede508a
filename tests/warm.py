"""Commands as processes that begin with everything imported: each is forked from one that did so once.

PyTorch, scikit-learn and the gazetteer take a process seven seconds before it does anything. What a test
says of a process, be it its output, its exit code or what it leaves when it is killed, holds of a fork as
well; how a process begins is tested where commands are started as `python -m cli`.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import multiprocessing
import os
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from multiprocessing.connection import wait
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    import signal
    from collections.abc import Callable, Sequence
    from multiprocessing.context import ForkProcess

ROOT = Path(__file__).parents[1]
CRAWLING = ("crawler.run.run", "cli.crawl", "tests.loaded")
SCORING = (
    "torch", "skops.io", "sentence_transformers", "transformers.models.bert.modeling_bert",
    "classifier.training.candidate", "cli.score", "cli.retrain", "tests.compiled",
)  # fmt: skip
NEEDED = {"crawl": CRAWLING, "score": SCORING, "retrain": SCORING}
"""Modules that are imported before the first process of a command is forked; others import what they need."""
LARGEST = 1 << 20
"""Bytes of a request: the arguments and the environment."""


@dataclass(slots=True)
class Started:
    """A process under way. It is no child of this process, but answers as `subprocess.Popen` does."""

    pid: int
    _status: IO[str]
    returncode: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        """Return its exit code, negative for the signal that ended it.

        Raises:
            TimeoutError: If it has not ended after so many seconds.
        """
        if self.returncode is None:
            if not wait([self._status.fileno()], timeout):
                raise TimeoutError(f"process {self.pid} still runs after {timeout} s")
            with self._status:
                self.returncode = int(self._status.readline())
        return self.returncode

    def poll(self) -> int | None:
        """Return its exit code; None while it runs."""
        with suppress(TimeoutError):
            self.wait(0)
        return self.returncode

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)


def start(*arguments: object, stdin: IO[Any], stdout: IO[Any], stderr: IO[Any]) -> Started:
    """Start a command with the environment of this process, in the checkout.

    Args:
        arguments: Of `precursor-watch`, the command's name first.
        stdin: A file or pipe, as are the others; they may be closed when this returns.
        stdout: Of the process.
        stderr: Of the process.
    """
    sys.audit("os.fork", "tests.warm")  # for the rule that only marked tests start processes
    ours, theirs = os.pipe()
    request = {"arguments": [str(each) for each in arguments], "environment": dict(os.environ)}
    files = [stdin.fileno(), stdout.fileno(), stderr.fileno(), theirs]
    socket.send_fds(_server(), [json.dumps(request).encode() + b"\n"], files)
    os.close(theirs)
    status = os.fdopen(ours, encoding="ascii", buffering=1)
    return Started(int(status.readline()), status)


@cache
def _server() -> socket.socket:
    """Start the process that forks the others; it ends with this one."""
    ours, theirs = socket.socketpair()
    command = [sys.executable, "-m", "tests.warm", str(theirs.fileno())]
    process = subprocess.Popen(command, cwd=ROOT, pass_fds=[theirs.fileno()])
    theirs.close()

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours


def serve(channel: socket.socket) -> None:
    """Fork a process for each request until the other side is gone, and tell how each of them ended."""
    running: dict[int, tuple[ForkProcess, int]] = {}
    while True:
        for ready in wait([channel, *running]):
            if isinstance(ready, int):
                process, status = running.pop(ready)
                process.join()
                _tell(status, process.exitcode)
                os.close(status)
                continue
            request, files = _receive(channel)
            if not files:
                return
            for module in NEEDED.get(request["arguments"][0], ()):
                importlib.import_module(module)
            gc.freeze()  # a process that went over what is loaded here would copy all of it
            process = multiprocessing.get_context("fork").Process(target=_work, args=(request, files[:3]))
            process.start()
            _tell(files[3], process.pid)
            for number in files[:3]:
                os.close(number)
            running[process.sentinel] = process, files[3]


def _receive(channel: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Return a request and its files; no files at the end."""
    received, files, _flags, _address = socket.recv_fds(channel, LARGEST, 4)
    while files and not received.endswith(b"\n"):
        received += channel.recv(LARGEST)
    return json.loads(received or b"{}"), files


def _tell(status: int, number: int | None) -> None:
    with suppress(BrokenPipeError):  # nobody waits for it any more
        os.write(status, f"{number}\n".encode())


def _work(request: dict[str, Any], files: Sequence[int]) -> None:
    for at, number in enumerate(files):
        os.dup2(number, at)
        os.close(number)
    sys.stdin, sys.stdout = open(0, closefd=False), open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", closefd=False, buffering=1, errors="backslashreplace")  # noqa: SIM115
    os.environ.clear()
    os.environ.update(request["environment"])
    main: Callable[[Sequence[str]], None] = importlib.import_module("cli.main").main
    main(request["arguments"])


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
