"""Plan a live crawl without sending a request."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from protego import Protego

from crawler.evidence.warc_records import body_of
from crawler.live.permission import ROBOT, Limits, problem_in, stricter, user_agent
from crawler.live.politeness import robots_text
from crawler.live.scope import Scope, ScopeWrong
from store.crawl.evidence import evidence_folder
from store.crawl.pages import count_known, known_listing_urls, last_fetched
from store.crawl.sources import Permission
from store.database import open_database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from crawler.sources.sources import DeclaredSource
    from store.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a crawl would do if it began now."""

    source_id: str
    refusal: str
    """Why no page would be requested; empty if pages would be."""
    start: tuple[tuple[str, str], ...]
    """Each start address with the reason for its refusal, or empty text."""
    scope: tuple[str, ...]
    asset_hosts: tuple[str, ...]
    """From where drawn pages may request scripts, styles and data, beside the scope."""
    hosts: tuple[str, ...]
    user_agent: str
    limits: Limits
    """The stricter of the operator's and the permission's limits."""
    known: int
    """Number of pages parsed by earlier crawls."""
    with_marks: int
    """Number of those pages with an ETag or a Last-Modified header."""
    standing: tuple[str, ...]
    """Addresses of known listings to request again, even without a link to them."""
    robots: tuple[str, ...]
    """A sentence about the stored robots.txt of each site."""

    def as_json(self) -> dict[str, Any]:
        """Return the plan as JSON values."""
        return asdict(self)


def plan(database: Path, declared: DeclaredSource, now: datetime) -> Plan:
    """Return the plan of a crawl of a live source; a missing store is not created."""
    permission = declared.permission or Permission()
    try:
        scope = Scope(permission.scope)
    except ScopeWrong:
        scope = Scope(())
    known, with_marks = 0, 0
    standing: tuple[str, ...] = ()
    robots: tuple[str, ...] = ()
    if database.exists():
        with closing(open_database(database)) as db:
            known, with_marks = count_known(db, declared.source.source_id)
            standing = tuple(url for url in known_listing_urls(db, declared.source.source_id) if url in scope)
            robots = tuple(_robots(db, evidence_folder(database), declared.start))
    return Plan(
        source_id=declared.source.source_id,
        refusal=problem_in(database, declared.source.source_id, declared.permission, now),
        start=tuple((url, scope.why_not(url)) for url in declared.start),
        scope=permission.scope,
        asset_hosts=permission.asset_hosts,
        hosts=tuple(scope.hosts),
        user_agent=user_agent(permission),
        limits=stricter(declared.limits, permission),
        known=known,
        with_marks=with_marks,
        standing=standing,
        robots=robots,
    )


def _robots(db: Database, folder: Path, start: tuple[str, ...]) -> Iterator[str]:
    """Yield a sentence about the newest stored robots.txt of each site."""
    for site in dict.fromkeys(f"{urlsplit(url).scheme}://{urlsplit(url).netloc}" for url in start):
        kept = last_fetched(db, f"{site}/robots.txt")
        if kept is None:
            continue
        asked_at, status, record_id = kept
        words = f"{site}/robots.txt, read on {asked_at:%Y-%m-%d %H:%M} UTC (HTTP {status})"
        body = body_of(db, folder, record_id) if status == HTTPStatus.OK else b""
        try:
            rules = Protego.parse(robots_text(body))
        except ValueError as error:
            yield f"{words}, forbids everything, because {error}"
            continue
        forbidden = [url for url in start if url.startswith(site) and not rules.can_fetch(url, ROBOT)]
        delay = rules.crawl_delay(ROBOT)
        yield (
            f"{words}, "
            + (f"forbids {', '.join(forbidden)}" if forbidden else "forbids none of these")
            + (f" and asks for {delay:g} s between requests" if delay else "")
        )
