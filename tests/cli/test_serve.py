"""`precursor-watch serve`, as a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

from fixtures.builders.login import a_user
from store.accounts.users import Role

pytestmark = pytest.mark.process

ROOT = Path(__file__).parents[2]


def start(*arguments: str) -> subprocess.Popen[str]:
    """Start the command from the checkout."""
    command = [sys.executable, "-m", "cli", "serve", *arguments]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_address_is_announced_and_answers_until_ctrl_c(store_path: Path) -> None:
    """The address on standard error answers at once, and Ctrl+C stops the server cleanly."""
    a_user(store_path, "root", Role.ADMIN)
    with start("--db", str(store_path), "--port", "0") as serving:
        assert serving.stderr is not None
        said = serving.stderr.readline()
        assert said.startswith("Reviewing at http://127.0.0.1:")
        with urlopen(said.split()[2], timeout=300) as page:
            assert "<h1>Log in</h1>" in page.read().decode()
        serving.send_signal(signal.SIGINT)
        out, err = serving.communicate(timeout=300)
    assert (serving.returncode, out, err) == (0, "", "")


def test_other_hosts_are_refused_with_a_sentence(store_path: Path) -> None:
    """Plain HTTP for other hosts is refused with the safe alternatives."""
    with start("--db", str(store_path), "--host", "0.0.0.0") as serving:
        _, err = serving.communicate(timeout=300)
    assert serving.returncode == 1
    assert err.startswith("precursor-watch: The review app would listen on 0.0.0.0")
    assert "Traceback" not in err
