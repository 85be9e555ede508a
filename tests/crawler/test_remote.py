"""A source that another process reads: what it sends, and what the owner of the store makes of it."""

from __future__ import annotations

import pickle
from contextlib import closing
from typing import TYPE_CHECKING

import msgspec
import pytest

from crawler.run.remote import RemoteMessage, message_from, read_remotely
from crawler.run.run import crawl_source
from crawler.workers import CrawlSettings
from fixtures.comparable import comparable
from fixtures.marketplaces.build import write_site
from fixtures.marketplaces.data import read_site
from store.database import open_database
from tests.crawler.crawls import NOW, crawl, declare

if TYPE_CHECKING:
    from pathlib import Path

STEM = "labware-shop"


@pytest.mark.process
def test_a_source_read_remotely_leaves_the_store_of_a_local_crawl(tmp_path: Path) -> None:
    """Every page, sighting and count is the same."""
    write_site(STEM, "folder", tmp_path / "saved")
    declared = declare(tmp_path / "saved", source_id=STEM, start=(read_site(STEM).base_url + "/",))
    crawl(tmp_path / "local.db", declared)
    messages = map(message_from, read_remotely(declared, CrawlSettings()))
    crawl_source(tmp_path / "remote.db", declared, messages=messages, now=lambda: NOW)
    stores = []
    for name in ("local.db", "remote.db"):
        with closing(open_database(tmp_path / name)) as db:
            stores.append(comparable(db))
    assert stores[0] == stores[1]


@pytest.mark.parametrize("sent", [pickle.dumps(RemoteMessage()), b"", msgspec.msgpack.encode({"pages": 1})])
def test_what_is_no_message_is_refused(sent: bytes) -> None:
    """The owner of the store unpickles nothing."""
    with pytest.raises(msgspec.DecodeError):
        message_from(sent)
