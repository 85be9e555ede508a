"""A small invented site, written in every format that can be read."""

from __future__ import annotations

import csv
import gzip
import io
import json
from base64 import encodebytes
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from zipfile import ZipFile

from crawler.archives.captures import StoredFile
from crawler.archives.warc import index_warc

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from _typeshed import WriteableBuffer

BASE = "https://shop.example/"
DATE = "2026-03-01T12:00:00Z"


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """One response of the invented site."""

    url: str
    body: bytes
    status: str = "200 OK"
    location: str = ""


def html(title: str, text: str = "", encoding: str = "utf-8") -> bytes:
    """Return a whole small page."""
    head = f'<meta charset="{encoding}"><title>{title}</title>'
    return f"<!DOCTYPE html><html><head>{head}</head><body>{text}</body></html>".encode(encoding)


PAGES = (
    Saved(url=BASE + "index.html", body=html("Home", '<a href="list/page1.html">All goods</a>')),
    Saved(
        url=BASE + "list/page1.html",
        body=html("Goods", '<a href="../item/1.html">1</a> <a href="../item/2.html">2</a>'),
    ),
    Saved(url=BASE + "item/1.html", body=html("Garden chair", "Price: 12 EUR")),
    Saved(url=BASE + "item/2.html", body=html("园艺椅", "价格: 12 元", "gb18030")),
    Saved(url=BASE + "item/3.html", body=html("Ладдер", "№ 3 – “steel”" * 500)),
)
REDIRECT = Saved(url=BASE + "old.html", body=b"", status="302 Found", location=BASE + "index.html")


def write_folder(folder: Path) -> Path:
    """Write the pages under their paths, with a style and a picture beside them, and no word about URLs."""
    for page in PAGES:
        _write(folder / urlsplit(page.url).path[1:], page.body)
    _write(folder / "style.css", b"p {}")
    _write(folder / "item" / "1_files" / "chair.png", b"\x89PNG")
    return folder


def write_gzipped_folder(folder: Path) -> Path:
    """Write each page as gzip."""
    for page in PAGES:
        _write(folder / (urlsplit(page.url).path[1:] + ".gz"), gzip.compress(page.body))
    return folder


def write_folder_with_csv(folder: Path) -> Path:
    """Write the pages under numbers, and a CSV manifest."""
    for number, page in enumerate(PAGES):
        _write(folder / f"{number}.html", page.body)
    with (folder / "manifest.csv").open("w", newline="", encoding="utf-8-sig") as handle:
        rows = csv.writer(handle)
        rows.writerow(["file", "url", "captured_at"])
        rows.writerows([f"{number}.html", page.url, DATE] for number, page in enumerate(PAGES))
    return folder


def write_zip_with_jsonl(folder: Path) -> Path:
    """Write a ZIP of the pages under numbers, and a JSON lines manifest."""
    with ZipFile(_made(folder) / "site.zip", "w") as archive:
        lines = []
        for number, page in enumerate(PAGES):
            archive.writestr(f"{number}.html", page.body)
            lines.append(json.dumps({"file": f"{number}.html", "url": page.url}))
        archive.writestr("manifest.jsonl", "\n".join(lines))
    return folder / "site.zip"


def write_plain_zip(folder: Path) -> Path:
    """Write a ZIP of the pages under their paths."""
    with ZipFile(_made(folder) / "site.zip", "w") as archive:
        for page in PAGES:
            archive.writestr(urlsplit(page.url).path[1:], page.body)
    return folder / "site.zip"


def write_mhtml_folder(folder: Path) -> Path:
    """Write each page as a browser's MHTML, with a picture in it."""
    for number, page in enumerate(PAGES):
        _write(folder / f"{number}.mhtml", mhtml([page]))
    return folder


def write_mhtml(folder: Path) -> Path:
    """Write all pages as parts of one MHTML file."""
    return _write(folder / "site.mht", mhtml(PAGES))


def write_warc(folder: Path) -> Path:
    """Write a WARC without compression."""
    return _write(folder / "site.warc", warc((*PAGES, REDIRECT), is_gzip=False))


def write_warc_gz(folder: Path) -> Path:
    """Write a WARC of one gzip member for each record."""
    return _write(folder / "site.warc.gz", warc((*PAGES, REDIRECT)))


def write_joined_warc_gz(folder: Path) -> Path:
    """Write a WARC that was gzipped as a whole, against the standard."""
    return _write(folder / "site.warc.gz", gzip.compress(warc((*PAGES, REDIRECT), is_gzip=False)))


def write_arc(folder: Path) -> Path:
    """Write an ARC file."""
    return _write(folder / "site.arc", b"".join(arc_records()))


def write_arc_gz(folder: Path) -> Path:
    """Write an ARC file of one gzip member for each record."""
    return _write(folder / "site.arc.gz", b"".join(gzip.compress(record) for record in arc_records()))


def write_wacz(folder: Path) -> Path:
    """Write a WACZ with two WARCs in it."""
    return _write(
        folder / "site.wacz",
        wacz({"archive/a.warc.gz": warc(PAGES[:3]), "archive/b.warc.gz": warc((*PAGES[3:], REDIRECT))}),
    )


def write_multi_wacz(folder: Path) -> Path:
    """Write a WACZ of WACZ files."""
    parts = {
        "a.wacz": wacz({"archive/a.warc.gz": warc(PAGES)}),
        "b.wacz": wacz({"archive/b.warc": warc([REDIRECT], is_gzip=False)}),
    }
    return _write(folder / "site.wacz", wacz(parts))


def write_zipped_warc(folder: Path) -> Path:
    """Write a ZIP that holds a WARC."""
    with ZipFile(_made(folder) / "site.zip", "w") as archive:
        archive.writestr("crawl/site.warc.gz", warc((*PAGES, REDIRECT)))
    return folder / "site.zip"


def write_mixture(folder: Path) -> Path:
    """Write a folder that holds a page, an MHTML file, a ZIP and a WARC."""
    _write(folder / "index.html", PAGES[0].body)
    _write(folder / "one.mht", mhtml(PAGES[1:2]))
    with ZipFile(folder / "list.zip", "w") as archive:
        archive.writestr("x.html", PAGES[2].body)
        archive.writestr("manifest.csv", f"file,url\nx.html,{PAGES[2].url}\n")
    _write(folder / "more.warc.gz", warc((*PAGES[3:], REDIRECT)))
    return folder


WITHOUT_STATUS: dict[str, Callable[[Path], Path]] = {
    "folder": write_folder,
    "gzipped folder": write_gzipped_folder,
    "folder and manifest.csv": write_folder_with_csv,
    "zip": write_plain_zip,
    "zip and manifest.jsonl": write_zip_with_jsonl,
    "folder of mhtml": write_mhtml_folder,
    "mhtml": write_mhtml,
}
WITH_STATUS: dict[str, Callable[[Path], Path]] = {
    "warc": write_warc,
    "warc.gz": write_warc_gz,
    "warc gzipped as a whole": write_joined_warc_gz,
    "arc": write_arc,
    "arc.gz": write_arc_gz,
    "wacz": write_wacz,
    "multi-wacz": write_multi_wacz,
    "zipped warc": write_zipped_warc,
    "mixture": write_mixture,
}
"""Formats that keep the HTTP status, and so can hold the redirect."""


def mhtml(pages: tuple[Saved, ...] | list[Saved]) -> bytes:
    """Return an MHTML message in which each page is a part."""
    parts = [
        f"Content-Type: text/html\nContent-Transfer-Encoding: base64\nContent-Location: {page.url}\n\n"
        + encodebytes(page.body).decode()
        for page in pages
    ]
    parts.append(
        f"Content-Type: image/png\nContent-Transfer-Encoding: base64\nContent-Location: {BASE}a.png\n\niVBO\n"
    )
    head = (
        f"From: <Saved by Blink>\nSnapshot-Content-Location: {pages[0].url}\n"
        "Date: Sun, 1 Mar 2026 12:00:00 -0000\nMIME-Version: 1.0\n"
        'Content-Type: multipart/related; type="text/html"; boundary="----b"\n\n'
    )
    return (head + "".join(f"------b\n{part}\n" for part in parts) + "------b--\n").encode()


def warc(pages: tuple[Saved, ...] | list[Saved], *, is_gzip: bool = True, date: str = DATE) -> bytes:
    """Return a WARC with a response record for each page, and a request and a picture that are no pages."""
    records = [record("warcinfo", "", b"software: written by a test\r\n")]
    records += [response(page, date=date) for page in pages]
    records.append(record("request", BASE + "a.png", b"GET /a.png HTTP/1.1\r\nHost: shop.example\r\n\r\n"))
    records.append(
        response(Saved(url=BASE + "a.png", body=b"\x89PNG"), headers="Content-Type: image/png\r\n")
    )
    return b"".join(gzip.compress(one) if is_gzip else one for one in records)


def response(page: Saved, *, headers: str = "Content-Type: text/html\r\n", date: str = DATE) -> bytes:
    """Return a response record."""
    location = f"Location: {page.location}\r\n" if page.location else ""
    head = f"HTTP/1.1 {page.status}\r\n{headers}{location}\r\n"
    return record("response", page.url, head.encode() + page.body, f"WARC-Date: {date}\r\n")


def record(kind: str, url: str, block: bytes, fields: str = "") -> bytes:
    """Return a WARC record, its end mark included."""
    target = f"WARC-Target-URI: {url}\r\n" if url else ""
    head = f"WARC/1.0\r\nWARC-Type: {kind}\r\n{target}{fields}Content-Length: {len(block)}\r\n\r\n"
    return head.encode() + block + b"\r\n\r\n"


def arc_records() -> list[bytes]:
    """Return the records of an ARC file, its own header first."""
    about = b"1 0 Example\nURL IP-address Archive-date Content-type Archive-length\n"
    records = [b"filedesc://site.arc 0.0.0.0 20260301120000 text/plain %d\n%s\n" % (len(about), about)]
    for page in (*PAGES, REDIRECT):
        location = f"Location: {page.location}\r\n" if page.location else ""
        block = f"HTTP/1.1 {page.status}\r\nContent-Type: text/html\r\n{location}\r\n".encode() + page.body
        records.append(
            f"{page.url} 203.0.113.1 20260301120000 text/html {len(block)}\n".encode() + block + b"\n"
        )
    return records


def wacz(files: dict[str, bytes]) -> bytes:
    """Return a WACZ of the given files, with an index that is no page."""
    stream = io.BytesIO()
    with ZipFile(stream, "w") as archive:
        archive.writestr("datapackage.json", "{}")
        archive.writestr("pages/pages.jsonl", "{}")
        archive.writestr("replay.html", "<html></html>")
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _write(path: Path, content: bytes) -> Path:
    _made(path.parent)
    path.write_bytes(content)
    return path


class _Counted(io.BytesIO):
    """A file in memory that counts the bytes read from it."""

    taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.taken += len(data)
        return data

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        size = super().readinto(buffer)
        self.taken += size
        return size


def bytes_read(packed: bytes) -> int:
    """Return how many bytes of a WARC file are read while its records are indexed, repeated ones included."""
    opened: list[_Counted] = []

    def open_counted() -> _Counted:
        opened.append(_Counted(packed))
        return opened[-1]

    for _ in index_warc(StoredFile(name="a.warc", locator="a.warc", open=open_counted)):
        pass
    return sum(each.taken for each in opened)
