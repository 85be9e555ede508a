"""What a source may say about drawing, which pages are drawn, and what the permission covers for them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from crawler.live.gate import Gate, Refused
from crawler.live.permission import Limits, problem
from crawler.render import Rendering, read_rendering
from crawler.sources.sources import SourcesFileWrong, load_sources
from crawler.workers.page_parser import PageJob, parse_here
from fixtures.misbehaving.answers import PAGE, html
from store.crawl.sources import Permission
from tests.crawler.live.sources import permit

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
SCOPE, STATIC = "https://shop.example/goods/", "https://static.example"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (False, None),
        (True, Rendering()),
        ("always", Rendering(when="always")),
        ({"when": "needed", "scrolls": 0, "click": "a.next", "clicks": 2, "seconds": 5},
         Rendering(scrolls=0, click="a.next", clicks=2, seconds=5)),
    ],
)  # fmt: skip
def test_source_says_how_its_pages_are_drawn(value: object, expected: Rendering | None) -> None:
    """`true` and a word stand for the whole table."""
    assert read_rendering(value) == expected


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("sometimes", "render.when is 'sometimes'"),
        ({"scroll": 3}, "unknown key 'scroll'"),
        ({"clicks": 2}, "needs render.click"),
        ({"scrolls": -1}, "render.scrolls is -1"),
        ({"seconds": float("inf")}, "render.seconds is inf"),
        ({"memory_mb": True}, "render.memory_mb is True"),
        ({"images": 1}, "not true or false"),
        ({"click": 1}, "not a text"),
    ],
)
def test_wrong_value_of_render_is_named(value: object, said: str, tmp_path: Path) -> None:
    """The message names key and value."""
    with pytest.raises(ValueError, match="render") as wrong:
        read_rendering(value)
    assert said in str(wrong.value)
    file = tmp_path / "sources.toml"
    file.write_text(
        '[sources.a]\nname="A"\narchive="a"\nsupplied_by="-"\nsupplied_on=2026-11-01\nrender="no"\n'
    )
    with pytest.raises(SourcesFileWrong, match=r"sources\.a: render\.when is 'no'"):
        load_sources(file)


@pytest.mark.parametrize(
    ("body", "is_drawn"),
    [
        (PAGE, False),
        (html("Shop", '<div id="root"></div><script src="app.js"></script>'), True),
        (html("Shop", '<div id="root"></div>'), False),
        (html("Shop", '<div></div><script type="application/ld+json">{"@type": "WebSite"}</script>'), False),
        (html("404", "Not found<script>1</script>"), False),
        (html("Just a moment...", "Checking your browser before accessing<script>1</script>"), False),
        (b"", False),
    ],
)  # fmt: skip
def test_rule_draws_what_a_script_may_complete(body: bytes, *, is_drawn: bool) -> None:
    """Neither a page that reads well, nor one without a script, nor a challenge is drawn."""
    extracted = asyncio.run(
        parse_here(PageJob(url="https://shop.example/1", body=body, status=200, headers={}))
    )
    assert Rendering().wants(extracted, body) == is_drawn


def test_asset_hosts_are_for_drawn_pages_alone() -> None:
    """A page of the crawl cannot be requested from one; a drawn page can, and from nowhere else."""
    gate = Gate(permit(SCOPE, asset_hosts=(STATIC,)), Limits(), lambda: NOW)
    gate.check(f"{STATIC}/app.js", is_asset=True)
    gate.check(f"{SCOPE}1", is_asset=True)
    for url, is_asset in (
        (f"{STATIC}/app.js", False),
        ("https://far.example/", True),
        ("http://static.example/", True),
    ):
        with pytest.raises(Refused):
            gate.send(url, is_asset=is_asset)


def test_asset_hosts_are_part_of_what_is_approved() -> None:
    """Another host makes another permission; without any, a permission keeps the id of earlier releases."""
    assert permit(SCOPE).permission_id != permit(SCOPE, asset_hosts=(STATIC,)).permission_id
    assert "asset_hosts" not in permit(SCOPE).document
    assert Permission().permission_id == "570034d63147ae70"
    assert "in its asset_hosts" in problem(permit(SCOPE, asset_hosts=("static.example",)), NOW)
