"""The evidence ZIP: reviewed listings with the WARC records of their pages, checkable without this store.

`listings.jsonl` holds what was decided, `evidence.warc.gz` the records, byte by byte as they were kept,
`records.json` where each lies, `manifest.json` the SHA-256 of every other file, `README.txt` what it is.
`precursor-watch evidence verify BUNDLE` checks all of it offline (`crawler/evidence/verify.py`).
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import zipfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from review.cases.tables import record
from store.crawl.bundle_format import FORMAT, LISTINGS, MANIFEST, README, RECORDS, WARC
from store.review.reviewed import evidence_of
from store.times import to_text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    from store.crawl.evidence import EvidenceRecord
    from store.database import Database
    from store.review.reviewed import Reviewed

ABOUT = """\
Evidence of reviewed listings, exported by precursor-watch on {at} by {by}.

listings.jsonl    what each listing said, what was decided, by whom and when, with all verdicts before
evidence.warc.gz  the pages as they were received (WARC 1.1); any WARC reader opens it
records.json      which record of it is which page, and its SHA-256
manifest.json     the SHA-256 of every file beside it

Listings whose page is not in it, its bytes not being kept or not readable: {missing} (manifest.json).

Check it without the program that made it:   sha256sum of each file against manifest.json
Check all of it:                              precursor-watch evidence verify THIS.zip

What this does not prove: that a substance was sold, delivered or is what the text says; who stands behind
the name of a seller; that the offer is unlawful. A flag is a request to look; a verdict is a reading.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A bundle, ready to be sent."""

    body: bytes
    manifest_sha256: str
    listings: int
    records: int
    missing: int
    """Listings of whose page no bytes are kept, or not whole any more."""


def make_bundle(
    db: Database, found: Iterable[Reviewed], evidence: Path | None, *, by: str, anchor: str, now: datetime
) -> Bundle:
    """Return the ZIP of these listings.

    Args:
        db: The store.
        found: The listings.
        evidence: The folder of WARC files; None leaves the pages out, and the bundle says so.
        by: Who exports.
        anchor: The newest hash of the audit log, to hold the bundle against the log later.
        now: When.
    """
    reviewed = list(found)
    warc, index, missing = _collect(db, reviewed, evidence)
    files = {
        README: ABOUT.format(at=to_text(now), by=by, missing=len(missing)).encode(),
        LISTINGS: "".join(json.dumps(record(each), ensure_ascii=False) + "\n" for each in reviewed).encode(),
        WARC: warc,
        RECORDS: json.dumps(index, ensure_ascii=False, indent=1).encode(),
    }
    manifest = {
        "format": FORMAT,
        "exported_at": to_text(now),
        "exported_by": by,
        "audit_log": anchor,
        "listings": len(reviewed),
        "without_page": len(missing),
        "without_page_ids": missing,
        "files": {
            name: {"bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}
            for name, body in files.items()
        },
    }
    files[MANIFEST] = json.dumps(manifest, ensure_ascii=False, indent=1).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            moment = zipfile.ZipInfo(name, date_time=now.timetuple()[:6])
            moment.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(moment, body)
    return Bundle(
        body=out.getvalue(),
        manifest_sha256=hashlib.sha256(files[MANIFEST]).hexdigest(),
        listings=len(reviewed),
        records=len(index),
        missing=len(missing),
    )


def _collect(
    db: Database, reviewed: list[Reviewed], evidence: Path | None
) -> tuple[bytes, list[dict[str, Any]], list[str]]:
    """Return the records' bytes one after the other, where each lies, and the listings whose page has none.

    A page that cannot be read down to its payload has none: half of it would make the bundle fail its check.
    """
    warc, index, missing = bytearray(), {}, []
    for each in reviewed:
        records = evidence_of(db, each.page_id) if evidence else []
        fresh = [kept for kept in records if kept.record_id not in index]
        bodies = [_read(evidence, kept) for kept in fresh] if evidence else []
        is_whole = bool(records) and records[-1].repeats is None
        whole = [body for body in bodies if body is not None]
        if not is_whole or len(whole) < len(bodies):
            missing.append(each.listing.listing_id)
            continue
        for kept, body in zip(fresh, whole, strict=True):
            index[kept.record_id] = _entry(kept, len(warc), each)
            warc += body
    return bytes(warc), list(index.values()), missing


def _read(evidence: Path, kept: EvidenceRecord) -> bytes | None:
    """Return a record's bytes, or None when they are gone, cut short, damaged, or another record's."""
    try:
        with (evidence / kept.file).open("rb") as file:
            file.seek(kept.offset)
            body = file.read(kept.length)
        plain = gzip.decompress(body)
    except (OSError, EOFError, zlib.error):  # a file that was purged is missing; a bad checksum is an OSError
        return None
    is_whole = len(body) == kept.length and f"<urn:uuid:{kept.record_id}>".encode() in plain
    return body if is_whole else None


def _entry(kept: EvidenceRecord, offset: int, reviewed: Reviewed) -> dict[str, Any]:
    return {
        "record_id": kept.record_id,
        "offset": offset,
        "length": kept.length,
        "record_type": kept.record_type,
        "url": kept.url,
        "written_at": to_text(kept.written_at),
        "payload_sha256": kept.payload_sha256,
        "payload_bytes": kept.payload_bytes,
        "repeats": kept.repeats,
        "kept_in": kept.file,
        "run_id": kept.run_id,
        "listing_id": reviewed.listing.listing_id,
    }
