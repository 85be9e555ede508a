"""One process at a time for each piece of work, whatever becomes of the one that holds it."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from store.locks import AlreadyUnderWay, hold, is_held, locks_folder

if TYPE_CHECKING:
    from pathlib import Path

HOLD = """
import sys
from pathlib import Path
from store.locks import hold
with hold(Path(sys.argv[1]), "crawl-andes"):
    print("held", flush=True)
    sys.stdin.read()
"""


def hold_now(path: Path, work: str) -> None:
    """Take a lock and give it back."""
    with hold(path, work):
        pass


def test_a_second_holder_is_refused_with_a_sentence(tmp_path: Path) -> None:
    """The message names the work and the database; other work and databases are free."""
    path = tmp_path / "store.db"
    with hold(path, "crawl-andes"):
        with pytest.raises(AlreadyUnderWay, match=r"crawl-andes in .*store\.db"):
            hold_now(path, "crawl-andes")
        hold_now(path, "crawl-pontus")
        hold_now(tmp_path / "other.db", "crawl-andes")
    hold_now(path, "crawl-andes")


def test_whether_work_is_held_is_seen_without_leaving_a_trace(tmp_path: Path) -> None:
    """Looking creates no file, and takes nothing from a holder."""
    path = tmp_path / "store.db"
    assert not is_held(path, "score")
    assert list(tmp_path.iterdir()) == []
    with hold(path, "score"):
        assert is_held(path, "score")
        assert not is_held(path, "crawl-andes")
    assert not is_held(path, "score")


def test_a_failure_inside_frees_the_lock(tmp_path: Path) -> None:
    """The lock lasts as long as the work."""
    with pytest.raises(KeyError), hold(tmp_path / "store.db", "score"):
        raise KeyError
    hold_now(tmp_path / "store.db", "score")


@pytest.mark.parametrize(("before", "after"), [(None, 0o700), (0o755, 0o750), (0o770, 0o770)])
def test_no_stranger_may_read_or_hold_a_lock(tmp_path: Path, before: int | None, after: int) -> None:
    """The folder lets nobody else in, also one of an earlier release; a group stays if it was let in."""
    path = tmp_path / "store.db"
    folder = locks_folder(path)
    if before is not None:
        folder.mkdir()
        folder.chmod(before)
    with hold(path, "score"):
        assert folder.stat().st_mode & 0o777 == after
        (lock,) = folder.iterdir()
        assert lock.stat().st_mode & 0o717 == 0o600


@pytest.mark.process
def test_a_lock_is_freed_when_its_holder_is_killed(tmp_path: Path) -> None:
    """SIGKILL leaves a file behind and no lock."""
    path = tmp_path / "store.db"
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(AlreadyUnderWay):
            hold_now(path, "crawl-andes")
        holder.kill()
        holder.wait()
        hold_now(path, "crawl-andes")
