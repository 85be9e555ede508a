"""Files that hold listings with their evidence: the signed ZIP, and the WACZ that web archive tools open."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import zipfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from surt import surt

from review.cases.exported import Missing, case_record, missing_parts, record
from review.web.languages import N_
from store.crawl.evidence import (
    FORMAT,
    LISTINGS,
    MANIFEST,
    README,
    RECORDS,
    WARC,
    chain_of,
    get_record,
)
from store.crawl.pictures import pictures_of
from store.errors import fill
from store.operations.retention import buried_files
from store.review.listings import evidence_of
from store.signing import SIGNATURE, sign
from store.sqlite import database_path
from store.times import to_text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    from store.crawl.evidence import EvidenceRecord
    from store.database import Database
    from store.review.cases import Case
    from store.review.listings import Reviewed


CASE = "case.json"
"""The case with its journal."""

PDF = "case.pdf"

SUMS = "SHA256SUMS"
"""The SHA-256 of the other files, for `sha256sum --check`."""

ABOUT = """\
Evidence of {what}, exported by precursor-watch on {at} by {by}.

{files}

CONTENTS
{contents}

MISSING
{missing}

HOW TO VERIFY WITHOUT THIS PROGRAM
  sha256sum --check {sums}
compares each file with its SHA-256; manifest.json states the same numbers. Any WARC reader opens
evidence.warc.gz; "payload_sha256" in records.json is the SHA-256 of a page or picture as it was received.

HOW TO VERIFY EVERYTHING
  precursor-watch evidence verify THIS.zip

This bundle does not prove that a substance was sold or delivered, that it is what the text says, who the
seller is, or that the offer is unlawful. A flag is a request to look. A verdict is a person's judgement.
"""

FILES = {
    LISTINGS: "the text of each listing, the verdict, the reviewer and the time, with all earlier verdicts",
    CASE: "the case and its journal, with the changes of its listings since they were filed",
    PDF: "the same for reading (PDF/A-3), with case.json and listings.jsonl attached; their SHA-256 stand on "
    "each page",
    WARC: "the pages and pictures as they were received (WARC 1.1); any WARC reader opens the file",
    RECORDS: "the page or picture and the SHA-256 of each record in evidence.warc.gz",
    MANIFEST: "the SHA-256 of every other file, the contents, and what is missing and why",
    SIGNATURE: "the signature of manifest.json (Ed25519), with the public key of the database",
    SUMS: "the SHA-256 of the files for sha256sum --check",
}
"""What each file of a bundle is, for its README."""

NEVER_STORED = N_("its bytes were never stored")

PURGED = N_("its bytes were removed when their retention ended")

DAMAGED = N_("its bytes are gone or damaged")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A bundle, ready to be sent."""

    body: bytes
    manifest_sha256: str
    """Of a WACZ, the SHA-256 of its datapackage.json."""
    listings: int
    records: int
    missing: int
    """Listings whose page is not stored, or no longer whole."""


def make_bundle(  # noqa: PLR0913 (what a bundle is made of)
    db: Database,
    found: Iterable[Reviewed],
    evidence: Path | None,
    *,
    by: str,
    anchor: str,
    case: Case | None = None,
    pdf: bytes = b"",
    undrawn: str = "",
    now: datetime,
) -> Bundle:
    """Return the ZIP of these listings.

    Without `evidence`, the folder of WARC files, the bundle has no pages and says so. `anchor` is the newest
    hash of the audit log, to hold the bundle against the log later. `undrawn` are the characters that the PDF
    lacks for want of a font.
    """
    reviewed = list(found)
    warc, index, unreadable = _collect(db, reviewed, evidence)
    missing = [*unreadable, *(missing_parts(reviewed, by) if case else ())]
    files = {LISTINGS: listing_lines(reviewed), WARC: warc, RECORDS: _json(index)}
    if case:
        files[CASE] = case_json(db, case)
    if pdf:
        files[PDF] = pdf
    without_page = [each.listing_id for each in missing if each.part == "page"]
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "exported_at": to_text(now),
        "exported_by": by,
        "audit_log": anchor,
        "case": case.number if case else None,
        "listings": len(reviewed),
        "undecided_ids": [each.listing_id for each in missing if each.part == "verdict"],
        "changed_since_filed_ids": [
            each.listing.listing_id for each in reviewed if each.filed and each.filed.is_changed
        ],
        "without_page": len(without_page),
        "without_page_ids": without_page,
        "missing": [
            {"listing_id": each.listing_id, "part": each.part, "why": fill(each.why, each.values)}
            for each in missing
        ],
        "characters_without_font": undrawn,
    }
    files[README] = _about(case, reviewed, missing, by=by, has_pdf=bool(pdf), undrawn=undrawn, now=now)
    files[SUMS] = "".join(f"{_sha256(body)}  {name}\n" for name, body in files.items()).encode()
    manifest["files"] = {name: {"bytes": len(body), "sha256": _sha256(body)} for name, body in files.items()}
    files[MANIFEST] = _json(manifest)
    if database := database_path(db):
        files[SIGNATURE] = sign(files[MANIFEST], database)
    return Bundle(
        body=_zipped(files, now, zipfile.ZIP_DEFLATED),
        manifest_sha256=_sha256(files[MANIFEST]),
        listings=len(reviewed),
        records=len(index),
        missing=len(without_page),
    )


def make_wacz(
    db: Database,
    found: Iterable[Reviewed],
    evidence: Path | None,
    *,
    by: str,
    case: Case | None = None,
    pdf: bytes = b"",
    now: datetime,
) -> Bundle:
    """Return the WACZ of these listings with their records (specs.webrecorder.net/wacz/1.1.1)."""
    reviewed = list(found)
    warc, index, missing = _collect(db, reviewed, evidence)
    titles = {each.listing.listing_id: each.sighting.content.title for each in reviewed}
    pages = [{"format": "json-pages-1.0", "id": "pages", "title": "All pages", "hasText": False}]
    pages += [
        {
            "id": each["record_id"],
            "url": each["url"],
            "ts": each["written_at"],
            "title": titles[each["listing_id"]],
        }
        for each in index
        if each["part"] != "pictures"
    ]
    cdx = sorted(_cdx_line(each, warc) for each in index)
    files = {  # a file beside the folders would be refused by the validator of py-wacz
        "archive/data.warc.gz": warc,
        "indexes/index.cdx": "".join(cdx).encode(),
        "pages/pages.jsonl": "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in pages).encode(),
        f"case/{LISTINGS}": listing_lines(reviewed),
    }
    if case:
        files[f"case/{CASE}"] = case_json(db, case)
    if pdf:
        files[f"case/{PDF}"] = pdf
    said = "; ".join(
        f"{each.listing_id}: {each.part}, {fill(each.why, each.values)}"
        for each in [*missing, *(missing_parts(reviewed, by) if case else ())]
    )
    package = {
        "profile": "data-package",
        "wacz_version": "1.1.1",
        "title": f"Case {case.number}" if case else "Reviewed listings",
        "description": f"Missing: {said or 'nothing'}.",
        "software": "precursor-watch",
        "created": to_text(now),
        "resources": [
            {
                "name": name.rpartition("/")[2],
                "path": name,
                "hash": f"sha256:{_sha256(body)}",
                "bytes": len(body),
            }
            for name, body in files.items()
        ],
    }
    files["datapackage.json"] = _json(package)
    digest = _sha256(files["datapackage.json"])
    files["datapackage-digest.json"] = _json({"path": "datapackage.json", "hash": f"sha256:{digest}"})
    return Bundle(
        body=_zipped(files, now, zipfile.ZIP_STORED),
        manifest_sha256=digest,
        listings=len(reviewed),
        records=len(index),
        missing=len(missing),
    )


def listing_lines(reviewed: Iterable[Reviewed]) -> bytes:
    """Return the records of listings, one a line; the same listings give the same bytes at any time."""
    return "".join(json.dumps(record(each), ensure_ascii=False) + "\n" for each in reviewed).encode()


def case_json(db: Database, case: Case) -> bytes:
    """Return a case and its journal; the same journal gives the same bytes at any time."""
    return _json(case_record(db, case))


def missing_evidence(db: Database, reviewed: Iterable[Reviewed], evidence: Path | None) -> list[Missing]:
    """Return the pages and pictures of listings that are not stored, without reading them."""
    found, buried = [], buried_files(db)
    for each in reviewed:
        for part, records in _evidence_of(db, each):
            why = _problem(records, evidence, buried)
            if why:
                found.append(Missing(listing_id=each.listing.listing_id, part=part, why=why))
    return found


def _about(
    case: Case | None,
    reviewed: list[Reviewed],
    missing: list[Missing],
    *,
    by: str,
    has_pdf: bool,
    undrawn: str,
    now: datetime,
) -> bytes:
    """Return the README: the files, what is in them, and what is missing."""
    has = {CASE: case is not None, PDF: has_pdf}
    files = "\n".join(f"{name:<18}{said}" for name, said in FILES.items() if has.get(name, True))
    lines = [f"{len(reviewed)} listings"]
    if case:
        newer = sum(bool(each.filed and each.filed.is_changed) for each in reviewed)
        open_ = sum(each.part == "verdict" for each in missing)
        lines = [
            f"{len(reviewed)} listings: every listing of the case, each as it read when it was filed",
            f"{newer} of them changed since they were filed; the newer version stands beside the filed one",
            f"{open_} of them without a final verdict",
            f"{len(case.entries)} lines of the journal, and the changes that crawls saw",
        ]
    lacking = [f"  listing {each.listing_id}: {each.part}: {fill(each.why, each.values)}" for each in missing]
    if case and not has_pdf:
        lacking.append("  case.pdf: the libraries that make it are not installed")
    if undrawn:
        lacking.append(
            f"  case.pdf: {len(undrawn)} different characters, because no installed font has them; "
            "listings.jsonl has the whole text"
        )
    return ABOUT.format(
        what=f"case {case.number}" if case else "reviewed listings",
        at=to_text(now),
        by=by,
        files=files,
        contents="\n".join(f"  {line}" for line in lines),
        missing="\n".join(lacking) or "  nothing",
        sums=SUMS,
    ).encode()


def _collect(
    db: Database, reviewed: list[Reviewed], evidence: Path | None
) -> tuple[bytes, list[dict[str, Any]], list[Missing]]:
    """Return the concatenated records, their index, and the pages and pictures that have no record.

    What is partly readable counts as missing: half a record would make the bundle fail its check.
    """
    warc, index, missing = bytearray(), {}, []
    buried = buried_files(db)
    for each in reviewed:
        for part, records in _evidence_of(db, each):
            fresh = [kept for kept in records if kept.record_id not in index]
            bodies = [_read(evidence, kept) for kept in fresh] if evidence else []
            whole = [body for body in bodies if body is not None]
            why = _problem(records, evidence, buried) or (DAMAGED if len(whole) < len(bodies) else "")
            if why:
                missing.append(Missing(listing_id=each.listing.listing_id, part=part, why=why))
                continue
            for kept, body in zip(fresh, whole, strict=True):
                index[kept.record_id] = _entry(kept, len(warc), part, each)
                warc += body
    return bytes(warc), list(index.values()), missing


def _evidence_of(db: Database, each: Reviewed) -> list[tuple[str, list[EvidenceRecord]]]:
    """Return the records of each page and kept picture of a listing, of its newer version too."""
    newest = each.filed.newest if each.filed else None
    parts = [("page", evidence_of(db, each.page_id))]
    pictures = list(each.pictures)
    if newest:
        parts.append(("newer page", evidence_of(db, newest.page_id)))
        pictures += pictures_of(db, newest.sighting.sighting_id)
    for picture in pictures:
        record = get_record(db, picture.record_id)
        parts.append(("pictures", chain_of(db, record) if record else []))
    return parts


def _problem(records: list[EvidenceRecord], evidence: Path | None, buried: dict[str, str]) -> str:
    """Return why the records of a page or picture cannot be read; empty if they may be."""
    if evidence is None or not records or records[-1].repeats is not None:
        return NEVER_STORED
    if any(kept.file in buried for kept in records):
        return PURGED
    return "" if all((evidence / kept.file).exists() for kept in records) else DAMAGED


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


def _entry(kept: EvidenceRecord, offset: int, part: str, reviewed: Reviewed) -> dict[str, Any]:
    return {
        "record_id": kept.record_id,
        "part": part,
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


def _cdx_line(each: dict[str, Any], warc: bytes) -> str:
    """Return the CDXJ line of a record (specs.webrecorder.net/cdxj/0.1.0)."""
    member = gzip.decompress(warc[each["offset"] : each["offset"] + each["length"]])
    head, _, rest = member.partition(b"\r\n\r\n")
    said = _headers(head)
    fields = {
        "url": each["url"],
        "digest": said["warc-payload-digest"],
        "mime": said.get("content-type", ""),
        "length": str(each["length"]),
        "offset": str(each["offset"]),
        "filename": "data.warc.gz",
    }
    if rest.startswith(b"HTTP/"):
        answer = rest.partition(b"\r\n\r\n")[0]
        kind = _headers(answer).get("content-type", "text/html").partition(";")[0]
        fields |= {"status": answer.split(None, 2)[1].decode("latin-1"), "mime": kind}
    if each["record_type"] == "revisit":
        fields["mime"] = "warc/revisit"
    return f"{surt(each['url'])} {_stamp(each['written_at'])} {json.dumps(fields)}\n"


def _headers(head: bytes) -> dict[str, str]:
    """Return the header lines of a record or an answer by their names in lower case."""
    lines = (line.partition(":") for line in head.decode("latin-1").split("\r\n")[1:])
    return {name.strip().lower(): value.strip() for name, _, value in lines}


def _stamp(moment: str) -> str:
    return "".join(each for each in moment if each.isdigit())[:14]


def _zipped(files: dict[str, bytes], now: datetime, method: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, body in files.items():
            entry = zipfile.ZipInfo(name, date_time=now.timetuple()[:6])
            entry.compress_type = method
            archive.writestr(entry, body)
    return out.getvalue()


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode()


def _sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
