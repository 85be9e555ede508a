"""Regular upkeep of the data: check that everything is whole, and purge by the retention settings."""

from __future__ import annotations

import shutil
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from crawler.evidence.verify import verify
from scheduler.children import logs_folder
from store.audit import verification
from store.audit.audit import BY_HAND
from store.crawl.evidence import evidence_folder
from store.database import open_database
from store.locks import work_of, work_under_way
from store.messages import counted
from store.model import RunKind
from store.operations.backup import check_store, free_bytes, naming_faults, tend_store, vacuum_store
from store.operations.retention import buried_files, bury, spent_evidence
from store.review.search import index_missing
from store.scores.scores import list_models

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from scheduler.settings import MaintenanceSettings
    from store.audit.audit import Origin
    from store.database import Database
    from store.operations.retention import SpentFile

ROOM = 2.2
"""VACUUM writes the database twice beside itself: to a temporary file, and to the write-ahead log."""

PATIENT = ("service", "serve", work_of(RunKind.VERIFY))
"""Work that holds its lock for long and writes little: it can wait until the database is written anew."""


def check_everything(
    database: Path,
    *,
    vacuum_free_percent: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> str:
    """Check all of it, tend the database, and say what was found whole.

    Args:
        database: The store.
        vacuum_free_percent: Write the database anew when more of it than this holds nothing; 0 never does.
        progress: Called with pages of evidence looked at and in all.

    Raises:
        StoreDamaged: If the database is not whole.
        AuditBroken: If the audit log, an evidential row or the schema is not as it was written.
        ModelFolderWrong: With the first file of a model that is not as it was saved.
        EvidenceWrong: With the first WARC file, record or page that is not what was kept.
    """
    with naming_faults(database), closing(open_database(database, must_exist=True)) as db:
        check_store(db, database)
        log = verification.verify(db)
        found = verify(db, evidence_folder(database), progress=progress)
        models = _check_models(db, database)
        tended = models + _index(db)
        tend_store(db)
        tended += _give_back(db, database, vacuum_free_percent)
    backwards = f"{log.backwards_sentence} " if log.backwards else ""
    return (
        f"{backwards}The database is whole, and so is the audit log with "
        f"{counted(log.entries, 'entry', 'entries')}; as they were kept are "
        f"{counted(found.files, 'WARC file', 'WARC files')}, {counted(found.records, 'record', 'records')} "
        f"and {counted(found.pages, 'page', 'pages')}.{tended}"
    )


def _check_models(db: Database, database: Path) -> str:
    """Check every file of each model that this release can use, and say how many those are."""
    from classifier.model.persistence import MANIFEST, check_files  # NumPy and scikit-learn, for this alone

    home = database.resolve().parent
    folders = [home / model.folder for model in list_models(db)]
    checked = [folder for folder in folders if (folder / MANIFEST).is_file()]
    for folder in checked:
        check_files(folder)
    return f" {counted(len(checked), 'model is', 'models are')} as saved." if checked else ""


def _index(db: Database) -> str:
    """Index sightings that search does not know, and say how many those were."""
    lacking = index_missing(db)
    are = "was" if lacking == 1 else "were"
    return (
        f" {counted(lacking, 'sighting', 'sightings')} {are} missing from search: indexed." if lacking else ""
    )


def _give_back(db: Database, database: Path, percent: int) -> str:
    """Give free pages of the database back to the disk if they are worth it, and say what was done."""
    unused, size = free_bytes(db)
    if not percent or unused * 100 <= size * percent:
        return ""
    held = f"{unused / 1e6:,.1f} of its {size / 1e6:,.1f} MB hold nothing"
    if writers := [work for work in work_under_way(database) if not work.startswith(PATIENT)]:
        return f" {held}; that is left until nothing writes ({', '.join(writers)})."
    if shutil.disk_usage(database.resolve().parent).free < ROOM * (size - unused):
        return f" {held}; the disk has too little room to write it anew."
    why_not = vacuum_store(db)
    return f" {held}, and could not be given back: {why_not}." if why_not else f" {held}: given back."


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


def find_purgeable(database: Path, care: MaintenanceSettings, *, now: datetime) -> Purgeable:
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
    database: Path, care: MaintenanceSettings, *, by: str, origin: Origin = BY_HAND, now: datetime
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
