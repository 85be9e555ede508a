"""Errors of a crawl, each with a sentence for the operator."""

from __future__ import annotations

from typing import Any

from store.errors import StoreError


class CrawlError(StoreError):
    """Base class of this package's errors."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Make the error picklable, whatever arguments its class takes."""
        return _again, (type(self), self.args), self.__dict__


def _again(kind: type[CrawlError], arguments: tuple[Any, ...]) -> CrawlError:
    error = kind.__new__(kind)
    error.args = arguments
    return error
