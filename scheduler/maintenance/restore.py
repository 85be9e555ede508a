"""Restore a backup: check it, stage all files beside the database, then swap them in, all or nothing."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import closing
from datetime import timedelta
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from crawler.evidence.keeper import hash_of
from scheduler.errors import SchedulerError
from scheduler.maintenance.backup import BackupWrong, read_manifest
from store.audit import audit
from store.audit.audit import AuditAction
from store.database import open_database
from store.errors import StoreUnusable
from store.locks import hold, work_under_way
from store.operations.integrity import (
    ASIDE,
    READY,
    STAGING,
    copy_synced,
    finish_swap,
    staging_folder,
    swap_in,
    sync,
    tend_store,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from scheduler.maintenance.backup import BackedUp, Manifest

Move = tuple[Path, Path]
"""Source and target."""

SERVICE = "service"

_MODEL = re.compile(r"[0-9a-f]{12}")
"""Name of a model's folder. A backup replaces no other file beside a database, e.g. no settings."""

ENDINGS = ("", "-wal", "-shm", ".evidence")
"""Suffixes of the files and folders of a database, as named by SQLite and `evidence_folder`."""


class StillInUse(SchedulerError):
    """Other programs are using the database that the backup would replace."""

    def __init__(self, database: Path, work: list[str]) -> None:
        super().__init__(
            f"{database} is in use by {', '.join(work)}, whose changes would be lost. Stop all work, and "
            "the review app, and restore again."
        )


class RestoreRefused(SchedulerError):
    """A file or folder already exists at the target of a restore."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} already exists, and a restore never overwrites. Give another --db, or --replace to move "
            "the existing data aside and keep it."
        )


def check_backup(folder: Path, *, progress: Callable[[int, int], None] | None = None) -> Manifest:
    """Check every file of a backup against its manifest.

    Raises:
        BackupWrong: For the first file that is missing or has changed.
    """
    manifest = read_manifest(folder)
    for number, each in enumerate(manifest.files, start=1):
        path = folder.parent / _inside(each.path, folder.parent)
        if not path.is_file():
            raise BackupWrong(folder, f"{path} is missing")
        if hash_of(path) != (each.bytes, each.sha256):
            raise BackupWrong(folder, f"{path} has changed since the backup")
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
    """Restore a backup as `database`, with its evidence and models.

    All files are staged beside the database, migrated to the schema of this release and synced before any
    existing file is moved. A kill before that changes nothing. After a kill during the swap, the next opening
    of the database completes the swap.

    Args:
        folder: The folder of the backup.
        database: The target.
        replace: Move an existing database and its evidence aside, to names with `.before-` and the time.
        by: The person, for the audit log of the restored database.
        now: The present time.
        progress: Called after each checked file with (files so far, total files).

    Raises:
        BackupWrong: If the backup is damaged, or from a newer release.
        RestoreRefused: If the database exists and `replace` is not given.
        AlreadyUnderWay: If the service is running on the existing database.
        StillInUse: If the review app or other work uses the existing database.
    """
    manifest = check_backup(folder, progress=progress)
    database.parent.mkdir(parents=True, exist_ok=True)
    with hold(database, SERVICE):
        if others := [work for work in work_under_way(database) if work != SERVICE]:
            raise StillInUse(database, others)
        finish_swap(database)  # left by a restore that was killed
        there = [path for ending in ENDINGS if os.path.lexists(path := _beside(database, ending))]
        if there and not replace:
            raise RestoreRefused(there[0])
        units, files = _plan(manifest, database)
        leftovers = [staging_folder(database), *(staged for staged, _ in units)]
        _forget(leftovers)
        try:
            for each, staged in files:
                copy_synced(folder.parent / each.path, staged)
            ready = staging_folder(database) / READY
            _bring_up_to_date(folder, ready, manifest, replaced=replace, by=by, now=now)
        except BaseException:
            _forget(leftovers)
            raise
        swap_in(database, [*_moves_aside(database, there, [target for _, target in units], now), *units])
    return manifest


def _plan(manifest: Manifest, database: Path) -> tuple[list[Move], list[tuple[BackedUp, Path]]]:
    """Return the moves of the swap, the database last, and the staging path of each file.

    A model is staged beside its target, which may be on another disk. A model whose files all exist unchanged
    is skipped.
    """
    home, staging = database.parent.resolve(), staging_folder(database)
    models: dict[Move, list[tuple[BackedUp, PurePosixPath]]] = {}
    files, units = [], {}
    for each in manifest.files:
        place = _inside(each.place, home)
        if each.place == "{db}":
            files.append((each, staging / READY))
        elif place.parts[0] == "{db}.evidence":
            units[staging / "evidence"] = database.with_name(f"{database.name}.evidence")
            files.append((each, staging / "evidence" / PurePosixPath(*place.parts[1:])))
        else:
            within = PurePosixPath(*PurePosixPath(each.path).parts[3:])  # of STAMP/models/ID/...
            folder = PurePosixPath(*place.parts[: len(place.parts) - len(within.parts)])
            if not within.parts or not _MODEL.fullmatch(folder.name) or folder / within != place:
                raise BackupWrong(Path(each.path), f"{each.place} belongs to no database, evidence or model")
            target = home / folder
            models.setdefault((target.with_name(target.name + STAGING), target), []).append((each, within))
    changed = []
    for (staged, target), members in models.items():
        if any(not _is_there(target / within, each) for each, within in members):
            changed.append((staged, target))
            files += [(each, staged / within) for each, within in members]
    return [*changed, *units.items(), (staging / READY, database)], files


def _inside(place: str, home: Path) -> PurePosixPath:
    """Return a path of a manifest, which must not lead out of its folder.

    Raises:
        BackupWrong: If the path leads out of the folder.
    """
    path = PurePosixPath(place)
    if path.is_absolute() or not path.parts or ".." in path.parts:
        raise BackupWrong(Path(place), f"it would write {place}, which is outside {home}")
    return path


def _is_there(path: Path, file: BackedUp) -> bool:
    return path.is_file() and hash_of(path) == (file.bytes, file.sha256)


def _moves_aside(database: Path, there: list[Path], targets: list[Path], now: datetime) -> list[Move]:
    """Return the moves that put existing data aside, with one new name for the database and its files."""
    while any(os.path.lexists(_aside(_beside(database, ending), database, now)) for ending in ENDINGS):
        now += timedelta(seconds=1)  # taken by an earlier restore
    models = [path for path in targets if path not in there and os.path.lexists(path)]
    return [
        *((path, _aside(path, database, now)) for path in there),
        *((path, path.with_name(f"{path.name}{ASIDE}{now:%Y%m%dT%H%M%SZ}")) for path in models),
    ]


def _aside(path: Path, database: Path, now: datetime) -> Path:
    ending = path.name.removeprefix(database.name)
    return database.with_name(f"{database.name}{ASIDE}{now:%Y%m%dT%H%M%SZ}{ending}")


def _bring_up_to_date(
    folder: Path, ready: Path, manifest: Manifest, *, replaced: bool, by: str, now: datetime
) -> None:
    """Migrate the staged database to the schema of this release, and record the restore in its audit log."""
    try:
        opened = open_database(ready, must_exist=True)
    except StoreUnusable as error:
        raise BackupWrong(folder, str(error.values.get("found", error))) from error
    with closing(opened) as db:
        audit.record(
            db,
            AuditAction.STORE_RESTORED,
            actor=by,
            subject=f"backup:{manifest.made_at}",
            details={"files": len(manifest.files), "replaced": replaced},
            now=now,
        )
        tend_store(db)
    sync(ready)


def _forget(folders: list[Path]) -> None:
    for folder in folders:
        if folder.is_dir():
            shutil.rmtree(folder, ignore_errors=True)


def _beside(database: Path, ending: str) -> Path:
    return database.with_name(database.name + ending)
