"""Labels for training: from standing verdicts and from imported files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from store import rows, times
from store.audit import audit
from store.audit.chain import AuditAction
from store.crawl.identity import text_hash
from store.model import Decision
from store.sqlite import Database, transaction

if TYPE_CHECKING:
    from collections.abc import Iterable

TEACHING = {Decision.OFFER: 1, Decision.NOT_OFFER: 0}
"""The decisions that give a label; *unsure* and *escalate* give none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """One labelled text."""

    text: str
    text_hash: str
    label: int
    """1 for an offer, 0 for none."""
    group: str
    """The seller within the source, otherwise the listing; for an imported text, the group in its file."""
    language: str = ""
    """ISO 639-1; empty if unknown."""
    first_reviewed_at: datetime
    """Time of the first label for the text in the store; later decisions do not change it."""
    is_imported: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewedText:
    """A standing verdict in full, for use by other tools."""

    reviewer: str
    decided_at: datetime
    decision: Decision
    reason_code: str
    note: str
    url: str
    group: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLabel:
    """A label from a file."""

    text: str
    label: int
    group: str
    """The seller; empty if the file has none."""


def standing_labels(db: Database) -> list[Label]:
    """Return the labels of standing verdicts, oldest verdict first."""
    query = f"""
        SELECT {_GROUP}, language, sightings.text, standing_verdicts.text_hash, decision,
               (SELECT min(decided_at) FROM verdicts AS earlier
                WHERE earlier.listing_id = standing_verdicts.listing_id
                  AND earlier.decision IN ('offer', 'not_offer')
                  AND earlier.stage IS NOT 'second') AS first_reviewed_at
        FROM {_STANDING} ORDER BY verdict_id
    """  # noqa: S608 (no input in it)
    return [
        Label(
            text=row["text"],
            text_hash=row["text_hash"],
            label=TEACHING[Decision(row["decision"])],
            group=row["group_name"],
            language=row["language"],
            first_reviewed_at=times.from_text(row["first_reviewed_at"]),
        )
        for row in db.execute(query)
    ]


def reviewed_texts(db: Database) -> list[ReviewedText]:
    """Return the standing verdicts that give a label, oldest first."""
    query = f"""
        SELECT reviewer, decided_at, decision, ifnull(reason_code, '') AS reason_code, note, url,
               {_GROUP}, sightings.text
        FROM {_STANDING} ORDER BY verdict_id
    """  # noqa: S608 (no input in it)
    return [rows.read(ReviewedText, row, group=row["group_name"]) for row in db.execute(query)]


def imported_labels(db: Database) -> list[Label]:
    """Return every imported label, oldest first."""
    query = "SELECT * FROM imported_labels ORDER BY imported_label_id"
    return [
        Label(
            text=row["text"],
            text_hash=row["text_hash"],
            label=row["label"],
            group=row["group_name"] or f"imported:{row['text_hash'][:16]}",
            first_reviewed_at=times.from_text(row["imported_at"]),
            is_imported=True,
        )
        for row in db.execute(query)
    ]


def import_labels(
    db: Database, labels: Iterable[NewLabel], *, origin: str, imported_by: str, now: datetime
) -> int:
    """Store the labels of a file, all or none; a text that already has this label stays one row.

    A text that is imported with both labels has two rows and gives no label. Return the number of new labels.
    """
    with transaction(db):
        fresh = [
            {
                "text": rows.clean(label.text),
                "text_hash": text_hash(rows.clean(label.text)),
                "label": label.label,
                "group_name": rows.clean(label.group),
                "origin": rows.clean(origin),
                "imported_by": imported_by,
                "imported_at": times.to_text(now),
            }
            for label in labels
        ]
        new = sum(rows.insert(db, "imported_labels", row, ignore=True) is not None for row in fresh)
        audit.record(
            db,
            AuditAction.LABELS_IMPORTED,
            actor=imported_by,
            subject=f"labels:{origin}",
            details={"labels": len(fresh), "new": new},
            now=now,
        )
        return new


def disputed_texts(db: Database, labels: Iterable[NewLabel]) -> list[str]:
    """Return the distinct texts among these that were imported with both labels."""
    query = "SELECT text_hash FROM imported_labels GROUP BY text_hash HAVING count(DISTINCT label) > 1"
    disputed = {row["text_hash"] for row in db.execute(query)}
    by_hash = {text_hash(rows.clean(label.text)): label.text for label in labels}
    return [text for key, text in by_hash.items() if key in disputed]


_GROUP = """
    source_id || ':' || CASE seller_name WHEN '' THEN listings.listing_id ELSE seller_name END AS group_name
"""

_STANDING = """
    standing_verdicts JOIN sightings USING (sighting_id)
    JOIN listings ON listings.listing_id = standing_verdicts.listing_id AND decision IN ('offer', 'not_offer')
        AND NOT EXISTS (
            SELECT 1 FROM review_items
            WHERE review_items.listing_id = listings.listing_id AND state = 'adjudication'
        )
"""
"""A disputed verdict gives no label until somebody settles it."""
