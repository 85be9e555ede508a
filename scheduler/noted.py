"""What the settings file says, noted in the audit log when the service begins with something new.

Nobody can tell who edits a file; when a shorter retention or fewer alarms came in force, the log can.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from store.audit import audit
from store.audit.audit import AuditAction, Origin, Via
from store.operations.alarms import SERVICE

if TYPE_CHECKING:
    from datetime import datetime

    from scheduler.work import Settings
    from store.database import Database

SUBJECT = "settings:file"

SECRETS = ("urls", "ping_url")
"""Addresses that may hold a password; the log is read by many."""


def note_settings(db: Database, settings: Settings, *, now: datetime) -> bool:
    """Write what `[care]` and `[alarms]` say, if the service did not begin with the same the last time.

    Returns:
        Whether anything was new.
    """
    alarms = {name: value for name, value in asdict(settings.alarms).items() if name not in SECRETS}
    said = {"care": asdict(settings.care) if settings.care else None, "alarms": alarms}
    last = audit.list_entries(db, action=AuditAction.SETTING_CHANGED, subject=SUBJECT, limit=1)
    if last and last[0].details == json.loads(json.dumps(said)):
        return False
    audit.record(
        db,
        AuditAction.SETTING_CHANGED,
        actor=SERVICE,
        origin=Origin(via=Via.SERVICE),
        subject=SUBJECT,
        details=said,
        now=now,
    )
    return True
