"""A body is bounded before anybody is known, over real HTTP."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

import pytest

from fixtures.builders.login import a_user, build
from review.web.guards import MAX_BODY_BYTES
from review.web.serve import build_server, listen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FORM, JSON = "application/x-www-form-urlencoded", "application/json"
PIECE = 62_500


@pytest.fixture
def port(database: Path) -> Iterator[int]:
    """Serve the store on a free port."""
    with listen("127.0.0.1", 0) as listener:
        a_user(database)
        server = build_server(build(database))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        yield listener.getsockname()[1]
        server.should_exit = True
        thread.join()


def ask(port: int, path: str, kind: str, framing: str, pieces: list[bytes]) -> str:
    """Send a POST in pieces, whether or not its body is whole, and return the answer."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {kind}\r\n{framing}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=300) as asking:
        for piece in (head.encode(), *pieces):
            asking.sendall(piece)
        answer = b""
        while not answer.endswith(
            (b"send less at once.\n", b'send less at once."}', b"</html>\n", b"</html>")
        ):
            read = asking.recv(65_536)
            if not read:
                break
            answer += read
    return answer.decode()


def chunks_of(size: int) -> list[bytes]:
    """Return a body of so many bytes in chunks, without the chunk that would end it."""
    return [b"%x\r\n%b\r\n" % (PIECE, b"a" * PIECE)] * (size // PIECE)


@pytest.mark.parametrize(("path", "kind"), [("/login", FORM), ("/api/verdicts", JSON), ("/nowhere", FORM)])
def test_an_announced_giant_is_refused_unread(port: int, path: str, kind: str) -> None:
    """Nothing of the body is sent, so nothing of it was waited for."""
    answer = ask(port, path, kind, f"Content-Length: {MAX_BODY_BYTES + 1}", [])
    assert answer.startswith("HTTP/1.1 413 ")
    assert "nosniff" in answer
    assert f"more than {MAX_BODY_BYTES:,} bytes" in answer


@pytest.mark.parametrize(("path", "kind"), [("/login", FORM), ("/api/verdicts", JSON)])
def test_a_giant_in_chunks_is_refused_where_it_goes_too_far(port: int, path: str, kind: str) -> None:
    """A body that never ends is read up to the bound, whoever reads it."""
    answer = ask(port, path, kind, "Transfer-Encoding: chunked", chunks_of(MAX_BODY_BYTES + PIECE))
    assert answer.startswith("HTTP/1.1 413 ")
    assert "nothing was written" in answer


def test_what_is_no_giant_is_read(port: int) -> None:
    """Right up to the bound a body reaches the app, which finds no form of ours in it."""
    body = [*chunks_of(MAX_BODY_BYTES), b"0\r\n\r\n"]
    assert ask(port, "/login", FORM, "Transfer-Encoding: chunked", body).startswith("HTTP/1.1 403 ")
