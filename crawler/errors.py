"""What can go wrong with a crawl, each error a sentence for the operator."""

from __future__ import annotations

from typing import Any

from store.errors import StoreError


class CrawlError(StoreError):
    """Base of every error of this package."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Let an error pass from one process to another, whatever its class is made from."""
        return _again, (type(self), self.args), self.__dict__


def _again(kind: type[CrawlError], arguments: tuple[Any, ...]) -> CrawlError:
    error = kind.__new__(kind)
    error.args = arguments
    return error
