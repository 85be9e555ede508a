"""The command line called as a person calls it: in this process, or as a process of its own."""

from __future__ import annotations

import io
import tempfile
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass

from cli.main import main
from tests import warm


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """The exit code and the output of a command."""

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
    """Call a command as a process of its own, from the checkout, with `stdin` to read."""
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        given.write(stdin)
        given.seek(0)
        exit_code = warm.start(*arguments, stdin=given, stdout=out, stderr=err).wait(timeout=300)
        said = []
        for stream in (out, err):
            stream.seek(0)
            said.append(stream.read().decode())
    return Called(exit_code=exit_code, out=said[0], err=said[1])
