"""Regular maintenance: check that all data is intact, and purge by the retention settings."""

from __future__ import annotations

import shutil
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from classifier.errors import ModelFolderWrong
from crawler.evidence.verify import verify
from scheduler.children import logs_folder
from store.audit import verification
from store.audit.audit import BY_HAND
from store.crawl.evidence import evidence_folder
from store.database import open_database
from store.locks import work_of, work_under_way
from store.messages import counted
from store.model import RunKind
from store.operations.integrity import check_store, free_bytes, naming_faults, tend_store, vacuum_store
from store.operations.retention import buried_files, bury, count_old_contacts, purge_contacts, spent_evidence
from store.review.queue import mend_queue
from store.review.search import index_missing
from store.scores.scores import base_id, model_in_use, trained_models
from store.signing import signing_key

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from scheduler.settings import MaintenanceSettings
    from store.audit.audit import Origin
    from store.database import Database
    from store.operations.retention import SpentFile

ROOM = 2.2
"""Free space for a VACUUM in database sizes: it writes a temporary file and the write-ahead log."""

PATIENT = ("service", "serve", work_of(RunKind.VERIFY))
"""Work that holds its lock for long but writes little, so it can wait during a VACUUM."""


def check_everything(
    database: Path,
    *,
    vacuum_free_percent: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> str:
    """Check all data, optimise the database, and return the result as a sentence.

    The database is rewritten if more than `vacuum_free_percent` of it is unused; 0 never does. `progress` is
    called with (pages of evidence checked, total pages).

    Raises:
        StoreDamaged: If the database is damaged.
        AuditBroken: If the audit log, an evidential row or the schema has changed.
        ModelFolderWrong: For the first changed file of a model.
        EvidenceWrong: For the first changed WARC file, record or page.
    """
    with naming_faults(database), closing(open_database(database, must_exist=True)) as db:
        check_store(db, database)
        log = verification.verify(db)
        found = verify(db, evidence_folder(database), progress=progress)
        models = _check_models(db, database)
        tended = models + _index(db) + _queue(db)
        tend_store(db)
        tended += _give_back(db, database, vacuum_free_percent)
    backwards = f"{log.backwards_sentence} " if log.backwards else ""
    entries = counted(log.entries, "entry", "entries")
    return (
        f"{backwards}The database, the audit log ({entries}) and the evidence "
        f"({counted(found.files, 'WARC file', 'WARC files')}, {counted(found.records, 'record', 'records')}, "
        f"{counted(found.pages, 'page', 'pages')}) are intact.{tended}"
    )


def _check_models(db: Database, database: Path) -> str:
    """Check every file of the models that this release can use, and say how many those are and who signed.

    This release loads no other model, so those of earlier releases, and those whose folders were deleted, are
    left out. If the folder of the model in use was deleted, that is said.
    """
    from classifier.model.persistence import (  # slow to import
        check_files,
        check_release,
        is_of_earlier_release,
        signer_of_model,
    )

    home, in_use, own_key = database.resolve().parent, model_in_use(db), signing_key(database)
    signers: list[str] = []
    missing = False
    for model in trained_models(db):
        folder = home / model.folder
        is_in_use = in_use is not None and model.model_id == base_id(in_use.model_id)
        if not folder.is_dir():
            missing |= is_in_use
            continue
        try:
            check_release(folder)
        except ModelFolderWrong:
            if is_in_use and not is_of_earlier_release(folder):
                raise
            continue
        check_files(folder)
        signers.append(signer_of_model(folder))
    unsigned, foreign = signers.count(""), sorted(set(signers) - {"", own_key})
    said = [f"{counted(len(signers), 'model is', 'models are')} intact"] if signers else []
    if unsigned:
        said.append(f"{counted(unsigned, 'model is', 'models are')} unsigned, as in earlier releases")
    if foreign:
        said.append(f"models are signed by another key than this store's: {', '.join(foreign)}")
    if missing:
        said.append("the folder of the model in use is missing, so nothing can be scored")
    return f" {'; '.join(said)}." if said else ""


def _queue(db: Database) -> str:
    """Put right what the queue shows otherwise than its listings are, and say how many those were."""
    wrong = mend_queue(db)
    were = "was" if wrong == 1 else "were"
    return (
        f" {counted(wrong, 'listing', 'listings')} {were} missing from the queue or wrong in it: put right."
        if wrong
        else ""
    )


def _index(db: Database) -> str:
    """Add missing sightings to the search index, and return their number as a sentence."""
    lacking = index_missing(db)
    are = "was" if lacking == 1 else "were"
    return (
        f" {counted(lacking, 'sighting', 'sightings')} {are} missing from the search index: added."
        if lacking
        else ""
    )


def _give_back(db: Database, database: Path, percent: int) -> str:
    """Return unused space of the database to the disk if there is enough, and report it as a sentence."""
    unused, size = free_bytes(db)
    if not percent or unused * 100 <= size * percent:
        return ""
    held = f"{unused / 1e6:,.1f} of {size / 1e6:,.1f} MB of the database are unused"
    if writers := [work for work in work_under_way(database) if not work.startswith(PATIENT)]:
        return f" {held}; not reclaimed while other work is running ({', '.join(writers)})."
    if shutil.disk_usage(database.resolve().parent).free < ROOM * (size - unused):
        return f" {held}; not reclaimed, because the disk has too little space for a rewrite."
    why_not = vacuum_store(db)
    return f" {held}; not reclaimed: {why_not}." if why_not else f" {held}: reclaimed."


@dataclass(frozen=True, slots=True, kw_only=True)
class Purgeable:
    """The files and contacts that the retention settings let a purge delete."""

    evidence: tuple[SpentFile, ...]
    logs: tuple[Path, ...]
    contacts: int = 0
    """Mentions of contacts in sightings of the same age."""

    @property
    def sentence(self) -> str:
        """For the run's row."""
        size = sum(each.bytes for each in self.evidence) / 1e6
        return (
            f"{counted(len(self.evidence), 'WARC file', 'WARC files')} ({size:,.1f} MB)"
            f"{f', {self.contacts:,} mentions of contacts' if self.contacts else ''} and "
            f"{counted(len(self.logs), 'log', 'logs')}."
        )


def find_purgeable(database: Path, care: MaintenanceSettings, *, now: datetime) -> Purgeable:
    """Return the files to purge; delete nothing."""
    logs = [
        path
        for path in sorted(logs_folder(database).glob("*.log"))
        if care.log_days and _age(path, now) > timedelta(days=care.log_days)
    ]
    if not care.evidence_days:
        return Purgeable(evidence=(), logs=tuple(logs))
    with closing(open_database(database, must_exist=True)) as db:
        before = now - timedelta(days=care.evidence_days)
        spent, contacts = spent_evidence(db, before=before), count_old_contacts(db, before=before)
    return Purgeable(evidence=tuple(spent), logs=tuple(logs), contacts=contacts)


def purge(
    database: Path, care: MaintenanceSettings, *, by: str, origin: Origin = BY_HAND, now: datetime
) -> Purgeable:
    """Delete the files to purge; the store keeps a tombstone with the hash of each WARC file.

    The tombstone is written first. If the purge is interrupted, the next purge deletes the files with a
    tombstone.
    """
    found = find_purgeable(database, care, now=now)
    folder, before = evidence_folder(database), now - timedelta(days=care.evidence_days)
    gone = []
    with closing(open_database(database, must_exist=True)) as db:
        for name in buried_files(db):
            (folder / name).unlink(missing_ok=True)  # left by an interrupted purge
        for each in found.evidence:
            age = counted(care.evidence_days, "day", "days")
            reason = f"older than {age}, nothing in it flagged, reviewed or held"
            if bury(db, each, before=before, reason=reason, by=by, origin=origin, now=now):
                (folder / each.file).unlink(missing_ok=True)
                gone.append(each)
        contacts = found.contacts and purge_contacts(db, before=before, by=by, origin=origin, now=now)
    for path in found.logs:
        path.unlink(missing_ok=True)
    return replace(found, evidence=tuple(gone), contacts=contacts)


def _age(path: Path, now: datetime) -> timedelta:
    return now - datetime.fromtimestamp(path.stat().st_mtime, UTC)
