"""Where the app listens."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from fixtures.builders.login import a_user
from review.web.errors import NobodyMayAdminister, NotLoopback, PortUnusable
from review.web.serve import address_of, listen, serve
from store.accounts.users import Role
from store.errors import StoreUnusable


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.7", "::", "review.example", ""])
def test_other_machines_are_kept_out(host: str, database: Path) -> None:
    """An address that others can reach is refused before anything listens."""
    with pytest.raises(NotLoopback, match="passwords, too"):
        serve(database, host, 0)


def test_taken_port_is_a_sentence(database: Path) -> None:
    """A port in use is named, with what to do."""
    a_user(database, "root", Role.ADMIN)
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortUnusable, match=f"port {port}: [^0-9]*--port"):
            serve(database, "127.0.0.1", port)


def test_first_start_asks_for_an_administrator(database: Path) -> None:
    """Without one nobody could log in; the sentence holds the command that makes one."""
    with pytest.raises(NobodyMayAdminister, match="users add NAME --role admin --db"):
        serve(database, "127.0.0.1", 0)


def test_missing_store_is_refused_at_the_start(tmp_path: Path) -> None:
    """A mistyped database is not found out at the first page."""
    with pytest.raises(StoreUnusable, match="no such file"):
        serve(tmp_path / "none.db", "127.0.0.1", 0)


def test_address_can_be_opened_in_a_browser() -> None:
    """The announced address holds the port that was taken."""
    with listen("127.0.0.1", 0) as listener:
        assert address_of(listener) == f"http://127.0.0.1:{listener.getsockname()[1]}/"


@pytest.mark.skipif(not socket.has_ipv6, reason="This machine has no IPv6.")
def test_ipv6_address_is_in_brackets() -> None:
    """An IPv6 address is written as a browser wants it."""
    with listen("::1", 0) as listener:
        assert address_of(listener).startswith("http://[::1]:")


@pytest.mark.process
def test_app_loads_no_model_library() -> None:
    """The app shows what is stored; it never loads the model or the crawler."""
    heavy = "torch sklearn sentence_transformers scrapy apscheduler"
    code = f"import sys, review.web.serve; print([name for name in '{heavy}'.split() if name in sys.modules])"
    root = Path(__file__).parents[2]
    ran = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
