"""What the app shows of the service and does not compute: how all stands, logs, and asking for something.

The app knows neither scheduler nor crawler; whoever builds it hands this in (`cli/operating.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Protocol

from fastapi import Depends

from review.web.desk import TheDesk  # noqa: TC001 (FastAPI reads the annotation)
from review.web.errors import NotOperated

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from store.audit.audit import Origin
    from store.crawl.runs import Attempt
    from store.database import Database
    from store.model import Run
    from store.operations.overview import Overview
    from store.operations.requests import Request

LOG_LINES = 200
"""Of a process's log, how many of the last are shown."""


class Ask(Protocol):
    """Asks the service for something, or refuses with a sentence what it cannot do."""

    def __call__(
        self, db: Database, request: Request, source_id: str, *, by: str, origin: Origin, now: datetime
    ) -> int:
        """Return the request's number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operating:
    """What is found out and asked elsewhere."""

    overview: Callable[[Database, datetime], Overview]
    standing: Callable[[Run], str]
    """How a run came out, or whether it is under way."""
    log: Callable[[Run, Attempt, int], list[str] | None]
    """The last so many lines of what a process wrote; None when it left no log."""
    ask: Ask


async def operating_of(desk: TheDesk) -> Operating:
    """Return what the app was handed.

    Raises:
        NotOperated: If it was handed nothing.
    """
    if desk.operating is None:
        raise NotOperated
    return desk.operating


TheOperating = Annotated[Operating, Depends(operating_of)]
