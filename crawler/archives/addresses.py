"""Which capture answers for which URL: revisits resolved, clashes settled, the newest copy chosen."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from crawler.archives.urls import path_url
from store.model import PageOutcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from crawler.archives.pages import Capture

_FRONT_PAGES = frozenset({"index", "default", "home", "homepage", "start", "main"})
"""Names under which a site's front page is saved."""
_UNKNOWN_TIME = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """The pages of an archive by URL."""

    pages: Mapping[str, Capture]
    """In the order in which the URLs first occur."""
    assets: int
    superseded: int
    """Captures passed over for a newer or whole one of the same URL."""


def assign_urls(captures: Sequence[Capture], base_url: str) -> Addresses:
    """Give every page the best-founded URL it can have, and every URL its newest whole capture.

    A page's own word about its URL (`rel=canonical`, `og:url`) counts only when no other page claims the
    same URL: the second page of a list often names the first as canonical. Nor does it count when it names
    the site's front page, as templates do on every page, unless the file is named like one or is the only
    page. Otherwise the page's path below `base_url` is its URL.
    """
    resolved = list(_resolve_revisits(captures))
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
    return Addresses(pages=chosen, assets=len(resolved) - len(pages), superseded=len(pages) - len(chosen))


def _is_plausible(capture: Capture, *, is_only: bool) -> bool:
    parts = urlsplit(capture.hinted_url)
    is_front_page = parts.path in {"", "/"} and not parts.query
    name = capture.file.name.rpartition("/")[2].partition(".")[0].lower()
    return bool(capture.hinted_url) and (not is_front_page or is_only or name in _FRONT_PAGES)


def _rank(capture: Capture) -> tuple[bool, datetime]:
    return capture.fault is None, capture.captured_at or _UNKNOWN_TIME


def _resolve_revisits(captures: Iterable[Capture]) -> Iterator[Capture]:
    """Join each revisit record to the capture whose body it repeats, wherever in the archive that is."""
    originals = [capture for capture in captures if not capture.is_revisit]
    by_digest = {capture.digest: capture for capture in originals if capture.digest}
    by_url = {capture.stated_url: capture for capture in originals}
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
                fault=original.fault,
                sentence=original.sentence,
            )
        else:
            sentence = "The record repeats a body that is not in this archive."
            yield replace(capture, fault=PageOutcome.UNREADABLE, sentence=sentence)
