"""Retention: legal holds, evidence that is due for removal, and tombstones of removed evidence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from store import rows, times
from store.audit import audit
from store.audit.audit import BY_HAND, AuditAction, Origin
from store.crawl.pictures import forget_removed
from store.errors import StoreError, UnknownRow
from store.sqlite import Database, transaction
from store.suppliers.contacts import drop_unmentioned

EVERY_SOURCE = ""
"""Source of a hold that covers all sources."""


class AlreadyReleased(StoreError):
    """The hold was released before."""

    def __init__(self, hold_id: int) -> None:
        super().__init__(
            f"Hold {hold_id} was already released. `precursor-watch retention holds` lists all holds."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A legal hold: no evidence of the source may be removed."""

    hold_id: int
    source_id: str
    """Empty for all sources."""
    reason: str
    placed_by: str
    placed_at: datetime
    released_by: str | None = None
    released_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpentFile:
    """A WARC file that retention may remove."""

    file: str
    source_id: str
    opened_at: datetime
    bytes: int
    sha256: str


def place_hold(
    db: Database, source_id: str, *, reason: str, by: str, origin: Origin = BY_HAND, now: datetime
) -> int:
    """Record a hold, also in the audit log, and return its number.

    Raises:
        UnknownRow: If the source was never declared, because a hold on a mistyped name would protect nothing.
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
    """Record the release of a hold, also in the audit log.

    Raises:
        UnknownRow: If there is no such hold.
        AlreadyReleased: If the hold was released before.
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
    return rows.select(db, Hold, query)


def spent_evidence(db: Database, *, before: datetime) -> list[SpentFile]:
    """Return the sealed, unprotected WARC files opened before a time, oldest first.

    A file is protected by a hold on its source or on all sources, by a later record that repeats one of its
    records, and by a page or picture of a listing that was ever flagged, judged, assigned, sampled or put
    into a case, or that is still unscored.
    """
    return rows.select(db, SpentFile, _SPENT, {"before": times.to_text(before)})


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
    """Record the tombstone of a WARC file before its removal, also in the audit log.

    Return False, with nothing recorded, if a hold or a new page has come to protect the file since
    `spent_evidence` returned it.
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
        forget_removed(db)
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


def count_old_contacts(db: Database, *, before: datetime) -> int:
    """Return the number of mentions of contacts that `purge_contacts` would remove."""
    query = f"SELECT count(*) FROM ({_OLD_MENTIONS})"  # noqa: S608 (no input in it)
    return int(db.execute(query, {"before": times.to_text(before)}).fetchone()[0])


def purge_contacts(
    db: Database, *, before: datetime, by: str, origin: Origin = BY_HAND, now: datetime
) -> int:
    """Remove the contacts that only old, unprotected sightings state, also in the audit log, by number.

    The same listings and holds protect contacts as protect evidence; see `spent_evidence`. The contacts of
    these sightings are never read again. Return the number of removed mentions.
    """
    with transaction(db):
        db.conn.execute(
            f"INSERT OR IGNORE INTO contact_purges SELECT DISTINCT sighting_id, :now FROM ({_OLD_MENTIONS})",  # noqa: S608 (so)
            {"before": times.to_text(before), "now": times.to_text(now)},
        )
        removed = db.conn.execute(
            f"DELETE FROM contact_mentions WHERE mention_id IN (SELECT mention_id FROM ({_OLD_MENTIONS}))",  # noqa: S608 (so)
            {"before": times.to_text(before)},
        ).rowcount
        if removed:
            contacts = drop_unmentioned(db)
            audit.record(
                db,
                AuditAction.CONTACTS_PURGED,
                actor=by,
                origin=origin,
                details={"mentions": removed, "contacts": contacts, "before": times.to_text(before)},
                now=now,
            )
    return removed


def buried_files(db: Database) -> dict[str, str]:
    """Return the reason of each removed WARC file, by file name."""
    query = "SELECT file, purged_at || ' by ' || purged_by || ': ' || reason FROM evidence_tombstones"
    return dict(db.execute(query).fetchall())


_IS_KEPT = """(
    EXISTS (SELECT 1 FROM verdicts WHERE verdicts.listing_id = sightings.listing_id)
    OR EXISTS (SELECT 1 FROM case_entries AS c WHERE c.listing_id = sightings.listing_id)
    OR EXISTS (SELECT 1 FROM sample_members AS m WHERE m.listing_id = sightings.listing_id)
    OR EXISTS (SELECT 1 FROM assignments AS a WHERE a.listing_id = sightings.listing_id)
    OR EXISTS (SELECT 1 FROM scores WHERE scores.sighting_id = sightings.sighting_id
               AND p_offer >= threshold)
    OR EXISTS (SELECT 1 FROM review_items AS r WHERE r.listing_id = sightings.listing_id AND is_flagged)
    OR NOT EXISTS (SELECT 1 FROM scores WHERE scores.sighting_id = sightings.sighting_id)
)"""
"""SQL condition: a sighting whose listing was flagged, judged, assigned, sampled or filed, or is unscored.

A notice or an office term flags a listing too, whatever its score.
"""

_OLD_MENTIONS = f"""
    SELECT mention_id, sighting_id FROM contact_mentions
    JOIN sightings USING (sighting_id) JOIN runs USING (run_id)
    WHERE seen_at < :before AND NOT {_IS_KEPT}
      AND NOT EXISTS (
          SELECT 1 FROM legal_holds WHERE legal_holds.source_id IN ('', runs.source_id)
            AND hold_id NOT IN (SELECT hold_id FROM legal_hold_releases)
      )
"""  # noqa: S608 (no input in it)

_SPENT = f"""
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
            AND {_IS_KEPT}
      )
      AND NOT EXISTS (
          SELECT 1 FROM evidence_records JOIN sighting_pictures USING (record_id)
          JOIN sightings USING (sighting_id)
          WHERE evidence_records.file = evidence_files.file AND {_IS_KEPT}
      )
    ORDER BY opened_at, file
"""  # noqa: S608 (so)
