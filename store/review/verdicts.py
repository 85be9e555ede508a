"""Verdicts: decisions by people. A change of mind and an undo are new rows."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from store import rows, times
from store.audit import audit
from store.audit.audit import BY_HAND, AuditAction, Origin
from store.errors import N_, StoreError, UnknownRow, Word
from store.model import Decision, ReasonCode, Stage, Verdict
from store.review.workspace import forget_draft, review_settings
from store.scores.scores import current_score
from store.sqlite import Database, transaction

if TYPE_CHECKING:
    from collections.abc import Mapping


_OFFERED = frozenset({Decision.OFFER, Decision.UNSURE, Decision.ESCALATE})

_NOT_OFFERED = frozenset({Decision.NOT_OFFER, Decision.UNSURE, Decision.ESCALATE})

_OPEN = frozenset({Decision.UNSURE, Decision.ESCALATE})

FITTING: Mapping[ReasonCode, frozenset[Decision]] = {
    ReasonCode.UNDOCUMENTED: _OFFERED,
    ReasonCode.DOCUMENTED: _OFFERED,
    ReasonCode.DISGUISED: _OFFERED,
    ReasonCode.LABORATORY_SUPPLIER: _OFFERED,
    ReasonCode.MENTION_ONLY: _NOT_OFFERED,
    ReasonCode.CONFUSABLE: _NOT_OFFERED,
    ReasonCode.NOT_A_SALE: _NOT_OFFERED,
    ReasonCode.FINISHED_DRUG: _NOT_OFFERED,
    ReasonCode.ORDINARY_GOODS: _NOT_OFFERED,
    ReasonCode.WRONG_READING: _NOT_OFFERED,
    ReasonCode.NEEDS_LAW_CHECK: _OPEN,
}
"""The decisions that each reason fits. Reviewers who are unsure or escalate may show where they lean."""


class ReasonUnfit(StoreError):
    """The reason contradicts the decision."""

    def __init__(self, reason: ReasonCode, decision: Decision) -> None:
        fitting = ", ".join(each for each in Decision if each in FITTING[reason])
        super().__init__(
            N_(
                "The reason %(reason)s contradicts the decision %(decision)s; it fits %(fitting)s. Nothing "
                "was written. Give another reason, no reason, or another decision."
            ),
            reason=reason,
            decision=decision,
            fitting=fitting,
        )


def fitting_decisions(reason: ReasonCode) -> tuple[Decision, ...]:
    """Return the decisions that a reason fits, in their order."""
    return tuple(each for each in Decision if each in FITTING[reason])


def check_reason(decision: Decision, reason: ReasonCode | None) -> None:
    """Refuse a reason that contradicts its decision.

    Raises:
        ReasonUnfit: If it does.
    """
    if reason is not None and decision not in FITTING[reason]:
        raise ReasonUnfit(reason, decision)


class AlreadyUndone(StoreError):
    """The verdict was undone before."""

    def __init__(self, verdict_id: int) -> None:
        super().__init__(
            N_("Verdict %(number)s was already undone, or is itself an undo. Nothing was changed."),
            number=verdict_id,
        )


class StaleScreen(StoreError):
    """The listing changed, or got another score, after it was shown to the reviewer."""

    def __init__(self, listing_id: str, what: str) -> None:
        super().__init__(
            N_(
                "Listing %(listing)s %(what)s since it was shown, so nothing was written. "
                "Look at it again, then decide."
            ),
            listing=listing_id,
            what=Word(what),
        )


class NotScored(StaleScreen):
    """A verdict names a score, but the listing has none by the model in use."""

    def __init__(self, listing_id: str) -> None:
        StoreError.__init__(
            self,
            N_(
                "Listing %(listing)s has no score by the model in use, so nothing was written. "
                "Look at it again, then decide."
            ),
            listing=listing_id,
        )


class JudgedMeanwhile(StaleScreen):
    """Somebody else gave or undid a verdict after the listing was shown to the reviewer."""

    def __init__(self, listing_id: str, who: str) -> None:
        StoreError.__init__(
            self,
            N_(
                "Listing %(listing)s was judged by %(who)s since it was shown, so nothing was written. "
                "Look at it again, then decide."
            ),
            listing=listing_id,
            who=who,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """The circumstances of a verdict, without the decision."""

    substance: str = ""
    """The substance on offer, if the reviewer corrects the program."""
    shown_at: datetime | None = None
    """When the listing was shown."""
    score_hidden: bool = False
    batch: str = ""
    """The same id for all verdicts given at once."""
    last_verdict: int | None = None
    """The newest verdict when the listing was shown, 0 for none; None skips the check."""
    origin: Origin = BY_HAND
    """The origin of the request, for the audit log."""


NO_CIRCUMSTANCES = Circumstances()


class ReviewerUnnamed(StoreError):
    """A decision has no reviewer."""

    def __init__(self) -> None:
        super().__init__("The reviewer is missing. Name the person who decides with --reviewer.")


def reviewer_name(said: str) -> str:
    """Return the name of a reviewer without surrounding white space.

    Raises:
        ReviewerUnnamed: If the name has no visible character.
    """
    if not any(character.isprintable() and not character.isspace() for character in said):
        raise ReviewerUnnamed
    return rows.clean(said.strip())


def give_verdict(  # noqa: PLR0913 (the parts of a verdict)
    db: Database,
    sighting_id: int,
    decision: Decision,
    *,
    score_id: int | None,
    reason_code: ReasonCode | None = None,
    note: str = "",
    reviewer: str,
    circumstances: Circumstances = NO_CIRCUMSTANCES,
    now: datetime,
) -> Verdict:
    """Record the decision of a reviewer about a listing as it was shown.

    The state of the listing gives the stage of the verdict. If a first verdict waits for a check, the verdict
    of another person is the second. If the two disagree, a third person's verdict settles the listing.
    `score_id` is the score that was shown; None if there was none.

    Raises:
        ReviewerUnnamed: If the reviewer's name is blank.
        UnknownRow: If there is no such sighting.
        StaleScreen: If the listing has a newer sighting, the model in use gave another score, or somebody
            else has judged the listing since (`JudgedMeanwhile`).
        ReasonUnfit: If the reason contradicts the decision.
    """
    if decision is Decision.UNDONE:
        raise ValueError("To undo a verdict, call undo_verdict.")
    name = reviewer_name(reviewer)
    check_reason(decision, reason_code)
    with transaction(db, durable=True):  # no other verdict can come between these checks and this verdict
        listing_id = _listing_shown(db, sighting_id, score_id)
        _refuse_unseen(db, listing_id, name, circumstances.last_verdict)
        stage, answers = stage_of_next(db, listing_id, name)
        verdict_id = rows.insert(
            db,
            "verdicts",
            {
                "listing_id": listing_id,
                "sighting_id": sighting_id,
                "score_id": score_id,
                "decision": decision,
                "reason_code": reason_code,
                "note": rows.clean(note),
                "reviewer": name,
                "decided_at": times.to_text(now),
                "stage": None if stage is Stage.FIRST else stage,
                "answers": answers,
                "substance": rows.clean(circumstances.substance) or None,
                "shown_at": circumstances.shown_at and times.to_text(circumstances.shown_at),
                "score_hidden": int(circumstances.score_hidden) or None,
                "batch": circumstances.batch or None,
            },
        )
        verdict = get_verdict(db, int(verdict_id or 0))
        if stage is Stage.FIRST:
            ask_for_second(db, verdict)
        forget_draft(db, listing_id, name)
        _log(db, AuditAction.VERDICT_GIVEN, verdict, circumstances.origin)
    return verdict


def undo_verdict(
    db: Database, verdict_id: int, *, reviewer: str, origin: Origin = BY_HAND, now: datetime
) -> Verdict:
    """Undo a verdict by a new row; the listing returns to the queue.

    Raises:
        ReviewerUnnamed: If the reviewer's name is blank.
        UnknownRow: If there is no such verdict.
        AlreadyUndone: If the verdict was undone before or is itself an undo.
    """
    name = reviewer_name(reviewer)
    with transaction(db, durable=True):
        verdict = get_verdict(db, verdict_id)
        undone = db.execute("SELECT 1 FROM verdicts WHERE undoes = ?", [verdict_id]).fetchone()
        if undone or verdict.decision is Decision.UNDONE:
            raise AlreadyUndone(verdict_id)
        new_id = rows.insert(
            db,
            "verdicts",
            {
                "listing_id": verdict.listing_id,
                "sighting_id": verdict.sighting_id,
                "score_id": verdict.score_id,
                "decision": Decision.UNDONE,
                "note": "",
                "reviewer": name,
                "decided_at": times.to_text(now),
                "undoes": verdict_id,
            },
        )
        undo = get_verdict(db, int(new_id or 0))
        _log(db, AuditAction.VERDICT_UNDONE, undo, origin)
    return undo


def get_verdict(db: Database, verdict_id: int) -> Verdict:
    """Return one verdict.

    Raises:
        UnknownRow: If there is no such verdict.
    """
    verdict = rows.find(db, Verdict, "SELECT * FROM verdicts WHERE verdict_id = ?", [verdict_id])
    if verdict is None:
        raise UnknownRow("verdict", verdict_id)
    return verdict


def verdicts_of(db: Database, listing_id: str) -> list[Verdict]:
    """Return every verdict on a listing, including undone ones and undos, oldest first."""
    query = "SELECT * FROM verdicts WHERE listing_id = ? ORDER BY verdict_id"
    return rows.select(db, Verdict, query, [listing_id])


def latest_undoable(db: Database, reviewer: str) -> Verdict | None:
    """Return the newest verdict of a reviewer that can still be undone, or None."""
    query = """
        SELECT * FROM verdicts
        WHERE reviewer = ? AND decision <> 'undone'
          AND NOT EXISTS (SELECT 1 FROM verdicts AS undo WHERE undo.undoes = verdicts.verdict_id)
        ORDER BY verdict_id DESC LIMIT 1
    """
    return rows.find(db, Verdict, query, [reviewer])


def standing_in_batch(db: Database, batch: str) -> list[Verdict]:
    """Return the verdicts of a batch that were not undone, oldest first.

    Raises:
        UnknownRow: If no verdict has this batch.
    """
    query = "SELECT * FROM verdicts WHERE batch = ? AND batch IS NOT NULL ORDER BY verdict_id"
    given = rows.select(db, Verdict, query, [batch])
    if not given:
        raise UnknownRow("batch", batch)
    undone = "SELECT 1 FROM verdicts WHERE undoes = ?"
    return [each for each in given if db.execute(undone, [each.verdict_id]).fetchone() is None]


def count_standing(db: Database, reviewer: str, *, since: datetime) -> int:
    """Return the number of a reviewer's verdicts since a time that were not undone."""
    query = """
        SELECT count(*) FROM verdicts
        WHERE reviewer = ? AND decided_at >= ? AND decision <> 'undone'
          AND NOT EXISTS (SELECT 1 FROM verdicts AS undo WHERE undo.undoes = verdicts.verdict_id)
    """
    return int(db.execute(query, [reviewer, times.to_text(since)]).fetchone()[0])


def latest_undo(db: Database, reviewer: str) -> Verdict | None:
    """Return the verdict that a reviewer has just undone, or None if they have decided since."""
    query = "SELECT * FROM verdicts WHERE reviewer = ? ORDER BY verdict_id DESC LIMIT 1"
    row = db.execute(query, [reviewer]).fetchone()
    return None if row is None or row["undoes"] is None else get_verdict(db, row["undoes"])


def redo_verdict(
    db: Database, verdict_id: int, *, reviewer: str, origin: Origin = BY_HAND, now: datetime
) -> Verdict:
    """Repeat an undone verdict as a new row.

    Raises:
        UnknownRow: If there is no such verdict.
        StaleScreen: If the listing has changed or got another score since.
    """
    verdict = get_verdict(db, verdict_id)
    circumstances = Circumstances(
        substance=verdict.substance,
        shown_at=verdict.shown_at,
        score_hidden=verdict.score_hidden,
        origin=origin,
    )
    return give_verdict(
        db,
        verdict.sighting_id,
        verdict.decision,
        score_id=verdict.score_id,
        reason_code=verdict.reason_code,
        note=verdict.note,
        reviewer=reviewer,
        circumstances=circumstances,
        now=now,
    )


def listing_of(db: Database, sighting_id: int) -> str:
    """Return the listing of a sighting.

    Raises:
        UnknownRow: If there is no such sighting.
    """
    row = db.execute("SELECT listing_id FROM sightings WHERE sighting_id = ?", [sighting_id]).fetchone()
    if row is None:
        raise UnknownRow("sighting", sighting_id)
    return str(row["listing_id"])


def last_verdict_id(db: Database, listing_id: str) -> int:
    """Return the id of the newest verdict or undo on a listing; 0 if there is none."""
    query = "SELECT ifnull(max(verdict_id), 0) FROM verdicts WHERE listing_id = ?"
    return int(db.execute(query, [listing_id]).fetchone()[0])


def _refuse_unseen(db: Database, listing_id: str, name: str, last_seen: int | None) -> None:
    """Refuse a decision if the reviewer has not seen a newer verdict of somebody else."""
    if last_seen is None:
        return
    query = "SELECT reviewer FROM verdicts WHERE listing_id = ? AND verdict_id > ? AND reviewer <> ? LIMIT 1"
    row = db.execute(query, [listing_id, last_seen, name]).fetchone()
    if row is not None:
        raise JudgedMeanwhile(listing_id, row["reviewer"])


def _log(db: Database, action: AuditAction, verdict: Verdict, origin: Origin) -> None:
    """Write the audit entry of a verdict with the decision and the contents of the screen."""
    _, shown, known = audit.on_screen(db, verdict.sighting_id, verdict.score_id)
    decided = {
        "verdict_id": verdict.verdict_id,
        "decision": verdict.decision,
        "reason_code": verdict.reason_code,
        "undoes": verdict.undoes,
        "stage": verdict.stage,
        "score_hidden": verdict.score_hidden,
        "batch": verdict.batch,
    }
    audit.record(
        db,
        action,
        actor=verdict.reviewer,
        origin=origin,
        subject=f"listing:{verdict.listing_id}",
        details=shown | decided,
        rows=[("verdicts", verdict.verdict_id), *known],
        now=verdict.decided_at,
    )


def _listing_shown(db: Database, sighting_id: int, score_id: int | None) -> str:
    """Return the listing of a sighting; refuse a sighting or score that is no longer current."""
    listing_id = listing_of(db, sighting_id)
    newest = "SELECT max(sighting_id) FROM sightings WHERE listing_id = ?"
    if db.execute(newest, [listing_id]).fetchone()[0] != sighting_id:
        raise StaleScreen(listing_id, N_("has changed"))
    scored = current_score(db, sighting_id)
    if scored is None and score_id is not None:
        raise NotScored(listing_id)
    if scored is not None and scored[0] != score_id:
        raise StaleScreen(listing_id, N_("has a new score"))
    return listing_id


def stage_of_next(db: Database, listing_id: str, reviewer: str) -> tuple[Stage, int | None]:
    """Return the stage that a verdict of this reviewer would have, and the first verdict that it answers."""
    query = """
        SELECT state, verdict_id, decided_by, EXISTS (
            SELECT 1 FROM verdicts WHERE answers = review_items.verdict_id AND reviewer = ?
        ) AS took_part
        FROM review_items WHERE listing_id = ?
    """
    row = db.execute(query, [reviewer, listing_id]).fetchone()
    if row is None or row["verdict_id"] is None or row["decided_by"] == reviewer:
        return Stage.FIRST, None
    if row["state"] == "second":
        return Stage.SECOND, row["verdict_id"]
    if row["state"] == "adjudication":
        return (Stage.SECOND if row["took_part"] else Stage.ADJUDICATION), row["verdict_id"]
    return Stage.FIRST, None


def ask_for_second(db: Database, verdict: Verdict) -> None:
    """Request a second review of a first verdict that escalates or is in the share for second review."""
    escalated = verdict.decision is Decision.ESCALATE
    if escalated or falls_into_share(verdict, review_settings(db).second_share):
        with transaction(db):
            why = "escalated" if escalated else "share"
            rows.insert(db, "second_reviews", {"verdict_id": verdict.verdict_id, "why": why})


def falls_into_share(verdict: Verdict, share: float) -> bool:
    """Return whether a verdict falls into the share for second review; the answer never changes."""
    digest = hashlib.sha256(f"second:{verdict.verdict_id}:{verdict.sighting_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64 < share
