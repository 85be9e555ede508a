"""What the tests of work and service share: a stand-in command line, and sources by name."""

from __future__ import annotations

import os
import sys
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fixtures.builders import store as build
from scheduler.worker import Settings
from store.crawl.pages import SeenListing, record_page
from store.crawl.runs import end_run
from store.database import open_database
from store.model import RunOutcome

if TYPE_CHECKING:
    from collections.abc import Callable

COMMAND = (sys.executable, str(Path(__file__).with_name("stand_in.py")))

NEW_YEAR = "0 0 1 1 *"
"""Due once a year, so that no test meets a due time by chance."""


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
        settings.sources_file.write_text(
            "".join(build.declared(name, cron=NEW_YEAR) for name in names), encoding="utf-8"
        )

    return write


@pytest.fixture
def waiting(store_path: Path) -> None:
    """One sighting that has no score, of a source that is crawled by hand; no model is in use."""
    with closing(open_database(store_path)) as db:
        run_id = build.crawl_run(db, replace(build.ANDES, source_id="by-hand"))
        url = "https://andes.example/1"
        seen = SeenListing(url=url, content=build.FULL)
        record_page(db, build.page(run_id, url, source_id="by-hand"), [seen])
        end_run(db, run_id, RunOutcome.DONE, "One page.", now=build.NOW)


@pytest.fixture
def scorable(store_path: Path, waiting: None) -> None:
    """One sighting that has no score, and a model in use, which has no files."""
    with closing(open_database(store_path)) as db:
        build.use(db)


@pytest.fixture
def ready(store_path: Path) -> Path:
    """A FIFO: reading it waits until the stand-in has begun the crawl of `waits` or `stubborn`."""
    path = store_path.with_name("ready")
    os.mkfifo(path)
    return path
