"""What a file in an archive is, told from its name, its first bytes or its content type."""

from __future__ import annotations

from enum import Enum
from pathlib import PurePosixPath

_ASSET_SUFFIXES = frozenset(
    {
        *(".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg", ".ico", ".bmp", ".avif"),
        *(".css", ".js", ".mjs", ".map", ".woff", ".woff2", ".ttf", ".otf", ".eot"),
        *(".mp4", ".webm", ".mp3", ".ogg", ".swf"),
    }
)
_ASSET_TYPES = (
    "image/",
    "video/",
    "audio/",
    "font/",
    "text/css",
    "text/javascript",
    "application/javascript",
    "application/x-javascript",
    "application/font",
    "application/x-font",
    "application/vnd.ms-fontobject",
    "application/wasm",
    "application/x-shockwave-flash",
)


class Kind(Enum):
    """How a file is read."""

    HTML = "html"
    MHTML = "mhtml"
    WARC = "warc"
    ZIP = "zip"
    ASSET = "asset"
    OTHER = "other"
    """Neither a page nor part of one: lists, notes, indexes."""


_KINDS = {
    ".html": Kind.HTML,
    ".htm": Kind.HTML,
    ".xhtml": Kind.HTML,
    ".html.gz": Kind.HTML,
    ".htm.gz": Kind.HTML,
    ".xhtml.gz": Kind.HTML,
    ".mht": Kind.MHTML,
    ".mhtml": Kind.MHTML,
    ".warc": Kind.WARC,
    ".warc.gz": Kind.WARC,
    ".arc": Kind.WARC,
    ".arc.gz": Kind.WARC,
    ".zip": Kind.ZIP,
    ".wacz": Kind.ZIP,
}
EXPECTED = "a folder, " + ", ".join(_KINDS)
"""For messages: what can be opened."""


def kind_of(name: str, first_bytes: bytes) -> Kind:
    """Tell how a file is read.

    Args:
        name: File name, with or without folders.
        first_bytes: The beginning of the file; looked at only when the name does not settle it, as with
            mirrored pages called `item.php?id=3`.
    """
    path = PurePosixPath(name.lower())
    suffixes = path.suffixes
    for suffix in ("".join(suffixes[-2:]), path.suffix):
        if suffix in _KINDS:
            return _KINDS[suffix]
    if is_asset("", name):
        return Kind.ASSET
    if first_bytes.removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith((b"<!doctype html", b"<html")):
        return Kind.HTML
    return Kind.OTHER


def is_asset(content_type: str, path: str) -> bool:
    """Tell whether a response is an image, style, script, font, film or `robots.txt`.

    Args:
        content_type: As in the HTTP header; when empty, the path decides.
        path: Path of the URL or file, without query.
    """
    place = PurePosixPath(path.lower())
    if place.name == "robots.txt":
        return True
    if content_type:
        return content_type.strip().lower().startswith(_ASSET_TYPES)
    return place.suffix in _ASSET_SUFFIXES
