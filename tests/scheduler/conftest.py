"""What the tests of work and service share: a stand-in command line, and sources by name."""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from scheduler.work import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

COMMAND = (sys.executable, str(Path(__file__).with_name("stand_in.py")))

TABLE = """
[sources.{name}]
name = "{name}"
archive = "{name}"
supplied_by = "A. Nowak"
supplied_on = 2026-11-02
schedule = {{ cron = "0 0 1 1 *", timezone = "UTC" }}
"""
"""Due once a year, at New Year, so that no test meets a due time by chance."""


@pytest.fixture
def settings(store_path: Path) -> Settings:
    """Settings under which the stand-in does the work, and children are killed at once when they stall."""
    return Settings(
        command=COMMAND,
        database=store_path,
        sources_file=store_path.with_name("sources.toml"),
        stop_grace=timedelta(hours=1),
    )


@pytest.fixture
def declare(settings: Settings) -> Callable[..., None]:
    """Write a sources file that schedules the named sources."""

    def write(*names: str) -> None:
        settings.sources_file.write_text("".join(TABLE.format(name=name) for name in names), encoding="utf-8")

    return write


@pytest.fixture
def ready(store_path: Path) -> Path:
    """A FIFO: reading it waits until the stand-in has begun the crawl of `waits` or `stubborn`."""
    path = store_path.with_name("ready")
    os.mkfifo(path)
    return path
