"""Damaged and hostile archives: what can be read is read, the rest is said, nothing is raised."""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import random
import zlib
from typing import TYPE_CHECKING
from zipfile import ZIP_DEFLATED, ZIP_LZMA, ZipFile, ZipInfo

import brotli
import pytest

from crawler.archives import ArchiveError, open_archive
from crawler.archives import warc as warc_module
from store.model import PageOutcome
from tests.crawler.archives.site import (
    BASE,
    PAGES,
    Saved,
    bytes_read,
    html,
    mhtml,
    record,
    response,
    wacz,
    warc,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

GOOD = html("Good")
BAD_URL, GOOD_URL = BASE + "bad", BASE + "good"
GOOD_RECORD = response(Saved(url=GOOD_URL, body=GOOD))
BAD_RECORD = response(Saved(url=BAD_URL, body=html("Bad", "x" * 3000)))


def packed(body: bytes, encoding: str) -> bytes:
    """Return a gzipped record whose body is packed as its header says, or wrongly."""
    return gzip.compress(response(Saved(url=BAD_URL, body=body), headers=encoding + "\r\n"))


def damaged_gzip() -> bytes:
    """Return a gzip member with bytes changed in its middle."""
    noise = random.Random(1).randbytes(3000)
    member = bytearray(gzip.compress(response(Saved(url=BAD_URL, body=noise))))
    member[1500:1600] = b"\xff" * 100
    return bytes(member)


PLAIN = {
    "cut record before a whole one": (BAD_RECORD[:1000], PageOutcome.TRUNCATED),
    "garbage between records": (BAD_RECORD + b"?" * 70_000 + b"\r\n", None),
    "record without its end mark": (BAD_RECORD.rstrip(), None),
    "negative length": (BAD_RECORD.replace(b"Content-Length: 3", b"Content-Length: -3"), "fault"),
    "length that is no number": (BAD_RECORD.replace(b"Content-Length: 3", b"Content-Length: many"), "fault"),
    "a length of thirty digits": (
        BAD_RECORD.replace(b"Content-Length: 3", b"Content-Length: 123456789012345678901234567890", 1),
        "fault",
    ),
    "a header name that is no ASCII": (
        BAD_RECORD.replace(b"WARC/1.0\r\n", b"WARC/1.0\r\nX-\xc3\xa5: a\r\nX-\xff\xe9: \xff\r\n", 1),
        None,
    ),
    "an HTTP header name that is no ASCII": (
        record("response", BAD_URL, b"HTTP/1.1 200 OK\r\nX-\xff\xc3\xa5: \xff\r\n\r\n" + html("Bad")),
        None,
    ),
    "no HTTP status": (record("response", BAD_URL, b"hello\r\n\r\n"), "fault"),
    "a line without end": (b"WARC/1.0\r\n" + b"a" * 300_000 + b"\r\n\r\n", "fault"),
    "no target": (record("response", "", b"HTTP/1.1 200 OK\r\n\r\nbody"), None),
    "a target that is no http URL": (record("resource", "urn:text:1", b"hello"), None),
}


@pytest.mark.parametrize("case", PLAIN)
def test_a_whole_record_is_read_behind_a_damaged_one(case: str, tmp_path: Path) -> None:
    """After any damaged record of a WARC, the next record is read, and the damage is reported."""
    damaged, expected = PLAIN[case]
    (tmp_path / "a.warc").write_bytes(damaged + GOOD_RECORD)
    with open_archive(tmp_path / "a.warc") as archive:
        good, bad = archive.fetch(GOOD_URL), archive.fetch(BAD_URL)
    assert good is not None
    assert (good.body, good.fault) == (GOOD, None)
    if expected == "fault":
        assert bad is None
        assert archive.faults
        assert all(fault.sentence.endswith(".") for fault in archive.faults)
    elif bad is not None:
        assert bad.fault == expected
        assert bool(bad.sentence) == (expected is not None)


def test_records_that_claim_to_be_huge_are_not_read_twice(tmp_path: Path) -> None:
    """Each record claims more than the file holds: four times as many have four times the bytes read."""
    claim = BAD_RECORD[:200].replace(b"Content-Length: 3", b"Content-Length: 99999993")
    few, many = (bytes_read(claim * number + GOOD_RECORD) for number in (500, 2_000))
    assert many < 5 * few
    (tmp_path / "a.warc").write_bytes(claim * 2_000 + GOOD_RECORD)
    with open_archive(tmp_path / "a.warc") as archive:
        assert archive.fetch(GOOD_URL) is not None


@pytest.mark.parametrize(
    "damage",
    [gzip.compress(BAD_RECORD)[:60], damaged_gzip(), b"garbage" * 5000, b"\x1f\x8b\x08 not really"],
    ids=["cut member", "changed bytes", "garbage", "false beginning"],
)
def test_a_whole_member_is_read_behind_a_damaged_one(damage: bytes, tmp_path: Path) -> None:
    """Damage between or within gzip members costs no other record."""
    first = gzip.compress(record("warcinfo", "", b""))
    (tmp_path / "a.warc.gz").write_bytes(first + damage + gzip.compress(GOOD_RECORD))
    with open_archive(tmp_path / "a.warc.gz") as archive:
        good, bad = archive.fetch(GOOD_URL), archive.fetch(BAD_URL)
    assert good is not None
    assert good.body == GOOD
    assert archive.faults or (bad is not None and bad.fault is PageOutcome.TRUNCATED)


@pytest.mark.parametrize("cut", range(1, 1200, 37))
def test_a_warc_cut_anywhere_keeps_what_came_before(cut: int, tmp_path: Path) -> None:
    """A download that broke off loses the last record at most."""
    whole = gzip.compress(GOOD_RECORD)
    last = gzip.compress(response(Saved(url=BAD_URL, body=random.Random(2).randbytes(1100))))
    (tmp_path / "a.warc.gz").write_bytes(whole + last[:cut])
    with open_archive(tmp_path / "a.warc.gz") as archive:
        good, bad = archive.fetch(GOOD_URL), archive.fetch(BAD_URL)
    assert good is not None
    assert good.body == GOOD
    assert bad is None or bad.fault in {None, PageOutcome.TRUNCATED}


def test_a_warc_gzipped_as_a_whole_is_read_behind_damage(tmp_path: Path) -> None:
    """In a gzip member of several records, records after a truncated one are read."""
    joined = gzip.compress(record("warcinfo", "", b"") + BAD_RECORD)
    (tmp_path / "a.warc.gz").write_bytes(joined + joined[:80] + gzip.compress(GOOD_RECORD))
    with open_archive(tmp_path / "a.warc.gz") as archive:
        good, bad = archive.fetch(GOOD_URL), archive.fetch(BAD_URL)
    assert good is not None
    assert bad is not None
    assert (good.body, good.fault, bad.fault) == (GOOD, None, None)


GZIP, BROTLI, CHUNKED = "Content-Encoding: gzip", "Content-Encoding: br", "Transfer-Encoding: chunked"
PACKINGS = {
    "gzip": (packed(gzip.compress(GOOD), GZIP), GOOD, None),
    "deflate": (packed(zlib.compress(GOOD), "Content-Encoding: deflate"), GOOD, None),
    "deflate without header": (packed(zlib.compress(GOOD)[2:-4], "Content-Encoding: deflate"), GOOD, None),
    "brotli": (packed(brotli.compress(GOOD), BROTLI), GOOD, None),
    "chunks": (packed(b"5\r\n" + GOOD[:5] + b"\r\n1000\r\n" + GOOD[5:], CHUNKED), GOOD, None),
    "chunks of gzip": (
        packed(b"%x\r\n%s\r\n0\r\n\r\n" % (len(z := gzip.compress(GOOD)), z), f"{CHUNKED}\r\n{GZIP}"),
        GOOD,
        None,
    ),
    "gzip in name only": (packed(GOOD, GZIP), GOOD, None),
    "brotli in name only": (packed(GOOD, BROTLI), GOOD, None),
    "chunks in name only": (packed(GOOD, CHUNKED), GOOD, None),
    "cut gzip": (packed(gzip.compress(GOOD)[:-12], GZIP), None, PageOutcome.TRUNCATED),
    "cut brotli": (packed(brotli.compress(GOOD)[:-3], BROTLI), None, PageOutcome.TRUNCATED),
    "empty gzip": (packed(b"", GZIP), b"", None),
    "unknown packing": (packed(GOOD, "Content-Encoding: zstd"), b"", PageOutcome.UNREADABLE),
    "gzip bomb": (packed(gzip.compress(bytes(10**7)), GZIP), b"", PageOutcome.TOO_LARGE),
    "brotli bomb": (packed(brotli.compress(bytes(10**7), quality=1), BROTLI), b"", PageOutcome.TOO_LARGE),
    "large body": (packed(bytes(2 * 10**6), ""), b"", PageOutcome.TOO_LARGE),
}


@pytest.mark.parametrize("case", PACKINGS)
def test_bodies_are_unpacked_or_their_fault_is_said(case: str, tmp_path: Path) -> None:
    """A body comes without its transport encodings; one that cannot be unpacked says why."""
    content, body, fault = PACKINGS[case]
    (tmp_path / "a.warc.gz").write_bytes(content)
    with open_archive(tmp_path / "a.warc.gz", max_page_bytes=10**6) as archive:
        page = archive.fetch(BAD_URL)
    assert page is not None
    assert page.fault == fault
    assert bool(page.sentence) == (fault is not None)
    assert body is None or page.body == body
    assert not {name.lower() for name, _ in page.headers} & {"content-encoding", "transfer-encoding"}


def zipped(*entries: tuple[str | ZipInfo, bytes]) -> bytes:
    """Return a ZIP with the entries and one good page."""
    stream = io.BytesIO()
    with ZipFile(stream, "w", ZIP_DEFLATED) as archive:
        for name, content in (*entries, ("good.html", GOOD)):
            archive.writestr(name, content)
    return stream.getvalue()


def encrypted_zip() -> bytes:
    """Return a ZIP whose first entry is marked as encrypted."""
    content = bytearray(zipped(("a.html", GOOD)))
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


def link_entry() -> ZipInfo:
    """Return a ZIP entry that is a symbolic link."""
    entry = ZipInfo("link.html")
    entry.external_attr = 0o120777 << 16
    return entry


def deep_zip() -> bytes:
    """Return a ZIP in a ZIP in a ZIP."""
    return zipped(("b.zip", zipped(("c.zip", zipped()))))


ZIPS: dict[str, tuple[Callable[[], bytes], PageOutcome]] = {
    "path out of the ZIP": (lambda: zipped(("../../evil.html", GOOD)), PageOutcome.UNREADABLE),
    "absolute path": (lambda: zipped(("/etc/evil.html", GOOD)), PageOutcome.UNREADABLE),
    "backslashes": (lambda: zipped(("..\\evil.html", GOOD)), PageOutcome.UNREADABLE),
    "bomb": (lambda: zipped(("bomb.html", bytes(5 * 10**6))), PageOutcome.TOO_LARGE),
    "bomb called a WARC": (lambda: zipped(("bomb.warc", bytes(5 * 10**6))), PageOutcome.TOO_LARGE),
    "encrypted": (encrypted_zip, PageOutcome.UNREADABLE),
    "link": (lambda: zipped((link_entry(), b"/etc/hostname")), PageOutcome.UNREADABLE),
    "too deep": (deep_zip, PageOutcome.UNREADABLE),
    "broken ZIP within": (lambda: zipped(("b.zip", b"PK\x03\x04 broken")), PageOutcome.UNREADABLE),
}


@pytest.mark.parametrize("case", ZIPS)
def test_a_hostile_entry_of_a_zip_is_refused_and_the_rest_is_read(case: str, tmp_path: Path) -> None:
    """An entry that must not be read is a fault, and the page beside it is served."""
    write, outcome = ZIPS[case]
    (tmp_path / "site.zip").write_bytes(write())
    with open_archive(tmp_path / "site.zip", base_url=BASE, max_page_bytes=10**6) as archive:
        good = archive.fetch(BASE + "good.html")
    assert good is not None
    assert good.body == GOOD
    assert [fault.outcome for fault in archive.faults] == [outcome]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.zip", zipped()[:40]),
        ("a.wacz", b""),
        ("a.mht", b"\x00\xff\n\n"),
        ("a.mht", b""),
        ("a.warc", b"no WARC at all"),
        ("a.warc.gz", gzip.compress(b"no WARC at all")),
        ("a.arc", b"\x00" * 3 + b"x"),
        ("a.zip", wacz({"archive/a.warc.gz": b"\x1f\x8b\x08"})),
    ],
)
def test_a_file_that_is_not_what_it_is_called_is_one_fault(name: str, content: bytes, tmp_path: Path) -> None:
    """The fault says where and what; nothing is raised and no page is made up."""
    (tmp_path / name).write_bytes(content)
    with open_archive(tmp_path / name) as archive:
        assert list(archive.urls()) == []
        assert [fault.outcome for fault in archive.faults] == [PageOutcome.UNREADABLE]
        assert archive.faults[0].locator.startswith(name)


def test_a_large_page_is_a_page_with_a_fault(tmp_path: Path) -> None:
    """A page over the limit keeps its URL and gives no body."""
    (tmp_path / "big.html").write_bytes(html("Big", "x" * 2000))
    (tmp_path / "bomb.html.gz").write_bytes(gzip.compress(bytes(10**6)))
    with open_archive(tmp_path, base_url=BASE, max_page_bytes=1000) as archive:
        pages = [archive.fetch(url) for url in archive.urls()]
    assert [(page.fault, page.body) for page in pages if page] == [(PageOutcome.TOO_LARGE, b"")] * 2


@pytest.mark.parametrize(
    ("content", "fault"),
    [(gzip.compress(GOOD)[:-12], PageOutcome.TRUNCATED), (GOOD, PageOutcome.UNREADABLE), (b"", None)],
)
def test_a_damaged_gzipped_page_says_so(content: bytes, fault: PageOutcome | None, tmp_path: Path) -> None:
    """A page whose gzip data is cut or none is a page with a fault."""
    (tmp_path / "a.html.gz").write_bytes(content)
    with open_archive(tmp_path, base_url=BASE) as archive:
        page = archive.fetch(BASE + "a.html")
    assert page is not None
    assert page.fault == fault


def test_links_and_special_files_in_a_folder_are_refused(tmp_path: Path) -> None:
    """A link out of the folder and a pipe are faults; a folder called like a page is a folder."""
    site = tmp_path / "site"
    (site / "folder.html").mkdir(parents=True)
    (site / "folder.html" / "good.html").write_bytes(GOOD)
    (tmp_path / "secret.html").write_bytes(html("Secret"))
    (site / "link.html").symlink_to(tmp_path / "secret.html")
    (site / "up").symlink_to(tmp_path)
    (site / "dangling.html").symlink_to(site / "nothing")
    (site / "circle.html").symlink_to(site / "circle.html")
    (site / "there").symlink_to(site / "back")
    (site / "back").symlink_to(site / "there")
    os.mkfifo(site / "pipe.html")
    with open_archive(site, base_url=BASE) as archive:
        assert list(archive.urls()) == [BASE + "folder.html/good.html"]
        assert {fault.locator for fault in archive.faults} == {
            "link.html",
            "up",
            "dangling.html",
            "pipe.html",
            "circle.html",
            "there",
            "back",
        }


def test_an_archive_that_is_a_link_to_itself_is_said_so(tmp_path: Path) -> None:
    """The sentence names it; a name that no file can have is treated alike."""
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    for path in (tmp_path / "circle", tmp_path / "a\0b"):
        with pytest.raises(ArchiveError, match="cannot be opened"):
            open_archive(path)


def test_records_before_one_that_breaks_its_reader_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A record that raises an error costs only itself."""
    read_head = warc_module._read_head

    def broken(reader: warc_module.LineReader) -> object:
        head = read_head(reader)
        if head.fields["warc-target-uri"] == BAD_URL:
            raise AttributeError("nothing that anybody expected")
        return head

    monkeypatch.setattr(warc_module, "_read_head", broken)
    before, after = (response(Saved(url=BASE + name, body=GOOD)) for name in ("before", "after"))
    (tmp_path / "a.warc").write_bytes(before + BAD_RECORD + after)
    with open_archive(tmp_path / "a.warc") as archive:
        assert list(archive.urls()) == [BASE + "before", BASE + "after"]
        assert "nothing that anybody expected" in archive.faults[0].sentence


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_permission_is_a_fault(tmp_path: Path) -> None:
    """A page without read permission is reported as unreadable."""
    (tmp_path / "a.html").write_bytes(GOOD)
    (tmp_path / "a.html").chmod(0)
    with open_archive(tmp_path) as archive:
        assert [fault.outcome for fault in archive.faults] == [PageOutcome.UNREADABLE]


def test_a_page_that_vanishes_after_indexing_is_unreadable(tmp_path: Path) -> None:
    """A file removed while the crawl runs is a page with a fault."""
    (tmp_path / "a.html").write_bytes(GOOD)
    with open_archive(tmp_path, base_url=BASE) as archive:
        (tmp_path / "a.html").unlink()
        page = archive.fetch(BASE + "a.html")
    assert page is not None
    assert page.fault is PageOutcome.UNREADABLE


def test_a_cut_mhtml_file_is_truncated_only_where_it_ends(tmp_path: Path) -> None:
    """The part in which the file ends is truncated; those before it are whole."""
    whole = mhtml(PAGES[:2])
    (tmp_path / "a.mht").write_bytes(whole[: whole.index(PAGES[1].url.encode()) + 100])
    with open_archive(tmp_path / "a.mht") as archive:
        faults = [page.fault for url in archive.urls() if (page := archive.fetch(url))]
    assert faults == [None, PageOutcome.TRUNCATED]


def zip_with_a_bad_name() -> bytes:
    """Return a ZIP that calls a name UTF-8 which is not."""
    return zipped(("\u00e4\u00e4.html", GOOD)).replace("\u00e4\u00e4".encode(), b"\xff" * 4)


def zip_with_bad_lzma() -> bytes:
    """Return a ZIP of a page without a name that tells its kind, packed with LZMA and damaged."""
    stream = io.BytesIO()
    with ZipFile(stream, "w", ZIP_LZMA) as archive:
        archive.writestr("item.php", GOOD * 20)
    content = bytearray(stream.getvalue())
    content[45:60] = b"\xff" * 15
    return bytes(content)


def deep_mhtml() -> bytes:
    """Return a message in a message, many times over."""
    return b"Content-Type: message/rfc822\n\n" * 1200 + mhtml(PAGES[:1])


ENDLESS_STATUS = response(Saved(url=BAD_URL, body=GOOD, status="9" * 5000 + " OK"))
WHOLE_FILES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "name that is no UTF-8 in a ZIP": ("a.zip", zip_with_a_bad_name),
    "damaged LZMA in a ZIP": ("a.zip", zip_with_bad_lzma),
    "deep MHTML": ("a.mht", deep_mhtml),
    "deep JSON in a manifest": ("manifest.jsonl", lambda: b"[" * 100_000),
    "large first field in a manifest": ("manifest.csv", lambda: b"x" * 200_000),
    "large field in a manifest": ("manifest.csv", lambda: b"file,url\n" + b"x" * 200_000),
    "status of many digits": ("a.warc", lambda: ENDLESS_STATUS),
    "status that no database holds": ("a.warc", lambda: ENDLESS_STATUS.replace(b"9" * 4980, b"")),
    "status of two digits": ("a.warc", lambda: ENDLESS_STATUS.replace(b"9" * 4998, b"")),
}


@pytest.mark.parametrize("case", WHOLE_FILES)
def test_a_file_on_which_its_reader_breaks_is_a_fault_and_no_more(case: str, tmp_path: Path) -> None:
    """An error of a reader is reported for its file, and the next page is read."""
    name, write = WHOLE_FILES[case]
    (tmp_path / name).write_bytes(write())
    (tmp_path / "good.html").write_bytes(GOOD)
    with open_archive(tmp_path, base_url=BASE) as archive:
        good = archive.fetch(BASE + "good.html")
        assert list(archive.urls()) == [BASE + "good.html"]
    assert good is not None
    assert good.body == GOOD
    assert len(archive.faults) == 1
    assert archive.faults[0].locator.startswith(name)
    assert archive.faults[0].sentence.endswith(".")


@pytest.mark.parametrize("name", ["deep JSON in a manifest", "large field in a manifest"])
def test_a_hostile_manifest_asked_for_by_name_raises_nothing_but_the_sentence(
    name: str, tmp_path: Path
) -> None:
    """A given manifest is used, line by line, or refused as a whole."""
    file, write = WHOLE_FILES[name]
    (tmp_path / "good.html").write_bytes(GOOD)
    manifest = tmp_path / f"urls-{file}"
    manifest.write_bytes(write())
    with contextlib.suppress(ArchiveError), open_archive(tmp_path, manifest=manifest) as archive:
        assert archive.faults


def test_a_file_name_that_is_no_utf_8_gives_a_url(tmp_path: Path) -> None:
    """Old disks hold names in other character sets; their bytes go into the URL as they are."""
    (tmp_path / os.fsdecode(b"caf\xe9.html")).write_bytes(GOOD)
    with open_archive(tmp_path, base_url=BASE) as archive:
        assert list(archive.urls()) == [BASE + "caf%E9.html"]


def lzma_zip() -> bytes:
    """Return a ZIP whose entries are packed with LZMA, one of them without a suffix."""
    stream = io.BytesIO()
    with ZipFile(stream, "w", ZIP_LZMA) as archive:
        archive.writestr("item.php", html("Item", "text " * 200))
        archive.writestr("good.html", GOOD)
    return stream.getvalue()


SAMPLES: dict[str, bytes] = {
    "a.warc": warc(PAGES, is_gzip=False),
    "b.warc.gz": warc(PAGES),
    "c.mht": mhtml(PAGES),
    "d.zip": zipped(),
    "e.zip": lzma_zip(),
    "f.wacz": wacz({"archive/a.warc.gz": warc(PAGES[:2])}),
    "g.html": GOOD,
    "h.html.gz": gzip.compress(GOOD),
    "i/manifest.csv": b"file,url\na.html,https://shop.example/i\n",
    "j/manifest.jsonl": b'{"file": "a.html", "url": "https://shop.example/j"}\n',
}


@pytest.mark.parametrize("seed", range(60))
def test_no_damage_raises(seed: int, tmp_path: Path) -> None:
    """Bits turned over, bytes changed, cut out or put in anywhere never raise, in any format."""
    chance = random.Random(seed)
    for name, content in SAMPLES.items():
        damaged = bytearray(content)
        for _ in range(chance.randrange(1, 6)):
            start = chance.randrange(len(damaged))
            if seed % 2:
                damaged[start] ^= 1 << chance.randrange(8)
            else:
                damaged[start : start + chance.randrange(50)] = chance.randbytes(chance.randrange(50)) or b"?"
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(damaged)
    with open_archive(tmp_path) as archive:
        assert all(archive.fetch(url) is not None for url in archive.urls())
    for name in ("a.warc", "c.mht", "d.zip", "e.zip", "f.wacz"):
        with contextlib.suppress(ArchiveError), open_archive(tmp_path / name) as archive:
            assert all(archive.fetch(url) is not None for url in archive.urls())
