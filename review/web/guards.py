"""ASGI middleware around every answer: headers, size of bodies, proxies, HEAD."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, PlainTextResponse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from starlette.types import ASGIApp, Message, Receive, Scope, Send


HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with `no-referrer` browsers name no origin with a form of ours
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
"""Sent with every answer. No inline script or style runs, whatever slips into a page."""

HTTPS_HEADERS = {"Strict-Transport-Security": "max-age=31536000"}
"""Sent too where browsers reach the app by HTTPS."""


class SafeHeaders:
    """Adds `HEADERS` to every answer, and keeps pages out of the browser's cache."""

    def __init__(self, app: ASGIApp, *, is_https: bool = False) -> None:
        self._app = app
        self._headers = HEADERS | (HTTPS_HEADERS if is_https else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and complete the headers of the answer."""

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(self._headers)
                if not scope["path"].startswith("/static/"):
                    headers["Cache-Control"] = "no-store"
            await send(message)

        await self._app(scope, receive, send_safely if scope["type"] == "http" else send)


class HeadAsGet:
    """Answers HEAD with the head of the answer to GET (RFC 9110, 9.3.2)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self._app({**scope, "method": "GET"}, receive, send_head)


def methods_of(routes: Iterable[Any], path: str) -> list[str]:
    """Return the methods that an address accepts, sorted, with HEAD where GET is."""
    taken = {method for route in _flat(routes) if route.path_regex.match(path) for method in route.methods}
    return sorted(taken | ({"HEAD"} if "GET" in taken else set()))


def _flat(routes: Iterable[Any]) -> Iterator[Any]:
    """Yield the routes themselves, also those within routers."""
    for route in routes:
        if getattr(route, "methods", None) and hasattr(route, "path_regex"):
            yield route
        elif inner := getattr(route, "original_router", None):
            yield from _flat(inner.routes)


MAX_BODY_BYTES = 1_000_000
"""Many times the size of the largest form; nothing is ever uploaded."""

SENTENCE = (
    f"The request's body holds more than {MAX_BODY_BYTES:,} bytes, so the rest was not read and nothing was "
    "written. No form of this app needs as much; send less at once."
)


class _TooLarge(Exception):
    """Stops the reader of the body."""


class BoundedBodies:
    """Refuses a body that is too large: by its announced length, else once it exceeds the limit."""

    def __init__(self, app: ASGIApp, *, limit: int = MAX_BODY_BYTES) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, its body counted as it is read."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if self._is_announced(scope):
            await _refuse(scope, receive, send)
            return
        read, is_refused, is_answered = 0, False, False

        async def receive_bounded() -> Message:
            nonlocal read, is_refused
            message = await receive()
            read += len(message.get("body", b""))
            if read > self._limit:
                is_refused = True
                raise _TooLarge
            return message

        async def send_unless_refused(message: Message) -> None:
            nonlocal is_answered
            if is_refused and not is_answered:
                return  # what the app makes of a body that breaks off; the answer is given below
            is_answered = True
            await send(message)

        try:
            await self._app(scope, receive_bounded, send_unless_refused)
        except _TooLarge:
            if is_answered:
                raise
        if is_refused and not is_answered:
            await _refuse(scope, receive, send)

    def _is_announced(self, scope: Scope) -> bool:
        length = Headers(scope=scope).get("content-length", "")
        return length.isascii() and length.isdecimal() and (len(length) > 15 or int(length) > self._limit)


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    headers = {"Connection": "close"}  # the rest of the body is not waited for
    is_api = scope["path"].startswith("/api/")
    answer = (
        JSONResponse({"detail": SENTENCE}, status_code=413, headers=headers)
        if is_api
        else PlainTextResponse(f"{SENTENCE}\n", status_code=413, headers=headers)
    )
    await answer(scope, receive, send)


class OnlyThroughProxy:
    """Refuses clients that bypass the proxy, whose connections are not encrypted.

    `proxies` are their addresses or networks.
    """

    def __init__(self, app: ASGIApp, *, proxies: tuple[str, ...]) -> None:
        self._app = app
        self._networks = [ipaddress.ip_network(each) for each in proxies]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what comes from a proxy."""
        if scope["type"] == "http" and not self._is_proxy(scope):
            sentence = "This app is reached through its proxy only; open the address you were given.\n"
            await PlainTextResponse(sentence, status_code=403)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_proxy(self, scope: Scope) -> bool:
        try:
            address = ipaddress.ip_address(scope["client"][0])
        except (TypeError, ValueError):
            return False
        mapped = getattr(address, "ipv4_mapped", None) or address
        return any(mapped in network for network in self._networks)


class OnlyEncrypted:
    """Refuses requests that the proxy does not declare as encrypted.

    `public_url` is the address that people open.
    """

    def __init__(self, app: ASGIApp, *, public_url: str) -> None:
        self._app = app
        self._public_url = public_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what came by HTTPS."""
        if scope["type"] == "http" and scope["scheme"] != "https":
            sentence = (
                f"This came unencrypted, so it was refused. Open {self._public_url}; if you did, the proxy "
                "does not send `X-Forwarded-Proto: https` (docs/reverse-proxy.md).\n"
            )
            await PlainTextResponse(sentence, status_code=403)(scope, receive, send)
            return
        await self._app(scope, receive, send)
