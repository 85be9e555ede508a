"""The jobs: crawls from the sources file, maintenance from the settings, and crawls on request."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from crawler.errors import CrawlError
from crawler.sources.sources import Schedule, load_sources
from scheduler.children import Limits
from scheduler.due import trigger_of
from store.audit.audit import BY_HAND, Origin
from store.errors import StoreError
from store.locks import is_held, work_of
from store.model import RunKind, SourceKind
from store.operations.service import NoServiceAtWork, NotScheduled, Request, SourcesUnreadable, ask

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from crawler.sources.sources import DeclaredSource
    from scheduler.settings import MaintenanceSettings, ServiceSettings
    from store.database import Database
    from store.model import Source


class NothingScheduled(StoreError):
    """No source has a schedule, so the service would have nothing to do."""

    def __init__(self) -> None:
        super().__init__(
            "No source in the sources file has a schedule; add a line such as "
            'schedule = { cron = "30 3 * * *", timezone = "America/Lima" } to one, or use `crawl` by hand.'
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Scheduled work, done in a child process."""

    kind: RunKind
    source: Source | None = None
    """The source of a crawl."""
    schedule: Schedule
    arguments: tuple[str, ...]
    """The arguments of our command line."""
    limits: Limits
    hosts: frozenset[str] = field(default_factory=frozenset)
    """The hosts of a live crawl; crawls of one host take turns."""

    is_due_at_once: bool = True
    """Whether the job is due before its first run; otherwise it waits for its first due time."""

    @property
    def source_id(self) -> str | None:
        """The source's ID, or None for work on the whole store."""
        return self.source.source_id if self.source else None

    @property
    def name(self) -> str:
        """The job's name in locks and logs, e.g. `crawl-andes` or `backup`."""
        return work_of(self.kind, self.source_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkLimits:
    """The time limit of each kind of work, and the memory and idle limits of all work."""

    crawl: timedelta = timedelta(hours=2)
    score: timedelta = timedelta(hours=2)
    retrain: timedelta = timedelta(hours=2)
    maintenance: timedelta = timedelta(hours=4)
    memory_bytes: int = 4_000_000_000
    stall: timedelta = timedelta(minutes=20)

    @classmethod
    def of(cls, settings: ServiceSettings) -> WorkLimits:
        """Return the limits in the settings."""
        return cls(
            crawl=timedelta(minutes=settings.crawl_limit_minutes),
            score=timedelta(minutes=settings.score_limit_minutes),
            retrain=timedelta(minutes=settings.retrain_limit_minutes),
            maintenance=timedelta(minutes=settings.maintenance_limit_minutes),
            memory_bytes=settings.memory_limit_mb * 1_000_000,
            stall=timedelta(minutes=settings.stall_minutes),
        )

    def for_kind(self, kind: RunKind) -> Limits:
        """Return the limits for a kind of work."""
        by_kind = {
            RunKind.CRAWL: self.crawl,
            RunKind.SCORE: self.score,
            RunKind.LINK: self.score,
            RunKind.PICTURES: self.score,
            RunKind.RETRAIN: self.retrain,
        }
        return Limits(
            time=by_kind.get(kind, self.maintenance), memory_bytes=self.memory_bytes, stall=self.stall
        )


def crawl_jobs(path: Path, limits: WorkLimits) -> dict[str, Job]:
    """Return the crawls of all sources with a schedule, by job name.

    Raises:
        SourcesFileWrong: If the sources file cannot be used.
        ScheduleWrong: If a cron line cannot be used.
        NothingScheduled: If no source has a schedule.
    """
    jobs = [_crawl(each, path, limits) for each in load_sources(path).values() if each.schedule is not None]
    if not jobs:
        raise NothingScheduled
    return _by_name(jobs)


def maintenance_jobs(settings: MaintenanceSettings, limits: WorkLimits) -> dict[str, Job]:
    """Return the maintenance jobs in the settings, by job name.

    Raises:
        ScheduleWrong: If a cron line cannot be used.
    """
    lines: Mapping[RunKind, str] = {
        RunKind.BACKUP: settings.backup_cron,
        RunKind.VERIFY: settings.verify_cron,
        RunKind.PURGE: settings.purge_cron,
        RunKind.RETRAIN: settings.retrain_cron,
        RunKind.WEEKLY: settings.weekly_cron,
    }
    return _by_name(
        [
            Job(
                kind=kind,
                schedule=Schedule(cron=line, timezone=settings.timezone),
                arguments=(kind.value, "--send") if kind is RunKind.WEEKLY else (kind.value,),
                limits=limits.for_kind(kind),
                is_due_at_once=False,
            )
            for kind, line in lines.items()
            if line
        ]
    )


def ask_service(
    db: Database,
    request: Request,
    source_id: str,
    *,
    database: Path,
    sources_file: Path,
    by: str,
    origin: Origin = BY_HAND,
    now: datetime,
) -> int:
    """Record a request for the service, if the service can fulfil it, and return the request's number.

    Raises:
        SourcesUnreadable: If the sources file is invalid.
        NotScheduled: If the file has no such source with a schedule.
        NoServiceAtWork: If a crawl is requested and no service is running.
    """
    try:
        declared = load_sources(sources_file)
    except CrawlError as error:
        raise SourcesUnreadable(str(error)) from error
    scheduled = [name for name, each in declared.items() if each.schedule is not None]
    if source_id not in scheduled:
        raise NotScheduled(source_id, scheduled)
    if request is Request.RUN_NOW and not is_held(database, "service"):
        raise NoServiceAtWork(database, source_id)
    return ask(db, request, source_id, by=by, origin=origin, now=now)


def _crawl(declared: DeclaredSource, path: Path, limits: WorkLimits) -> Job:
    assert declared.schedule is not None
    is_live = declared.source.kind is SourceKind.LIVE
    return Job(
        kind=RunKind.CRAWL,
        source=declared.source,
        schedule=declared.schedule,
        arguments=("crawl", declared.source.source_id, "--sources", str(path)),
        limits=limits.for_kind(RunKind.CRAWL),
        hosts=frozenset(urlsplit(url).netloc.lower() for url in declared.start) if is_live else frozenset(),
    )


def _by_name(jobs: list[Job]) -> dict[str, Job]:
    for job in jobs:
        trigger_of(job.schedule)
    return {job.name: job for job in jobs}
