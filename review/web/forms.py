"""Tie each write to a page that the app drew for the same browser (CSRF).

Every request that may change something must carry a token made from the cookie and the app's secret: as the
form field `form_token`, or as the header `X-CSRF-Token`. Requests to the API with a token need none: no
browser adds that header for another site. Any other Authorization header says nothing here, because browsers
and proxies add their own.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING

from fastapi import Request
from itsdangerous import BadSignature, Signer
from starlette.datastructures import UploadFile

from review.web.errors import ForeignRequest, FormExpired
from review.web.settings import derive

if TYPE_CHECKING:
    from starlette.responses import Response

    from review.web.settings import Safety

API = ("/api/", "/openapi.json")
"""Paths that accept tokens."""

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
FIELD = "form_token"
HEADER = "x-csrf-token"
SECRETS = {"password", "current", "new", "code"}
"""Form fields that no page may show."""


class Cookies:
    """Makes and reads the app's one cookie: a random key, signed."""

    def __init__(self, key: bytes, safety: Safety) -> None:
        self._signer = Signer(derive(key, "session"), salt="precursor-watch", digest_method=hashlib.sha256)
        self._form_key = derive(key, "form")
        self._safety = safety

    def read(self, request: Request) -> str | None:
        """Return the key in the browser's cookie, or None if we did not sign it."""
        return self.unsign(request.cookies.get(self._safety.cookie, ""))

    def unsign(self, value: str) -> str | None:
        """Return the key in a cookie's value, or None if we did not sign it."""
        try:
            return self._signer.unsign(value.encode("utf-8", "replace")).decode()
        except (BadSignature, UnicodeDecodeError):
            return None

    def sign(self, key: str) -> str:
        """Return the cookie's value for a key."""
        return self._signer.sign(key).decode()

    def write(self, response: Response, key: str) -> None:
        """Set the cookie for this browser session; the store ends the session on its own terms."""
        response.set_cookie(
            self._safety.cookie,
            self.sign(key),
            path="/",
            httponly=True,
            samesite="strict",
            secure=self._safety.is_https,
        )

    def clear(self, response: Response) -> None:
        """Delete the cookie."""
        response.delete_cookie(
            self._safety.cookie, path="/", httponly=True, samesite="strict", secure=self._safety.is_https
        )

    def form_token(self, key: str) -> str:
        """Return the token of the forms drawn for the browser with this key."""
        return hmac.new(self._form_key, key.encode(), hashlib.sha256).hexdigest()


def new_key() -> str:
    """Return a key that nobody can guess: 256 random bits."""
    return secrets.token_urlsafe(32)


def new_token() -> str:
    """Return a token for the API; its prefix lets secret scanners recognise a leaked token."""
    return f"pcw_{new_key()}"


def sent_token(request: Request) -> str | None:
    """Return the token that a request to the API is made with, or None if it depends on a session."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    is_token = scheme.lower() == "bearer" and request.url.path.startswith(API)
    return key.strip() if is_token else None


async def check_form(request: Request) -> None:
    """Refuse a write that does not come from one of our pages in this browser. Guards every route.

    Raises:
        ForeignRequest: If the browser says that another site asked for it.
        FormExpired: If the token is missing or another browser's, or an earlier session's.
    """
    if request.method in SAFE_METHODS or sent_token(request) is not None:
        return
    _refuse_other_sites(request)
    cookies: Cookies = request.app.state.context.cookies
    key = cookies.read(request)
    sent, kept = request.headers.get(HEADER, ""), {}
    if not sent and _is_form(request):
        kept = {
            name: value
            for name, value in (await request.form()).multi_items()
            if not isinstance(value, UploadFile)
        }
        sent = kept.pop(FIELD, "")
    expected = cookies.form_token(key) if key else ""
    if not expected or not hmac.compare_digest(sent.encode("utf-8", "replace"), expected.encode()):
        raise FormExpired({} if SECRETS & kept.keys() else kept)  # without its secret it is of no use


def _refuse_other_sites(request: Request) -> None:
    origin = request.headers.get("origin")
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise ForeignRequest(origin or "another site")
    if origin is not None and origin != f"{request.url.scheme}://{request.url.netloc}":
        raise ForeignRequest(origin)


def _is_form(request: Request) -> bool:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind in {"application/x-www-form-urlencoded", "multipart/form-data"}
