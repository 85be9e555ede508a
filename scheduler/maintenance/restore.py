"""Restore a backup: check it, make everything ready beside the database, and then swap, all or nothing."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import closing
from datetime import timedelta
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from scheduler.errors import SchedulerError
from scheduler.maintenance.backup import BackupWrong, digest_of, read_manifest
from store.audit import audit
from store.audit.audit import AuditAction
from store.database import open_database
from store.errors import StoreUnusable
from store.locks import hold, work_under_way
from store.operations.backup import (
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
"""From and to."""

SERVICE = "service"

_MODEL = re.compile(r"[0-9a-f]{12}")
"""Name of a model's folder. A backup replaces no other file beside a database, e.g. no settings."""

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
        path = folder.parent / _inside(each.path, folder.parent)
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

    Everything is made ready beside the database, brought to the schema of this release and put on the disk
    before anything that is there is moved. A kill until then leaves everything as it was. A kill during the
    swap is made good when the database is opened next.

    Args:
        folder: The backup's own.
        database: Where it goes.
        replace: Move a database and evidence that are there aside, to names with `.before-` and the time.
        by: Who restores; the audit log of the restored database says so.
        now: The present time.
        progress: Called after each file checked with (files so far, files in all).

    Raises:
        BackupWrong: If the backup is not whole, or of a newer release.
        RestoreRefused: If a database is there and `replace` is not given.
        AlreadyUnderWay: If the service works on the database that is there.
        StillInUse: If other work on it is under way, or the review app is served from it.
    """
    manifest = check_backup(folder, progress=progress)
    database.parent.mkdir(parents=True, exist_ok=True)
    with hold(database, SERVICE):
        if others := [work for work in work_under_way(database) if work != SERVICE]:
            raise StillInUse(database, others)
        finish_swap(database)  # of a restore that was killed
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
    """Return which folders and files are swapped in, the database last, and where each file is made ready.

    A model is made ready beside its place, which may be on another disk. One that is there already, byte by
    byte, is left alone.
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
    """Return a path of a manifest, if it stays in its folder whatever the manifest says.

    Raises:
        BackupWrong: If it does not.
    """
    path = PurePosixPath(place)
    if path.is_absolute() or not path.parts or ".." in path.parts:
        raise BackupWrong(Path(place), f"it would be put at {place}, which is outside {home}")
    return path


def _is_there(path: Path, file: BackedUp) -> bool:
    return path.is_file() and digest_of(path) == (file.bytes, file.sha256)


def _moves_aside(database: Path, there: list[Path], targets: list[Path], now: datetime) -> list[Move]:
    """Return the moves that make room, under one name to which SQLite's own files and the evidence belong."""
    while any(os.path.lexists(_aside(_beside(database, ending), database, now)) for ending in ENDINGS):
        now += timedelta(seconds=1)  # of an earlier restore
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
    """Bring the new database to the schema of this release, and log the restore in it."""
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
