"""What an operator sets of the alarms; the composition root fills it in from the settings file."""

from __future__ import annotations

from dataclasses import dataclass


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
