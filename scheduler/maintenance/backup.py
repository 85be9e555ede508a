"""A backup: the store as it is at one moment, the evidence it points to, and the models it knows.

Under the folder of backups, one folder for each backup with its manifest, and one of evidence that they
share: a sealed WARC file never changes, so it is copied once.

    20261126T021500Z/store.db            the database, one file
    20261126T021500Z/models/1f2e.../     every registered model
    20261126T021500Z/open/...            WARC files that were still being written
    20261126T021500Z/manifest.json       every file with its SHA-256, the shared ones too
    evidence/andes-20261125-1.warc.gz
"""

from __future__ import annotations

import hashlib
import json
import shutil
from contextlib import closing
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from scheduler.errors import SchedulerError
from store.crawl.evidence import evidence_folder, list_files
from store.database import open_database
from store.messages import counted
from store.operations.backup import copy_store, copy_synced, naming_faults, sync
from store.operations.retention import buried_files
from store.private import private_folder
from store.scores.scores import list_models
from store.signing import SIGNATURE, SignatureFalse, sign, signer_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from store.crawl.evidence import EvidenceFile
    from store.database import Database

EVIDENCE = "evidence"
MANIFEST = "manifest.json"
CHUNK_BYTES = 1 << 20


class BackupFailed(SchedulerError):
    """The system refused to write a backup."""

    def __init__(self, folder: Path, error: OSError) -> None:
        said = error.strerror or str(error)
        super().__init__(
            f"{error.filename or folder} cannot be used: {said}. Nothing of the backup was kept, and the "
            "store is as it was. Make room or correct the rights there, or give another folder with --to."
        )


class EvidenceUnlikeSeal(SchedulerError):
    """A WARC file is not what was sealed, so that a backup would keep something else."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} is not as it was sealed; run `precursor-watch evidence verify`, and keep the backups "
            "that there are. No backup was made."
        )


class EvidenceMissing(SchedulerError):
    """A WARC file that the store points to is gone."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} is missing; put it back from an earlier backup, and see what else is with "
            "`precursor-watch evidence verify`. No backup was made."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A backup that was made."""

    folder: Path
    files: int
    bytes: int
    """Of all its files, the shared ones too."""
    copied_bytes: int
    """Of those that were not there yet."""

    @property
    def sentence(self) -> str:
        """For the run's row."""
        return (
            f"{counted(self.files, 'file', 'files')} with {self.bytes / 1e6:,.1f} MB in {self.folder}, "
            f"of them {self.copied_bytes / 1e6:,.1f} MB new."
        )


def backups_folder(database: Path) -> Path:
    """Return where the backups of a database go when nothing else is set."""
    return database.with_name(database.name + ".backups")


def make_backup(database: Path, backups: Path, *, now: datetime) -> Backup:
    """Back up a store that may be in use, and check what was written.

    Raises:
        StoreUnusable: If the database cannot be used.
        StoreDamaged: If its copy is not whole.
        StoreUnwritable: If its copy cannot be written.
        EvidenceUnlikeSeal: If a WARC file has changed since it was sealed.
        EvidenceMissing: If one is gone.
        BackupFailed: If the system refuses, e.g. because the disk is full.
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
        shutil.rmtree(folder, ignore_errors=True)  # a store copied each night for nothing would fill the disk
        if isinstance(error, OSError):
            raise BackupFailed(folder, error) from error
        raise


def _make(database: Path, backups: Path, folder: Path, now: datetime) -> Backup:
    shared = {f"{EVIDENCE}/{path.name}" for path in (backups / EVIDENCE).glob("*")}
    with naming_faults(database), closing(open_database(database, must_exist=True)) as db:
        copy_store(db, folder / "store.db")
    with closing(open_database(folder / "store.db")) as copy:
        # What the copy points to, and not what the store has come to since.
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
    """Take away all but the newest `keep` backups, older unfinished ones, and evidence that only they had."""
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
        buried = buried_files(copy) | buried_files(db)  # a purge may have been at work since the copy
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
    if digest_of(target) != (file.sealed_bytes, file.sealed_sha256):
        target.unlink()
        raise EvidenceUnlikeSeal(path)
    return described(target, root=backups, place=f"{{db}}.evidence/{file.file}")


def _open(path: Path, backups: Path, folder: Path) -> BackedUp:
    target = folder / "open" / path.name
    copy_synced(path, target)
    return described(target, root=backups, place=f"{{db}}.evidence/{path.name}")


def _models(copy: Database, database: Path, backups: Path, folder: Path) -> Iterator[BackedUp]:
    for model in list_models(copy):
        source = database.resolve().parent / model.folder
        for path in sorted(source.rglob("*")) if source.is_dir() else ():
            if path.is_file():
                target = folder / "models" / model.model_id / path.relative_to(source)
                copy_synced(path, target)
                # A model that lies elsewhere is put beside the store; its own folder is not ours to write to.
                home = (
                    Path("models", model.model_id) if Path(model.folder).is_absolute() else Path(model.folder)
                )
                place = home / path.relative_to(source)
                yield described(target, root=backups, place=place.as_posix())


class BackupWrong(SchedulerError):
    """A backup cannot be restored, or is not what was written."""

    def __init__(self, path: Path, found: str) -> None:
        super().__init__(f"The backup {path} cannot be used: {found}. Take another; nothing was restored.")


@dataclass(frozen=True, slots=True, kw_only=True)
class BackedUp:
    """A file of a backup."""

    path: str
    """In the folder of backups, e.g. `20261126T021500Z/store.db` or `evidence/andes-1.warc.gz`."""
    place: str
    """Where it belongs: relative to the folder of the database, with `{db}` for the database's own name."""
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """All files of a backup."""

    made_at: str
    product: str
    """Name and version of what made it."""
    database: str
    """The path that the database had."""
    files: tuple[BackedUp, ...]
    signed_by: str = ""
    """Fingerprint of the key that signed the manifest; empty for a backup of the first release."""


def write_manifest(folder: Path, database: Path, files: list[BackedUp], *, now: datetime) -> Manifest:
    """Write the signature and then the manifest; a backup without a manifest is unfinished."""
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
        BackupWrong: If there is none, it is not ours, or its signature is false.
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
        raise BackupWrong(
            folder, f"it has no {MANIFEST}, so it was not finished or is none ({error})"
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BackupWrong(folder, f"its {MANIFEST} cannot be read ({error})") from error


def described(path: Path, *, root: Path, place: str) -> BackedUp:
    """Return what a manifest says of a file that lies under `root`."""
    size, digest = digest_of(path)
    return BackedUp(path=path.relative_to(root).as_posix(), place=place, bytes=size, sha256=digest)


def digest_of(path: Path) -> tuple[int, str]:
    """Return the size and SHA-256 of a file, read in pieces."""
    size, digest = 0, hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(CHUNK_BYTES):
            size += len(piece)
            digest.update(piece)
    return size, digest.hexdigest()
