"""A web server on 127.0.0.1 that plays several hosts, well or badly behaved, and remembers what was asked."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request as the server got it."""

    host: str
    """Without its port."""
    path: str
    """With its query."""
    headers: Mapping[str, str]
    at: float
    """On the clock of `time.monotonic`."""


@dataclass(slots=True)
class Server:
    """The hosts that it plays: for each a function from a request to the answer it writes."""

    port: int
    hosts: dict[str, Callable[[Answer], None]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def url(self, host: str, path: str = "/") -> str:
        """Return the address of a path on one of the hosts."""
        return f"http://{host}:{self.port}{path}"

    def paths(self, host: str) -> list[str]:
        """Return what was asked of a host, in order."""
        return [each.path for each in self.asked if each.host == host]


class Answer(BaseHTTPRequestHandler):
    """One request, and the means to answer it."""

    protocol_version = "HTTP/1.1"
    player: Server

    def do_GET(self) -> None:
        """Have the host answer."""
        self.host = self.headers.get("Host", "").partition(":")[0]
        self.player.asked.append(
            Asked(host=self.host, path=self.path, headers=dict(self.headers), at=time.monotonic())
        )
        with suppress(ConnectionError, TimeoutError):
            self.player.hosts.get(self.host, not_found)(self)

    def give(self, body: bytes = b"", status: int = 200, **headers: str) -> None:
        """Write a whole answer; `_` in a header's name stands for `-`."""
        self.send_response(status)
        named = {"content_type": "text/html; charset=utf-8"} | headers
        for name, value in named.items():
            self.send_header(name.replace("_", "-"), value)
        if "Transfer_Encoding" not in headers and "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def not_found(answer: Answer) -> None:
    """Answer for a host that nobody plays, and for every page that is not there."""
    answer.give(b"<html><title>404</title><body>Not found</body></html>", 404)


@contextmanager
def serving() -> Iterator[Server]:
    """Serve while inside, from threads of this process."""
    with ThreadingHTTPServer((LOOPBACK, 0), Answer) as http:
        http.daemon_threads = True
        http.block_on_close = False
        player = Server(http.server_address[1])
        http.RequestHandlerClass = type("Playing", (Answer,), {"player": player})
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield player
        finally:
            http.shutdown()
            thread.join()
