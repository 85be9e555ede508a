"""What bulk commands share: their error, and how a signal stops them."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

from store.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class BulkFailed(StoreError):
    """Bulk work cannot do what it was asked; its message says why and what to do."""


@contextmanager
def calling(stop: Callable[[], None]) -> Iterator[None]:
    """Have SIGTERM and Ctrl-C call `stop` while inside, and do nothing else; in the main thread only."""
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(number, lambda *_: stop()) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
