"""One pass over an archive: every file is asked once what pages it holds."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from zipfile import ZipFile

from crawler.archives.bodies import read_bounded, too_large
from crawler.archives.containers import MAX_RATIO, blocks_of, spooled, zip_files
from crawler.archives.html_files import html_capture, index_html
from crawler.archives.kinds import Kind, kind_of
from crawler.archives.manifest import MANIFEST_NAMES, Manifest, ManifestRow, read_manifest
from crawler.archives.mhtml import index_mhtml
from crawler.archives.pages import ArchiveError, ArchiveFault, Capture, StoredFile, UnreadableBodyError
from crawler.archives.warc import index_warc
from crawler.archives.warc_layout import NotMemberPerRecordError, unpack_members
from store.model import PageOutcome

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping
    from contextlib import ExitStack

_SNIFFED_BYTES = 512
_MAX_ZIP_DEPTH = 2


@dataclass(slots=True, kw_only=True)
class Indexer:
    """Collects the captures and faults of an archive's files."""

    max_page_bytes: int
    resources: ExitStack
    """Closed with the archive: open ZIPs and temporary files."""
    captures: list[Capture] = field(default_factory=list)
    faults: list[ArchiveFault] = field(default_factory=list)
    loose_assets: int = 0
    """Images, styles, scripts and fonts that lie about as files."""

    def read_files(
        self,
        listed: Iterable[StoredFile | ArchiveFault],
        *,
        manifest: Manifest | None = None,
        depth: int = 0,
    ) -> None:
        """Index the files of one folder or ZIP.

        Args:
            listed: What the folder or ZIP holds.
            manifest: Says which file was which URL. When None, each manifest among the files speaks for
                the files beside and below it.
            depth: Number of ZIPs around these files.
        """
        files = {}
        for entry in listed:
            if isinstance(entry, ArchiveFault):
                self.faults.append(entry)
            elif not PurePosixPath(entry.name).name.startswith("."):
                files[entry.name] = entry
        rows = self._note(manifest, "") if manifest else self._find_rows(files)
        self.faults.extend(_missing(name) for name in rows if name not in files)
        for name, file in files.items():
            row = rows.get(name)
            found = self._read_file(file, files, depth, row)
            self.captures.extend(_told(capture, row) if row else capture for capture in found)

    def read_zip(
        self, file: StoredFile, *, manifest: Manifest | None = None, prefix: str, depth: int = 0
    ) -> None:
        """Index the entries of a ZIP or WACZ, which stays open until the archive is closed.

        Args:
            file: The ZIP.
            manifest: As for `read_files`.
            prefix: What precedes an entry's name to make it a path below the archive's root.
            depth: Number of ZIPs around this one.
        """
        if depth == _MAX_ZIP_DEPTH:
            self.faults.append(_fault(file, "The ZIP lies in a ZIP within a ZIP; one level is read."))
            return
        try:
            zip_file = self._open_zip(file, is_packed=depth > 0)
        except Exception as error:  # noqa: BLE001 (see `what_failed`)
            self.faults.append(_fault(file, f"The ZIP cannot be opened: {what_failed(error)}."))
            return
        listed = zip_files(zip_file, file, prefix, self.max_page_bytes)
        self.read_files(listed, manifest=manifest, depth=depth + 1)

    def _open_zip(self, file: StoredFile, *, is_packed: bool) -> ZipFile:
        with file.open() as handle:
            source = spooled(file, blocks_of(handle), self.resources) if is_packed else file
        return self.resources.enter_context(ZipFile(self.resources.enter_context(source.open())))

    def _find_rows(self, files: Mapping[str, StoredFile]) -> dict[str, ManifestRow]:
        rows: dict[str, ManifestRow] = {}
        for name, file in files.items():
            if PurePosixPath(name).name in MANIFEST_NAMES:
                rows |= self._note(self._read_manifest(file), name.removesuffix(PurePosixPath(name).name))
        return rows

    def _note(self, manifest: Manifest, folder: str) -> dict[str, ManifestRow]:
        self.faults.extend(manifest.faults)
        return {folder + name: row for name, row in manifest.rows.items()}

    def _read_manifest(self, file: StoredFile) -> Manifest:
        try:
            with file.open() as handle:
                text = read_bounded(handle, self.max_page_bytes).decode("utf-8-sig", errors="replace")
            return read_manifest(text, file.locator)
        except (ArchiveError, UnreadableBodyError) as error:
            return Manifest(rows={}, faults=(_fault(file, str(error)),))
        except Exception as error:  # noqa: BLE001 (see `what_failed`)
            sentence = f"The manifest cannot be read: {what_failed(error)}."
            return Manifest(rows={}, faults=(_fault(file, sentence),))

    def _read_file(
        self, file: StoredFile, files: Container[str], depth: int, row: ManifestRow | None
    ) -> Iterator[Capture]:
        try:
            found = list(self._index(file, files, depth, row))
        except UnreadableBodyError as error:
            found = [ArchiveFault(locator=file.locator, outcome=error.outcome, sentence=error.sentence)]
        except Exception as error:  # noqa: BLE001 (see `what_failed`)
            found = [_fault(file, f"The file cannot be read: {what_failed(error)}.")]
        for entry in found:
            if isinstance(entry, ArchiveFault):
                self.faults.append(entry)
            else:
                yield entry

    def _index(
        self, file: StoredFile, files: Container[str], depth: int, row: ManifestRow | None
    ) -> Iterable[Capture | ArchiveFault]:
        kind = _kind(file)
        if row and kind in {Kind.ASSET, Kind.OTHER}:
            kind = Kind.HTML
        elif _is_beside_a_page(file.name, files):
            kind = Kind.ASSET
        match kind:
            case Kind.HTML:
                # What the page says of itself counts less than the manifest, and costs opening it once more.
                return [html_capture(file)] if row and row.captured_at else index_html(file)
            case Kind.MHTML:
                return index_mhtml(file, self.max_page_bytes)
            case Kind.WARC:
                return self._index_warc(file, is_packed=depth > 0)
            case Kind.ZIP:
                self.read_zip(file, prefix=f"{file.name}/", depth=depth)
            case Kind.ASSET:
                self.loose_assets += 1
        return ()

    def _index_warc(self, file: StoredFile, *, is_packed: bool) -> list[Capture | ArchiveFault]:
        with file.open() as handle:
            source = spooled(file, blocks_of(handle), self.resources) if is_packed else file
        try:
            return list(index_warc(source))
        except NotMemberPerRecordError:
            pass
        with source.open() as handle:
            limit = max(self.max_page_bytes, MAX_RATIO * handle.seek(0, 2))
            unpacked = spooled(file, _bounded(unpack_members(handle), limit), self.resources)
        return list(index_warc(unpacked))


def what_failed(error: Exception) -> str:
    """Say for a fault's sentence what reading a stored file failed with.

    One damaged file must not end a crawl, and the readers of ZIP, e-mail, CSV, JSON and compressed data
    have no common base of what they raise: so whatever one file raises becomes a fault of that file.
    """
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__


def _kind(file: StoredFile) -> Kind:
    kind = kind_of(file.name, b"")
    if kind is not Kind.OTHER:
        return kind
    with file.open() as handle:
        return kind_of(file.name, handle.read(_SNIFFED_BYTES))


def _is_beside_a_page(name: str, files: Container[str]) -> bool:
    """Tell whether a file lies in the `page_files` folder that a browser made beside `page.html`."""
    folders = [str(folder) for folder in PurePosixPath(name).parents if folder.name.endswith("_files")]
    stems = [folder.removesuffix("_files") for folder in folders]
    return any(f"{stem}{suffix}" in files for stem in stems for suffix in (".html", ".htm", ".xhtml"))


def _bounded(blocks: Iterable[bytes], max_bytes: int) -> Iterator[bytes]:
    left = max_bytes
    for block in blocks:
        left -= len(block)
        if left < 0:
            raise too_large(max_bytes)
        yield block


def _told(capture: Capture, row: ManifestRow) -> Capture:
    captured_at = row.captured_at or capture.captured_at
    return replace(capture, stated_url=row.url, captured_at=captured_at, encoding=row.encoding)


def _missing(name: str) -> ArchiveFault:
    sentence = "The manifest names this file, but it is not there."
    return ArchiveFault(locator=name, outcome=PageOutcome.UNREADABLE, sentence=sentence)


def _fault(file: StoredFile, sentence: str) -> ArchiveFault:
    return ArchiveFault(locator=file.locator, outcome=PageOutcome.UNREADABLE, sentence=sentence)
