"""How much of a request is read: a bound that holds before anybody knows who asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, PlainTextResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_BYTES = 1_000_000
"""Many times what the fullest of our forms holds; nothing is ever uploaded."""

SENTENCE = (
    f"The request's body holds more than {MAX_BODY_BYTES:,} bytes, so the rest was not read and nothing was "
    "written. No form of this app needs as much; send less at once."
)


class _TooLarge(Exception):
    """Stops whoever reads the body."""


class BoundedBodies:
    """Refuses a body that is too large: at once if its length is announced, else where it goes too far."""

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
