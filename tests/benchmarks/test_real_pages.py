"""Crawling a folder of real pages, to measure on what it brings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks import real_pages
from benchmarks.real_pages import texts_read, write_sources
from classifier.errors import DataFileWrong

if TYPE_CHECKING:
    from pathlib import Path

PAGE = """<html><head><title>Oak chair</title><script type="application/ld+json">{"@type": "Product",
"name": "Oak chair", "offers": {"price": "40.00", "priceCurrency": "EUR"}}</script></head>
<body><h1>Oak chair</h1></body></html>"""


@pytest.mark.process
def test_what_a_crawl_takes_for_a_listing_is_measured_on(tmp_path: Path) -> None:
    """Each folder is a source of its own."""
    for shop in ("one", "two"):
        (tmp_path / shop).mkdir()
        (tmp_path / shop / "chair.html").write_text(PAGE, encoding="utf-8")
    assert [text.splitlines()[0] for text in texts_read(tmp_path)] == ["Oak chair", "Oak chair"]


def test_a_crawl_that_failed_measures_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failed crawl is an error; otherwise zero flagged texts would look like a good result."""
    with pytest.raises(DataFileWrong, match="it is no folder"):
        texts_read(tmp_path / "misspelt")
    monkeypatch.setattr(real_pages, "crawl", lambda _pages, _store: 1)
    with pytest.raises(DataFileWrong, match="its crawl ended with exit code 1"):
        texts_read(tmp_path)


def test_lists_of_addresses_become_manifests(tmp_path: Path) -> None:
    """Rows that name an existing file become the manifest; malformed lines are skipped."""
    shop = tmp_path / "pages" / "Shop"
    shop.mkdir(parents=True)
    (shop / "a.html").write_text(PAGE, encoding="utf-8")
    (shop / "list.jsonl").write_bytes(
        b'{"file": "a.html", "url": "https://shop.example/a"}\n{"file":\0\n'
        b'{"file": "gone.html", "url": "https://shop.example/b"}\n'
    )
    sources = write_sources(tmp_path / "pages", tmp_path).read_text(encoding="utf-8")
    assert "[sources.shop]" in sources
    manifest = (tmp_path / "Shop.csv").read_text(encoding="utf-8")
    assert manifest.splitlines() == ["file,url", "a.html,https://shop.example/a"]
