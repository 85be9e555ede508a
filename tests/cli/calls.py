"""The command line called as a person calls it: in this process, or as a process of its own."""

from __future__ import annotations

import io
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from cli.main import main

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """What a command came to."""

    exit_code: int
    out: str
    err: str


def call(*arguments: object) -> Called:
    """Call a command in this process; an error that is no sentence is raised."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    exit_code = 0
    with redirect_stdout(out), redirect_stderr(err):
        try:
            main([str(argument) for argument in arguments])
        except SystemExit as ended:
            exit_code = int(ended.code or 0)
    said = []
    for stream in (out, err):
        stream.seek(0)
        said.append(stream.read())
    return Called(exit_code=exit_code, out=said[0], err=said[1])


def call_process(*arguments: object, stdin: bytes = b"") -> Called:
    """Call a command as a process of its own, from the checkout, with `stdin` in its pipe."""
    command = [sys.executable, "-m", "cli", *(str(argument) for argument in arguments)]
    ended = subprocess.run(command, cwd=ROOT, input=stdin, capture_output=True, check=False, timeout=300)
    return Called(exit_code=ended.returncode, out=ended.stdout.decode(), err=ended.stderr.decode())
