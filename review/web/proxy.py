"""Behind a reverse proxy: whose word about the client is believed, and that nobody comes around it."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


class OnlyThroughProxy:
    """Refuses whoever comes to the app directly, where what passes is not encrypted.

    Args:
        app: What is guarded.
        proxies: Addresses or networks of the proxies.
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
    """Refuses what a browser sent unencrypted, as the proxy says, or as the proxy fails to say.

    Args:
        app: What is guarded.
        public_url: What people open.
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
