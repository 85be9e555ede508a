"""Open a saved copy of a site: index it in one pass, then read page by page."""

from __future__ import annotations

import posixpath
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Self
from urllib.parse import unquote, urlsplit
from zipfile import ZipFile

from crawler.archives.captures import (
    ArchiveError,
    ArchiveFault,
    Capture,
    Payload,
    SavedPage,
    StoredFile,
    UnreadableBodyError,
)
from crawler.archives.digests import joined
from crawler.archives.files import (
    EXPECTED,
    MAX_RATIO,
    Kind,
    blocks_of,
    folder_files,
    is_picture,
    kind_of,
    path_file,
    read_bounded,
    spooled,
    too_large,
    zip_files,
)
from crawler.archives.html_files import (
    MANIFEST_NAMES,
    Manifest,
    ManifestRow,
    html_capture,
    index_html,
    index_mhtml,
    read_loose,
    read_manifest,
)
from crawler.archives.urls import (
    assign_urls,
    invented_base,
    normal_url,
)
from crawler.archives.warc import NotMemberPerRecordError, index_warc, unpack_members
from store.model import PageOutcome

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from crawler.archives.urls import Addresses

MAX_PAGE_BYTES = 20_000_000
"""Default limit of one page's unpacked body; large shop pages measured in 2026 had 2.6 million bytes."""
_NOTHING = Payload(headers=(), body=b"")
_SNIFFED_BYTES = 512
_MAX_ZIP_DEPTH = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveContents:
    """The index of an archive in another process: its URLs, and the entries without a URL."""

    urls: frozenset[str]
    faults: tuple[ArchiveFault, ...]

    def __contains__(self, url: object) -> bool:
        return isinstance(url, str) and normal_url(url) in self.urls

    def __len__(self) -> int:
        return len(self.urls)


class Archive:
    """An index of saved pages by original URL. `fetch` reads a body on each call and caches none.

    Close the archive, or use it as a context manager, to close its ZIPs and temporary files.
    """

    def __init__(
        self,
        addresses: Addresses,
        *,
        faults: tuple[ArchiveFault, ...],
        limit: int,
        resources: ExitStack,
    ) -> None:
        self._pages = addresses.pages
        self._assets = addresses.assets
        self._limit = limit
        self._resources = resources
        self.faults = faults
        """Entries whose URL could not be read."""

    def urls(self) -> Iterable[str]:
        """Return the original URLs of all pages, in an order fixed by the archive."""
        return self._pages.keys()

    def __len__(self) -> int:
        return len(self._pages)

    def __contains__(self, url: object) -> bool:
        """Return whether a page is saved under a URL, without reading the page."""
        return isinstance(url, str) and normal_url(url) in self._pages

    def fetch(self, url: str) -> SavedPage | None:
        """Return the page saved under a URL, or None.

        A damaged page is returned with its `fault` and `sentence` and raises no error.
        """
        key = normal_url(url)
        capture = self._pages.get(key)
        return None if capture is None else self._read(key, capture)

    def picture(self, url: str, page_url: str) -> SavedPage | None:
        """Return the picture that a page names by a URL, or None if the archive has no whole copy."""
        capture = self._asset(url, page_url)
        picture = self._read(normal_url(url), capture) if capture and capture.is_picture else None
        return picture if picture and picture.body and not picture.fault else None

    def fetch_asset(self, url: str, page_url: str) -> SavedPage | None:
        """Return the file that a page requests from a URL, or None."""
        key = normal_url(url)
        capture = self._pages.get(key) or self._asset(url, page_url)
        return None if capture is None else self._read(key, capture)

    def _asset(self, url: str, page_url: str) -> Capture | None:
        """Return what is saved under a URL, or as a file beside that of the page, as browsers save pages."""
        key = normal_url(url)
        page = self._pages.get(normal_url(page_url))
        if key in self._assets or page is None:
            return self._assets.get(key)
        return self._assets.get(_beside(page.file.locator, page_url, key))

    def _read(self, url: str, capture: Capture) -> SavedPage:
        fault, sentence = capture.fault, capture.sentence
        payload = _NOTHING
        if fault in {None, PageOutcome.TRUNCATED}:
            try:
                payload = capture.read(capture, self._limit)
            except UnreadableBodyError as error:
                fault, sentence = error.outcome, error.sentence
                payload = Payload(headers=(), body=error.body, findings=error.findings)
            except Exception as error:  # noqa: BLE001 (see `what_failed`)
                fault = PageOutcome.UNREADABLE
                sentence = f"The entry cannot be read: {what_failed(error)}."
        return SavedPage(
            url=url,
            status=payload.status,
            headers=payload.headers,
            is_http=payload.is_http,
            body=payload.body,
            captured_at=capture.captured_at,
            locator=capture.locator,
            fault=fault,
            sentence=sentence,
            digest=joined([*(file.finding for file in capture.files), *payload.findings]),
        )

    def close(self) -> None:
        """Close ZIPs and temporary files; their pages can no longer be fetched."""
        self._resources.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __deepcopy__(self, _: dict[int, object]) -> Self:
        """Return the archive itself, since Scrapy copies its settings but open files have one owner."""
        return self


def open_archive(
    path: Path,
    *,
    base_url: str = "",
    manifest: Path | None = None,
    max_page_bytes: int = MAX_PAGE_BYTES,
    has_assets: bool = False,
) -> Archive:
    """Index a folder, HTML file, ZIP, MHTML, WARC, ARC or WACZ in one pass.

    Args:
        path: The folder or file; a folder may hold any mixture.
        base_url: Base of the paths of files without a known URL. The default is a URL that contains the
            archive's name under the reserved domain `.invalid`.
        manifest: CSV or JSON lines with the URL of each file, as paths below the archive's root. When
            None, each `manifest.csv` or `manifest.jsonl` in the archive applies to its own folder.
        max_page_bytes: Limit of one page's unpacked body. A larger page gets a fault.
        has_assets: Whether scripts, styles and data are indexed too, for drawing pages; pictures always are.

    Raises:
        ArchiveError: If nothing at the path can be opened, or the given manifest cannot be used.
    """
    given = _read_given_manifest(manifest) if manifest is not None else None
    with ExitStack() as resources:
        indexer = Indexer(max_page_bytes=max_page_bytes, resources=resources)
        if path.is_dir():
            indexer.read_files(folder_files(path), manifest=given)
        else:
            _index_file(indexer, path, given)
        name = path.resolve().name if path.is_dir() else path.name.split(".")[0]
        base_url = base_url or invented_base(name)
        return Archive(
            assign_urls(indexer.captures, base_url, has_assets=has_assets),
            faults=tuple(indexer.faults),
            limit=max_page_bytes,
            resources=resources.pop_all(),
        )


def _beside(page_locator: str, page_url: str, url: str) -> str:
    """Return the locator of the file that lies beside a page's file as a URL lies beside the page's URL."""
    page, asked = urlsplit(normal_url(page_url)), urlsplit(url)
    if page.netloc != asked.netloc:
        return ""
    folder = page.path.rpartition("/")[0] or "/"
    way = posixpath.relpath(unquote(asked.path), unquote(folder))
    container, mark, name = page_locator.rpartition("#")
    return container + mark + posixpath.normpath(posixpath.join(posixpath.dirname(name), way))


def why_no_page(path: Path, faults: Sequence[ArchiveFault]) -> str:
    """Return the sentence for an archive without a readable page, with the reason of the first fault."""
    if not faults:
        return f"{path} has no saved page; expected {EXPECTED}, with at least one page in it."
    first = faults[0]
    where = "" if first.locator in {path.name, "."} else f"{first.locator}: "
    others = f" The same holds for {len(faults) - 1:,} more entries." if len(faults) > 1 else ""
    return f"{path} has no readable page. {where}{first.sentence}{others}"


def _index_file(indexer: Indexer, path: Path, manifest: Manifest | None) -> None:
    try:
        with path.open("rb") as handle:
            kind = kind_of(path.name, handle.read(512))
    except (OSError, ValueError) as error:  # ValueError: a NUL byte in the name
        why = getattr(error, "strerror", None) or error
        message = f"{path} cannot be opened ({why}); expected {EXPECTED}."
        raise ArchiveError(message) from error
    if kind in {Kind.OTHER, Kind.ASSET}:
        message = f"{path} is not a saved page or archive; expected {EXPECTED}."
        raise ArchiveError(message)
    file = path_file(path, path.name)
    if kind is Kind.ZIP:
        indexer.read_zip(file, manifest=manifest, prefix="")
    else:
        indexer.read_files([file], manifest=manifest)


def _read_given_manifest(path: Path) -> Manifest:
    try:
        return read_manifest(path.read_text(encoding="utf-8-sig", errors="replace"), path.name)
    except OSError as error:
        message = f"The manifest {path} cannot be opened ({error.strerror}); expected CSV or JSON lines."
        raise ArchiveError(message) from error


@dataclass(slots=True, kw_only=True)
class Indexer:
    """Collects the captures and faults of an archive's files."""

    max_page_bytes: int
    resources: ExitStack
    """Closed with the archive: open ZIPs and temporary files."""
    captures: list[Capture] = field(default_factory=list)
    faults: list[ArchiveFault] = field(default_factory=list)

    def read_files(
        self,
        listed: Iterable[StoredFile | ArchiveFault],
        *,
        manifest: Manifest | None = None,
        depth: int = 0,
    ) -> None:
        """Index the files of one folder or ZIP.

        Args:
            listed: The files in the folder or ZIP.
            manifest: The URL of each file. When None, each manifest among the files applies to the files
                beside and below it.
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
            self.captures.extend(_with_row(capture, row) if row else capture for capture in found)

    def read_zip(
        self, file: StoredFile, *, manifest: Manifest | None = None, prefix: str, depth: int = 0
    ) -> None:
        """Index the entries of a ZIP or WACZ, which stays open until the archive is closed.

        `prefix` turns an entry's name into a path below the archive's root; for the rest see `read_files`.
        """
        if depth == _MAX_ZIP_DEPTH:
            self.faults.append(_fault(file, "The ZIP lies two levels deep in other ZIPs; one level is read."))
            return
        try:
            zip_file, source = self._open_zip(file, is_packed=depth > 0)
        except Exception as error:  # noqa: BLE001 (see `what_failed`)
            self.faults.append(_fault(file, f"The ZIP cannot be opened: {what_failed(error)}."))
            return
        listed = zip_files(zip_file, source, prefix, self.max_page_bytes)
        self.read_files(listed, manifest=manifest, depth=depth + 1)

    def _open_zip(self, file: StoredFile, *, is_packed: bool) -> tuple[ZipFile, StoredFile]:
        with file.open() as handle:
            source = spooled(file, blocks_of(handle), self.resources) if is_packed else file
        return self.resources.enter_context(ZipFile(self.resources.enter_context(source.open()))), source

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
        found: list[Capture | ArchiveFault] = []
        try:
            found.extend(self._index(file, files, depth, row))  # keeps the captures before an error
        except UnreadableBodyError as error:
            found.append(ArchiveFault(locator=file.locator, outcome=error.outcome, sentence=error.sentence))
        except Exception as error:  # noqa: BLE001 (see `what_failed`)
            found.append(_fault(file, f"The file cannot be read: {what_failed(error)}."))
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
                # The manifest takes precedence over the page's own URL, so the page stays closed.
                return [html_capture(file)] if row and row.captured_at else index_html(file)
            case Kind.MHTML:
                return index_mhtml(file, self.max_page_bytes)
            case Kind.WARC:
                return self._index_warc(file, is_packed=depth > 0)
            case Kind.ZIP:
                self.read_zip(file, prefix=f"{file.name}/", depth=depth)
            case Kind.ASSET | Kind.OTHER:  # a script, a picture, or data that a script reads
                found = is_picture("", file.name)
                return [Capture(file=file, read=read_loose, is_page=False, is_picture=found)]
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
            packed = replace(source, stated_hash="")  # which was compared; the unpacked bytes have another
            unpacked = spooled(packed, _bounded(unpack_members(handle), limit), self.resources)
        return list(index_warc(unpacked))


def what_failed(error: Exception) -> str:
    """Return the reason of a read error, for a fault's sentence.

    One damaged file must not end a crawl, and the parsers of ZIP, e-mail, CSV, JSON and compressed data
    raise errors without a common base. So any error over a file becomes a fault of that file.
    """
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__


def _kind(file: StoredFile) -> Kind:
    kind = kind_of(file.name, b"")
    if kind is not Kind.OTHER:
        return kind
    with file.open() as handle:
        return kind_of(file.name, handle.read(_SNIFFED_BYTES))


def _is_beside_a_page(name: str, files: Container[str]) -> bool:
    """Return whether a file is in the `page_files` folder that a browser saved beside `page.html`."""
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


def _with_row(capture: Capture, row: ManifestRow) -> Capture:
    captured_at = row.captured_at or capture.captured_at
    return replace(capture, stated_url=row.url, captured_at=captured_at, encoding=row.encoding)


def _missing(name: str) -> ArchiveFault:
    sentence = "The manifest names this file, but it is not there."
    return ArchiveFault(locator=name, outcome=PageOutcome.UNREADABLE, sentence=sentence)


def _fault(file: StoredFile, sentence: str) -> ArchiveFault:
    return ArchiveFault(locator=file.locator, outcome=PageOutcome.UNREADABLE, sentence=sentence)
