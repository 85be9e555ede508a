"""What WARC files say beyond plain responses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crawler.archives import open_archive
from store.model import PageOutcome
from tests.crawler.archives.site import BASE, Saved, html, record, response

if TYPE_CHECKING:
    from pathlib import Path

BODY = html("Chair")
DIGEST = "WARC-Payload-Digest: sha1:AAAA\r\n"
REVISIT_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX-Visit: 2\r\n\r\n"


def original(content_type: str = "text/html") -> bytes:
    """Return the record whose body is repeated."""
    block = f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\n\r\n".encode() + BODY
    return record("response", BASE + "a", block, DIGEST + "WARC-Date: 2026-01-01T00:00:00Z\r\n")


def revisit(fields: str, block: bytes = REVISIT_HEAD) -> bytes:
    """Return a later record that repeats a body."""
    return record("revisit", BASE + "b", block, fields + "WARC-Date: 2026-02-01T00:00:00Z\r\n")


@pytest.mark.parametrize("fields", [DIGEST, f"WARC-Refers-To-Target-URI: {BASE}a\r\n"])
@pytest.mark.parametrize("block", [REVISIT_HEAD, b""])
@pytest.mark.parametrize("is_later", [True, False])
def test_a_revisit_gives_the_body_it_repeats(
    fields: str, block: bytes, *, is_later: bool, tmp_path: Path
) -> None:
    """A revisit record is served with the body of its original, which may lie before or behind it."""
    records = [original(), revisit(fields, block)]
    (tmp_path / "a.warc").write_bytes(b"".join(records if is_later else reversed(records)))
    with open_archive(tmp_path) as archive:
        page = archive.fetch(BASE + "b")
    assert page is not None
    assert (page.status, page.body, page.fault) == (200, BODY, None)
    assert (("X-Visit", "2") in page.headers) == bool(block)
    assert ("Content-Type", "text/html") in page.headers


def test_a_revisit_without_its_original_says_so(tmp_path: Path) -> None:
    """A body in another archive is reported as missing."""
    (tmp_path / "a.warc").write_bytes(revisit(DIGEST))
    with open_archive(tmp_path) as archive:
        page = archive.fetch(BASE + "b")
    assert page is not None
    assert page.fault is PageOutcome.UNREADABLE
    assert "not in this archive" in page.sentence


def test_a_revisit_of_a_picture_is_no_page(tmp_path: Path) -> None:
    """A revisit record without headers is what its original is."""
    (tmp_path / "a.warc").write_bytes(original("image/png") + revisit(DIGEST, b""))
    with open_archive(tmp_path) as archive:
        assert list(archive.urls()) == []
        assert archive.picture(BASE + "b", BASE)


@pytest.mark.parametrize(
    ("headers", "path", "is_page"),
    [
        ("Content-Type: text/html\r\n", "a.png", True),
        ("Content-Type: application/xhtml+xml\r\n", "a", True),
        ("Content-Type: application/pdf\r\n", "a.pdf", True),
        ("Content-Type: application/json\r\n", "a", True),
        ("", "a", True),
        ("", "a.css", False),
        ("Content-Type: IMAGE/PNG\r\n", "a", False),
        ("Content-Type: text/css; charset=utf-8\r\n", "a", False),
        ("Content-Type: application/javascript\r\n", "a", False),
        ("Content-Type: font/woff2\r\n", "a", False),
        ("Content-Type: text/plain\r\n", "robots.txt", False),
    ],
)
def test_content_types_tell_pages_from_assets(
    headers: str, path: str, *, is_page: bool, tmp_path: Path
) -> None:
    """Documents are pages; images, styles and scripts are not."""
    (tmp_path / "a.warc").write_bytes(response(Saved(url=BASE + path, body=b"x"), headers=headers))
    with open_archive(tmp_path) as archive:
        assert (list(archive.urls()) == [BASE + path]) == is_page


def test_a_resource_record_is_served_as_its_own_type(tmp_path: Path) -> None:
    """A record without HTTP headers is a page with status 200 and the record's content type."""
    (tmp_path / "a.warc").write_bytes(record("resource", BASE, BODY, "Content-Type: text/html\r\n"))
    with open_archive(tmp_path) as archive:
        page = archive.fetch(BASE)
    assert page is not None
    assert (page.status, page.headers, page.body) == (200, (("Content-Type", "text/html"),), BODY)


@pytest.mark.parametrize(
    ("target", "url"),
    [(f"<{BASE}a>", BASE + "a"), (BASE + "a b", BASE + "a%20b"), (BASE + "a#b", BASE + "a")],
)
def test_target_urls_are_repaired(target: str, url: str, tmp_path: Path) -> None:
    """URLs in angle brackets (old wget), with spaces or with a fragment are found in their plain form."""
    (tmp_path / "a.warc").write_bytes(response(Saved(url=target, body=BODY)))
    with open_archive(tmp_path) as archive:
        assert list(archive.urls()) == [url]


def test_a_whole_capture_is_preferred_to_a_newer_cut_one(tmp_path: Path) -> None:
    """A truncated capture is served only where no whole one is."""
    whole = response(Saved(url=BASE, body=BODY), date="2026-01-01T00:00:00Z")
    cut = response(Saved(url=BASE, body=BODY * 9), date="2026-02-01T00:00:00Z")[:-300]
    (tmp_path / "a.warc").write_bytes(whole + cut)
    with open_archive(tmp_path) as archive:
        page = archive.fetch(BASE)
    assert page is not None
    assert (page.body, page.fault) == (BODY, None)


@pytest.mark.parametrize("status", ["404 Not Found", "301 Moved", "503", "200"])
def test_the_status_is_kept(status: str, tmp_path: Path) -> None:
    """Errors and redirects are pages too, with or without a reason phrase."""
    (tmp_path / "a.warc").write_bytes(response(Saved(url=BASE, body=BODY, status=status)))
    with open_archive(tmp_path) as archive:
        page = archive.fetch(BASE)
    assert page is not None
    assert page.status == int(status[:3])


@pytest.mark.parametrize("target", ["", "https://[shop.example/a", "https:///a", "shop.example/a"])
def test_a_record_with_a_malformed_target_is_said(target: str, tmp_path: Path) -> None:
    """Its page has no address under which it could be found, so it becomes a fault, not a gap."""
    (tmp_path / "a.warc").write_bytes(record("response", target, REVISIT_HEAD + BODY))
    with open_archive(tmp_path) as archive:
        assert list(archive.urls()) == []
        (fault,) = archive.faults
    assert f"target URI is {target!r}" in fault.sentence


def test_a_record_that_is_no_page_is_passed_over(tmp_path: Path) -> None:
    """Crawlers keep answers of name servers and notes beside the pages."""
    records = [record("resource", target, b"x") for target in ("dns:shop.example", "urn:text:1")]
    (tmp_path / "a.warc").write_bytes(b"".join(records))
    with open_archive(tmp_path) as archive:
        assert not archive.faults
