"""The settings of the service, of maintenance and of the alarms, each value with its unit in its name."""

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
    """Sources due at the same minute begin spread over this time, each always after the same delay."""
    crawl_limit_minutes: int = 120
    """A crawl that takes longer is ended; so with the other limits."""
    score_limit_minutes: int = 120
    retrain_limit_minutes: int = 120
    maintenance_limit_minutes: int = 240
    """Of a backup, a check or a purge."""
    memory_limit_mb: int = 4_000
    """Work whose processes together hold more memory is ended."""
    stall_minutes: int = 20
    """Work that uses no processor time and writes nothing for this long is ended."""
    metrics_port: int = 0
    """Where on 127.0.0.1 the service serves `/metrics` for Prometheus and `/healthz`; 0 serves neither."""
    stop_grace_seconds: int = 30
    """How long work may take to stop when asked, before it is killed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceSettings:
    """The section `[maintenance]`: care of the data. A cron line has five fields; empty means never."""

    timezone: str = "UTC"
    """IANA name of the zone in which the cron lines are read."""
    backup_cron: str = "15 2 * * *"
    backup_folder: str = ""
    """Where backups go; empty means `NAME.backups` beside the database."""
    keep_backups: int = 14
    """Older backups are deleted once a new one is made and checked."""
    verify_cron: str = "45 4 * * 0"
    """When the store, the evidence and the audit chain are checked, and the database is optimised."""
    vacuum_free_percent: int = 20
    """That check rewrites the database (VACUUM) when more of it than this is unused; 0 never does."""
    purge_cron: str = "30 5 * * 0"
    retrain_cron: str = ""
    """When a candidate is trained; it comes into use only if it is not worse on any guarded slice."""
    evidence_days: int = 0
    """Evidence of pages where nothing was flagged or judged is purged when older; 0 keeps it for ever."""
    log_days: int = 90
    """Logs of runs are deleted when older; 0 keeps them for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmSettings:
    """The section `[alarms]`."""

    urls: tuple[str, ...] = ()
    """Where messages go, as apprise writes addresses, e.g.
    `mailtos://user:word@mail.example?to=me@b.example`."""
    digest_minutes: int = 10
    """What is found within this time of a first finding goes out in one message with it."""
    quiet_hours: str = ""
    """When no message goes out, e.g. `22:00-06:00`; what was found meanwhile goes out after."""
    timezone: str = "UTC"
    """IANA name of the zone of the quiet hours."""
    ping_url: str = ""
    """Asked (HTTP GET) every `ping_minutes` while the service lives; a watcher elsewhere alarms at
    silence."""
    ping_minutes: int = 5
    permission_days: int = 14
    """An alarm is raised this many days before a permission ends."""
    disk_free_mb: int = 2_000
    """An alarm is raised when less is free where the database lies."""
    queue_days: int = 7
    """An alarm is raised when the queue holds more than reviewers clear in this many days."""
    labels_before_retrain: int = 200
    """An alarm is raised when this many listings were judged since the model in use was trained."""
    backup_days: int = 2
    """An alarm is raised when the newest backup is older; only where backups are set up."""
