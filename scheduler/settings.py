"""The settings of the service, of maintenance and of the alarms; names of quantities include the unit."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSettings:
    """The section `[service]`."""

    parallel: int = 2
    """Number of sources to crawl in parallel."""
    per_host: int = 1
    """Number of live sources of one host to crawl in parallel."""
    spread_minutes: int = 0
    """Period over which sources due at the same minute are spread, each with a constant delay."""
    crawl_limit_minutes: int = 120
    """Time limit of a crawl."""
    score_limit_minutes: int = 120
    """Time limit of a scoring, and of linking sellers."""
    retrain_limit_minutes: int = 120
    """Time limit of a retraining."""
    maintenance_limit_minutes: int = 240
    """Time limit of a backup, a check or a purge."""
    memory_limit_mb: int = 4_000
    """Memory limit of all processes of one piece of work together."""
    stall_minutes: int = 20
    """Time after which work without processor use and output is ended."""
    metrics_port: int = 0
    """Port on 127.0.0.1 for `/metrics` (Prometheus) and `/healthz`; 0 serves neither."""
    stop_grace_seconds: int = 30
    """Time from SIGTERM to SIGKILL when work is stopped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceSettings:
    """The section `[maintenance]`. A cron line has five fields; an empty one means never."""

    timezone: str = "UTC"
    """IANA time zone of the cron lines."""
    backup_cron: str = "15 2 * * *"
    """When backups are made."""
    backup_folder: str = ""
    """Folder of the backups; empty means `NAME.backups` beside the database."""
    keep_backups: int = 14
    """Number of backups to keep; older ones are deleted after a new backup is made and checked."""
    verify_cron: str = "45 4 * * 0"
    """When the store, the evidence and the audit log are checked, and the database is optimised."""
    vacuum_free_percent: int = 20
    """Share of unused space above which that check rewrites the database (VACUUM); 0 never does."""
    purge_cron: str = "30 5 * * 0"
    """When old evidence and logs are purged."""
    retrain_cron: str = ""
    """When a candidate is trained; it is promoted only if it is not worse on any guarded slice."""
    weekly_cron: str = ""
    """When the weekly report on suppliers is sent to [alarms] weekly_urls."""
    evidence_days: int = 0
    """Age at which evidence and contacts without flagged or reviewed listings are purged; 0 keeps all."""
    log_days: int = 90
    """Age at which logs of runs are deleted; 0 keeps them forever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmSettings:
    """The section `[alarms]`."""

    urls: tuple[str, ...] = ()
    """Addresses for messages, as apprise URLs, e.g. `mailtos://user:word@mail.example?to=me@b.example`."""
    weekly_urls: tuple[str, ...] = ()
    """Addresses for the weekly report on suppliers, as apprise URLs."""
    digest_minutes: int = 10
    """Period in which alarms are collected into one message."""
    quiet_hours: str = ""
    """Period without messages, e.g. `22:00-06:00`; alarms from this period are sent afterwards."""
    timezone: str = "UTC"
    """IANA time zone of the quiet hours."""
    digest_mail: str = ""
    """Apprise URL for digests of watch-lists by e-mail, with `{address}` for the address of the person, e.g.
    `mailtos://user:word@mail.example?to={address}`."""
    digest_hosts: tuple[str, ...] = ()
    """Hosts to whose webhooks digests of watch-lists may be sent."""
    review_url: str = ""
    """Address of the review app, for links in digests, e.g. `https://review.office.example`."""
    ping_url: str = ""
    """Address that the service requests (HTTP GET) every `ping_minutes`, for an external monitor."""
    ping_minutes: int = 5
    """Minutes between two pings."""
    permission_days: int = 14
    """Days before the end of a permission at which an alarm is raised."""
    law_days: int = 30
    """Days before an entry of the law begins or ends at which an alarm is raised; 0 raises none."""
    disk_free_mb: int = 2_000
    """Free space on the disk of the database below which an alarm is raised."""
    queue_days: int = 7
    """Days of review work in the queue above which an alarm is raised."""
    labels_before_retrain: int = 200
    """Listings reviewed since the model in use was trained at which an alarm is raised."""
    backup_days: int = 2
    """Age of the newest backup at which an alarm is raised; without any backup there is no alarm."""
