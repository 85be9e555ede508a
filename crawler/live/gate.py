"""The frontier that chooses the links of a live crawl, and the gate that checks every request twice.

The frontier requests each page once, and few pages of a kind without new listings.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self
from urllib.parse import parse_qsl, urlsplit

from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
)
from w3lib.url import safe_url_string

from crawler.live.permission import outside_its_days
from crawler.live.scope import Scope
from store.crawl.identity import SESSION_PARAMETERS, canonical_url, is_noise
from store.model import PageOutcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from crawler.evidence.keeper import EvidenceKeeper
    from crawler.live.permission import Limits
    from crawler.render import Rendering
    from crawler.run.recorder import Recorder
    from crawler.workers.page_parser import Parse
    from store.crawl.sources import Permission
    from store.database import Database


SESSION_SETTING = "LIVE_SESSION"
"""Scrapy setting that holds the `Session` of a crawl."""
PAGE = "precursor_watch_page"
"""Key of `request.meta` that marks a request for a page, as opposed to robots.txt."""
LINKED = "precursor_watch_linked"
"""Key of `request.meta` that marks a page found by a link, which may still be skipped."""
RECORD = "precursor_watch_record"
"""Key of `request.meta` that holds the `EvidenceRecord`."""
RECEIVED = "precursor_watch_received"
"""Key of `request.meta` that counts received bytes, including those of a failed answer."""
ASSET = "precursor_watch_asset"
"""Key of `request.meta` that marks a request of a drawn page, which may also go to an asset host."""
EARLIER = "precursor_watch_earlier"
"""Key of `request.meta` that holds the `EarlierPage`."""
Failure = tuple[PageOutcome, str]


class Refused(IgnoreRequest):
    """A request was not sent."""


class HostRefused(Refused):
    """No address of a host is allowed."""


class Stopped(Refused):
    """The crawl may send no more requests."""


class Gate:
    """Lets requests pass while the permission is valid, within its scope and budgets."""

    def __init__(
        self,
        permission: Permission,
        limits: Limits,
        now: Callable[[], datetime],
        *,
        withdrawn: Callable[[], str] = lambda: "",
        sent: int = 0,
        received: int = 0,
    ) -> None:
        """Take a valid permission, and the number of requests and bytes that the run has already used.

        `withdrawn` returns a sentence if the permission has been withdrawn, else empty text.
        """
        self._permission = permission
        self._limits = limits
        self._now = now
        self._withdrawn = withdrawn
        self._sent = sent
        self._received = received
        self.scope = Scope(permission.scope)
        self._assets = Scope((*permission.scope, *permission.asset_hosts))
        self.stopped = ""
        """Why no more requests are sent; empty while requests pass."""
        self.is_budget_used = False
        """Whether the crawl stopped because of a used-up budget, which is a regular end."""

    def check(self, url: str, *, is_asset: bool = False) -> None:
        """Raise an error unless a request may be sent now; a drawn page may also ask its asset hosts.

        Raises:
            Stopped: If no more requests may be sent.
            Refused: If this request may not be sent.
        """
        if not self.stopped:
            self.stopped = self._end()
        if self.stopped:
            raise Stopped(self.stopped)
        if why := (self._assets if is_asset else self.scope).why_not(url):
            raise Refused(f"It was not requested: {why}.")

    def send(self, url: str, *, is_asset: bool = False) -> None:
        """Check a request again just before sending, also for a withdrawal, and count it.

        Raises:
            Refused: As `check`.
        """
        if not self.stopped and (why := self._withdrawn()):
            self.stop(f"No more pages were requested, because {why}.")
        self.check(url, is_asset=is_asset)
        self._sent += 1

    def receive(self, count: int) -> bool:
        """Count received bytes, and return whether more may be received."""
        self._received += count
        return self._received < self._limits.max_bytes

    def stop(self, why: str) -> None:
        """Refuse all further requests; the first reason is kept."""
        self.stopped = self.stopped or why

    def _end(self) -> str:
        if why := outside_its_days(self._permission, self._now()):
            return f"No more pages were requested, because {why}."
        self.is_budget_used = True
        if self._sent >= self._limits.max_pages:
            return f"The budget of {self._limits.max_pages:,} requests in one run was used up."
        if self._received >= self._limits.max_bytes:
            return f"The budget of {self._limits.max_bytes:,} bytes in one run was used up."
        self.is_budget_used = False
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """The shared state of one live crawl, which reaches each component through Scrapy's settings."""

    db: Database
    source_id: str
    run_id: int
    permission_id: str
    limits: Limits
    """The stricter of the operator's and the permission's limits."""
    user_agent: str
    reader: str
    """Hash of the code that parses pages."""
    gate: Gate
    frontier: Frontier
    keeper: EvidenceKeeper
    recorder: Recorder
    parse: Parse
    rendering: Rendering | None
    """How pages are drawn; None if they are not."""
    now: Callable[[], datetime]

    def __deepcopy__(self, _: dict[int, object]) -> Self:
        """Return the session itself, since Scrapy copies its settings but an open store has one owner."""
        return self


class RedirectCircle(IgnoreRequest):
    """A redirect leads back to an earlier address of its chain."""


class NotAllowed(IgnoreRequest):
    """A site's robots.txt forbids a page, or could not be fetched and so may forbid it."""

    def __init__(self, outcome: PageOutcome, sentence: str) -> None:
        super().__init__(sentence)
        self.outcome = outcome


_FAILURES: dict[type[BaseException], Failure] = {
    DownloadCancelledError: (PageOutcome.TOO_LARGE, "Its body is larger than the limit; it was cut off."),
    DownloadTimeoutError: (PageOutcome.UNREACHABLE, "No complete answer came within the time limit."),
    CannotResolveHostError: (PageOutcome.UNREACHABLE, "Its host name has no address."),
    DownloadConnectionRefusedError: (PageOutcome.UNREACHABLE, "Its host refuses the connection."),
}
EXPECTED: tuple[type[BaseException], ...] = (
    IgnoreRequest,
    *_FAILURES,
    DownloadFailedError,
    OSError,
    ValueError,
)
"""Exceptions that the site caused, as opposed to a defect that belongs in the log."""


def what_failed(error: BaseException) -> Failure:
    """Return the outcome and sentence for a page whose request raised an exception."""
    if isinstance(error, IgnoreRequest):
        return _ignored(error)
    for kind, failure in _FAILURES.items():
        if isinstance(error, kind):
            return failure
    if isinstance(error, DownloadFailedError):
        return _connection_failed(error)
    return PageOutcome.UNREADABLE, f"Its body cannot be unpacked ({type(error).__name__}: {error})."


def _ignored(error: IgnoreRequest) -> Failure:
    message = str(error)
    if isinstance(error, Refused):
        return PageOutcome.REFUSED, message
    if isinstance(error, NotAllowed):
        return error.outcome, message
    if isinstance(error, RedirectCircle):
        return PageOutcome.UNREACHABLE, f"Its redirects form a loop back to {message}."
    if "DOWNLOAD_MAXSIZE" in message:
        return PageOutcome.TOO_LARGE, "Its body unpacks to more than the limit; it was not unpacked."
    if "max redirections" in message:
        return PageOutcome.UNREACHABLE, "It was redirected more often than the limit."
    return PageOutcome.REFUSED, f"It was not requested: {message}."


def _connection_failed(error: DownloadFailedError) -> Failure:
    names = {type(each).__name__ for each in _causes(error)}
    if "HeadTooLarge" in names:
        return PageOutcome.TOO_LARGE, "Its headers are longer than the limit; they were cut off."
    if names & {"ParseError", "BadResponseVersion", "LineTooLong"}:
        return PageOutcome.UNREADABLE, "The answer is not HTTP."
    if any("SSL" in name or "Certificate" in name or "Verification" in name for name in names):
        return PageOutcome.UNREACHABLE, "Its certificate or encryption cannot be trusted."
    return PageOutcome.UNREACHABLE, "The connection ended before the answer was complete."


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an exception and its causes, as recorded by Python and by Twisted."""
    while error is not None:
        yield error
        for reason in getattr(error, "reasons", None) or ():
            yield from _causes(reason.value)
        error = error.__cause__


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
        """Record whether a page was productive, by the texts of its listings; equal ones have equal texts."""
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
