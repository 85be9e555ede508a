"""HEAD is answered as GET without its body; a method that an address does not take, by those it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from starlette.types import ASGIApp, Message, Receive, Scope, Send


class HeadAsGet:
    """Asks the app for what GET would bring, and sends its head alone (RFC 9110, 9.3.2)."""

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
    """Return the methods that an address takes, in order, HEAD with GET."""
    taken = {method for route in _flat(routes) if route.path_regex.match(path) for method in route.methods}
    return sorted(taken | ({"HEAD"} if "GET" in taken else set()))


def _flat(routes: Iterable[Any]) -> Iterator[Any]:
    """Yield the routes themselves, also those within routers."""
    for route in routes:
        if getattr(route, "methods", None) and hasattr(route, "path_regex"):
            yield route
        elif inner := getattr(route, "original_router", None):
            yield from _flat(inner.routes)
