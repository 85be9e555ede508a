"""A saved copy of a site, open for reading page by page."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Self

from crawler.archives.addresses import assign_urls
from crawler.archives.containers import folder_files, path_file
from crawler.archives.indexing import Indexer, what_failed
from crawler.archives.kinds import EXPECTED, Kind, kind_of
from crawler.archives.manifest import Manifest, read_manifest
from crawler.archives.pages import (
    ArchiveError,
    ArchiveFault,
    Capture,
    Payload,
    SavedPage,
    UnreadableBodyError,
)
from crawler.archives.urls import invented_base, normal_url
from store.model import PageOutcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from crawler.archives.addresses import Addresses

MAX_PAGE_BYTES = 20_000_000
"""Default limit of one page's body, unpacked; large shop pages measured in 2026 had 2.6 million bytes."""
_NOTHING = Payload(headers=(), body=b"")


class Archive:
    """An index of saved pages by original URL; bodies are read when asked for and never kept.

    Close it, or use it as a context manager, to let go of open ZIPs and temporary files.
    """

    def __init__(
        self,
        addresses: Addresses,
        *,
        faults: tuple[ArchiveFault, ...],
        loose_assets: int,
        limit: int,
        resources: ExitStack,
    ) -> None:
        """Take over what `open_archive` found, and the resources behind it."""
        self._pages = addresses.pages
        self._limit = limit
        self._resources = resources
        self.faults = faults
        """Entries that could not be read so far as to know their URL."""
        self.assets = addresses.assets + loose_assets
        """Number of images, styles, scripts, fonts and robots.txt: no pages."""
        self.superseded = addresses.superseded
        """Number of captures for which a newer or whole one of the same URL is served."""

    def urls(self) -> Iterable[str]:
        """Return the original URLs of all pages, in an order that depends on the archive alone."""
        return self._pages.keys()

    def __len__(self) -> int:
        """Return the number of pages."""
        return len(self._pages)

    def __contains__(self, url: object) -> bool:
        """Say whether a page is saved under a URL, without reading it."""
        return isinstance(url, str) and normal_url(url) in self._pages

    def fetch(self, url: str) -> SavedPage | None:
        """Read the page saved under a URL; None when there is none.

        What is wrong with the page is said in its `fault` and `sentence`; nothing is raised for it.
        """
        key = normal_url(url)
        capture = self._pages.get(key)
        return None if capture is None else self._read(key, capture)

    def _read(self, url: str, capture: Capture) -> SavedPage:
        fault, sentence = capture.fault, capture.sentence
        payload = _NOTHING
        if fault in {None, PageOutcome.TRUNCATED}:
            try:
                payload = capture.read(capture, self._limit)
            except UnreadableBodyError as error:
                fault, sentence = error.outcome, error.sentence
                payload = Payload(headers=(), body=error.body)
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
        )

    def close(self) -> None:
        """Let go of open ZIPs and temporary files; pages in them can no longer be fetched."""
        self._resources.close()

    def __enter__(self) -> Self:
        """Return the archive itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the archive."""
        self.close()

    def __deepcopy__(self, _: dict[int, object]) -> Self:
        """Return the archive itself: Scrapy copies its settings, but open files have one owner."""
        return self


def open_archive(
    path: Path, *, base_url: str = "", manifest: Path | None = None, max_page_bytes: int = MAX_PAGE_BYTES
) -> Archive:
    """Index a folder, HTML file, ZIP, MHTML, WARC, ARC or WACZ in one pass.

    Args:
        path: The folder or file; a folder may hold any mixture.
        base_url: What the paths of files that do not say their URL are relative to; when empty, a URL
            under the reserved domain `.invalid` that carries the archive's name.
        manifest: CSV or JSON lines that say which file was which URL, as paths below the archive's root.
            When None, each `manifest.csv` or `manifest.jsonl` in the archive speaks for its own folder.
        max_page_bytes: Limit of one page's body, unpacked. A larger one is a page with a fault.

    Raises:
        ArchiveError: If nothing that can be opened is there, or the manifest given cannot be used.
    """
    given = _read_given_manifest(manifest) if manifest is not None else None
    with ExitStack() as resources:
        indexer = Indexer(max_page_bytes=max_page_bytes, resources=resources)
        if path.is_dir():
            indexer.read_files(folder_files(path), manifest=given)
        else:
            _index_file(indexer, path, given)
        name = path.resolve().name if path.is_dir() else path.name.split(".")[0]
        addresses = assign_urls(indexer.captures, base_url or invented_base(name))
        return Archive(
            addresses,
            faults=tuple(indexer.faults),
            loose_assets=indexer.loose_assets,
            limit=max_page_bytes,
            resources=resources.pop_all(),
        )


def why_no_page(path: Path, faults: Sequence[ArchiveFault]) -> str:
    """Say that an archive has no page to read, and what stood in the way.

    Args:
        path: Where it lies.
        faults: What could not be read so far as to know its URL.
    """
    if not faults:
        return f"{path} holds no saved page; expected {EXPECTED}, with at least one page in it."
    first = faults[0]
    where = "" if first.locator in {path.name, "."} else f"{first.locator}: "
    others = f" So it is with {len(faults) - 1:,} more in it." if len(faults) > 1 else ""
    return f"{path} holds no page that can be read. {where}{first.sentence}{others}"


def _index_file(indexer: Indexer, path: Path, manifest: Manifest | None) -> None:
    try:
        with path.open("rb") as handle:
            kind = kind_of(path.name, handle.read(512))
    except OSError as error:
        message = f"{path} cannot be opened ({error.strerror}); expected {EXPECTED}."
        raise ArchiveError(message) from error
    if kind in {Kind.OTHER, Kind.ASSET}:
        message = f"{path} is no saved page or archive; expected {EXPECTED}."
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
