"""Back up the store, its evidence and its models, and restore a backup.

The folder of backups has one folder for each backup, with its manifest, and one folder of shared evidence: a
sealed WARC file never changes, so it is copied only once.

    20261126T021500Z/store.db            the database, one file
    20261126T021500Z/models/1f2e.../     every registered model
    20261126T021500Z/open/...            WARC files that are not sealed yet
    20261126T021500Z/manifest.json       the SHA-256 of every file, including shared ones
    evidence/andes-20261125-1.warc.gz

A restore checks the backup, stages all files beside the database, and then swaps them in, all or nothing.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from crawler.evidence.keeper import hash_of
from store.audit import audit
from store.audit.audit import AuditAction
from store.crawl.evidence import evidence_folder, list_files
from store.database import open_database
from store.errors import StoreError, StoreUnusable
from store.locks import hold, work_under_way
from store.messages import counted, reason_of
from store.operations.integrity import (
    ASIDE,
    READY,
    STAGING,
    copy_store,
    copy_synced,
    finish_swap,
    naming_faults,
    staging_folder,
    swap_in,
    sync,
    tend_store,
)
from store.operations.retention import buried_files
from store.private import private_folder
from store.scores.scores import trained_models
from store.signing import SIGNATURE, SignatureFalse, sign, signer_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from store.crawl.evidence import EvidenceFile
    from store.database import Database


EVIDENCE = "evidence"
MANIFEST = "manifest.json"


class BackupFailed(StoreError):
    """A backup could not be written."""

    def __init__(self, folder: Path, error: OSError) -> None:
        super().__init__(
            f"{error.filename or folder} cannot be used: {reason_of(error)}. The incomplete backup was "
            "deleted; the store is unchanged. Free some space, correct the permissions, or give another "
            "folder with --to."
        )


class EvidenceUnlikeSeal(StoreError):
    """A WARC file differs from its seal, so it must not be backed up."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} has changed since it was sealed; run `precursor-watch evidence verify`, and keep all "
            "existing backups. No backup was made."
        )


class EvidenceMissing(StoreError):
    """A WARC file that the store refers to is missing."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} is missing; restore it from an earlier backup, and look for other missing files with "
            "`precursor-watch evidence verify`. No backup was made."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A finished backup."""

    folder: Path
    files: int
    bytes: int
    """Size of all files, including shared ones."""
    copied_bytes: int
    """Size of the newly copied files."""

    @property
    def sentence(self) -> str:
        """For the run's row."""
        return (
            f"{counted(self.files, 'file', 'files')} ({self.bytes / 1e6:,.1f} MB, "
            f"{self.copied_bytes / 1e6:,.1f} MB of them new) in {self.folder}."
        )


def backups_folder(database: Path) -> Path:
    """Return the default folder for the backups of a database."""
    return database.with_name(database.name + ".backups")


def make_backup(database: Path, backups: Path, *, now: datetime) -> Backup:
    """Back up a store, which may be in use, and check the copy.

    Raises:
        StoreUnusable: If the database cannot be used.
        StoreDamaged: If the copy of the database is damaged.
        StoreUnwritable: If the copy of the database cannot be written.
        EvidenceUnlikeSeal: If a WARC file has changed since it was sealed.
        EvidenceMissing: If a WARC file is missing.
        BackupFailed: If another file cannot be written, e.g. because the disk is full.
    """
    folder = backups / f"{now:%Y%m%dT%H%M%SZ}"
    try:
        private_folder(backups)
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise BackupFailed(folder, error) from error
    try:
        return _make(database, backups, folder, now)
    except BaseException as error:
        shutil.rmtree(folder, ignore_errors=True)  # incomplete copies of each night would fill the disk
        if isinstance(error, OSError):
            raise BackupFailed(folder, error) from error
        raise


def _make(database: Path, backups: Path, folder: Path, now: datetime) -> Backup:
    shared = {f"{EVIDENCE}/{path.name}" for path in (backups / EVIDENCE).glob("*")}
    with naming_faults(database), closing(open_database(database, must_exist=True)) as db:
        copy_store(db, folder / "store.db")
    with closing(open_database(folder / "store.db")) as copy:
        # Back up the evidence and models of the copy; the store may have changed since.
        files = [*_evidence(copy, database, backups, folder), *_models(copy, database, backups, folder)]
    files.insert(0, described(folder / "store.db", root=backups, place="{db}"))
    write_manifest(folder, database, files, now=now)
    return Backup(
        folder=folder,
        files=len(files),
        bytes=sum(each.bytes for each in files),
        copied_bytes=sum(each.bytes for each in files if each.path not in shared),
    )


def list_backups(backups: Path) -> list[Path]:
    """Return the folders of finished backups, oldest first."""
    return sorted(path.parent for path in backups.glob("*/manifest.json"))


def thin_backups(backups: Path, keep: int) -> list[Path]:
    """Delete all but the newest `keep` backups, older unfinished ones, and their unshared evidence."""
    finished = list_backups(backups)
    gone = finished[: max(0, len(finished) - keep)]
    if finished:
        gone += [path for path in backups.glob("*T*Z") if path < finished[-1] and path not in finished]
    for folder in gone:
        shutil.rmtree(folder)
    wanted = {each.path for folder in list_backups(backups) for each in read_manifest(folder).files}
    for path in (backups / EVIDENCE).glob("*") if gone else ():
        if path.relative_to(backups).as_posix() not in wanted:
            path.unlink()
    return gone


def _evidence(copy: Database, database: Path, backups: Path, folder: Path) -> Iterator[BackedUp]:
    source = evidence_folder(database)
    with closing(open_database(database, must_exist=True)) as db:
        buried = buried_files(copy) | buried_files(db)  # a purge may have run since the copy
    for each in list_files(copy):
        path = source / each.file
        if each.file in buried or (each.sealed_bytes is None and not path.exists()):
            continue
        yield _open(path, backups, folder) if each.sealed_bytes is None else _sealed(path, each, backups)


def _sealed(path: Path, file: EvidenceFile, backups: Path) -> BackedUp:
    target = backups / EVIDENCE / file.file
    if not target.exists():
        if not path.exists():
            raise EvidenceMissing(path)
        copy_synced(path, target)
    if hash_of(target) != (file.sealed_bytes, file.sealed_sha256):
        target.unlink()
        raise EvidenceUnlikeSeal(path)
    return described(target, root=backups, place=f"{{db}}.evidence/{file.file}")


def _open(path: Path, backups: Path, folder: Path) -> BackedUp:
    target = folder / "open" / path.name
    copy_synced(path, target)
    return described(target, root=backups, place=f"{{db}}.evidence/{path.name}")


def _models(copy: Database, database: Path, backups: Path, folder: Path) -> Iterator[BackedUp]:
    for model in trained_models(copy):
        source = database.resolve().parent / model.folder
        for path in sorted(source.rglob("*")) if source.is_dir() else ():
            if path.is_file():
                target = folder / "models" / model.model_id / path.relative_to(source)
                copy_synced(path, target)
                # A model from an absolute path is restored beside the store: its own folder is not ours.
                home = (
                    Path("models", model.model_id) if Path(model.folder).is_absolute() else Path(model.folder)
                )
                place = home / path.relative_to(source)
                yield described(target, root=backups, place=place.as_posix())


class BackupWrong(StoreError):
    """A backup is invalid or has changed, so it cannot be restored."""

    def __init__(self, path: Path, found: str) -> None:
        super().__init__(
            f"The backup {path} cannot be used: {found}. Nothing was restored; use another backup."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BackedUp:
    """A file of a backup."""

    path: str
    """Path in the folder of backups, e.g. `20261126T021500Z/store.db` or `evidence/andes-1.warc.gz`."""
    place: str
    """Path to restore to, relative to the folder of the database, with `{db}` for the database's name."""
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The manifest of a backup, with all its files."""

    made_at: str
    product: str
    """Name and version of the program that made the backup."""
    database: str
    """Original path of the database."""
    files: tuple[BackedUp, ...]
    signed_by: str = ""
    """Fingerprint of the key that signed the manifest; empty for a backup of the first release."""


def write_manifest(folder: Path, database: Path, files: list[BackedUp], *, now: datetime) -> Manifest:
    """Write the signature, then the manifest; a backup without a manifest is unfinished."""
    manifest = Manifest(
        made_at=now.isoformat(timespec="seconds"),
        product=f"precursor-watch {version('precursor-watch')}",
        database=str(database),
        files=tuple(files),
    )
    document = asdict(manifest)
    del document["signed_by"]
    content = json.dumps(document, ensure_ascii=False, indent=1).encode()
    (folder / SIGNATURE).write_bytes(sign(content, database))
    sync(folder / SIGNATURE)
    part = folder / f"{MANIFEST}.part"
    part.write_bytes(content)
    sync(part)
    part.rename(folder / MANIFEST)
    sync(folder)
    return manifest


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a backup.

    Raises:
        BackupWrong: If the manifest is missing or unreadable, or its signature is false.
    """
    try:
        content, signature = (folder / MANIFEST).read_bytes(), folder / SIGNATURE
        signed_by = signer_of(content, signature.read_bytes()) if signature.exists() else ""
        document = json.loads(content)
        files = tuple(BackedUp(**each) for each in document.pop("files"))
        return Manifest(files=files, **document | {"signed_by": signed_by})
    except SignatureFalse as error:
        raise BackupWrong(folder, str(error)) from error
    except OSError as error:
        said = f"its {MANIFEST} cannot be read ({reason_of(error)}), so it is unfinished or not a backup"
        raise BackupWrong(folder, said) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BackupWrong(folder, f"its {MANIFEST} cannot be read ({reason_of(error)})") from error


def described(path: Path, *, root: Path, place: str) -> BackedUp:
    """Return the manifest entry of a file under `root`."""
    size, digest = hash_of(path)
    return BackedUp(path=path.relative_to(root).as_posix(), place=place, bytes=size, sha256=digest)


Move = tuple[Path, Path]
"""Source and target."""

SERVICE = "service"

_MODEL = re.compile(r"[0-9a-f]{12}")
"""Name of a model's folder. A backup replaces no other file beside a database, e.g. no settings."""

ENDINGS = ("", "-wal", "-shm", ".evidence")
"""Suffixes of the files and folders of a database, as named by SQLite and `evidence_folder`."""


class StillInUse(StoreError):
    """Other programs are using the database that the backup would replace."""

    def __init__(self, database: Path, work: list[str]) -> None:
        super().__init__(
            f"{database} is in use by {', '.join(work)}, whose changes would be lost. Stop all work, and "
            "the review app, and restore again."
        )


class RestoreRefused(StoreError):
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
    of the database completes the swap. With `replace`, an existing database and its evidence move aside, to
    names with `.before-` and the time. `progress` is called with (checked files, total files).

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
