"""The gate that checks every request of a live crawl twice, the crawl's session, and its failures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
)

from crawler.live.permission import outside_its_days
from crawler.live.scope import Scope
from store.model import PageOutcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from crawler.evidence.keeper import EvidenceKeeper
    from crawler.live.frontier import Frontier
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


def what_failed(error: BaseException) -> Failure:
    """Return the outcome and sentence for a page whose request raised an exception."""
    if isinstance(error, IgnoreRequest):
        return _ignored(error)
    simple: dict[type[BaseException], Failure] = {
        DownloadCancelledError: (PageOutcome.TOO_LARGE, "Its body is larger than the limit; it was cut off."),
        DownloadTimeoutError: (PageOutcome.UNREACHABLE, "No complete answer came within the time limit."),
        CannotResolveHostError: (PageOutcome.UNREACHABLE, "Its host name has no address."),
        DownloadConnectionRefusedError: (PageOutcome.UNREACHABLE, "Its host refuses the connection."),
    }
    for kind, failure in simple.items():
        if isinstance(error, kind):
            return failure
    if isinstance(error, DownloadFailedError):
        return _connection_failed(error)
    return PageOutcome.UNREADABLE, f"Its body cannot be unpacked ({type(error).__name__}: {error})."


def is_expected(error: BaseException) -> bool:
    """Return whether the site caused an exception, as opposed to a defect that belongs in the log."""
    return isinstance(
        error,
        (
            IgnoreRequest,
            DownloadCancelledError,
            DownloadTimeoutError,
            CannotResolveHostError,
            DownloadConnectionRefusedError,
            DownloadFailedError,
            OSError,
            ValueError,
        ),
    )


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
