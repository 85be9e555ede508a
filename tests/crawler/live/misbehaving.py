"""A site that misbehaves in every way we know: each path one way, with what the crawl is to make of it.

The table is the test: `WAYS` names path, answer, outcome and a part of the sentence.
"""

from __future__ import annotations

import gzip
import time
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import brotli
from backports import zstd

from listings.model import PageOutcome as Is
from tests.crawler.archives.site import html

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.crawler.live.server import Answer

HOST = "bad.example"
OTHER = "elsewhere.example"
PRIVATE = "inside.example"
"""Resolves to an address of the private network."""
REBOUND = "rebound.example"
"""Resolves to a public and then to a private address."""
LIMIT = 300_000
"""Largest body of these crawls."""
TIMEOUT_S = 1.0
PAGE = html("Oak chair", "<h1>Oak chair</h1><p class=price>12.50 EUR</p><p>Oak, well kept.</p>")
ZEROS = bytes(5_000_000)


@dataclass(frozen=True, slots=True)
class Way:
    """One way to misbehave."""

    play: Callable[[Answer], None]
    outcome: Is
    said: str
    """Part of the page's sentence."""


def give(body: bytes = PAGE, status: int = 200, **headers: str) -> Callable[[Answer], None]:
    """Return a whole answer."""
    return lambda answer: answer.give(body, status, **headers)


def go(location: str, status: int = 302) -> Callable[[Answer], None]:
    """Return a redirect; `{port}` becomes the server's."""
    return lambda answer: answer.give(b"", status, Location=location.format(port=answer.player.port))


def raw(*pieces: bytes) -> Callable[[Answer], None]:
    """Return an answer written byte by byte, after which the connection is closed."""

    def play(answer: Answer) -> None:
        answer.close_connection = True
        for piece in pieces:
            answer.wfile.write(piece)
            answer.wfile.flush()

    return play


def endless(head: bytes, piece: bytes, pause_s: float = 0.0) -> Callable[[Answer], None]:
    """Return an answer that goes on for as long as it is listened to, or five seconds."""

    def play(answer: Answer) -> None:
        answer.close_connection = True
        answer.wfile.write(head)
        until = time.monotonic() + 5
        while time.monotonic() < until:
            answer.wfile.write(piece)
            answer.wfile.flush()
            if pause_s:
                time.sleep(pause_s)  # a slow server is the point

    return play


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
GONE = "gone"
CIRCLE = "Its redirects lead in a circle"
BOMB = "Its body unpacks to more than the limit"
NO_SCOPE = "It was not asked for: the permission does not cover the site"
USER = "It was not asked for: the address holds a user name"
INSIDE = "is no address of the public internet"
OWN = f"http://{HOST}:{{port}}"

WAYS: dict[str, Way] = {
    # what the site says
    "/gone": Way(give(status=410), Is.GONE, "(HTTP 410)"),
    "/missing": Way(give(status=404), Is.GONE, "(HTTP 404)"),
    "/soft-missing": Way(give(html("Page not found", "Sorry.")), Is.GONE, "says in words"),
    "/forbidden": Way(give(status=403), Is.BLOCKED, "refuses access"),
    "/log-in": Way(give(status=401), Is.BLOCKED, "asks for a log-in"),
    "/busy": Way(give(status=429, Retry_After="0"), Is.BLOCKED, "too many requests"),
    "/challenge": Way(give(html("Just a moment...", "Checking your browser")), Is.BLOCKED, "a challenge"),
    "/challenge-503": Way(give(html("Just a moment...", "Wait"), 503), Is.BLOCKED, "a challenge"),
    "/broken": Way(give(html("Oops", "Error"), 500), Is.UNREACHABLE, "an error of its own (HTTP 500)"),
    "/bad-retry-after": Way(give(html("Oops", "E"), 503, Retry_After="soon"), Is.UNREACHABLE, "(HTTP 503)"),
    "/no-index-header": Way(give(X_Robots_Tag="noindex"), Is.REFUSED, "asks robots not to read it"),
    "/no-index-for-us": Way(give(X_Robots_Tag="precursor-watch: none"), Is.REFUSED, "asks robots"),
    "/no-index-meta": Way(
        give(PAGE.replace(b"<title>", b"<META content='noindex' NAME=robots><title>")),
        Is.REFUSED,
        "asks robots",
    ),
    "/no-index-for-another": Way(give(X_Robots_Tag="otherbot: noindex"), Is.LISTING, "One listing"),
    "/unasked-304": Way(give(b"", 304), Is.UNREACHABLE, "(HTTP 304)"),
    # what it sends
    "/empty": Way(give(b""), Is.EMPTY, "no text"),
    "/picture": Way(give(b"\x89PNG\r\n\x1a\n" + bytes(50)), Is.NOT_HTML, "a PNG image"),
    "/wrong-charset": Way(give(content_type="text/html; charset=no-such"), Is.LISTING, "One listing"),
    "/giant": Way(give(bytes(2_000_000)), Is.TOO_LARGE, "larger than the limit"),
    "/giant-said": Way(
        raw(HEAD, b"Content-Length: 104857600\r\n\r\n", PAGE), Is.TOO_LARGE, "larger than the limit"
    ),
    "/giant-unsaid": Way(endless(HEAD + b"\r\n", bytes(65_536)), Is.TOO_LARGE, "larger than the limit"),
    "/gzip-bomb": Way(give(gzip.compress(ZEROS), Content_Encoding="gzip"), Is.TOO_LARGE, BOMB),
    "/deflate-bomb": Way(give(zlib.compress(ZEROS), Content_Encoding="deflate"), Is.TOO_LARGE, BOMB),
    "/brotli-bomb": Way(give(brotli.compress(ZEROS, quality=1), Content_Encoding="br"), Is.TOO_LARGE, BOMB),
    "/zstd-bomb": Way(give(zstd.compress(ZEROS), Content_Encoding="zstd"), Is.TOO_LARGE, BOMB),
    "/nested-bomb": Way(
        give(gzip.compress(gzip.compress(ZEROS)), Content_Encoding="gzip, gzip"), Is.TOO_LARGE, BOMB
    ),
    "/no-gzip": Way(give(PAGE, Content_Encoding="gzip"), Is.UNREADABLE, "cannot be unpacked"),
    "/unknown-packing": Way(give(PAGE, Content_Encoding="rot13"), Is.LISTING, "One listing"),
    "/cut": Way(raw(HEAD, b"Content-Length: 9000\r\n\r\n", PAGE), Is.TRUNCATED, "before the whole body"),
    "/cut-chunk": Way(
        raw(HEAD, b"Transfer-Encoding: chunked\r\n\r\n", b"fff\r\n", PAGE),
        Is.TRUNCATED,
        "before the whole body",
    ),
    # how it sends it
    "/endless-headers": Way(
        endless(HEAD, b"X-Filler: " + b"x" * 1000 + b"\r\n"), Is.TOO_LARGE, "headers have no end"
    ),
    "/endless-header": Way(
        endless(HEAD + b"X: ", b"x" * 1000), Is.UNREACHABLE, "ended before a whole answer"
    ),
    "/endless-100": Way(
        endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 50), Is.TOO_LARGE, "headers have no end"
    ),
    "/slow-body": Way(
        endless(HEAD + b"Content-Length: 500\r\n\r\n", b"x", 0.1), Is.UNREACHABLE, "within the time limit"
    ),
    "/slow-headers": Way(endless(HEAD + b"X: ", b"x", 0.1), Is.UNREACHABLE, "within the time limit"),
    "/hung-up": Way(raw(), Is.UNREACHABLE, "ended before a whole answer"),
    "/no-http": Way(raw(b"220 mail.example ESMTP\r\n\r\n"), Is.UNREADABLE, "What came is no HTTP."),
    # where it leads
    "/circle": Way(go("/circle"), Is.UNREACHABLE, CIRCLE),
    "/wide-circle": Way(go("/back"), Is.UNREACHABLE, CIRCLE),
    "/session-circle": Way(go("/session-circle?sid=1"), Is.UNREACHABLE, CIRCLE),
    "/nowhere": Way(give(status=302), Is.UNREACHABLE, "It leads on to 'nowhere' (HTTP 302)"),
    "/to-file": Way(go("file:///etc/hostname"), Is.UNREACHABLE, "which is not followed"),
    "/to-data": Way(go("data:text/html,<h1>Oak"), Is.UNREACHABLE, "which is not followed"),
}
"""What is asked for under its own address and keeps it."""

LED_AWAY: dict[str, tuple[str, str]] = {
    "/to-elsewhere": (f"http://{OTHER}:{{port}}/", NO_SCOPE),
    "/to-user-trick": (f"http://{HOST}:{{port}}@{OTHER}:{{port}}/", USER),
    "/to-user": (f"http://user:word@{HOST}:{{port}}/", USER),
    "/to-dots": ("/shop/%2e%2e/admin", "dot segments"),
    "/to-loopback": ("http://127.0.0.1:{port}/", NO_SCOPE),
    "/to-decimal": ("http://2130706433:{port}/", NO_SCOPE),
    "/to-octal": ("http://0177.0.0.1:{port}/", NO_SCOPE),
    "/to-ipv6": ("http://[::1]:{port}/", NO_SCOPE),
    "/to-mapped": ("http://[::ffff:127.0.0.1]:{port}/", NO_SCOPE),
    "/to-metadata": ("http://169.254.169.254/latest/", NO_SCOPE),
    "/to-other-port": (f"http://{HOST}:1/", NO_SCOPE),
    "/to-https": (f"https://{HOST}/", NO_SCOPE),
}
"""Redirects that are not followed: path, where to, and a part of the sentence."""


def play(answer: Answer) -> None:
    """Answer for the misbehaving host."""
    path = answer.path.partition("?")[0]
    if path == "/back":
        go("/wide-circle")(answer)
    elif path in WAYS:
        WAYS[path].play(answer)
    elif path in LED_AWAY:
        go(LED_AWAY[path][0])(answer)
    else:
        answer.give(b"User-agent: *\nDisallow: /private/", content_type="text/plain")
