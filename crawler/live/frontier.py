"""Choose the links to request: each page once, and few pages of a kind without new listings."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from scrapy.exceptions import IgnoreRequest
from w3lib.url import safe_url_string

from store.crawl.identity import SESSION_PARAMETERS, canonical_url, is_noise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from crawler.live.scope import Scope

MAX_URL_CHARS = 2_000
KINDS_OF_A_HOST = 10
"""Factor by which a host may have more barren pages in a row than one kind of page."""
_PATH_SESSION = re.compile(rf";(?:{'|'.join(sorted(SESSION_PARAMETERS))})=[^/?;]*", re.IGNORECASE)
_DIGITS = re.compile(r"\d+")
_MOST_ALIKE = 3
_STEPS_BACK = 3
"""The steps from a listing to its list, the list's category, and the page that links to the category."""


class LeftOut(IgnoreRequest):
    """A queued page was skipped, because pages of its kind no longer lead to anything new."""


class Frontier:
    """Remembers a run's requested addresses, and whether each kind of page led to new listings.

    A page is productive if it shows a listing with a text that no earlier page had. The same listings under
    other addresses, with session ids or facets, do not count. A productive page counts for its own kind and
    for the kinds that led to it. After many barren pages of a kind in a row, no more pages of that kind are
    requested; after ten times as many, no more pages of their host.
    """

    def __init__(self, scope: Scope, *, barren_pages: int, on_cut: Callable[[str, str], None]) -> None:
        """Take the scope, the number of barren pages that ends a kind, and a callback.

        `on_cut` is called with the first skipped address and a sentence with the reason.
        """
        self._scope = scope
        self._most = {"kind": barren_pages, "host": barren_pages * KINDS_OF_A_HOST}
        self._on_cut = on_cut
        self._requested: set[int] = set()
        self._known_texts: set[int] = set()
        self._barren: Counter[str] = Counter()
        self._cut: set[str] = set()
        self._led_by: dict[str, set[str]] = defaultdict(set)

    @property
    def requested(self) -> int:
        """Number of requested addresses."""
        return len(self._requested)

    def settle(self, url: str) -> None:
        """Count an address as requested."""
        self._requested.add(_fingerprint(url))

    def admit(self, urls: Iterable[str], *, from_url: str = "") -> Iterator[str]:
        """Yield the addresses to request, in their final form, and count them as requested.

        `from_url` is the page with the links, if any.
        """
        leader = kind_of(from_url) if from_url else ""
        for each in urls:
            url = without_session(each)
            fingerprint = _fingerprint(url)
            if fingerprint in self._requested or url not in self._scope or looks_endless(url):
                continue
            if self.is_open(url):
                self._requested.add(fingerprint)
                if leader and leader != (kind := kind_of(url)):
                    self._led_by[kind].add(leader)
                yield url

    def found(self, url: str, texts: Iterable[str]) -> None:
        """Record whether a page was productive.

        Args:
            url: The page's address.
            texts: One text for each listing on the page; equal listings have equal texts.
        """
        kind, host = kind_of(url), urlsplit(url).netloc
        new = {hash(each) for each in texts}
        if new <= self._known_texts:
            self._barren[kind] += 1
            self._barren[host] += 1
            return
        self._known_texts |= new
        for each in (host, kind, *self._leaders(kind)):
            self._barren[each] = 0

    def is_open(self, url: str, *, is_row: bool = False) -> bool:
        """Return whether an address may still be requested; the first refusal calls `on_cut`.

        A row of a list is most likely a listing, so it is skipped with its kind but not with its host.
        """
        kind, host = kind_of(url), urlsplit(url).netloc
        return self._is_productive(url, "kind", kind, f"of its form ({kind})") and (
            is_row or self._is_productive(url, "host", host, f"of {host}")
        )

    def _leaders(self, kind: str) -> set[str]:
        found: set[str] = set()
        nearest = {kind}
        for _ in range(_STEPS_BACK):
            nearest = {leader for each in nearest for leader in self._led_by.get(each, ())} - found
            found |= nearest
        return found

    def _is_productive(self, url: str, what: str, name: str, words: str) -> bool:
        most = self._most[what]
        if self._barren[name] < most:
            return True
        if name not in self._cut:
            self._cut.add(name)
            self._on_cut(
                url,
                f"Not requested, like all further pages {words}: "
                f"the last {most:,} such pages led to nothing new.",
            )
        return False


def kind_of(url: str) -> str:
    """Return an address's kind: host, first part of the path, number of parts, parameter names.

    >>> kind_of("https://shop.example/calendar/2031/05?view=day")
    'shop.example/calendar/2?view'
    """
    parts = urlsplit(url)
    segments = [segment for segment in parts.path.split("/") if segment]
    first = _DIGITS.sub("#", segments[0]) if segments else ""
    names = "&".join(sorted({name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}))
    return f"{parts.netloc}/{first}/{max(len(segments) - 1, 0)}" + (f"?{names}" if names else "")


def looks_endless(url: str) -> bool:
    """Return whether an address seems to grow without end: very long, or with a repeated part."""
    segments = Counter(segment for segment in urlsplit(url).path.split("/") if segment)
    return len(url) > MAX_URL_CHARS or any(count > _MOST_ALIKE for count in segments.values())


def without_session(url: str) -> str:
    """Return an address without session and tracking parameters."""
    bare = safe_url_string(url.partition("#")[0])
    parts = urlsplit(bare)
    path = _PATH_SESSION.sub("", parts.path) or "/"
    pairs = [pair for pair in parts.query.split("&") if not is_noise(pair.partition("=")[0].lower())]
    return parts._replace(path=path, query="&".join(pairs)).geturl()


def _fingerprint(url: str) -> int:
    return hash(canonical_url(url))
