"""Child processes, all real: their endings, time limits and stopping."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from scheduler.children import MAX_LINE_CHARS, Children, Exit, Limits, OverLimit, end, explain
from store.model import RunOutcome

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.process

HOUR = timedelta(hours=1)
NONE = timedelta(0)
AMPLE = Limits(time=HOUR)

DEAF = """
import os, signal, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
open(sys.argv[1], "w").close()
while True: signal.pause()
"""
"""Ignores SIGTERM, and opens a FIFO once it does."""

POLITE = """
import signal, sys
def leave(*_): sys.exit(7)
signal.signal(signal.SIGTERM, leave)
open(sys.argv[1], "w").close()
while True: signal.pause()
"""
"""Exits with 7 when asked to, and opens a FIFO once it listens."""


def python(code: str, *arguments: str) -> tuple[str, ...]:
    """Return the command that runs a piece of Python in a child."""
    return (sys.executable, "-c", code, *arguments)


@pytest.fixture
def ready(tmp_path: Path) -> Path:
    """A FIFO: reading it waits until a child has opened it."""
    path = tmp_path / "ready"
    os.mkfifo(path)
    return path


@pytest.mark.parametrize(
    ("code", "exit_code", "last_line"),
    [
        ("print('done')", 0, "done"),
        ("import sys; sys.exit('it broke')", 1, "it broke"),
        ("import sys; print('x' * 5000, file=sys.stderr)", 0, "x" * MAX_LINE_CHARS),
        ("import sys; sys.stdout.buffer.write(b'\\xff\\n\\n')", 0, "\N{REPLACEMENT CHARACTER}"),
        (r"print('\x1b[31mred\u202e')", 0, "\N{REPLACEMENT CHARACTER}[31mred\N{REPLACEMENT CHARACTER}"),
        ("pass", 0, ""),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -9, ""),
        ("import sys; print(repr(sys.stdin.read()))", 0, "''"),
    ],
)
def test_how_a_child_ended_and_its_last_words(
    tmp_path: Path, code: str, exit_code: int, last_line: str
) -> None:
    """The exit code, a signal as its negative, and the last line of the log; there is nothing to read."""
    found = Children(NONE).run(python(code), limits=AMPLE, logs=tmp_path / "logs", work="child")
    assert found == Exit(code=exit_code, last_line=last_line)


def test_a_child_leads_its_own_process_group(tmp_path: Path) -> None:
    """A Ctrl-C in our terminal reaches us, not the child; we end it in order."""
    found = Children(NONE).run(
        python("import os; print(os.getpgid(0) == os.getpid())"), limits=AMPLE, logs=tmp_path, work="child"
    )
    assert found is not None
    assert found.last_line == "True"


def test_a_child_over_its_limit_is_ended(tmp_path: Path) -> None:
    """A limit of no time at all ends a child that would wait for ever."""
    told: list[OverLimit] = []
    found = Children(HOUR).run(
        python("import signal; signal.pause()"),
        limits=Limits(time=NONE),
        logs=tmp_path,
        work="child",
        before_the_end=told.append,
    )
    assert found == Exit(code=-signal.SIGTERM, over=OverLimit.TIME)
    assert told == [OverLimit.TIME]


@pytest.mark.parametrize(("code", "grace", "ended"), [(DEAF, NONE, -signal.SIGKILL), (POLITE, HOUR, 7)])
def test_a_child_is_asked_first_and_killed_only_if_it_does_not_listen(
    ready: Path, code: str, grace: timedelta, ended: int
) -> None:
    """SIGTERM comes first; SIGKILL follows after the grace."""
    process = subprocess.Popen(python(code, str(ready)), process_group=0)
    ready.read_text()
    end(process, grace)
    assert process.returncode == ended


@pytest.mark.parametrize(("code", "grace", "ended"), [(DEAF, NONE, -signal.SIGKILL), (POLITE, HOUR, 7)])
def test_stopping_ends_the_running_child_and_begins_no_other(
    tmp_path: Path, ready: Path, code: str, grace: timedelta, ended: int
) -> None:
    """After `stop` nothing runs, and nothing can be started."""
    children = Children(grace)
    with ThreadPoolExecutor(1) as thread:
        running = thread.submit(
            children.run, python(code, str(ready)), limits=AMPLE, logs=tmp_path, work="child"
        )
        ready.read_text()
        children.stop()
        assert running.result() == Exit(code=ended, interrupted=True)
    assert children.run(python("pass"), limits=AMPLE, logs=tmp_path, work="child") is None


def test_the_grandchildren_of_a_child_over_its_limit_end_with_it(tmp_path: Path, ready: Path) -> None:
    """The whole process group is signalled; the FIFO reports its last writer gone."""
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[2], sys.argv[1]])"
    nested = (
        "import sys, signal; keep = open(sys.argv[1], 'w'); keep.write('here'); keep.flush(); signal.pause()"
    )
    process = subprocess.Popen(python(code, str(ready), nested), process_group=0)
    with ready.open() as pipe:
        assert pipe.read(4) == "here"
        end(process, HOUR)
        assert pipe.read() == ""


@pytest.mark.parametrize(
    ("child", "outcome", "said"),
    [
        (Exit(code=-15, over=OverLimit.TIME), RunOutcome.TIMED_OUT, "the time limit of 2:00:00"),
        (Exit(code=0, over=OverLimit.TIME), RunOutcome.TIMED_OUT, "the time limit of 2:00:00"),
        (Exit(code=-15, over=OverLimit.STALL), RunOutcome.TIMED_OUT, "was idle for 0:20:00"),
        (Exit(code=-15, over=OverLimit.MEMORY), RunOutcome.OUT_OF_MEMORY, "more than 4,000 MB"),
        (Exit(code=-9, killed_by_kernel=True), RunOutcome.OUT_OF_MEMORY, "ran out of memory"),
        (Exit(code=-9), RunOutcome.KILLED, "SIGKILL"),
        (Exit(code=-11), RunOutcome.KILLED, "SIGSEGV"),
        (Exit(code=3), RunOutcome.FAILED, "exit code 3"),
        (Exit(code=1, last_line="no archive"), RunOutcome.FAILED, "no archive"),
        (Exit(code=0), RunOutcome.FAILED, "without recording an outcome"),
    ],
)
def test_a_child_that_wrote_no_ending_is_explained(child: Exit, outcome: RunOutcome, said: str) -> None:
    """The ledger gets an outcome and a sentence with the signal or exit code, and the last words."""
    found, sentence = explain(child, Limits(time=timedelta(hours=2)))
    assert found is outcome
    assert said in sentence


def test_a_child_that_holds_too_much_memory_is_ended(tmp_path: Path) -> None:
    """With its children together; it would hold it for ever."""
    code = "import signal; held = bytearray(50_000_000); signal.pause()"
    limits = Limits(time=HOUR, memory_bytes=20_000_000)
    found = Children(HOUR).run(python(code), limits=limits, logs=tmp_path, work="child")
    assert found == Exit(code=-signal.SIGTERM, over=OverLimit.MEMORY)


def test_a_child_that_does_not_stir_is_ended(tmp_path: Path) -> None:
    """A child without processor time and output, e.g. waiting for an answer, is ended."""
    limits = Limits(time=HOUR, stall=NONE)
    found = Children(HOUR).run(
        python("import signal; signal.pause()"), limits=limits, logs=tmp_path, work="child"
    )
    assert found == Exit(code=-signal.SIGTERM, over=OverLimit.STALL)


def test_a_child_over_its_limit_is_ended_though_its_ending_cannot_be_written(
    tmp_path: Path, ready: Path
) -> None:
    """The child may hold the lock of the database."""
    code = "import os, signal, sys; open(sys.argv[1], 'w').write(str(os.getpid())); signal.pause()"
    pids: list[int] = []

    def fail(_: OverLimit) -> None:
        pids.append(int(ready.read_text()))
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        Children(HOUR).run(
            python(code, str(ready)),
            limits=Limits(time=NONE),
            logs=tmp_path,
            work="child",
            before_the_end=fail,
        )
    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)


def test_each_child_has_its_own_log_named_by_time_and_number(tmp_path: Path) -> None:
    """The log of an earlier run stays readable."""
    children = Children(NONE)
    for word in ("first", "second"):
        children.run(
            python(f"import os; print('{word}', os.getpid())"),
            limits=AMPLE,
            logs=tmp_path / "logs",
            work="work",
        )
    words = {path.read_text().split()[0]: path.name for path in (tmp_path / "logs").iterdir()}
    assert set(words) == {"first", "second"}
    for path in (tmp_path / "logs").iterdir():
        assert path.name.split(".")[2] == path.read_text().split()[1]
