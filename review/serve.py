"""Running the review app: this machine only, until log-ins come."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import TYPE_CHECKING

import uvicorn

from listings.database import open_database
from review.app import create_app
from review.errors import NotLoopback, PortUnusable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fastapi import FastAPI

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def serve(
    database: Path, host: str, port: int, reviewer: str, *, announce: Callable[[str], None] | None = None
) -> None:
    """Serve the review app until the process is told to stop (SIGINT, SIGTERM).

    Args:
        database: The store's file; it must be there.
        host: One of `LOOPBACK`.
        port: TCP port; 0 takes a free one.
        reviewer: Who decides; written with every verdict.
        announce: Called once with the app's address, when it can be opened.

    Raises:
        NotLoopback: If `host` can be reached from other machines.
        ReviewerUnnamed: If the reviewer's name is blank.
        StoreUnusable: If the database is not there or not ours.
        PortUnusable: If the port is taken or not allowed.
    """
    app = create_app(database, reviewer=reviewer)
    listener = listen(host, port)
    with listener:
        open_database(database, must_exist=True).close()
        if announce:
            announce(address_of(listener))
        with suppress(KeyboardInterrupt):  # uvicorn has stopped in order, then hands the Ctrl+C on
            build_server(app).run(sockets=[listener])


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens already, so that a browser sent there is never turned away.

    Raises:
        NotLoopback: If `host` can be reached from other machines.
        PortUnusable: If the port is taken or not allowed.
    """
    if host not in LOOPBACK:
        raise NotLoopback(host)
    family = socket.AF_INET6 if host == "::1" else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        raise PortUnusable(host, port, str(error)) from error


def address_of(listener: socket.socket) -> str:
    """Return the address to open in a browser."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def build_server(app: FastAPI) -> uvicorn.Server:
    """Return the server for an app; it logs warnings only and names no software."""
    config = uvicorn.Config(app, log_level="warning", server_header=False, access_log=False)
    return uvicorn.Server(config)
