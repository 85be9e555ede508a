"""What an exception of a request means: the page's outcome, and the sentence for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
)

from crawler.live.gate import Refused
from store.model import PageOutcome

if TYPE_CHECKING:
    from collections.abc import Iterator

Failure = tuple[PageOutcome, str]


class RedirectCircle(IgnoreRequest):
    """A redirect leads back to an address it came from."""


class NotAllowed(IgnoreRequest):
    """A site's robots.txt forbids a page, or could not be had, so that it may."""

    def __init__(self, outcome: PageOutcome, sentence: str) -> None:
        super().__init__(sentence)
        self.outcome = outcome


def what_failed(error: BaseException) -> Failure:
    """Return the outcome of a page whose request ended in an exception, and why, in a sentence."""
    if isinstance(error, IgnoreRequest):
        return _ignored(error)
    simple: dict[type[BaseException], Failure] = {
        DownloadCancelledError: (PageOutcome.TOO_LARGE, "Its body is larger than the limit; it was cut off."),
        DownloadTimeoutError: (PageOutcome.UNREACHABLE, "No whole answer came within the time limit."),
        CannotResolveHostError: (PageOutcome.UNREACHABLE, "There is no address for the name of its host."),
        DownloadConnectionRefusedError: (PageOutcome.UNREACHABLE, "Its host accepts no connection."),
    }
    for kind, failure in simple.items():
        if isinstance(error, kind):
            return failure
    if isinstance(error, DownloadFailedError):
        return _connection_failed(error)
    return PageOutcome.UNREADABLE, f"Its body cannot be unpacked ({type(error).__name__}: {error})."


def is_expected(error: BaseException) -> bool:
    """Return whether an exception is the site's doing, and no defect of ours that belongs in the log."""
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
        return PageOutcome.UNREACHABLE, f"Its redirects lead in a circle, back to {message}."
    if "DOWNLOAD_MAXSIZE" in message:
        return PageOutcome.TOO_LARGE, "Its body unpacks to more than the limit; it was not unpacked."
    if "max redirections" in message:
        return PageOutcome.UNREACHABLE, "It was redirected more often than the limit."
    return PageOutcome.REFUSED, f"It was not asked for: {message}."


def _connection_failed(error: DownloadFailedError) -> Failure:
    names = {type(each).__name__ for each in _causes(error)}
    if "HeadTooLarge" in names:
        return PageOutcome.TOO_LARGE, "Its headers have no end within the limit; they were cut off."
    if names & {"ParseError", "BadResponseVersion", "LineTooLong"}:
        return PageOutcome.UNREADABLE, "What came is no HTTP."
    if any("SSL" in name or "Certificate" in name or "Verification" in name for name in names):
        return PageOutcome.UNREACHABLE, "Its certificate or encryption cannot be trusted."
    return PageOutcome.UNREACHABLE, "The connection ended before a whole answer had come."


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an exception and whatever it wraps, in Python's way and in Twisted's."""
    while error is not None:
        yield error
        for reason in getattr(error, "reasons", None) or ():
            yield from _causes(reason.value)
        error = error.__cause__
