"""The original URL of a saved file: what the save says, what the page says, what its path says."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from urllib.parse import quote, urldefrag, urljoin, urlsplit

from w3lib.url import safe_url_string

_COMMENT = re.compile(
    r"<!--\s*(?:saved from url=\(\d+\)|Page saved with SingleFile\s+url:\s*)(?P<url>https?://\S+?)\s*(?:-->|\s)",
    re.IGNORECASE,
)
_SAVED_DATE = re.compile(r"saved date:\s*(?P<date>[^(\n]+)", re.IGNORECASE)
# Linear on whatever input: no tag is looked for within another, and no name within a name.
_TAG = re.compile(r"<(?:link|meta)\b[^<>]*>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""(?<![\w:-])([\w:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")

_KEPT_IN_PATHS = "/=&,;:@!$'()*+"
"""Left as they are, as in the links of pages that a mirroring tool has rewritten."""


@lru_cache(maxsize=8192)  # each page's is asked for six times, and each link's once a page
def normal_url(url: str) -> str:
    """Return the form under which a page is kept and asked for: a Scrapy request's, without fragment.

    Returns an empty string when `url` is not an absolute http or https URL.
    """
    try:
        parts = urlsplit(urldefrag(url.strip()).url)
        if parts.scheme.lower() not in {"http", "https"} or not parts.hostname:
            return ""
        return safe_url_string(parts._replace(path=parts.path or "/").geturl())
    except ValueError:
        return ""


def comment_url(head: str) -> str:
    """Return the URL that a browser or SingleFile noted in a comment when it saved the page."""
    found = _COMMENT.search(head)
    return normal_url(html.unescape(found["url"])) if found else ""


def comment_date(head: str) -> datetime | None:
    """Return the date that SingleFile noted when it saved the page, in UTC."""
    found = _SAVED_DATE.search(head) if _COMMENT.search(head) else None
    return parse_time(found["date"]) if found else None


def declared_url(head: str) -> str:
    """Return the absolute URL that the page gives as its own: `rel=canonical`, else `og:url`."""
    shared = ""
    for tag in _TAG.findall(head):
        attributes = {
            name.lower(): html.unescape(double or single or bare)
            for name, double, single, bare in _ATTRIBUTE.findall(tag)
        }
        if "canonical" in attributes.get("rel", "").lower().split():
            return normal_url(attributes.get("href", ""))
        if attributes.get("property", "").lower() == "og:url":
            shared = shared or normal_url(attributes.get("content", ""))
    return shared


def path_url(name: str, base_url: str) -> str:
    """Return the URL of a file by its path below the archive's root."""
    # Names on disk may hold bytes that are no UTF-8; Python gives these as lone surrogates.
    path = quote(name.removesuffix(".gz"), safe=_KEPT_IN_PATHS, errors="surrogateescape")
    return normal_url(urljoin(base_url, f"./{path}"))


def invented_base(archive_name: str) -> str:
    """Return the base URL of an archive that gives no other, under the reserved domain `.invalid`."""
    host = re.sub(r"[^a-z0-9]+", "-", archive_name.lower()).strip("-")[:60].strip("-")
    return f"https://{host or 'archive'}.invalid/"


def parse_time(text: str) -> datetime | None:
    """Read an ISO 8601, RFC 5322 or JavaScript time as UTC; a time without zone counts as UTC."""
    for parse in (datetime.fromisoformat, _parse_script_time, parsedate_to_datetime):
        try:
            moment = parse(text.strip())
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except (ValueError, IndexError, OverflowError):
            continue
    return None


def _parse_script_time(text: str) -> datetime:
    """Read what JavaScript's `Date.toString` writes, less the zone's name."""
    return datetime.strptime(text, "%a %b %d %Y %H:%M:%S GMT%z")
