"""How far a reviewer has come today."""

from __future__ import annotations

from typing import TYPE_CHECKING

from listings.errors import UnknownRow
from listings.verdicts import get_verdict, latest_undoable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from listings.database import Database
    from listings.model import Verdict


def done_today(db: Database, reviewer: str, now: datetime) -> int:
    """Return how many of a reviewer's verdicts since midnight UTC stand.

    Verdicts are only ever added, so their numbers run without a gap from the newest back to midnight.
    """
    newest = latest_undoable(db, reviewer)
    if newest is None:
        return 0
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    undone: set[int] = set()
    count = 0
    for verdict in _newest_first(db, newest.verdict_id):
        if verdict.decided_at < midnight:
            break
        if verdict.undoes is not None:
            undone.add(verdict.undoes)
        elif verdict.reviewer == reviewer and verdict.verdict_id not in undone:
            count += 1
    return count


def _newest_first(db: Database, at_least: int) -> Iterator[Verdict]:
    last = at_least
    while _exists(db, last + 1):
        last += 1
    for verdict_id in range(last, 0, -1):
        yield get_verdict(db, verdict_id)


def _exists(db: Database, verdict_id: int) -> bool:
    try:
        get_verdict(db, verdict_id)
    except UnknownRow:
        return False
    return True
