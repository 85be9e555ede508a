"""What the parts of one live crawl share, handed to each through Scrapy's settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from crawler.evidence.keeper import EvidenceKeeper
    from crawler.live.frontier import Frontier
    from crawler.live.gate import Gate
    from crawler.live.limits import Limits
    from crawler.run.recorder import Recorder
    from crawler.workers.job import Read
    from store.database import Database

SESSION_SETTING = "LIVE_SESSION"
"""Scrapy setting that holds the `Session` of a crawl."""
PAGE = "precursor_watch_page"
"""Key of `request.meta` of a request for a page, not for robots.txt."""
LINKED = "precursor_watch_linked"
"""Key of `request.meta` of a page that was found by a link, and may be left out again."""
RECORD = "precursor_watch_record"
"""Key of `request.meta` under which the evidence middleware leaves the `EvidenceRecord`."""
RECEIVED = "precursor_watch_received"
"""Key of `request.meta` under which the handler counts the bytes that came, also of an answer that failed."""
EARLIER = "precursor_watch_earlier"
"""Key of `request.meta` under which the revalidating middleware leaves the `EarlierPage`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One live crawl."""

    db: Database
    source_id: str
    run_id: int
    permission_id: str
    limits: Limits
    """The stricter of the operator's and the permission's."""
    user_agent: str
    reader: str
    """Hash of the code that reads pages."""
    gate: Gate
    frontier: Frontier
    keeper: EvidenceKeeper
    recorder: Recorder
    read: Read
    now: Callable[[], datetime]

    def __deepcopy__(self, _: dict[int, object]) -> Self:
        """Return the session itself: Scrapy copies its settings, but an open store has one owner."""
        return self
