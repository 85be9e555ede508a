"""A quick web server on loopback with as many copies of the fixture marketplaces as there are addresses.

Every address of 127.1.0.0/16 is a host with one whole marketplace, so that a bare spider and ours ask for the
same pages without any name to be resolved. It runs in a process of its own, prints its port, and serves until
its standard input ends.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from csv import DictReader
from pathlib import Path
from typing import TYPE_CHECKING

from fixtures.marketplaces.build import write_site
from fixtures.marketplaces.data import STEMS, read_site

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEAD = re.compile(rb"GET (\S+) HTTP/1\.1\r\n(.*?\r\n)\r\n", re.DOTALL)
_HOST = re.compile(rb"^host: *(127\.1\.(\d+)\.(\d+):\d+)\r$", re.IGNORECASE | re.MULTILINE)
_MARK = re.compile(rb"^if-none-match: *(\S+)\r$", re.IGNORECASE | re.MULTILINE)
_PLACE = b"https://place.example"
Site = dict[bytes, bytes]
"""Pages by path; their own addresses begin with `_PLACE`."""


def hosts(count: int, port: int) -> list[str]:
    """Return the addresses of so many hosts, without a closing slash."""
    return [f"http://127.1.{number // 250}.{number % 250 + 1}:{port}" for number in range(count)]


def load_sites() -> list[Site]:
    """Return every fixture marketplace."""
    with tempfile.TemporaryDirectory() as scratch:
        return [_load(stem, Path(scratch) / stem) for stem in STEMS]


def addresses(count: int, port: int) -> list[str]:
    """Return the address of every page of so many hosts."""
    sites = load_sites()
    return [
        base + path.decode()
        for number, base in enumerate(hosts(count, port))
        for path in sites[number % len(sites)]
    ]


@contextmanager
def serving() -> Iterator[int]:
    """Serve from another process while inside, and give the port."""
    command = [sys.executable, "-m", "benchmarks.local_server"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdin
        yield int(process.stdout.readline())
        process.stdin.close()


def _load(stem: str, folder: Path) -> Site:
    write_site(stem, "folder", folder)
    base = read_site(stem).base_url
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(DictReader(lines))
    return {
        row["url"].removeprefix(base).encode(): (folder / row["file"])
        .read_bytes()
        .replace(base.encode(), _PLACE)
        for row in rows
        if row["url"].startswith(base)
    }


class _Connection(asyncio.Protocol):
    def __init__(self, sites: list[Site]) -> None:
        self._sites = sites
        self._waiting = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._waiting += data
        while head := _HEAD.match(self._waiting):
            self._waiting = self._waiting[head.end() :]
            self._transport.write(self._answer(head[1], head[2]))

    def _answer(self, path: bytes, headers: bytes) -> bytes:
        host = _HOST.search(headers)
        assert host is not None
        number = int(host[2]) * 250 + int(host[3]) - 1
        page = self._sites[number % len(self._sites)].get(path)
        if page is None:
            return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        body = page.replace(_PLACE, b"http://" + host[1])
        mark = b'"' + hashlib.md5(body, usedforsecurity=False).hexdigest().encode() + b'"'
        asked = _MARK.search(headers)
        if asked and asked[1] == mark:
            return b"HTTP/1.1 304 Not Modified\r\nETag: " + mark + b"\r\n\r\n"
        said = b"Content-Type: text/html\r\nETag: %s\r\nContent-Length: %d\r\n\r\n" % (mark, len(body))
        return b"HTTP/1.1 200 OK\r\n" + said + body


async def main() -> None:
    """Serve until standard input ends."""
    sites = load_sites()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(sites), "0.0.0.0", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
