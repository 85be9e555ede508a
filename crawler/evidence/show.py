"""One page's evidence, looked up and checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.archives.pages import UnreadableBodyError
from crawler.errors import CrawlError
from crawler.evidence.read import EvidenceWrong, KeptRecord, read_record, unpacked
from store.crawl import evidence

if TYPE_CHECKING:
    from pathlib import Path

    from store.crawl.evidence import EvidenceRecord
    from store.database import Database


class NoEvidence(CrawlError):
    """A page was asked for of which nothing is kept."""

    def __init__(self, page: str) -> None:
        super().__init__(
            f"Nothing is kept of the page {page!r}; give its address, or the number of a page that came with "
            "bytes."
        )


def show(db: Database, folder: Path, page: str) -> tuple[EvidenceRecord, KeptRecord, bytes]:
    """Return where a page's record lies, the record itself, and its body as the page was read.

    A body that cannot be unpacked is returned as it came.

    Args:
        db: The store.
        folder: Of its evidence.
        page: A page's number, or its address; of an address the newest that is kept.

    Raises:
        NoEvidence: If nothing is kept of it.
        EvidenceWrong: If the record, or the one it repeats, is not what the store says.
    """
    page_id = evidence.find_page(db, page)
    record = None if page_id is None else evidence.record_of_page(db, page_id)
    if record is None:
        raise NoEvidence(page)
    kept = read_record(folder, record)
    return record, kept, _body(kept) if record.repeats is None else body_of(db, folder, record.repeats)


def body_of(db: Database, folder: Path, record_id: str) -> bytes:
    """Return the body that a record, or the one it repeats, holds, as a page was read from it.

    Raises:
        EvidenceWrong: If either is not in the store, or is not what the store says.
    """
    record = evidence.get_record(db, record_id)
    if record is None:
        raise EvidenceWrong(record_id, "the record is not in the store")
    original = evidence.chain_of(db, record)[-1]
    if original.repeats is not None:
        raise EvidenceWrong(original.repeats, "the record, which another repeats, is not in the store")
    return _body(read_record(folder, original))


def _body(kept: KeptRecord) -> bytes:
    try:
        return unpacked(kept)
    except UnreadableBodyError:
        return kept.payload
