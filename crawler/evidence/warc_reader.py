"""Read stored records and check each one against its index row."""

from __future__ import annotations

import hashlib
import io
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed
from warcio.statusandheaders import StatusAndHeadersParserException

from crawler.archives.captures import UnreadableBodyError
from crawler.archives.files import decode_body
from crawler.errors import CrawlError
from crawler.evidence.warc_writer import IDENTICAL, NOT_MODIFIED
from store.crawl import evidence

if TYPE_CHECKING:
    from pathlib import Path

    from store.crawl.evidence import EvidenceRecord
    from store.database import Database

MAX_BODY_BYTES = 20_000_000
MAX_HEADERS_BYTES = 16_000_000
"""Far more than any record's headers need; a larger record is not from this program."""
_UNPARSED = (
    ArchiveLoadFailed,
    StatusAndHeadersParserException,
    AttributeError,
    EOFError,
    LookupError,
    TypeError,
    ValueError,
)
"""The errors of warcio over bytes that are no record, such as a record without an address."""


class EvidenceWrong(CrawlError):
    """A piece of evidence does not match the store."""

    def __init__(self, where: str, found: str) -> None:
        super().__init__(f"{where}: {found}.")
        self.where = where
        """File and offset, or page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRecord:
    """A record in an evidence file."""

    record_type: str
    warc_headers: tuple[tuple[str, str], ...]
    status: str
    """The first line of the HTTP answer; empty for a saved page without one."""
    http_headers: tuple[tuple[str, str], ...]
    payload: bytes = field(repr=False)
    """The raw bytes of the answer; empty for a revisit."""


def read_record(folder: Path, record: EvidenceRecord) -> KeptRecord:
    """Read one record and check its place, identity, digests and payload.

    Raises:
        EvidenceWrong: At the first mismatch.
    """
    where = f"{record.file}#{record.offset}"
    try:
        with (folder / record.file).open("rb") as handle:
            handle.seek(record.offset)
            member = handle.read(record.length)
    except OSError as error:
        raise EvidenceWrong(where, f"the file cannot be read ({error.strerror})") from error
    if len(member) < record.length:
        raise EvidenceWrong(where, f"the file ends within the record, after {len(member):,} of its bytes")
    kept = _parse(where, _plain(where, member, record.payload_bytes + MAX_HEADERS_BYTES))
    _check(where, record, kept)
    return kept


def unpacked(kept: KeptRecord) -> bytes:
    """Return the payload without its content encoding, as the parser receives it.

    Raises:
        UnreadableBodyError: If the payload cannot be unpacked within the limit.
    """
    headers = [(name, value) for name, value in kept.http_headers if name.lower() != "transfer-encoding"]
    return decode_body(kept.payload, headers, MAX_BODY_BYTES)


def sha256_as_read(kept: KeptRecord) -> str:
    """Return the SHA-256 of the unpacked payload; empty if the payload cannot be unpacked."""
    try:
        return hashlib.sha256(unpacked(kept)).hexdigest()
    except UnreadableBodyError:
        return ""


def _plain(where: str, member: bytes, most: int) -> bytes:
    # warcio skips some bytes; only the checksum of the gzip member shows damage in them.
    unpacking = zlib.decompressobj(31)
    try:
        plain = unpacking.decompress(member, most)
    except zlib.error as error:
        raise EvidenceWrong(where, f"the record cannot be read ({error})") from error
    if not unpacking.eof:
        raise EvidenceWrong(where, "the record cannot be read (it is cut short, or unpacks to far too much)")
    return plain


def _parse(where: str, plain: bytes) -> KeptRecord:
    try:
        records = ArchiveIterator(io.BytesIO(plain), check_digests=True)
        found = next(records)
        payload = found.raw_stream.read()
    except StopIteration:
        raise EvidenceWrong(where, "there is no record") from None
    except _UNPARSED as error:
        raise EvidenceWrong(where, f"the record cannot be read ({error})") from error
    if found.digest_checker.passed is False:
        raise EvidenceWrong(
            where, f"its bytes have changed since they were written ({found.digest_checker.problems[0]})"
        )
    http = found.http_headers
    return KeptRecord(
        record_type=found.rec_type,
        warc_headers=tuple(found.rec_headers.headers),
        status=f"{http.protocol} {http.statusline}" if http else "",
        http_headers=tuple(http.headers) if http else (),
        payload=payload,
    )


def _check(where: str, record: EvidenceRecord, kept: KeptRecord) -> None:
    headers = {name.lower(): value for name, value in kept.warc_headers}
    expected = {
        "warc-type": record.record_type,
        "warc-record-id": f"<urn:uuid:{record.record_id}>",
        "warc-target-uri": record.url,
    }
    if record.repeats:
        expected["warc-refers-to"] = f"<urn:uuid:{record.repeats}>"
    for name, value in expected.items():
        if headers.get(name) != value:
            raise EvidenceWrong(where, f"its {name} is {headers.get(name)!r}; the store says {value!r}")
    if record.record_type == "revisit":
        if headers.get("warc-profile") not in {IDENTICAL, NOT_MODIFIED}:
            raise EvidenceWrong(
                where, f"its profile is {headers.get('warc-profile')!r}, which this program does not write"
            )
        return
    found = hashlib.sha256(kept.payload).hexdigest()
    if found != record.payload_sha256:
        raise EvidenceWrong(
            where, f"its payload has the SHA-256 {found}; the store says {record.payload_sha256}"
        )


class NoEvidence(CrawlError):
    """There is no evidence of the page."""

    def __init__(self, page: str) -> None:
        super().__init__(
            f"No evidence of the page {page!r} is stored; give its address, or the number of a page "
            "that came with bytes."
        )


def show(db: Database, folder: Path, page: str) -> tuple[EvidenceRecord, KeptRecord, bytes]:
    """Return a page's index row, its record, and its unpacked body.

    A body that cannot be unpacked is returned as it was received.

    Args:
        db: The store.
        folder: The evidence folder.
        page: A page's number or address. An address selects its newest stored page.

    Raises:
        NoEvidence: If no evidence of the page is stored.
        EvidenceWrong: If the record, or the original of a revisit, does not match the store.
    """
    page_id = evidence.find_page(db, page)
    record = None if page_id is None else evidence.record_of_page(db, page_id)
    if record is None:
        raise NoEvidence(page)
    kept = read_record(folder, record)
    return record, kept, _body(kept) if record.repeats is None else body_of(db, folder, record.repeats)


def body_of(db: Database, folder: Path, record_id: str) -> bytes:
    """Return the unpacked body of a record, or of its original if the record is a revisit.

    Raises:
        EvidenceWrong: If either record is missing from the store or does not match it.
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
