"""The base of the errors of a crawl, each a sentence for the operator."""

from __future__ import annotations

from typing import Any

from store.errors import StoreError


class CrawlError(StoreError):
    """Base of every error of this package."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Allow an error to be sent to another process, whatever arguments its class takes."""
        return _again, (type(self), self.args), self.__dict__


def _again(kind: type[CrawlError], arguments: tuple[Any, ...]) -> CrawlError:
    error = kind.__new__(kind)
    error.args = arguments
    return error
