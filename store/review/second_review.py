"""The second look: which verdicts somebody else checks, blind, and how far people agree."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from store import rows
from store.database import transaction
from store.model import Decision, Stage
from store.review.review_settings import review_settings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from store.database import Database
    from store.model import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How far first and second verdicts agree, over pairs in which the first did not escalate."""

    pairs: int
    agreed: int
    kappa: float | None
    """Cohen's kappa: agreement beyond chance, 1 at most; None where chance alone would always agree."""
    escalated: int
    """Pairs left out, because an escalation asks and decides nothing."""
    table: tuple[tuple[Decision, Decision, int], ...] = ()
    """First decision, second decision, how often."""

    @property
    def raw(self) -> float | None:
        """The share of pairs that agree."""
        return self.agreed / self.pairs if self.pairs else None


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


def agreement(db: Database) -> Agreement:
    """Return how far the standing pairs of first and second verdicts agree."""
    query = """
        SELECT checked.decision, second.decision FROM verdicts AS second
        JOIN verdicts AS checked ON checked.verdict_id = second.answers
        WHERE second.stage = 'second' AND second.decision <> 'undone'
          AND NOT EXISTS (
              SELECT 1 FROM verdicts AS undo WHERE undo.undoes IN (second.verdict_id, checked.verdict_id)
          )
          AND NOT EXISTS (
              SELECT 1 FROM verdicts AS later
              WHERE later.answers = second.answers AND later.stage = 'second' AND later.decision <> 'undone'
                AND later.verdict_id > second.verdict_id
                AND NOT EXISTS (SELECT 1 FROM verdicts AS undo WHERE undo.undoes = later.verdict_id)
          )
    """
    pairs = [(Decision(first), Decision(second)) for first, second in db.execute(query)]
    return measure_agreement(pairs)


def measure_agreement(pairs: Iterable[tuple[Decision, Decision]]) -> Agreement:
    """Return raw agreement and Cohen's kappa of pairs (Educ. Psychol. Meas. 20, 1960)."""
    told = list(pairs)
    settled = [pair for pair in told if pair[0] is not Decision.ESCALATE]
    n, agreed = len(settled), sum(first is second for first, second in settled)
    firsts, seconds = Counter(pair[0] for pair in settled), Counter(pair[1] for pair in settled)
    by_chance = sum(firsts[each] * seconds[each] for each in firsts) / n**2 if n else 1.0
    counted = Counter(told)
    return Agreement(
        pairs=n,
        agreed=agreed,
        kappa=None if by_chance == 1 else (agreed / n - by_chance) / (1 - by_chance),
        escalated=len(told) - n,
        table=tuple((first, second, count) for (first, second), count in sorted(counted.items())),
    )
