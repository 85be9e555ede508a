"""Who may log in to the demo: the password is shown once, and later how to get another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.demo import _make_administrator
from listings.database import open_database
from tests.cli.calls import call

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_the_way_back_from_a_lost_password_is_told(
    store_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The second time no password is shown, but the command that makes a new one, and it does."""
    open_database(store_path).close()
    _make_administrator(store_path)
    assert "name demo, password " in capsys.readouterr().err
    _make_administrator(store_path)
    said = capsys.readouterr().err
    command = said.partition("precursor-watch ")[2].split()
    assert command == ["users", "password", "demo", "--generate", "--db", str(store_path)]
    called = call(*command)
    assert called.exit_code == 0
    assert called.out.strip()
