"""`verdict`: give a verdict by hand, or take one back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.options import RowNumber, database_option, reviewer_option
from store.model import Decision, ReasonCode, Stage

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from store.database import Database
    from store.model import Verdict

DECISIONS = [decision.value for decision in Decision if decision is not Decision.UNDONE]


@click.command(name="verdict")
@click.argument("listing_id", required=False)
@click.argument("decision", required=False, type=click.Choice(DECISIONS))
@click.option(
    "--reason",
    type=click.Choice([code.value for code in ReasonCode]),
    metavar="REASON",
    help=f"Why, as the labelling guide has it: {', '.join(code.value for code in ReasonCode)}.",
)
@click.option("--note", default="", help="In your own words.")
@click.option(
    "--score",
    "score_id",
    type=RowNumber,
    help="The score you saw (score_id of queue --json); refused if the listing changed since.",
)
@click.option("--undo", type=RowNumber, metavar="VERDICT", help="Take this verdict back instead.")
@reviewer_option
@database_option
def command(
    listing_id: str | None,
    decision: str | None,
    *,
    reason: str | None,
    note: str,
    score_id: int | None,
    undo: int | None,
    reviewer: str,
    database: Path,
) -> None:
    """Decide about a listing as it now stands; the queue and the next retraining follow.

    LISTING_ID is in the last column of `queue`. What was judged is named on standard error, and a verdict
    that this one replaces. With --score it must be what you saw.

    Example: precursor-watch verdict 5f0c9a7be1d2c3f4 offer --reason disguised --note "no name on label"

    Example: precursor-watch verdict --undo 17
    """
    from cli.output import reading

    with reading(database) as db:
        if undo is None and listing_id and decision:
            given = _give(db, listing_id, Decision(decision), score_id, reason, note, reviewer)
        elif undo is not None and listing_id is None:
            given = _undo(db, undo, reviewer)
        else:
            raise click.UsageError("Give a listing and a decision, or --undo and a verdict's number.")
    undoes = f", takes back {given.undoes}" if given.undoes else ""
    click.echo(f"Verdict {given.verdict_id}: listing {given.listing_id} {given.decision}{undoes}.")


def _undo(db: Database, verdict_id: int, reviewer: str) -> Verdict:
    from store.review.verdicts import undo_verdict
    from store.times import utc_now

    return undo_verdict(db, verdict_id, reviewer=reviewer, now=utc_now())


def _give(
    db: Database,
    listing_id: str,
    decision: Decision,
    score_id: int | None,
    reason: str | None,
    note: str,
    reviewer: str,
) -> Verdict:
    from store.messages import harmless
    from store.review.listings import listing_file
    from store.review.verdicts import give_verdict
    from store.times import utc_now

    file = listing_file(db, listing_id)
    sighting = file.sightings[0]
    given = give_verdict(
        db,
        sighting.sighting_id,
        decision,
        score_id=file.score_id if score_id is None else score_id,
        reason_code=ReasonCode(reason) if reason else None,
        note=note,
        reviewer=reviewer,
        now=utc_now(),
    )
    p_offer = f"P {file.score.p_offer:.2f}" if file.score else "not scored"
    click.echo(
        f"Judged: {harmless(sighting.content.title)} (sighting {sighting.sighting_id}, {p_offer}).", err=True
    )
    if replaced := _replaced(file.verdicts, given):
        click.echo(
            f"A change of mind: verdict {replaced.verdict_id} by {harmless(replaced.reviewer)} said "
            f"{_said(replaced)}; now {_said(given)} stands. Both are kept; "
            f"`precursor-watch verdict --undo {given.verdict_id}` goes back.",
            err=True,
        )
    return given


def _replaced(before: Iterable[Verdict], given: Verdict) -> Verdict | None:
    """Return the verdict on the same text that stood until now, if it said something else.

    A blind second look replaces nothing, and is not told what it checks.
    """
    known = list(before)
    undone = {each.undoes for each in known}
    stood = [
        each
        for each in known
        if each.decision is not Decision.UNDONE
        and each.verdict_id not in undone
        and each.stage is not Stage.SECOND
    ]
    if not stood or given.stage is Stage.SECOND or stood[-1].sighting_id != given.sighting_id:
        return None
    return None if _said(stood[-1]) == _said(given) else stood[-1]


def _said(verdict: Verdict) -> str:
    return f"{verdict.decision} ({verdict.reason_code})" if verdict.reason_code else str(verdict.decision)
