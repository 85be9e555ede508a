"""What an operator sets of the service and of the care of the data, each value with its unit in its name."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSettings:
    """The section `[service]`."""

    parallel: int = 2
    """How many sources are crawled at the same time."""
    per_host: int = 1
    """How many live sources of one host are crawled at the same time."""
    spread_minutes: int = 0
    """Sources due at the same minute begin within this time, each always at the same place in it."""
    crawl_limit_minutes: int = 120
    """A crawl that takes longer is ended; so for the other limits."""
    score_limit_minutes: int = 120
    retrain_limit_minutes: int = 120
    care_limit_minutes: int = 240
    """Of a backup, a check or a purge."""
    memory_limit_mb: int = 4_000
    """Work whose processes hold more memory together is ended."""
    stall_minutes: int = 20
    """Work that uses no processor and says nothing for this long is ended."""
    metrics_port: int = 0
    """Where on 127.0.0.1 the service serves `/metrics` for Prometheus and `/healthz`; 0 serves neither."""
    stop_grace_seconds: int = 30
    """How long work may take to stop when asked, before it is killed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CareSettings:
    """The section `[care]`: what is done for the data, by five-field cron lines; empty means never."""

    timezone: str = "UTC"
    """IANA name of the zone in which the cron lines are read."""
    backup_cron: str = "15 2 * * *"
    backup_folder: str = ""
    """Where backups go; empty means `NAME.backups` beside the database."""
    keep_backups: int = 14
    """Older backups are taken away after a new one was made and checked."""
    verify_cron: str = "45 4 * * 0"
    """When the store, the evidence and the audit chain are checked, and the database is tended."""
    vacuum_free_percent: int = 20
    """That check writes the database anew (VACUUM) when more of it than this holds nothing; 0 never does."""
    purge_cron: str = "30 5 * * 0"
    retrain_cron: str = ""
    """When a candidate is trained; it comes into use only if it is not worse on any guarded slice."""
    evidence_days: int = 0
    """Evidence of pages on which nothing was flagged or judged is purged when older; 0 keeps it for ever."""
    log_days: int = 90
    """Logs of runs are taken away when older; 0 keeps them for ever."""
