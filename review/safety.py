"""What keeps other sites, and the text of a listing, from acting in a reviewer's name."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders

from review.errors import ForeignRequest, FormExpired

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "[::1]")
"""The names this machine has for itself. A page elsewhere that points its own name here (DNS rebinding)
still sends that name, and is refused."""

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
"""Sent with every answer. No inline script or style runs, whatever slips into a page."""

SESSION_COOKIE = "precursor_watch"


class SafeHeaders:
    """Adds `HEADERS` to every answer, and keeps what a page shows out of the browser's cache."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; the answer's headers are completed as it leaves."""

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                if not scope["path"].startswith("/static/"):
                    headers["Cache-Control"] = "no-store"
            await send(message)

        await self._app(scope, receive, send_safely if scope["type"] == "http" else send)


class FormTokens:
    """Tokens that tie a form to the browser it was drawn for, by a key of this process."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes()

    def issue(self, request: Request, response: Response, session: str) -> None:
        """Set the browser's session cookie, unless it has it."""
        if request.cookies.get(SESSION_COOKIE) != session:
            response.set_cookie(SESSION_COOKIE, session, httponly=True, samesite="strict", path="/")

    def session_of(self, request: Request) -> str:
        """Return the browser's session, or a new one."""
        return request.cookies.get(SESSION_COOKIE) or secrets.token_urlsafe()

    def token(self, session: str) -> str:
        """Return the token that forms drawn for this session carry."""
        return hmac.new(self._key, session.encode("utf-8", "replace"), hashlib.sha256).hexdigest()

    def check(self, request: Request, token: str) -> None:
        """Refuse a form that was not drawn for this browser by this process.

        Raises:
            FormExpired: If its token is not the session's.
        """
        expected = self.token(request.cookies.get(SESSION_COOKIE, ""))
        if not hmac.compare_digest(token.encode("utf-8", "replace"), expected.encode()):
            raise FormExpired


def check_same_origin(request: Request) -> None:
    """Refuse a JSON write that does not come from this app's own origin.

    Browsers let no other site send `application/json` unasked, nor choose its own Origin.

    Raises:
        ForeignRequest: If the Origin header is missing or names another site.
    """
    origin = request.headers.get("origin", "")
    if origin != f"{request.url.scheme}://{request.url.netloc}":
        raise ForeignRequest(origin)
