"""Store the pictures of listings: the evidence record of each picture, and one reading for each content."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from store import rows, times
from store.review.search import index_beside
from store.sqlite import transaction

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from store.sqlite import Database

Box = tuple[float, float, float, float]
"""Left, top, width and height, as shares of the picture's width and height."""

PICTURE_STEP = "pictures"
"""Name, in the tables of progress, of what follows from the texts in pictures."""

SAME_BITS = 7
"""Most of the 64 bits in which the perceptual hashes of one picture differ; eight bands find them all."""

REMOVED = "The evidence of the picture was removed when its retention ended."

MOST_SAME = 20
"""Listings with the same picture that are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPicture:
    """A picture that a page names and whose bytes are evidence."""

    url: str
    record_id: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureLine:
    """A line of text in a picture."""

    text: str
    box: Box
    confidence: float
    """From 0 to 1, as the reader states it."""
    reader: str
    """`rapidocr`, or `tesseract` and its language, e.g. `tesseract rus`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureCode:
    """A QR or bar code in a picture."""

    format: str
    text: str
    box: Box


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureReading:
    """The text and codes of a picture."""

    format: str = ""
    width: int = 0
    height: int = 0
    sentence: str = ""
    """What was not read and why; empty if all was."""
    lines: tuple[PictureLine, ...] = ()
    unread_lines: int = 0
    """Lines seen that no reader here can read."""
    codes: tuple[PictureCode, ...] = ()
    perceptual_hash: bytes | None = None
    """Eight bytes; None for a picture that is too small or too plain."""
    shown: bytes | None = None
    """A copy encoded anew as WebP, without metadata; None if the picture could not be decoded."""

    @property
    def text(self) -> str:
        """The lines from top to bottom, then the texts of square codes; bar codes hold article numbers."""
        square = (code.text for code in self.codes if code.format in SQUARE_CODES)
        return "\n".join(filter(None, [*(line.text for line in self.lines), *square]))


SQUARE_CODES = frozenset({"QRCode", "MicroQRCode", "RMQRCode", "DataMatrix", "Aztec", "PDF417"})


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadPicture:
    """A picture that waits to be read."""

    sha256: str
    record_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingPicture:
    """A picture of a sighting, with its reading."""

    sha256: str
    place: int
    url: str
    record_id: str
    format: str | None
    """None, like all that follows, until the picture is read."""
    width: int | None
    height: int | None
    sentence: str | None
    text: str | None
    lines: tuple[PictureLine, ...]
    unread_lines: int | None
    codes: tuple[PictureCode, ...]
    is_shown: bool
    """Whether there is a copy for the reviewer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SamePicture:
    """Another listing with the same picture."""

    listing_id: str
    source_id: str
    title: str
    seller_name: str
    seen_at: datetime
    bits: int
    """Number of bits in which the perceptual hashes differ; 0 also for equal bytes."""


def record_pictures(db: Database, listing_id: str, pictures: Sequence[KeptPicture]) -> None:
    """Add kept pictures to the newest sighting of a listing, except pictures that it has with evidence."""
    if not pictures:
        return
    newest = "SELECT max(sighting_id) FROM sightings WHERE listing_id = ?"
    sighting_id = db.execute(newest, [listing_id]).fetchone()[0]
    known = """
        SELECT sha256, place, max(NOT EXISTS (
            SELECT 1 FROM evidence_records JOIN evidence_tombstones USING (file)
            WHERE evidence_records.record_id = sighting_pictures.record_id
        )) AS has_evidence FROM sighting_pictures WHERE sighting_id = ? GROUP BY sha256
    """
    places, kept = {}, set()
    for sha256, place, has_evidence in db.execute(known, [sighting_id]):
        places[sha256] = place
        if has_evidence:
            kept.add(sha256)
    for picture in pictures:
        if picture.sha256 in kept:
            continue
        kept.add(picture.sha256)
        place = places.setdefault(picture.sha256, len(places))
        values = rows.columns_of(picture) | {"sighting_id": sighting_id, "place": place}
        rows.insert(db, "sighting_pictures", values)
        _forget(db, "sha256 = ? AND sentence = ?", picture.sha256, REMOVED)  # it can be read again
        _index(db, sighting_id)


def count_unread(db: Database) -> int:
    """Return the number of pictures that nobody has read."""
    query = """
        SELECT count(DISTINCT sha256) FROM sighting_pictures
        WHERE sha256 NOT IN (SELECT sha256 FROM pictures)
    """
    return int(db.execute(query).fetchone()[0])


def count_read(db: Database) -> int:
    """Return the number of pictures that were read, also in vain."""
    return int(db.execute("SELECT count(*) FROM pictures").fetchone()[0])


def unread_pictures(db: Database, *, limit: int) -> list[UnreadPicture]:
    """Return the next pictures to read, oldest first, each by its newest record, which is removed last."""
    query = """
        SELECT sha256, record_id, max(sighting_picture_id) FROM sighting_pictures
        WHERE sha256 NOT IN (SELECT sha256 FROM pictures)
        GROUP BY sha256 ORDER BY max(sighting_picture_id) LIMIT ?
    """
    return rows.select(db, UnreadPicture, query, [limit])


def read_up_to(db: Database) -> int:
    """Return the highest `sighting_picture_id` up to which every picture is read."""
    query = """
        SELECT ifnull(
            (SELECT min(sighting_picture_id) - 1 FROM sighting_pictures
             WHERE sha256 NOT IN (SELECT sha256 FROM pictures)),
            (SELECT ifnull(max(sighting_picture_id), 0) FROM sighting_pictures)
        )
    """
    return int(db.execute(query).fetchone()[0])


def record_reading(
    db: Database, sha256: str, reading: PictureReading, *, read_with: str, now: datetime
) -> None:
    """Store the reading of a picture."""
    values = rows.columns_of(reading) | {
        "sha256": sha256,
        "text": rows.clean(reading.text),
        "read_with": read_with,
        "read_at": times.to_text(now),
    }
    with transaction(db):
        db.execute("DELETE FROM picture_bands WHERE sha256 = ?", [sha256])
        db.execute("DELETE FROM pictures WHERE sha256 = ?", [sha256])
        rows.insert(db, "pictures", values)
        for number, value in enumerate(reading.perceptual_hash or b""):
            rows.insert(db, "picture_bands", {"band": 256 * number + value, "sha256": sha256})
        _index_all(db, sha256)


def _index_all(db: Database, sha256: str) -> None:
    having = "SELECT sighting_id FROM sighting_pictures WHERE sha256 = ?"
    for (sighting_id,) in db.execute(having, [sha256]).fetchall():
        _index(db, sighting_id)


def _index(db: Database, sighting_id: int) -> None:
    """Let the search find a sighting by the texts of its pictures, as far as they are read."""
    query = """
        SELECT text FROM sighting_pictures JOIN pictures USING (sha256) WHERE sighting_id = ?
        GROUP BY sha256 ORDER BY place
    """
    index_beside(db, sighting_id, [row[0] for row in db.execute(query, [sighting_id])])


def forget_readings(db: Database, *, except_with: str = "") -> int:
    """Forget the readings of other readers, so that their pictures are read again; return their number."""
    with transaction(db):
        db.execute("DELETE FROM supplier_progress WHERE step = ?", [PICTURE_STEP])
        db.execute("DELETE FROM notice_progress WHERE read_with LIKE ?", [f"{PICTURE_STEP} %"])
        return _forget(db, "read_with <> ?", except_with)


def _forget(db: Database, which: str, *values: str) -> int:
    bands = f"DELETE FROM picture_bands WHERE sha256 IN (SELECT sha256 FROM pictures WHERE {which})"  # noqa: S608 (ours)
    db.execute(bands, values)
    return db.conn.execute(f"DELETE FROM pictures WHERE {which}", values).rowcount  # noqa: S608 (ours)


def forget_removed(db: Database) -> None:
    """Forget the readings of pictures without an evidence file, in search and comparison too."""
    removed = """
        UPDATE pictures SET shown = NULL, text = '', lines = '[]', codes = '[]', perceptual_hash = NULL,
            sentence = ?1
        WHERE (sentence <> ?1 OR sha256 IN (SELECT sha256 FROM picture_bands)) AND NOT EXISTS (
            SELECT 1 FROM evidence_records WHERE payload_sha256 = pictures.sha256 AND repeats IS NULL
              AND file NOT IN (SELECT file FROM evidence_tombstones)
        )
        RETURNING sha256
    """
    for (sha256,) in db.execute(removed, [REMOVED]).fetchall():
        db.execute("DELETE FROM picture_bands WHERE sha256 = ?", [sha256])
        _index_all(db, sha256)


def pictures_of(db: Database, sighting_id: int) -> list[ListingPicture]:
    """Return the kept pictures of a sighting, in page order, each with its newest record."""
    query = """
        SELECT kept.sha256, place, url, record_id, max(sighting_picture_id), format, width, height,
               sentence, text, ifnull(lines, '[]') AS lines, unread_lines,
               ifnull(codes, '[]') AS codes, shown IS NOT NULL AS is_shown
        FROM sighting_pictures AS kept LEFT JOIN pictures USING (sha256)
        WHERE sighting_id = ? GROUP BY kept.sha256 ORDER BY place
    """
    return rows.select(db, ListingPicture, query, [sighting_id])


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictured:
    """A sighting with the texts of its pictures."""

    sighting_id: int
    newest_picture: int
    """The highest `sighting_picture_id` of the sighting."""
    text: str
    """The text of the sighting itself."""
    said: str
    """The texts in its pictures, as lines in page order."""


def pictured_sightings(db: Database, *, after: int, limit: int) -> list[Pictured]:
    """Return sightings with a read picture above a number, by their newest picture.

    Sightings wait while an older picture is unread, so that a number tells how far a reader of this list is.
    """
    query = """
        SELECT sighting_id, newest_picture, sightings.text, ifnull((
            SELECT group_concat(text, char(10)) FROM (
                SELECT pictures.text FROM sighting_pictures JOIN pictures USING (sha256)
                WHERE sighting_pictures.sighting_id = found.sighting_id AND pictures.text <> ''
                GROUP BY sha256 ORDER BY place
            )
        ), '') AS said
        FROM (
            SELECT sighting_id, max(sighting_picture_id) AS newest_picture FROM sighting_pictures
            WHERE sighting_picture_id > ? AND sighting_picture_id <= ? GROUP BY sighting_id
        ) AS found JOIN sightings USING (sighting_id)
        ORDER BY newest_picture LIMIT ?
    """
    return rows.select(db, Pictured, query, [after, read_up_to(db), limit])


def shown_picture(db: Database, sha256: str) -> bytes | None:
    """Return the copy of a picture for the reviewer, as WebP; None if there is none."""
    found = db.execute("SELECT shown FROM pictures WHERE sha256 = ?", [sha256]).fetchone()
    return None if found is None or found[0] is None else bytes(found[0])


def same_pictures(
    db: Database, listing_id: str, hashes: Iterable[str], *, limit: int = MOST_SAME
) -> list[SamePicture]:
    """Return other listings whose newest sighting has one of these pictures, the newest first."""
    alike: dict[str, int] = {}
    for sha256 in hashes:
        for other, bits in _alike(db, sha256):
            alike[other] = min(bits, alike.get(other, SAME_BITS))
    query = """
        SELECT latest.listing_id, listings.source_id, latest.title, latest.seller_name, latest.seen_at,
               min(json_extract(?1, '$."' || sha256 || '"')) AS bits
        FROM json_each(?1) CROSS JOIN sighting_pictures ON sha256 = json_each.key
        JOIN latest_sightings AS latest USING (sighting_id)
        JOIN listings ON listings.listing_id = latest.listing_id
        WHERE latest.listing_id <> ?2 GROUP BY latest.listing_id ORDER BY latest.seen_at DESC LIMIT ?3
    """
    return rows.select(db, SamePicture, query, [rows.to_json(alike), listing_id, limit])


def _alike(db: Database, sha256: str) -> list[tuple[str, int]]:
    query = """
        SELECT DISTINCT other.sha256, other.perceptual_hash
        FROM picture_bands AS own JOIN picture_bands AS theirs USING (band)
        JOIN pictures AS other ON other.sha256 = theirs.sha256
        WHERE own.sha256 = ?
    """
    found = db.execute("SELECT perceptual_hash FROM pictures WHERE sha256 = ?", [sha256]).fetchone()
    if found is None or found[0] is None:
        return [(sha256, 0)]
    own = int.from_bytes(found[0], "big")
    bits = (
        (row[0], (own ^ int.from_bytes(row[1], "big")).bit_count()) for row in db.execute(query, [sha256])
    )
    return [(other, differing) for other, differing in bits if differing <= SAME_BITS]
