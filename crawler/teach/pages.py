"""The saved pages of a source, from the store's evidence or, before a first crawl, from its archive."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from crawler.archives import ArchiveError, open_archive
from crawler.evidence.warc_records import EvidenceWrong, NoEvidence, show
from crawler.teach import CannotTeach
from store.crawl.evidence import evidence_folder
from store.crawl.pages import latest_pages, page_at, page_with_payload

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from crawler.archives import Archive
    from crawler.sources.sources import DeclaredSource
    from crawler.teach.reader import Case
    from store.database import Database

MOST_PAGES = 60
"""Pages of a source that are considered beside the taught ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePage:
    """One saved page of a source."""

    url: str
    body: bytes = field(repr=False)
    """Unpacked."""

    @property
    def sha256(self) -> str:
        """The hash of the body."""
        return hashlib.sha256(self.body).hexdigest()


def saved_pages(
    db: Database | None, database: Path, declared: DeclaredSource, *, most: int = MOST_PAGES
) -> Iterator[SourcePage]:
    """Yield saved pages of a source, listings first: stored pages, or else pages of its archive.

    Args:
        db: The open store, or None if there is none yet.
        database: The path of the store.
        declared: The source.
        most: Yield so many at most.

    Raises:
        ArchiveError: If the archive is needed and cannot be opened.
    """
    stored = latest_pages(db, declared.source.source_id, limit=most) if db else []
    is_kept = False
    for page_id, url, _ in stored:
        if db and (body := _stored_body(db, evidence_folder(database), page_id)):
            is_kept = True
            yield SourcePage(url=url, body=body)
    if is_kept or declared.archive is None:  # retention may have removed what was stored
        return
    with open_archive(declared.archive, base_url=declared.base_url, manifest=declared.manifest) as archive:
        for url in list(archive.urls())[:most]:
            if body := body_in(archive, url):
                yield SourcePage(url=url, body=body)


def saved_page(db: Database | None, database: Path, declared: DeclaredSource, url: str) -> SourcePage:
    """Return the newest saved page of a source at an address.

    Raises:
        CannotTeach: If the source has no such page.
        ArchiveError: If the archive is needed and cannot be opened.
    """
    page_id = page_at(db, declared.source.source_id, url) if db else None
    if db and page_id and (stored := _stored_body(db, evidence_folder(database), page_id)):
        return SourcePage(url=url, body=stored)
    if declared.archive is not None:
        with open_archive(
            declared.archive, base_url=declared.base_url, manifest=declared.manifest
        ) as archive:
            if found := body_in(archive, url):
                return SourcePage(url=url, body=found)
    raise CannotTeach(
        f"{declared.source.source_id} has no saved page {url}; give the address of one of its pages, as "
        f"`precursor-watch teach {declared.source.source_id}` lists them."
    )


def body_of_case(db: Database | None, database: Path, declared: DeclaredSource, case: Case) -> bytes | None:
    """Return the body of a taught page, or None if neither the store nor the archive has it."""
    page_id = page_with_payload(db, declared.source.source_id, case.sha256) if db else None
    body = _stored_body(db, evidence_folder(database), page_id) if db and page_id else None
    if body is None and declared.archive is not None:
        try:
            with open_archive(
                declared.archive, base_url=declared.base_url, manifest=declared.manifest
            ) as archive:
                body = body_in(archive, case.url)
        except ArchiveError:
            return None  # the crawl itself reports it
    return body if body and hashlib.sha256(body).hexdigest() == case.sha256 else None


def body_in(archive: Archive, url: str) -> bytes | None:
    """Return the body of a page in an archive, or None."""
    page = archive.fetch(url) if url in archive else None
    return page.body if page is not None and not page.fault else None


def _stored_body(db: Database, folder: Path, page_id: int) -> bytes | None:
    try:
        return show(db, folder, str(page_id))[2]
    except (NoEvidence, EvidenceWrong):
        return None
