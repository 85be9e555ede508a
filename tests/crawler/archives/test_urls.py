"""The original URL of a saved page, from the best word there is about it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from crawler.archives import open_archive
from crawler.archives.urls import (
    comment_date,
    comment_url,
    declared_url,
    invented_base,
    normal_url,
    parse_time,
)
from tests.crawler.archives.site import BASE, html

if TYPE_CHECKING:
    from pathlib import Path

CANONICAL = '<link rel="canonical" href="https://shop.example/a?x=1&amp;y=2">'


@pytest.mark.parametrize(
    ("head", "url"),
    [
        ("<!-- saved from url=(0024)https://shop.example/a#b -->", "https://shop.example/a"),
        ("<!DOCTYPE html>\n<!-- saved from url=(0014)about:internet -->", ""),
        (
            "<!--\n Page saved with SingleFile \n url: https://shop.example/a \n saved date: x\n-->",
            BASE + "a",
        ),
        ("<p>saved from url=(0024)https://shop.example/</p>", ""),
    ],
)
def test_comments_of_a_save_give_the_url(head: str, url: str) -> None:
    """Browsers and SingleFile note the URL in a comment; other words are not taken for one."""
    assert comment_url(head) == url


@pytest.mark.parametrize(
    ("head", "url"),
    [
        (CANONICAL, BASE + "a?x=1&y=2"),
        ("<LINK href='https://shop.example/a' REL=canonical>", BASE + "a"),
        ('<meta property="og:url" content="https://shop.example/b">' + CANONICAL, BASE + "a?x=1&y=2"),
        ('<meta content="https://shop.example/b" property="og:url">', BASE + "b"),
        ('<link rel="canonical" href="/relative">', ""),
        ('<link rel="canonical" href="javascript:alert(1)">', ""),
        ('<link rel="alternate" href="https://shop.example/a">', ""),
    ],
)
def test_pages_declare_their_url(head: str, url: str) -> None:
    """An absolute canonical link counts, then `og:url`; nothing else does."""
    assert declared_url(head) == url


@pytest.mark.parametrize(
    "run",
    [
        "<",
        "<meta ",
        "<link a",
        "<!-- ",
        "<meta " + "a" * 1_000_000 + ">",
        "a=",
        "a='",
        "<!-- saved from url=(1)",
    ],
)
def test_long_runs_are_looked_through_once(run: str) -> None:
    """A million characters that nearly match: a search that begins anew at each would take an hour."""
    head = run * (1_000_000 // len(run))
    assert (declared_url(head), comment_url(head), comment_date(head)) == ("", "", None)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        (" HTTPS://Shop.Example ", "https://shop.example/"),
        ("https://shop.example/a b#c", "https://shop.example/a%20b"),
        ("https://shop.example/园", "https://shop.example/%E5%9B%AD"),
        ("ftp://shop.example/", ""),
        ("https://[broken/", ""),
        ("https:///path", ""),
        ("", ""),
    ],
)
def test_urls_have_one_form(text: str, url: str) -> None:
    """URLs get the form of Scrapy requests; anything but http(s) becomes empty."""
    assert normal_url(text) == url


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-01T12:00:00Z", datetime(2026, 3, 1, 12, tzinfo=UTC)),
        ("2026-03-01T12:00:00", datetime(2026, 3, 1, 12, tzinfo=UTC)),
        ("Sun, 1 Mar 2026 14:00:00 +0200", datetime(2026, 3, 1, 12, tzinfo=UTC)),
        ("Sun Mar 01 2026 14:00:00 GMT+0200 ", datetime(2026, 3, 1, 12, tzinfo=UTC)),
        ("yesterday", None),
        ("", None),
        ("9999-12-31T23:59:59-10:00", None),
    ],
)
def test_times_are_read_as_utc(text: str, moment: datetime | None) -> None:
    """The ways in which archives write a time all give UTC; what cannot be read gives None."""
    assert parse_time(text) == moment


def test_singlefile_gives_the_date_too() -> None:
    """The date in SingleFile's comment is the time of capture."""
    date = "Sun Mar 01 2026 14:00:00 GMT+0200 (EET)"
    head = f"<!--\n Page saved with SingleFile \n url: https://shop.example/ \n saved date: {date}\n-->"
    assert comment_date(head) == datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "base"), [("Mi Tienda", "https://mi-tienda.invalid/"), ("商店", "https://archive.invalid/")]
)
def test_an_archive_that_gives_no_url_gets_an_invented_one(name: str, base: str) -> None:
    """The invented host carries the archive's name and lies in a domain that cannot exist."""
    assert invented_base(name) == base


def test_rules_apply_in_order(tmp_path: Path) -> None:
    """Manifest before comment before canonical before path."""
    comment = "<!-- saved from url=(0024)https://shop.example/comment -->"
    canonical = '<link rel="canonical" href="https://shop.example/canonical">'
    (tmp_path / "1.html").write_text(comment + canonical, encoding="utf-8")
    (tmp_path / "2.html").write_text(comment + canonical, encoding="utf-8")
    (tmp_path / "3.html").write_text(canonical, encoding="utf-8")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "item.php?id=4").write_bytes(html("4"))
    (tmp_path / "manifest.jsonl").write_text('{"file": "1.html", "url": "https://shop.example/manifest"}\n')
    with open_archive(tmp_path, base_url=BASE) as archive:
        assert list(archive.urls()) == [
            BASE + "manifest",
            BASE + "comment",
            BASE + "canonical",
            BASE + "sub/item.php%3Fid=4",
        ]


def test_a_canonical_url_that_two_pages_claim_is_believed_of_neither(tmp_path: Path) -> None:
    """List pages that all name the first as canonical stay apart under their paths."""
    for name in ("page1.html", "page2.html"):
        (tmp_path / name).write_text(CANONICAL, encoding="utf-8")
    with open_archive(tmp_path, base_url=BASE) as archive:
        assert list(archive.urls()) == [BASE + "page1.html", BASE + "page2.html"]


ROOT_CANONICAL = '<link rel="canonical" href="https://shop.example/">'


def test_a_front_page_named_as_canonical_is_believed_of_a_front_page_only(tmp_path: Path) -> None:
    """A template names it on an item's page too, which must not move the item there."""
    (tmp_path / "item-7.html").write_text(ROOT_CANONICAL, encoding="utf-8")
    (tmp_path / "item-8.html").write_bytes(html("8"))
    with open_archive(tmp_path, base_url=BASE) as archive:
        assert list(archive.urls()) == [BASE + "item-7.html", BASE + "item-8.html"]
    (tmp_path / "item-7.html").rename(tmp_path / "index.html")
    with open_archive(tmp_path, base_url="https://other.example/") as archive:
        assert "https://shop.example/" in list(archive.urls())
    (tmp_path / "index.html").rename(tmp_path / "Shop.html")
    (tmp_path / "item-8.html").unlink()
    with open_archive(tmp_path, base_url="https://other.example/") as archive:
        assert list(archive.urls()) == ["https://shop.example/"], "the only page can be taken for no other"
