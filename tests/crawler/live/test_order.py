"""The order of the requests of a live crawl, which decides what a budget leaves out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fixtures.misbehaving.answers import give
from fixtures.misbehaving.server import serving
from tests.crawler.crawls import Job, crawl_all
from tests.crawler.live.shop import HOST
from tests.crawler.live.sources import everywhere, live, permit

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.process

UNDER_WAY = 16
"""Requests begun at once: whichever asks for robots.txt goes before the others of these."""
BEGINNINGS = 40


def test_what_is_to_be_asked_first_is_asked_in_its_order(tmp_path: Path) -> None:
    """Start addresses are requested as declared, before any other address."""
    with serving() as server:
        page, no_rules = give(), give(b"", 404)
        server.hosts[HOST] = lambda answer: (no_rules if answer.path == "/robots.txt" else page)(answer)
        paths = [f"/item/{number}" for number in range(BEGINNINGS)]
        permission = permit(server.url(HOST), at_once=1)
        source = live(*(server.url(HOST, path) for path in paths), permission=permission)
        crawl_all([Job(database=tmp_path / "store.db", declared=source, names=everywhere(HOST))])
        asked = [path for path in server.paths(HOST) if path != "/robots.txt"]
        assert sorted(asked[:UNDER_WAY]) == sorted(paths[:UNDER_WAY])
        assert asked[UNDER_WAY:] == paths[UNDER_WAY:]
