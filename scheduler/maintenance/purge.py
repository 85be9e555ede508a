"""Retention: what may be taken away by the settings, and taking it away with a tombstone for each."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from scheduler.run_logs import logs_folder
from store.audit.audit import BY_HAND
from store.crawl.evidence import evidence_folder
from store.crawl.text import counted
from store.database import open_database
from store.operations.retention import buried_files, bury, spent_evidence

if TYPE_CHECKING:
    from pathlib import Path

    from scheduler.settings import CareSettings
    from store.audit.audit import Origin
    from store.operations.retention import SpentFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Purgeable:
    """What retention lets go now."""

    evidence: tuple[SpentFile, ...]
    logs: tuple[Path, ...]

    @property
    def sentence(self) -> str:
        """For the run's row."""
        size = sum(each.bytes for each in self.evidence) / 1e6
        return (
            f"{counted(len(self.evidence), 'WARC file', 'WARC files')} ({size:,.1f} MB) and "
            f"{counted(len(self.logs), 'log', 'logs')}."
        )


def find_purgeable(database: Path, care: CareSettings, *, now: datetime) -> Purgeable:
    """Return what retention lets go, and change nothing."""
    logs = [
        path
        for path in sorted(logs_folder(database).glob("*.log"))
        if care.log_days and _age(path, now) > timedelta(days=care.log_days)
    ]
    if not care.evidence_days:
        return Purgeable(evidence=(), logs=tuple(logs))
    with closing(open_database(database, must_exist=True)) as db:
        spent = spent_evidence(db, before=now - timedelta(days=care.evidence_days))
    return Purgeable(evidence=tuple(spent), logs=tuple(logs))


def purge(
    database: Path, care: CareSettings, *, by: str, origin: Origin = BY_HAND, now: datetime
) -> Purgeable:
    """Take away what retention lets go; of evidence a tombstone with its hash stays in the store.

    The tombstone is written first: a purge that was interrupted leaves a file that has one, which the next
    purge takes away.
    """
    found = find_purgeable(database, care, now=now)
    folder, before = evidence_folder(database), now - timedelta(days=care.evidence_days)
    gone = []
    with closing(open_database(database, must_exist=True)) as db:
        for name in buried_files(db):
            (folder / name).unlink(missing_ok=True)  # of a purge that was interrupted
        for each in found.evidence:
            age = counted(care.evidence_days, "day", "days")
            reason = f"older than {age}, nothing in it flagged, judged or held"
            if bury(db, each, before=before, reason=reason, by=by, origin=origin, now=now):
                (folder / each.file).unlink(missing_ok=True)
                gone.append(each)
    for path in found.logs:
        path.unlink(missing_ok=True)
    return replace(found, evidence=tuple(gone))


def _age(path: Path, now: datetime) -> timedelta:
    return now - datetime.fromtimestamp(path.stat().st_mtime, UTC)
