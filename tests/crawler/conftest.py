"""Crawls that several tests look at, each done once."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from crawler.sources.sources import load_sources
from store.database import open_database
from tests.crawler.crawls import ROOT, Job, crawl_all

if TYPE_CHECKING:
    from collections.abc import Iterator

    from store.database import Database


@pytest.fixture(scope="session")
def marketplaces(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A store into which every fixture marketplace was crawled from its committed form, as declared."""
    database = tmp_path_factory.mktemp("marketplaces") / "precursor-watch.db"
    declared = load_sources(ROOT / "sources.toml").values()
    crawl_all([Job(database=database, declared=each) for each in declared])
    with closing(open_database(database)) as db:
        yield db
