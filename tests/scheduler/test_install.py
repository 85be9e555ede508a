"""systemd units: filled in, hardened, and taken by systemd itself where it is installed."""

from __future__ import annotations

import getpass
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from scheduler.install import PathUnfit, Place, UnitsWrong, check_units, units_for, write_units

wants_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Everything in one folder, under the user that runs the tests."""
    settings = tmp_path / "precursor-watch.toml"
    settings.touch()
    return Place(
        program=Path(sys.executable),
        user=getpass.getuser(),
        database=tmp_path / "watch.db",
        sources=tmp_path / "sources.toml",
        settings=settings,
    )


def test_every_blank_is_filled_in(place: Place) -> None:
    """No placeholder is left, and only the data folder is writable."""
    for text in units_for(place).values():
        assert "{" not in text
        assert f"ReadWritePaths={place.database.parent}\n" in text
        assert "ProtectSystem=strict" in text


@wants_systemd
@pytest.mark.process
def test_systemd_finds_nothing_wrong(place: Place, tmp_path: Path) -> None:
    """Verified by its own program."""
    assert check_units(write_units(place, tmp_path / "units"))


@wants_systemd
@pytest.mark.process
def test_what_systemd_finds_wrong_is_said(place: Place, tmp_path: Path) -> None:
    """A program that is not there."""
    wrong = replace(place, program=tmp_path / "nowhere")
    with pytest.raises(UnitsWrong, match="nowhere"):
        check_units(write_units(wrong, tmp_path / "units"))


@pytest.mark.parametrize("name", ["a b.db", "100%.db", 'quo"te.db'])
def test_a_path_that_no_unit_can_hold_is_refused(place: Place, name: str) -> None:
    """Rather than a unit that means another path."""
    with pytest.raises(PathUnfit, match="give another path"):
        units_for(replace(place, database=place.database.with_name(name)))
