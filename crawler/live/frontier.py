"""Which links are worth asking for: each page once, and no more of a kind that leads to nothing new."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from w3lib.url import safe_url_string

from listings.identity import SESSION_PARAMETERS, canonical_url, is_noise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from crawler.live.scope import Scope

MAX_URL_CHARS = 2_000
_PATH_SESSION = re.compile(rf";(?:{'|'.join(sorted(SESSION_PARAMETERS))})=[^/?;]*", re.IGNORECASE)
_DIGITS = re.compile(r"\d+")
_MOST_ALIKE = 3


class Frontier:
    """Remembers what has been asked for in a run, and what came of each kind of page."""

    def __init__(self, scope: Scope, *, barren_pages: int, on_cut: Callable[[str, str], None]) -> None:
        """Take the scope, how many barren pages end a kind, and what to call when one is ended.

        `on_cut` gets the first address that is not asked for, and the sentence why.
        """
        self._scope = scope
        self._barren_pages = barren_pages
        self._on_cut = on_cut
        self._asked: set[int] = set()
        self._barren: Counter[str] = Counter()
        self._cut: set[str] = set()

    @property
    def asked(self) -> int:
        """How many addresses have been asked for."""
        return len(self._asked)

    def settle(self, url: str) -> None:
        """Take an address as asked for."""
        self._asked.add(_fingerprint(url))

    def admit(self, urls: Iterable[str]) -> Iterator[str]:
        """Yield those addresses that are to be asked for, in the form to ask with, and settle them."""
        for each in urls:
            url = without_session(each)
            fingerprint = _fingerprint(url)
            if fingerprint in self._asked or url not in self._scope or looks_endless(url):
                continue
            self._asked.add(fingerprint)
            if self._is_open(url):
                yield url

    def found(self, url: str, *, is_listing: bool, admitted: Iterable[str]) -> None:
        """Take what came of a page: a listing, or links of another kind than its own, or nothing new."""
        kind = kind_of(url)
        if is_listing or any(kind_of(each) != kind for each in admitted):
            self._barren[kind] = 0
        else:
            self._barren[kind] += 1

    def _is_open(self, url: str) -> bool:
        kind = kind_of(url)
        if self._barren[kind] < self._barren_pages:
            return True
        if kind not in self._cut:
            self._cut.add(kind)
            self._on_cut(
                url,
                f"Not asked for, nor more of its form ({kind}): the last {self._barren_pages} such pages led "
                "to nothing new.",
            )
        return False


def kind_of(url: str) -> str:
    """Return the form of an address: host, first part of the path, number of parts, names of parameters.

    >>> kind_of("https://shop.example/calendar/2031/05?view=day")
    'shop.example/calendar/2?view'
    """
    parts = urlsplit(url)
    segments = [segment for segment in parts.path.split("/") if segment]
    first = _DIGITS.sub("#", segments[0]) if segments else ""
    names = "&".join(sorted({name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}))
    return f"{parts.netloc}/{first}/{max(len(segments) - 1, 0)}" + (f"?{names}" if names else "")


def looks_endless(url: str) -> bool:
    """Return whether an address grows by itself: far too long, or with a part that comes again and again."""
    segments = Counter(segment for segment in urlsplit(url).path.split("/") if segment)
    return len(url) > MAX_URL_CHARS or any(count > _MOST_ALIKE for count in segments.values())


def without_session(url: str) -> str:
    """Return the address without session and tracking parameters, which name the visit and not the page."""
    bare = safe_url_string(url.partition("#")[0])
    parts = urlsplit(bare)
    path = _PATH_SESSION.sub("", parts.path) or "/"
    pairs = [pair for pair in parts.query.split("&") if not is_noise(pair.partition("=")[0].lower())]
    return parts._replace(path=path, query="&".join(pairs)).geturl()


def _fingerprint(url: str) -> int:
    return hash(canonical_url(url))
