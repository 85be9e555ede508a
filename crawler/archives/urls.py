"""Find the original URL of each saved page, and choose one capture for each URL."""

from __future__ import annotations

import html
import re
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote, urldefrag, urljoin, urlsplit

from w3lib.url import safe_url_string

from store.model import PageOutcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from crawler.archives.captures import Capture

_COMMENT = re.compile(
    r"<!--\s*(?:saved from url=\(\d+\)|Page saved with SingleFile\s+url:\s*)(?P<url>https?://\S+?)\s*(?:-->|\s)",
    re.IGNORECASE,
)
_SAVED_DATE = re.compile(r"saved date:\s*(?P<date>[^(\n]+)", re.IGNORECASE)
# Linear time on any input: no tag is searched within a tag, and no name within a name.
_TAG = re.compile(r"<(?:link|meta)\b[^<>]*>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""(?<![\w:-])([\w:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")

_KEPT_IN_PATHS = "/=&,;:@!$'()*+"
"""Characters that mirroring tools leave unescaped in rewritten links."""
_FRONT_PAGES = frozenset({"index", "default", "home", "homepage", "start", "main"})
"""File names of a site's front page."""
UNKNOWN_TIME = datetime.min.replace(tzinfo=UTC)


@lru_cache(maxsize=8192)  # six calls for each page, and one for each link on a page
def normal_url(url: str) -> str:
    """Return a URL without fragment in the form of a Scrapy request, which is the index's key.

    The result is empty if `url` is not an absolute http or https URL.
    """
    try:
        parts = urlsplit(urldefrag(url.strip()).url)
        if parts.scheme.lower() not in {"http", "https"} or not parts.hostname:
            return ""
        return safe_url_string(parts._replace(path=parts.path or "/").geturl())
    except ValueError:
        return ""


def comment_url(head: str) -> str:
    """Return the URL in the comment that a browser or SingleFile adds to a saved page."""
    found = _COMMENT.search(head)
    return normal_url(html.unescape(found["url"])) if found else ""


def comment_date(head: str) -> datetime | None:
    """Return the UTC date in the comment that SingleFile adds to a saved page."""
    found = _SAVED_DATE.search(head) if _COMMENT.search(head) else None
    return parse_time(found["date"]) if found else None


def declared_url(head: str) -> str:
    """Return the absolute URL that the page states for itself: `rel=canonical`, else `og:url`."""
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
    """Return the URL of a file from its path below the archive's root."""
    # Names on disk may hold bytes that are not UTF-8; Python decodes them to lone surrogates.
    path = quote(name.removesuffix(".gz"), safe=_KEPT_IN_PATHS, errors="surrogateescape")
    return normal_url(urljoin(base_url, f"./{path}"))


def invented_base(archive_name: str) -> str:
    """Return a base URL under the reserved domain `.invalid`, for an archive without one."""
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
    """Parse the form of JavaScript's `Date.toString`, without the zone's name."""
    return datetime.strptime(text, "%a %b %d %Y %H:%M:%S GMT%z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """The pages of an archive by URL."""

    pages: Mapping[str, Capture]
    """In the order in which the URLs first occur."""
    assets: Mapping[str, Capture]
    """What is no page: by URL, and by the locator of a file of its own."""


def assign_urls(captures: Sequence[Capture], base_url: str, *, has_assets: bool) -> Addresses:
    """Give each page its most reliable URL, and each URL its newest complete capture.

    A URL that a page states for itself (`rel=canonical`, `og:url`) counts only if no other page states it:
    the second page of a list often names the first page as canonical. Templates name the site's front page
    on every page, so that URL counts only for a file named like a front page, or for the only page. The
    fallback is the page's path below `base_url`. Unless `has_assets`, only pictures are kept of what is no
    page.
    """
    resolved = list(resolve_revisits(captures))
    pages = [capture for capture in resolved if capture.is_page]
    claims = Counter(capture.hinted_url for capture in pages if not capture.stated_url)
    claims.update({capture.stated_url for capture in pages})
    chosen: dict[str, Capture] = {}
    for capture in pages:
        url = capture.stated_url
        if not url and claims[capture.hinted_url] == 1 and _is_plausible(capture, is_only=len(pages) == 1):
            url = capture.hinted_url
        url = url or path_url(capture.file.name, base_url)
        if url not in chosen or _rank(capture) >= _rank(chosen[url]):
            chosen[url] = capture
    return Addresses(
        pages=chosen,
        assets=_assets(
            (each for each in resolved if each.is_picture or (has_assets and not each.is_page)), base_url
        ),
    )


def _assets(captures: Iterable[Capture], base_url: str) -> dict[str, Capture]:
    assets: dict[str, Capture] = {}
    for capture in captures:
        keys = [capture.stated_url]
        if capture.position is None:
            keys = [capture.stated_url or path_url(capture.file.name, base_url), capture.file.locator]
        for key in filter(None, keys):
            if key not in assets or _rank(capture) >= _rank(assets[key]):
                assets[key] = capture
    return assets


def _is_plausible(capture: Capture, *, is_only: bool) -> bool:
    parts = urlsplit(capture.hinted_url)
    is_front_page = parts.path in {"", "/"} and not parts.query
    name = capture.file.name.rpartition("/")[2].partition(".")[0].lower()
    return bool(capture.hinted_url) and (not is_front_page or is_only or name in _FRONT_PAGES)


def _rank(capture: Capture) -> tuple[bool, datetime]:
    return capture.fault is None, capture.captured_at or UNKNOWN_TIME


def resolve_revisits(captures: Iterable[Capture]) -> Iterator[Capture]:
    """Join each revisit record to the capture of its body, anywhere in the archive."""
    originals = [capture for capture in captures if not capture.is_revisit]
    by_digest = {capture.digest: capture for capture in originals if capture.digest}
    by_url = {capture.stated_url: capture for capture in originals if capture.stated_url}
    for capture in captures:
        if not capture.is_revisit:
            yield capture
            continue
        original = by_digest.get(capture.digest) or by_url.get(capture.refers_to)
        if original is not None:
            yield replace(
                capture,
                original=original,
                is_page=original.is_page,
                is_picture=original.is_picture,
                fault=original.fault,
                sentence=original.sentence,
            )
        else:
            sentence = "The record repeats a body that is not in this archive."
            yield replace(capture, fault=PageOutcome.UNREADABLE, sentence=sentence)
