"""The error and the signal handling of bulk commands."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

from store.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class BulkFailed(StoreError):
    """Bulk work failed; the message says why and what to do."""


@contextmanager
def calling(stop: Callable[[], None]) -> Iterator[None]:
    """Make SIGTERM and Ctrl-C only call `stop` inside this context; for the main thread."""
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(number, lambda *_: stop()) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
