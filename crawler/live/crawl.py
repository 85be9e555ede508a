"""One live crawl within a valid permission, and the plan of a crawl, made without sending a request."""

from __future__ import annotations

import hashlib
from contextlib import closing
from dataclasses import asdict, dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from protego import Protego

import text
from crawler import extract, markets, teach
from crawler.errors import CrawlError
from crawler.evidence.keeper import EvidenceKeeper
from crawler.evidence.warc_records import body_of
from crawler.live.connection import (
    NAMES_SETTING,
    REACHABLE_SETTING,
    REFUSALS_SETTING,
    CheckingResolver,
    LiveHandler,
    Reachable,
    RefusedHosts,
)
from crawler.live.gate import SESSION_SETTING, Frontier, Gate, Session
from crawler.live.live_spider import (
    EvidenceMiddleware,
    LiveSpider,
    PermissionMiddleware,
    RedirectOnce,
    RevalidateMiddleware,
)
from crawler.live.permission import ROBOT, Limits, problem, problem_in, stricter, user_agent, withdrawn
from crawler.live.politeness import BusyMiddleware, Pacing, RobotsMiddleware, robots_text
from crawler.live.scope import Scope, ScopeWrong
from crawler.run.process import SHARED, CrawlBroken, run_spider
from crawler.run.recorder import Recorder
from store.crawl.evidence import evidence_folder
from store.crawl.pages import (
    Fetch,
    FetchOutcome,
    bytes_fetched,
    count_known,
    known_listing_urls,
    last_fetched,
    record_fetches,
)
from store.crawl.sources import Permission, record_permission
from store.database import open_database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from types import ModuleType

    from crawler.live.permission import Limits
    from crawler.sources.sources import DeclaredSource
    from crawler.workers.page_parser import Parse
    from store.database import Database
    from store.model import Run


PARSER_CODE: tuple[ModuleType, ...] = (extract, markets, teach, text)
"""The packages that determine a page's extracted content."""
_BUILT_IN = "scrapy.downloadermiddlewares"
MAX_REDIRECTS = 10
MOST_AT_ONCE = 64
"""Most requests under way in one crawl, to all hosts; each may hold a page of the largest size."""
LONGEST_DELAY_S = 60.0
"""AutoThrottle's longest delay; a Crawl-delay may be longer."""
_PARTS: dict[str, Any] = {
    "TWISTED_DNS_RESOLVER": CheckingResolver,
    "DOWNLOAD_HANDLERS": {
        "http": LiveHandler,
        "https": LiveHandler,
        **dict.fromkeys(("data", "file", "ftp", "s3")),
    },
    "DOWNLOADER_MIDDLEWARES": {
        **dict.fromkeys(
            (
                f"{_BUILT_IN}.offsite.OffsiteMiddleware",  # the gate knows better
                f"{_BUILT_IN}.httpauth.HttpAuthMiddleware",
                f"{_BUILT_IN}.robotstxt.RobotsTxtMiddleware",
                f"{_BUILT_IN}.retry.RetryMiddleware",
                f"{_BUILT_IN}.redirect.RedirectMiddleware",
            )
        ),
        PermissionMiddleware: 5,
        RobotsMiddleware: 100,
        RevalidateMiddleware: 540,
        BusyMiddleware: 550,
        RedirectOnce: 600,
        EvidenceMiddleware: 899,
    },
    "EXTENSIONS": {"scrapy.extensions.throttle.AutoThrottle": None, Pacing: 0},
}
"""The middlewares of a request; ours replace those of Scrapy that are set to None."""
_NEVER: dict[str, Any] = {
    "ROBOTSTXT_OBEY": False,  # RobotsMiddleware is stricter than Scrapy's and always on
    "DOWNLOAD_WARNSIZE": 0,
    "DOWNLOAD_FAIL_ON_DATALOSS": False,  # the received part is evidence, and its page is marked truncated
    "DOWNLOAD_VERIFY_CERTIFICATES": True,
    "REDIRECT_MAX_TIMES": MAX_REDIRECTS,
    "RETRY_GIVE_UP_LOG_LEVEL": "INFO",  # the page's row has the failure
    "REFERER_ENABLED": False,
    "COOKIES_ENABLED": False,
    "HTTPPROXY_ENABLED": False,  # a proxy would choose the IP address
    "TELNETCONSOLE_ENABLED": False,
    "REMOTE_CONTROL_ENABLED": False,
}
"""Settings shared by every site and permission."""


class NotPermitted(CrawlError):
    """A live source may not be crawled now."""

    def __init__(self, source_id: str, why: str) -> None:
        super().__init__(f"The live source {source_id} was not crawled: {why}. No request was sent.")


class CrawlEnded(CrawlError):
    """The permission or the site ended a live crawl."""

    def __init__(self, source_id: str, why: str) -> None:
        super().__init__(f"The crawl of {source_id} ended early. {why} The pages read so far are stored.")


def crawl_live(
    db: Database,
    declared: DeclaredSource,
    run: Run,
    folder: Path,
    *,
    now: Callable[[], datetime],
    parse: Parse,
    progress: Callable[[int, int], None] | None = None,
    names: Mapping[str, Sequence[str]] | None = None,
) -> str:
    """Crawl a live source within its permission.

    Args:
        db: The open store.
        declared: The source, with its permission.
        run: The run. An interrupted run is resumed, without new requests for its pages.
        folder: The evidence folder.
        now: The clock.
        parse: Parses a page.
        progress: Called after each page with (pages recorded, pages requested so far).
        names: IP addresses of hosts that replace those of name servers.

    Returns:
        A sentence in addition to the counts, e.g. about a used-up budget; mostly empty.

    Raises:
        NotPermitted: If no permission is valid now.
        CrawlEnded: If the permission ended during the crawl, or the site asked for a pause.
        CrawlBroken: If a page could not be stored, or no worker could be started.
    """
    source_id = declared.source.source_id
    permission, permission_id = _permission(db, declared, run, now())
    limits = stricter(declared.limits, permission)
    sent, received = bytes_fetched(db, run.run_id)
    gate = Gate(
        permission,
        limits,
        now,
        withdrawn=lambda: withdrawn(db, source_id, permission),
        sent=sent,
        received=received,
    )
    notes = _file_notes(declared, run, permission, permission_id)
    with EvidenceKeeper(db, folder, source_id=source_id, run_id=run.run_id, now=now, notes=notes) as keeper:
        recorder = Recorder(
            db,
            source_id=source_id,
            run_id=run.run_id,
            reachable=gate.scope,
            keeper=keeper,
            now=now,
            progress=lambda count: progress(count, frontier.requested) if progress else None,
        )
        frontier = Frontier(
            gate.scope,
            barren_pages=limits.barren_pages,
            on_cut=lambda url, why: recorder.note_fetch(_refused(run, permission_id, url, why, now())),
        )
        session = Session(
            db=db,
            source_id=source_id,
            run_id=run.run_id,
            permission_id=permission_id,
            limits=limits,
            user_agent=user_agent(permission),
            reader=_reader_of(declared),
            gate=gate,
            frontier=frontier,
            keeper=keeper,
            recorder=recorder,
            now=now,
            parse=parse,
            rendering=declared.rendering,
        )
        settings = live_settings(session, permission, names or {})
        reason = run_spider(source_id, settings, recorder, LiveSpider, session=session, begin=declared.start)
    if gate.stopped and not gate.is_budget_used:
        raise CrawlEnded(source_id, gate.stopped)
    if not gate.stopped and reason != "finished":
        raise CrawlBroken(source_id, reason)
    return gate.stopped


def _permission(db: Database, declared: DeclaredSource, run: Run, at: datetime) -> tuple[Permission, str]:
    """Return the valid permission of a source and its id; without one, record the refused addresses.

    Raises:
        NotPermitted: If no permission is valid.
    """
    source_id, permission = declared.source.source_id, declared.permission
    permission_id = record_permission(db, source_id, permission, now=at) if permission else None
    why = problem(permission, at) or (withdrawn(db, source_id, permission) if permission else "")
    if why or permission is None or permission_id is None:
        sentence = f"It was not requested: {why}."
        record_fetches(db, (_refused(run, permission_id, url, sentence, at) for url in declared.start))
        raise NotPermitted(source_id, why)
    return permission, permission_id


def _reader_of(declared: DeclaredSource) -> str:
    """Return the hash of the code, the declared reader and the drawing that determine a page's content."""
    reader, rendering = declared.reader, declared.rendering
    return code_hash() + (reader.digest if reader else "") + (rendering.when if rendering else "")


def _file_notes(
    declared: DeclaredSource, run: Run, permission: Permission, permission_id: str
) -> dict[str, str]:
    """Return the notes for the head of each evidence file."""
    return {
        "description": f"Pages of {declared.source.name}, fetched by crawl {run.run_id}",
        "operator": permission.contact,
        "http-header-user-agent": user_agent(permission),
        "robots": "classic",
        "source": declared.source.source_id,
        "run": str(run.run_id),
        "permission": permission_id,
        "permission-basis": permission.basis,
        "permission-reference": permission.reference,
        "permission-approved-by": permission.approved_by,
        "permission-valid": f"{permission.valid_from} to {permission.valid_until}",
        "permission-scope": " ".join(permission.scope),
        "permission-asset-hosts": " ".join(permission.asset_hosts),
    }


def _refused(run: Run, permission_id: str | None, url: str, sentence: str, at: datetime) -> Fetch:
    """Return the row of an address that was not requested."""
    return Fetch(
        run_id=run.run_id,
        permission_id=permission_id,
        url=url,
        asked_at=at,
        outcome=FetchOutcome.REFUSED,
        sentence=sentence,
    )


def code_hash(packages: Iterable[ModuleType] = PARSER_CODE) -> str:
    """Return the hash of the parser's code and data, since other code may extract a page differently."""
    digest = hashlib.sha256()
    for package in packages:
        for root in map(Path, package.__path__):
            for path in sorted(root.rglob("*")):
                if path.is_file() and path.suffix != ".pyc":
                    name = f"{package.__name__}/{path.relative_to(root).as_posix()}"
                    digest.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def live_settings(
    session: Session, permission: Permission, names: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    """Return the Scrapy settings of a live crawl, in which every request passes the gate.

    `names` has IP addresses of hosts that replace those of name servers, for rehearsals.
    """
    return {
        **SHARED,
        SESSION_SETTING: session,
        REACHABLE_SETTING: Reachable(permission.private_addresses),
        REFUSALS_SETTING: RefusedHosts(),
        NAMES_SETTING: dict(names),
        "USER_AGENT": session.user_agent,
        **_PARTS,
        **_NEVER,
        **_pace(session.limits, len(session.gate.scope.hosts)),
    }


def _pace(limits: Limits, hosts: int) -> dict[str, Any]:
    """Return the settings for request rates and answer sizes."""
    delay = limits.seconds_between_requests
    return {
        "AUTOTHROTTLE_ENABLED": True,
        "AUTOTHROTTLE_START_DELAY": delay,
        "AUTOTHROTTLE_MAX_DELAY": max(LONGEST_DELAY_S, delay),
        "AUTOTHROTTLE_TARGET_CONCURRENCY": float(limits.at_once),
        "DOWNLOAD_DELAY": delay,
        "DOWNLOAD_DELAY_JITTER": 0,  # a permitted rate is a bound, not an average
        "CONCURRENT_REQUESTS": max(16, min(MOST_AT_ONCE, limits.at_once * hosts)),
        "CONCURRENT_REQUESTS_PER_DOMAIN": limits.at_once,
        "DOWNLOAD_TIMEOUT": limits.timeout_s,
        "DOWNLOAD_MAXSIZE": limits.max_page_bytes,
        "RETRY_TIMES": limits.retries,
    }


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
