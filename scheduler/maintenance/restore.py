"""Restoring a backup: checked whole first, then put in place beside what was there, never over it."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from scheduler.errors import SchedulerError
from scheduler.maintenance.backup import BackedUp, BackupWrong, Manifest, digest_of, read_manifest
from store.audit import audit
from store.audit.audit import AuditAction
from store.database import open_database
from store.locks import hold, work_under_way
from store.private import private_file, private_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime


SERVICE = "service"

ENDINGS = ("", "-wal", "-shm", ".evidence")
"""Of the names of what belongs to a database, as SQLite and `evidence_folder` have them."""


class StillInUse(SchedulerError):
    """Programs have the database open that a backup would take the place of."""

    def __init__(self, database: Path, work: list[str]) -> None:
        super().__init__(
            f"{database} is in use by {', '.join(work)}; what they write would be lost. Stop them, the "
            "review app too, and restore then."
        )


class RestoreRefused(SchedulerError):
    """Something lies where the backup would go."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} is there already, and a backup is not restored over it. Give another --db, or "
            "--replace, which moves what is there aside and keeps it."
        )


def check_backup(folder: Path, *, progress: Callable[[int, int], None] | None = None) -> Manifest:
    """Check every file of a backup against its manifest.

    Raises:
        BackupWrong: With the first file that is missing or not what was written.
    """
    manifest = read_manifest(folder)
    for number, each in enumerate(manifest.files, start=1):
        path = folder.parent / each.path
        if not path.is_file():
            raise BackupWrong(folder, f"{path} is missing")
        if digest_of(path) != (each.bytes, each.sha256):
            raise BackupWrong(folder, f"{path} is not what was written")
        if progress:
            progress(number, len(manifest.files))
    return manifest


def restore(
    folder: Path,
    database: Path,
    *,
    replace: bool = False,
    by: str,
    now: datetime,
    progress: Callable[[int, int], None] | None = None,
) -> Manifest:
    """Put a backup in place as `database`, with its evidence and models.

    The database itself comes last, so that a restore that was interrupted leaves none, and is done again.

    Args:
        folder: The backup's own.
        database: Where it goes.
        replace: Move a database and evidence that are there aside, to names with `.before-` and the time.
        by: Who restores; the audit log of what is restored goes on with that.
        now: The present time.
        progress: Called after each file checked with (files so far, files in all).

    Raises:
        BackupWrong: If the backup is not whole.
        RestoreRefused: If a database is there and `replace` is not given.
        AlreadyUnderWay: If the service works on the database that is there.
        StillInUse: If other work on it is under way, or the review app is served from it.
    """
    manifest = check_backup(folder, progress=progress)
    with hold(database, SERVICE):
        if others := [work for work in work_under_way(database) if work != SERVICE]:
            raise StillInUse(database, others)
        _clear(database, replace=replace, now=now)
        for each in reversed(manifest.files):
            _put(folder.parent / each.path, _target(each, database))
    with closing(open_database(database, must_exist=True)) as db:  # brings its schema up to date
        audit.record(
            db,
            AuditAction.STORE_RESTORED,
            actor=by,
            subject=f"backup:{manifest.made_at}",
            details={"files": len(manifest.files), "replaced": replace},
            now=now,
        )
    return manifest


def _clear(database: Path, *, replace: bool, now: datetime) -> None:
    """Move what is there aside, under one name to which SQLite's own files and the evidence belong."""
    aside = database.with_name(f"{database.name}.before-{now:%Y%m%dT%H%M%SZ}")
    endings = [ending for ending in ENDINGS if _beside(database, ending).exists()]
    if endings and not replace:
        raise RestoreRefused(_beside(database, endings[0]))
    for ending in endings:
        _beside(database, ending).rename(_beside(aside, ending))


def _target(file: BackedUp, database: Path) -> Path:
    """Return where a file goes: beside the database, whatever the manifest says."""
    home = database.resolve().parent
    place = Path(file.place.replace("{db}", database.name))
    target = (home / place).resolve()
    if home not in target.parents:
        raise BackupWrong(Path(file.path), f"it would be put at {target}, which is outside {home}")
    return target


def _put(source: Path, target: Path) -> None:
    private_folder(target.parent)
    part = target.with_name(target.name + ".part")
    private_file(part)
    shutil.copyfile(source, part)
    part.rename(target)


def _beside(database: Path, ending: str) -> Path:
    return database.with_name(database.name + ending)
