"""What a backup says of itself: every file in it with its size and SHA-256."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

from scheduler.errors import SchedulerError

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

NAME = "manifest.json"
CHUNK_BYTES = 1 << 20


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


def write_manifest(folder: Path, database: Path, files: list[BackedUp], *, now: datetime) -> Manifest:
    """Write the manifest into a backup's folder; a backup without one was not finished."""
    manifest = Manifest(
        made_at=now.isoformat(timespec="seconds"),
        product=f"precursor-watch {version('precursor-watch')}",
        database=str(database),
        files=tuple(files),
    )
    part = folder / f"{NAME}.part"
    part.write_text(json.dumps(asdict(manifest), ensure_ascii=False, indent=1), encoding="utf-8")
    part.rename(folder / NAME)
    return manifest


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a backup.

    Raises:
        BackupWrong: If there is none, or it is not ours.
    """
    try:
        document = json.loads((folder / NAME).read_text(encoding="utf-8"))
        files = tuple(BackedUp(**each) for each in document.pop("files"))
        return Manifest(files=files, **document)
    except OSError as error:
        raise BackupWrong(folder, f"it has no {NAME}, so it was not finished or is none ({error})") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BackupWrong(folder, f"its {NAME} cannot be read ({error})") from error


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
