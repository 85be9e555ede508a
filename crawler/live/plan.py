"""What a live crawl would do, told without a single request."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from crawler.live.limits import Limits, stricter
from crawler.live.permission import problem
from crawler.live.scope import Scope, ScopeWrong
from crawler.live.who import user_agent
from listings.database import open_database
from listings.permissions import Permission
from listings.readings import count_known

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from crawler.sources import DeclaredSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a crawl begun now would do."""

    source_id: str
    refusal: str
    """Why nothing would be asked for; empty when it would."""
    start: tuple[tuple[str, str], ...]
    """Each address to begin at, and why it would be refused, or nothing."""
    scope: tuple[str, ...]
    hosts: tuple[str, ...]
    user_agent: str
    limits: Limits
    """The stricter of the operator's and the permission's."""
    known: int
    """Pages that were read before."""
    with_marks: int
    """Of them, those that came with an ETag or a Last-Modified."""

    def as_json(self) -> dict[str, Any]:
        """Return all of it as JSON has it."""
        return asdict(self)


def plan(database: Path, declared: DeclaredSource, now: datetime) -> Plan:
    """Return what a crawl of a live source would do; a store that is not there yet is not made."""
    permission = declared.permission or Permission()
    try:
        scope = Scope(permission.scope)
    except ScopeWrong:
        scope = Scope(())
    known, with_marks = 0, 0
    if database.exists():
        with closing(open_database(database)) as db:
            known, with_marks = count_known(db, declared.source.source_id)
    return Plan(
        source_id=declared.source.source_id,
        refusal=problem(declared.permission, now),
        start=tuple((url, scope.why_not(url)) for url in declared.start),
        scope=permission.scope,
        hosts=tuple(scope.hosts),
        user_agent=user_agent(permission),
        limits=stricter(declared.limits, permission),
        known=known,
        with_marks=with_marks,
    )
