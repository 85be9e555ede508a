"""The files in a folder or a ZIP, each as something that can be opened; nothing is ever written out."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, BinaryIO, cast

from crawler.archives.pages import ArchiveFault, StoredFile
from store.model import PageOutcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import ExitStack
    from zipfile import ZipFile, ZipInfo

MAX_RATIO = 200
"""More than this many bytes out of one packed byte, where the result is large, is taken for an attack."""
_IS_ENCRYPTED = 0x1
_BLOCK_BYTES = 64 * 1024


def folder_files(root: Path) -> Iterator[StoredFile | ArchiveFault]:
    """List the files below a folder, sorted by path; links that leave it and special files are faults."""
    refused: list[ArchiveFault] = []
    paths: list[Path] = []
    for folder, subfolders, names in os.walk(
        root, onerror=lambda error: refused.append(_unlisted(root, error))
    ):
        links = [name for name in subfolders if (Path(folder) / name).is_symlink()]
        paths.extend(Path(folder) / name for name in [*names, *links])
    for path in sorted(paths):
        name = path.relative_to(root).as_posix()
        if path.is_symlink() and not path.resolve().is_relative_to(root.resolve()):
            yield _refusal(name, "The link leads out of the archive's folder; it was not followed.")
        elif path.is_file():
            yield path_file(path, name)
        elif not path.is_dir():
            yield _refusal(name, "Neither a file nor a folder is there; expected a saved page.")
    yield from refused


def path_file(path: Path, name: str) -> StoredFile:
    """Return the file at a path."""
    return StoredFile(name=name, locator=name, open=lambda: path.open("rb"))


def zip_files(
    archive: ZipFile, file: StoredFile, prefix: str, max_bytes: int
) -> Iterator[StoredFile | ArchiveFault]:
    """List the entries of a ZIP, sorted by name; of a WACZ only its archives.

    Entries that are encrypted, packed beyond reason or named to leave the ZIP are faults.

    Args:
        archive: The open ZIP; must stay open as long as the entries are to be read.
        file: The ZIP as a file.
        prefix: What precedes an entry's name to make it a path below the archive's root.
        max_bytes: Size up to which the packing ratio does not matter.
    """
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    if any(entry.filename == "datapackage.json" for entry in entries):
        entries = [entry for entry in entries if _is_in_wacz_archive(entry.filename)]
    for entry in sorted(entries, key=lambda entry: entry.filename):
        locator = f"{file.locator}#{entry.filename}"
        if objection := _objection(entry, max_bytes):
            yield ArchiveFault(locator=locator, outcome=objection[0], sentence=objection[1])
        else:
            yield StoredFile(
                name=prefix + entry.filename, locator=locator, open=_entry_opener(archive, entry)
            )


def spooled(file: StoredFile, blocks: Iterable[bytes], resources: ExitStack) -> StoredFile:
    """Copy a file's unpacked bytes to a nameless temporary file, in which one can go back and forth."""
    copy = resources.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - open as long as the archive
    for block in blocks:
        copy.write(block)
    copy.flush()

    def reopen() -> BinaryIO:
        handle = cast("BinaryIO", os.fdopen(copy.fileno(), "rb", closefd=False))
        handle.seek(0)
        return handle

    return StoredFile(name=file.name, locator=file.locator, open=reopen)


def blocks_of(handle: BinaryIO) -> Iterator[bytes]:
    """Yield what is left in a handle."""
    while block := handle.read(_BLOCK_BYTES):
        yield block


def _unlisted(root: Path, error: OSError) -> ArchiveFault:
    name = Path(error.filename).relative_to(root).as_posix()
    return _refusal(name, f"The folder cannot be listed: {error.strerror}.")


def _refusal(locator: str, sentence: str) -> ArchiveFault:
    return ArchiveFault(locator=locator, outcome=PageOutcome.UNREADABLE, sentence=sentence)


def _is_in_wacz_archive(name: str) -> bool:
    return name.startswith("archive/") or name.endswith(".wacz")


def _entry_opener(archive: ZipFile, entry: ZipInfo) -> Callable[[], BinaryIO]:
    return lambda: cast("BinaryIO", archive.open(entry))


def _objection(entry: ZipInfo, max_bytes: int) -> tuple[PageOutcome, str] | None:
    path = PurePosixPath(entry.filename.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts:
        return PageOutcome.UNREADABLE, "The entry's name leads out of the ZIP; it was not read."
    if stat.S_ISLNK(entry.external_attr >> 16):
        return PageOutcome.UNREADABLE, "The entry is a link; it was not followed."
    if entry.flag_bits & _IS_ENCRYPTED:
        return PageOutcome.UNREADABLE, "The entry is encrypted; supply the ZIP without a password."
    if entry.file_size > max(max_bytes, MAX_RATIO * entry.compress_size):
        sentence = (
            f"The entry unpacks from {entry.compress_size:,} to {entry.file_size:,} bytes,"
            f" over the limit of {MAX_RATIO} to one; it was not read."
        )
        return PageOutcome.TOO_LARGE, sentence
    return None
