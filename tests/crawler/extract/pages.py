"""Small pages for the tests of this folder."""

from __future__ import annotations

import web_poet

from crawler.extract.document import Document, parse_document

URL = "https://shop.example/item/1"


def response(
    body: str | bytes, *, url: str = URL, status: int | None = 200, content_type: str = ""
) -> web_poet.HttpResponse:
    """Makes a response of a page; text is encoded as UTF-8."""
    payload = body.encode() if isinstance(body, str) else body
    headers = {"Content-Type": content_type} if content_type else {}
    return web_poet.HttpResponse(url=url, body=payload, status=status, headers=headers)


def document(body: str, *, url: str = URL) -> Document:
    """Parses a page that has at least one element."""
    parsed = parse_document(response(body, url=url))
    assert parsed is not None
    return parsed
