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
from store.model import Decision, ReasonCode, Stage
from store.review.workspace import forget_draft, review_settings
from store.scores.scores import current_score
from store.sqlite import Database, transaction

if TYPE_CHECKING:
    from collections.abc import Mapping

    from store.model import Verdict


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
"""The decisions that each reason goes with. Whoever is unsure or escalates may say where they lean."""


class ReasonUnfit(StoreError):
    """A reason contradicts the decision it was given for."""

    def __init__(self, reason: ReasonCode, decision: Decision) -> None:
        fitting = ", ".join(each for each in Decision if each in FITTING[reason])
        super().__init__(
            N_(
                "The reason %(reason)s contradicts the decision %(decision)s, so nothing was written: it "
                "goes with %(fitting)s. Give another reason, or none, or decide otherwise."
            ),
            reason=reason,
            decision=decision,
            fitting=fitting,
        )


def fitting_decisions(reason: ReasonCode) -> tuple[Decision, ...]:
    """Return the decisions a reason goes with, in their order."""
    return tuple(each for each in Decision if each in FITTING[reason])


def check_reason(decision: Decision, reason: ReasonCode | None) -> None:
    """Refuse a reason that contradicts its decision.

    Raises:
        ReasonUnfit: If it does.
    """
    if reason is not None and decision not in FITTING[reason]:
        raise ReasonUnfit(reason, decision)


class AlreadyUndone(StoreError):
    """The verdict to take back was taken back before."""

    def __init__(self, verdict_id: int) -> None:
        super().__init__(
            N_("Verdict %(number)s was already taken back, or is itself an undo; nothing was changed."),
            number=verdict_id,
        )


class StaleScreen(StoreError):
    """The listing was seen or scored otherwise after the reviewer's screen was drawn."""

    def __init__(self, listing_id: str, what: str) -> None:
        super().__init__(
            N_(
                "Listing %(listing)s %(what)s since it was shown, so nothing was written; "
                "look at it as it stands now, then decide."
            ),
            listing=listing_id,
            what=Word(what),
        )


class JudgedMeanwhile(StaleScreen):
    """Somebody gave or took back a verdict after the reviewer's screen was drawn."""

    def __init__(self, listing_id: str, who: str) -> None:
        StoreError.__init__(
            self,
            N_(
                "Listing %(listing)s was judged by %(who)s since it was shown, so nothing was written; "
                "look at it as it stands now, then decide."
            ),
            listing=listing_id,
            who=who,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """How a verdict came about, beside what was decided."""

    substance: str = ""
    """What is offered, where the reviewer corrects the program's reading."""
    shown_at: datetime | None = None
    """When the listing came onto the screen."""
    score_hidden: bool = False
    batch: str = ""
    """The same for all verdicts given at once."""
    last_verdict: int | None = None
    """The newest verdict on the listing when the screen was drawn, 0 for none; None leaves it unchecked."""
    origin: Origin = BY_HAND
    """From where it was given; the audit log keeps it."""


NO_CIRCUMSTANCES = Circumstances()


class ReviewerUnnamed(StoreError):
    """A decision was to be written as nobody's."""

    def __init__(self) -> None:
        super().__init__("No reviewer is named; give --reviewer, so that the record says who decided.")


def reviewer_name(said: str) -> str:
    """Return a reviewer's name as the record keeps it, without white space around it.

    Raises:
        ReviewerUnnamed: If nothing in it can be seen.
    """
    if not any(character.isprintable() and not character.isspace() for character in said):
        raise ReviewerUnnamed
    return rows.clean(said.strip())


def give_verdict(  # noqa: PLR0913 (what was decided, on what, by whom)
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
    """Write a person's decision about a listing as it was shown to them.

    Which look it is follows from where the listing stands: where a first verdict waits to be checked, anybody
    else's is the second; where two disagree, a third person's settles it.

    Args:
        db: The store.
        sighting_id: The sighting that was shown.
        decision: Anything but `UNDONE`.
        score_id: The score that was shown; None when the listing was shown without one.
        reason_code: Why.
        note: In the reviewer's own words.
        reviewer: Who decided.
        circumstances: How it came about.
        now: When.

    Raises:
        ReviewerUnnamed: If the reviewer's name is blank.
        UnknownRow: If there is no such sighting.
        StaleScreen: If that is no longer the listing's newest sighting, the model in use has another
            score for it, or somebody else judged it since (`JudgedMeanwhile`).
        ReasonUnfit: If the reason contradicts the decision.
    """
    if decision is Decision.UNDONE:
        raise ValueError("An undo names the verdict it takes back: call undo_verdict.")
    name = reviewer_name(reviewer)
    check_reason(decision, reason_code)
    with transaction(db):  # so that nothing comes between the look at what stands and the verdict on it
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
    """Take a verdict back by a new row that names it; the listing returns to the queue.

    Raises:
        ReviewerUnnamed: If the reviewer's name is blank.
        UnknownRow: If there is no such verdict.
        AlreadyUndone: If it was taken back before or is itself an undo.
    """
    name = reviewer_name(reviewer)
    with transaction(db):
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
    row = db.execute("SELECT * FROM verdicts WHERE verdict_id = ?", [verdict_id]).fetchone()
    if row is None:
        raise UnknownRow("verdict", verdict_id)
    return rows.verdict_from(row)


def verdicts_of(db: Database, listing_id: str) -> list[Verdict]:
    """Return every verdict about a listing, undone ones and undos included, oldest first."""
    query = "SELECT * FROM verdicts WHERE listing_id = ? ORDER BY verdict_id"
    return [rows.verdict_from(row) for row in db.execute(query, [listing_id])]


def latest_undoable(db: Database, reviewer: str) -> Verdict | None:
    """Return this reviewer's newest verdict that can still be taken back, or None."""
    query = """
        SELECT * FROM verdicts
        WHERE reviewer = ? AND decision <> 'undone'
          AND NOT EXISTS (SELECT 1 FROM verdicts AS undo WHERE undo.undoes = verdicts.verdict_id)
        ORDER BY verdict_id DESC LIMIT 1
    """
    row = db.execute(query, [reviewer]).fetchone()
    return None if row is None else rows.verdict_from(row)


def count_standing(db: Database, reviewer: str, *, since: datetime) -> int:
    """Return how many of a reviewer's verdicts given since then have not been taken back."""
    query = """
        SELECT count(*) FROM verdicts
        WHERE reviewer = ? AND decided_at >= ? AND decision <> 'undone'
          AND NOT EXISTS (SELECT 1 FROM verdicts AS undo WHERE undo.undoes = verdicts.verdict_id)
    """
    return int(db.execute(query, [reviewer, times.to_text(since)]).fetchone()[0])


def latest_undo(db: Database, reviewer: str) -> Verdict | None:
    """Return the verdict that this reviewer took back last, if nothing has been decided by them since."""
    query = "SELECT * FROM verdicts WHERE reviewer = ? ORDER BY verdict_id DESC LIMIT 1"
    row = db.execute(query, [reviewer]).fetchone()
    return None if row is None or row["undoes"] is None else get_verdict(db, row["undoes"])


def redo_verdict(
    db: Database, verdict_id: int, *, reviewer: str, origin: Origin = BY_HAND, now: datetime
) -> Verdict:
    """Give a verdict that was taken back once more, as a new row.

    Raises:
        UnknownRow: If there is no such verdict.
        StaleScreen: If the listing has been seen or scored otherwise since.
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
    """Return the newest row about a listing, undos included; 0 if there is none."""
    query = "SELECT ifnull(max(verdict_id), 0) FROM verdicts WHERE listing_id = ?"
    return int(db.execute(query, [listing_id]).fetchone()[0])


def _refuse_unseen(db: Database, listing_id: str, name: str, last_seen: int | None) -> None:
    """Refuse a decision by a screen on which somebody else's newer one was missing."""
    if last_seen is None:
        return
    query = "SELECT reviewer FROM verdicts WHERE listing_id = ? AND verdict_id > ? AND reviewer <> ? LIMIT 1"
    row = db.execute(query, [listing_id, last_seen, name]).fetchone()
    if row is not None:
        raise JudgedMeanwhile(listing_id, row["reviewer"])


def _log(db: Database, action: AuditAction, verdict: Verdict, origin: Origin) -> None:
    """Write the entry of a verdict: what was decided and what was on the screen."""
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
    """Return which listing was shown by this sighting and score, if it still stands so."""
    listing_id = listing_of(db, sighting_id)
    newest = "SELECT max(sighting_id) FROM sightings WHERE listing_id = ?"
    if db.execute(newest, [listing_id]).fetchone()[0] != sighting_id:
        raise StaleScreen(listing_id, N_("has changed"))
    scored = current_score(db, sighting_id)
    if (scored[0] if scored else None) != score_id:
        raise StaleScreen(listing_id, N_("has got another score"))
    return listing_id


def stage_of_next(db: Database, listing_id: str, reviewer: str) -> tuple[Stage, int | None]:
    """Return which look this reviewer's verdict on a listing would be, and the first verdict it answers."""
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
    """Note that somebody else is to look at a first verdict, if it escalates or falls into the share."""
    escalated = verdict.decision is Decision.ESCALATE
    if escalated or falls_into_share(verdict, review_settings(db).second_share):
        with transaction(db):
            why = "escalated" if escalated else "share"
            rows.insert(db, "second_reviews", {"verdict_id": verdict.verdict_id, "why": why})


def falls_into_share(verdict: Verdict, share: float) -> bool:
    """Return whether a verdict is among those checked: by a hash, so that it can be told again later."""
    digest = hashlib.sha256(f"second:{verdict.verdict_id}:{verdict.sighting_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64 < share
