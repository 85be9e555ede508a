"""Saved pages are the same whatever they were saved in."""

from __future__ import annotations

import gc
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from crawler.archives import ArchiveError, open_archive
from tests.crawler.archives.site import (
    BASE,
    PAGES,
    REDIRECT,
    WITH_STATUS,
    WITHOUT_STATUS,
    Saved,
    bytes_read,
    html,
    warc,
    write_folder,
    write_folder_with_csv,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from crawler.archives import Archive

ALL = WITHOUT_STATUS | WITH_STATUS
EXPECTED = {(page.url, 200, page.body) for page in PAGES}


def contents(archive: Archive) -> set[tuple[str, int, bytes]]:
    """Return what all pages of an archive come to."""
    pages = [archive.fetch(url) for url in archive.urls()]
    return {(page.url, page.status, page.body) for page in pages if page is not None}


@pytest.mark.parametrize("write", WITHOUT_STATUS.values(), ids=WITHOUT_STATUS)
def test_every_format_gives_the_same_pages(write: Callable[[Path], Path], tmp_path: Path) -> None:
    """URL, status and body of each page do not depend on what the site was saved in."""
    with open_archive(write(tmp_path / "site"), base_url=BASE) as archive:
        assert contents(archive) == EXPECTED
        assert archive.faults == ()


@pytest.mark.parametrize("write", WITH_STATUS.values(), ids=WITH_STATUS)
def test_formats_that_keep_the_status_give_the_redirect_too(
    write: Callable[[Path], Path], tmp_path: Path
) -> None:
    """A redirect comes back with its status and its Location."""
    with open_archive(write(tmp_path / "site"), base_url=BASE) as archive:
        assert contents(archive) == EXPECTED | {(REDIRECT.url, 302, b"")}
        redirect = archive.fetch(REDIRECT.url)
        assert redirect is not None
        assert ("Location", REDIRECT.location) in redirect.headers
        assert archive.faults == ()


@pytest.mark.parametrize("write", ALL.values(), ids=ALL)
def test_order_and_locators_are_stable(write: Callable[[Path], Path], tmp_path: Path) -> None:
    """Two readings of one archive list the same URLs in the same order, at the same relative places."""

    def places() -> list[tuple[str, str]]:
        with open_archive(path, base_url=BASE) as archive:
            pages = [archive.fetch(url) for url in archive.urls()]
        return [(page.url, page.locator) for page in pages if page is not None]

    path = write(tmp_path / "site")
    first = places()
    assert first == places()
    assert len({locator for _, locator in first}) == len(first)
    assert not any(str(tmp_path) in locator for _, locator in first)


@pytest.mark.parametrize("write", ALL.values(), ids=ALL)
def test_every_format_is_closed(write: Callable[[Path], Path], tmp_path: Path) -> None:
    """Every file handle is closed; an open handle would raise a warning and fail this test."""
    gc.freeze()  # what was there before need not be looked through
    with open_archive(write(tmp_path / "site"), base_url=BASE) as archive:
        contents(archive)
    del archive
    gc.collect()
    gc.unfreeze()


def test_assets_are_no_pages(tmp_path: Path) -> None:
    """A style and the picture beside a page are not among the URLs."""
    with open_archive(write_folder(tmp_path / "site"), base_url=BASE) as archive:
        assert len(list(archive.urls())) == len(PAGES)


@pytest.mark.parametrize("is_zip", [False, True])
def test_a_picture_lies_beside_its_page(tmp_path: Path, *, is_zip: bool) -> None:
    """A picture without an address of its own is found by its path from the page, in a ZIP too."""
    path = tmp_path / "site"
    (path / "1_files").mkdir(parents=True)
    (path / "1.html").write_text("<!-- saved from url=(0026)https://shop.example/item/1 --><p>One</p>")
    (path / "1_files" / "a b.png").write_bytes(b"picture")
    if is_zip:
        path = Path(shutil.make_archive(str(path), "zip", path))
    page = "https://shop.example/item/1"
    with open_archive(path) as archive:
        found = archive.picture("https://shop.example/item/1_files/a%20b.png", page)
        assert found
        assert found.body == b"picture"
        assert archive.picture("https://elsewhere.example/item/1_files/a%20b.png", page) is None


def test_newest_capture_of_a_url_is_served(tmp_path: Path) -> None:
    """Of several captures the newest is given, wherever it lies."""
    (tmp_path / "a.warc.gz").write_bytes(
        warc([Saved(url=BASE, body=html("new"))], date="2026-02-02T00:00:00Z")
    )
    (tmp_path / "b.warc.gz").write_bytes(
        warc([Saved(url=BASE, body=html("old"))], date="2025-02-02T00:00:00Z")
    )
    with open_archive(tmp_path) as archive:
        page = archive.fetch(BASE)
    assert page is not None
    assert page.body == html("new")
    assert page.captured_at == datetime(2026, 2, 2, tzinfo=UTC)


def test_an_absent_url_gives_none(tmp_path: Path) -> None:
    """None for what was not saved is no error."""
    with open_archive(write_folder(tmp_path / "site")) as archive:
        assert archive.fetch("https://elsewhere.example/") is None


def test_a_fragment_and_an_empty_path_make_no_difference(tmp_path: Path) -> None:
    """A URL is found in the forms that links use for it."""
    (tmp_path / "a.warc").write_bytes(
        warc([Saved(url="https://shop.example/", body=html("Home"))], is_gzip=False)
    )
    with open_archive(tmp_path) as archive:
        assert archive.fetch("https://shop.example#top") is not None


@pytest.mark.parametrize("name", ["missing", "notes.txt", "picture.png"])
def test_what_is_no_archive_is_refused_with_a_sentence(name: str, tmp_path: Path) -> None:
    """A missing path or another kind of file is an error that names the expected formats."""
    if name != "missing":
        (tmp_path / name).write_bytes(b"nothing of interest")
    with pytest.raises(ArchiveError, match=r"expected a folder, \.html"):
        open_archive(tmp_path / name)


def test_manifest_elsewhere_is_used_when_given(tmp_path: Path) -> None:
    """A manifest that does not lie in the folder is named by its path."""
    folder = write_folder_with_csv(tmp_path / "site")
    (folder / "manifest.csv").rename(tmp_path / "urls.csv")
    with open_archive(folder, manifest=tmp_path / "urls.csv") as archive:
        assert contents(archive) == EXPECTED


def test_each_folder_may_have_its_own_manifest(tmp_path: Path) -> None:
    """The names in a manifest are relative to the folder it lies in."""
    write_folder_with_csv(tmp_path / "site" / "inner")
    with open_archive(tmp_path / "site") as archive:
        assert contents(archive) == EXPECTED
        assert archive.faults == ()


@pytest.mark.parametrize("content", [None, "name,address\n"])
def test_a_given_manifest_that_cannot_be_used_is_refused(content: str | None, tmp_path: Path) -> None:
    """A manifest asked for by name is either used or refused with a sentence."""
    if content is not None:
        (tmp_path / "urls.csv").write_text(content, encoding="utf-8")
    with pytest.raises(ArchiveError, match="manifest"):
        open_archive(tmp_path, manifest=tmp_path / "urls.csv")


def test_manifest_rows_that_cannot_be_used_are_faults(tmp_path: Path) -> None:
    """A row without a URL and a row without its file are named; the others count."""
    (tmp_path / "a.html").write_bytes(html("A"))
    (tmp_path / "manifest.csv").write_text(
        f"file,url,encoding\na.html,{BASE},gb18030\nb.html,\nc.html,{BASE}c\n"
    )
    with open_archive(tmp_path) as archive:
        page = archive.fetch(BASE)
    assert page is not None
    assert page.headers == (("Content-Type", "text/html; charset=gb18030"),)
    assert sorted(fault.locator for fault in archive.faults) == ["c.html", "manifest.csv#3"]


def test_records_are_indexed_one_after_the_other(tmp_path: Path) -> None:
    """Four times the small pages need four times the bytes of a WARC to be read, and each page is found."""
    pages = [
        Saved(url=f"{BASE}{number}", body=html(f"Item {number}", "text " * 200)) for number in range(800)
    ]
    assert bytes_read(warc(pages)) < 5 * bytes_read(warc(pages[:200]))
    (tmp_path / "many.warc.gz").write_bytes(warc(pages))
    with open_archive(tmp_path / "many.warc.gz") as archive:
        assert len(list(archive.urls())) == 800
