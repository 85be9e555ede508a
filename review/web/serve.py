"""Running the review app."""

from __future__ import annotations

import os
import socket
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import uvicorn

from review.web.app import create_app
from review.web.errors import NobodyMayAdminister, NotLoopback, PortUnusable, SafetyUnfit
from review.web.providers import NO_REFERENCE, Reference
from review.web.settings import Safety, check_safety
from store.accounts.users import has_administrator
from store.database import open_database
from store.locks import hold

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fastapi import FastAPI

    from review.web.providers import ServiceApi

LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """The files with which the app itself serves HTTPS."""

    certificate: Path
    """PEM, with the chain."""
    key: Path
    """PEM."""


def serve(
    database: Path,
    host: str,
    port: int,
    *,
    safety: Safety | None = None,
    tls: Tls | None = None,
    reference: Reference = NO_REFERENCE,
    service_api: ServiceApi | None = None,
    announce: Callable[[str], None] | None = None,
) -> None:
    """Serve the review app until SIGINT or SIGTERM.

    Another host than `LOOPBACK` needs `tls`, or a proxy that `safety` names. Port 0 takes a free one.
    `announce` is called with the app's address when it can be opened.

    Raises:
        NotLoopback: If others could read what passes between a browser and the app.
        SafetyUnfit: If settings contradict one another.
        StoreUnusable: If the database is not there or not ours.
        NobodyMayAdminister: If it has no administrator.
        KeyFileUnusable: If the app's secret cannot be read or made.
        PortUnusable: If the port is taken or not allowed.
    """
    safety = safety or Safety()
    check_reach(host, safety, tls)
    with closing(open_database(database, must_exist=True)) as db:
        if not has_administrator(db):
            raise NobodyMayAdminister(database)
    with hold(database, f"serve-{os.getpid()}"):  # so that no backup is restored under it
        safety = replace(safety, is_encrypted=tls is not None)
        app = create_app(database, safety=safety, reference=reference, service_api=service_api)
        _serve(app, host, port, safety=safety, tls=tls, announce=announce)


def _serve(
    app: FastAPI,
    host: str,
    port: int,
    *,
    safety: Safety,
    tls: Tls | None,
    announce: Callable[[str], None] | None,
) -> None:
    with listen(host, port) as listener:
        server = build_server(app, tls)
        if announce:
            announce(safety.public_url or address_of(listener, is_encrypted=tls is not None))
        with suppress(KeyboardInterrupt):  # uvicorn has stopped in order, then hands the Ctrl+C on
            server.run(sockets=[listener])


def check_reach(host: str, safety: Safety, tls: Tls | None) -> None:
    """Refuse to listen where passwords would pass unencrypted, or under settings that contradict one another.

    Raises:
        NotLoopback: If others could read what passes between a browser and the app.
        SafetyUnfit: If settings contradict one another.
    """
    check_safety(safety)
    is_behind_proxy = safety.is_https and bool(safety.trusted_proxies)
    if host not in LOOPBACK and tls is None and not is_behind_proxy:
        raise NotLoopback(host)


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens already, so that a browser sent there is never turned away.

    Raises:
        PortUnusable: If the port is taken or not allowed.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise PortUnusable(
            host, port, said.partition(" (")[0]
        ) from error  # what Python adds repeats the port


def address_of(listener: socket.socket, *, is_encrypted: bool = False) -> str:
    """Return the address to open in a browser."""
    scheme = "https" if is_encrypted else "http"
    host, port = listener.getsockname()[:2]
    return f"{scheme}://[{host}]:{port}/" if ":" in host else f"{scheme}://{host}:{port}/"


def build_server(app: FastAPI, tls: Tls | None = None) -> uvicorn.Server:
    """Return the server for an app; it logs warnings only and names no software.

    Whom to believe about a client's address is the app's own affair (`review.web.app.guard`).

    Raises:
        SafetyUnfit: If certificate and key cannot be used.
    """
    config = uvicorn.Config(
        app,
        log_level="warning",
        server_header=False,
        access_log=False,
        proxy_headers=False,
        ssl_certfile=tls.certificate if tls else None,
        ssl_keyfile=tls.key if tls else None,
    )
    try:
        config.load()
    except OSError as error:  # ssl.SSLError is one
        raise SafetyUnfit(f"The TLS certificate and key cannot be used: {error}.") from error
    return uvicorn.Server(config)
