"""What may be taken away after its time: legal holds, which evidence is spent, and the tombstones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from store import rows, times
from store.audit import audit
from store.audit.audit import BY_HAND, AuditAction, Origin
from store.errors import StoreError, UnknownRow
from store.sqlite import Database, transaction

if TYPE_CHECKING:
    from datetime import datetime

EVERY_SOURCE = ""
"""As the source of a hold: nothing at all is taken away."""


class AlreadyReleased(StoreError):
    """A hold is released once."""

    def __init__(self, hold_id: int) -> None:
        super().__init__(f"Hold {hold_id} was released already; see `precursor-watch retention holds`.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A word that nothing of a source may be taken away."""

    hold_id: int
    source_id: str
    """Empty: of all sources."""
    reason: str
    placed_by: str
    placed_at: datetime
    released_by: str | None = None
    released_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpentFile:
    """A WARC file that retention lets go."""

    file: str
    source_id: str
    opened_at: datetime
    bytes: int
    sha256: str


def place_hold(
    db: Database, source_id: str, *, reason: str, by: str, origin: Origin = BY_HAND, now: datetime
) -> int:
    """Write a hold, and return its number; the audit log says who placed it.

    Raises:
        UnknownRow: If no such source was ever declared: a hold with a mistyped name would keep nothing.
    """
    known = db.execute("SELECT 1 FROM sources WHERE source_id = ?", [source_id]).fetchone()
    if source_id != EVERY_SOURCE and known is None:
        raise UnknownRow("source", source_id)
    values = {"source_id": source_id, "reason": rows.clean(reason), "placed_by": rows.clean(by)}
    with transaction(db):
        hold_id = rows.insert(db, "legal_holds", {**values, "placed_at": times.to_text(now)})
        assert hold_id is not None
        audit.record(
            db,
            AuditAction.HOLD_PLACED,
            actor=by,
            origin=origin,
            subject=f"hold:{hold_id}",
            details={"source": source_id or "all", "reason": reason},
            rows=[("legal_holds", hold_id)],
            now=now,
        )
    return hold_id


def release_hold(db: Database, hold_id: int, *, by: str, origin: Origin = BY_HAND, now: datetime) -> None:
    """Write that a hold no longer stands; the audit log says who released it.

    Raises:
        UnknownRow: If there is no such hold.
        AlreadyReleased: If it was released before.
    """
    with transaction(db):
        if not db.execute("SELECT 1 FROM legal_holds WHERE hold_id = ?", [hold_id]).fetchone():
            raise UnknownRow("hold", hold_id)
        values = {"hold_id": hold_id, "released_by": rows.clean(by), "released_at": times.to_text(now)}
        if rows.insert(db, "legal_hold_releases", values, ignore=True) is None:
            raise AlreadyReleased(hold_id)
        audit.record(
            db,
            AuditAction.HOLD_RELEASED,
            actor=by,
            origin=origin,
            subject=f"hold:{hold_id}",
            rows=[("legal_hold_releases", hold_id)],
            now=now,
        )


def list_holds(db: Database) -> list[Hold]:
    """Return all holds, oldest first."""
    query = "SELECT * FROM legal_holds LEFT JOIN legal_hold_releases USING (hold_id) ORDER BY hold_id"
    return [
        Hold(
            placed_at=times.from_text(row["placed_at"]),
            released_at=None if row["released_at"] is None else times.from_text(row["released_at"]),
            **{name: row[name] for name in ("hold_id", "source_id", "reason", "placed_by", "released_by")},
        )
        for row in db.execute(query)
    ]


def spent_evidence(db: Database, *, before: datetime) -> list[SpentFile]:
    """Return the sealed WARC files begun before a time that nothing speaks for any more, oldest first.

    What speaks for a file: a hold on its source or on all; a page in it on which a listing was seen that was
    ever scored above the line of its time, judged, assigned, drawn as a sample or put into a case, or that
    has no score yet; a later record that repeats one of its own.
    """
    return [
        SpentFile(
            opened_at=times.from_text(row["opened_at"]),
            **{name: row[name] for name in ("file", "source_id", "bytes", "sha256")},
        )
        for row in db.execute(_SPENT, {"before": times.to_text(before)})
    ]


def bury(
    db: Database,
    spent: SpentFile,
    *,
    before: datetime,
    reason: str,
    by: str,
    origin: Origin = BY_HAND,
    now: datetime,
) -> bool:
    """Write the tombstone of a WARC file that is about to be taken away, if it is still spent.

    The audit log says the same: hash, reason and who.

    Returns:
        False, with nothing written, where a hold or a new page has come to speak for the file since it was
        found with `before`.
    """
    values = {"file": spent.file, "bytes": spent.bytes, "sha256": spent.sha256, "reason": rows.clean(reason)}
    with transaction(db):
        if spent not in spent_evidence(db, before=before):
            return False
        rows.insert(
            db,
            "evidence_tombstones",
            {**values, "purged_by": rows.clean(by), "purged_at": times.to_text(now)},
            ignore=True,
        )
        audit.record(
            db,
            AuditAction.EVIDENCE_PURGED,
            actor=by,
            origin=origin,
            subject=f"evidence:{spent.file}",
            details={"source": spent.source_id, **values},
            now=now,
        )
    return True


def buried_files(db: Database) -> dict[str, str]:
    """Return why each purged WARC file was taken away, by its name."""
    query = "SELECT file, purged_at || ' by ' || purged_by || ': ' || reason FROM evidence_tombstones"
    return dict(db.execute(query).fetchall())


_SPENT = """
    SELECT file, source_id, opened_at, bytes, sha256
    FROM evidence_files JOIN evidence_seals USING (file) JOIN runs USING (run_id)
    WHERE opened_at < :before
      AND NOT EXISTS (SELECT 1 FROM evidence_tombstones AS t WHERE t.file = evidence_files.file)
      AND NOT EXISTS (
          SELECT 1 FROM legal_holds WHERE legal_holds.source_id IN ('', runs.source_id)
            AND hold_id NOT IN (SELECT hold_id FROM legal_hold_releases)
      )
      AND NOT EXISTS (
          SELECT 1 FROM evidence_records AS own
          JOIN evidence_records AS later ON later.repeats = own.record_id
          WHERE own.file = evidence_files.file AND later.file <> own.file
            AND later.file NOT IN (SELECT file FROM evidence_tombstones)
      )
      AND NOT EXISTS (
          SELECT 1 FROM evidence_records JOIN page_evidence USING (record_id)
          JOIN page_listings USING (page_id) JOIN sightings USING (listing_id)
          WHERE evidence_records.file = evidence_files.file
            AND (EXISTS (SELECT 1 FROM verdicts WHERE verdicts.listing_id = page_listings.listing_id)
                 OR EXISTS (SELECT 1 FROM case_entries AS c WHERE c.listing_id = page_listings.listing_id)
                 OR EXISTS (SELECT 1 FROM sample_members AS m WHERE m.listing_id = page_listings.listing_id)
                 OR EXISTS (SELECT 1 FROM assignments AS a WHERE a.listing_id = page_listings.listing_id)
                 OR EXISTS (SELECT 1 FROM scores WHERE scores.sighting_id = sightings.sighting_id
                            AND p_offer >= threshold)
                 OR NOT EXISTS (SELECT 1 FROM scores WHERE scores.sighting_id = sightings.sighting_id))
      )
    ORDER BY opened_at, file
"""
