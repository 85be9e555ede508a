"""`queue`, `verdict` and `notices`: show the queue and its notices, and give or undo a verdict."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from cli.options import PERSON_VARIABLES, AnyFile, RowNumber, database_option, json_option, reviewer_option
from cli.output import open_store, print_json, print_records, print_table
from store.messages import counted, harmless
from store.model import LAST_ROW, NOTICE_KINDS, Decision, ReasonCode, Stage
from store.times import utc_now

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from store.database import Database
    from store.model import QueueEntry, Verdict
    from store.review.notices import NoticeCount


DECISIONS = [decision.value for decision in Decision if decision is not Decision.UNDONE]
REASONS = [code.value for code in ReasonCode]


@click.command(name="queue")
@click.option("--limit", type=RowNumber, default=50, show_default=True, help="Maximum number of rows.")
@click.option("--offset", type=click.IntRange(0, LAST_ROW), default=0, help="Number of rows to skip.")
@click.option(
    "--reviewer",
    envvar=PERSON_VARIABLES,
    default="",
    show_envvar=True,
    help="Name of the reviewer; scores that the review app hides from them are hidden here too.",
)
@database_option
@json_option
def command(limit: int, offset: int, reviewer: str, database: Path, *, as_json: bool) -> None:
    """Show the flagged listings whose present version has no verdict, most likely offers first.

    A score that the review app hides from the reviewer until their verdict is hidden here too, whatever their
    role. If the name is not a user of the app, every score is shown.

    Example: precursor-watch queue --limit 20
    """
    from store.review.queue import count_queue, review_queue
    from store.scores.scores import count_awaiting, model_in_use, newest_is_scored

    with open_store(database) as db:
        entries, waiting = review_queue(db, limit=limit, offset=offset), count_queue(db)
        hidden = _hidden(db, [entry.listing_id for entry in entries], reviewer)
        is_trained = model_in_use(db) is not None
        unscored = 0 if newest_is_scored(db) else count_awaiting(db)
    if as_json:
        records = [_record(entry, hidden) for entry in entries]
        print_json({"waiting": waiting, "unscored": unscored, "entries": records})
        return
    headings = ("P", "TIER", "SUBSTANCE", "TITLE", "SOURCE", "LISTING")
    print_table(headings, [_row(entry, hidden) for entry in entries], cut=("SUBSTANCE", "TITLE"))
    click.echo(f"{waiting} waiting.", err=True)
    if not is_trained:
        click.echo(
            "No model is in use, so nothing is flagged; train one with `precursor-watch retrain`.", err=True
        )
    elif unscored:
        waits = counted(unscored, "listing waits", "listings wait")
        click.echo(f"{waits} for a score by the model in use; run `precursor-watch score`.", err=True)


@click.command(name="verdict")
@click.argument("listing_id", required=False)
@click.argument("decision", required=False, type=click.Choice(DECISIONS))
@click.option(
    "--reason",
    type=click.Choice(REASONS),
    metavar="REASON",
    help=f"The reason, as defined in the labelling guide: {', '.join(REASONS)}.",
)
@click.option("--note", default="", help="A note in your own words.")
@click.option(
    "--score",
    "score_id",
    type=RowNumber,
    help="The score that you saw (score_id in `queue --json`); the verdict is refused if the listing has "
    "changed since.",
)
@click.option("--undo", type=RowNumber, metavar="VERDICT", help="Undo a verdict, by number.")
@reviewer_option
@database_option
def verdict_command(
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
    """Give a verdict on the present version of a listing, for the queue and the next retraining.

    LISTING_ID is in the last column of `queue`. The title of the listing, and any verdict that this one
    replaces, are printed on standard error.

    Example: precursor-watch verdict 5f0c9a7be1d2c3f4 offer --reason disguised --note "no name on label"

    Example: precursor-watch verdict --undo 17
    """
    from store.review.verdicts import undo_verdict

    with open_store(database) as db:
        if undo is None and listing_id and decision:
            given = _give(db, listing_id, Decision(decision), score_id, reason, note, reviewer)
        elif undo is not None and listing_id is None:
            given = undo_verdict(db, undo, reviewer=reviewer, now=utc_now())
        else:
            raise click.UsageError("Give a listing and a decision, or --undo and a verdict's number.")
    undoes = f", undoes verdict {given.undoes}" if given.undoes else ""
    click.echo(f"Verdict {given.verdict_id}: listing {given.listing_id} {given.decision}{undoes}.")


def _hidden(db: Database, listing_ids: list[str], reviewer: str) -> frozenset[str]:
    """Return the listings whose scores the review app hides from this reviewer."""
    from review.queue.blinding import hidden_from
    from store.accounts.users import has_user
    from store.review.queue import items_of

    if not has_user(db, reviewer):
        return frozenset()
    hides, items = hidden_from(db, reviewer), items_of(db, listing_ids)
    return frozenset(each for each in listing_ids if hides(items.get(each)))


def _record(entry: QueueEntry, hidden: frozenset[str]) -> dict[str, object]:
    is_hidden = entry.listing_id in hidden
    shown = {**asdict(entry), "score_hidden": is_hidden}
    return {**shown, "p_offer": None} if is_hidden else shown


def _row(entry: QueueEntry, hidden: frozenset[str]) -> tuple[str, ...]:
    p_offer = "-" if entry.listing_id in hidden else f"{entry.p_offer:.2f}"
    tier = "-" if entry.tier is None else str(entry.tier)
    substance = entry.substances[0] if entry.substances else "(none named)"
    return (p_offer, tier, substance, entry.title, entry.source_id, entry.listing_id)


def _give(
    db: Database,
    listing_id: str,
    decision: Decision,
    score_id: int | None,
    reason: str | None,
    note: str,
    reviewer: str,
) -> Verdict:
    from store.review.listings import listing_file
    from store.review.verdicts import give_verdict

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
        f"Reviewed: {harmless(sighting.content.title)} (sighting {sighting.sighting_id}, {p_offer}).",
        err=True,
    )
    if replaced := _replaced(file.verdicts, given):
        click.echo(
            f"{_said(given)} replaces {_said(replaced)}, verdict {replaced.verdict_id} by "
            f"{harmless(replaced.reviewer)}. Both are kept; "
            f"`precursor-watch verdict --undo {given.verdict_id}` restores the earlier one.",
            err=True,
        )
    return given


def _replaced(before: Iterable[Verdict], given: Verdict) -> Verdict | None:
    """Return the verdict that a new one replaces: the current one on the same text, if it differs.

    A blind second review replaces nothing, and its reviewer must not see the first verdict.
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


@click.command("notices")
@click.option("--kind", type=click.Choice(NOTICE_KINDS), help="Only this kind of notice.")
@click.option("--code", default="", help="Only this substance, machine or rule, e.g. ebay-1.")
@click.option(
    "--export", "file", type=AnyFile, help="Write the listings to a CSV file, one line for each notice."
)
@database_option
@json_option
def notices_command(kind: str | None, code: str, file: Path | None, database: Path, *, as_json: bool) -> None:
    """Count listings by their notices, which stand beside the score.

    Kinds: substances under surveillance (watch), machines that laws name (equipment), rules of the listing's
    own marketplace that it breaks (rule), compounds that a class rule of a law covers (class), and evidence
    in pictures (picture). A weak notice, e.g. of ordinary goods, is no reason to look by itself. A lead
    chooses in the settings which kinds put a listing into the queue.

    Example: precursor-watch notices --kind rule

    Example: precursor-watch notices --kind rule --code ebay-1 --export ebay-1.csv
    """
    from review.oversight.figure_pages import as_csv
    from store.review.notices import count_notices, noticed_listings

    with open_store(database) as db:
        counts = [each for each in count_notices(db, kind or "") if code in {"", each.code}]
        found = noticed_listings(db, kind or "", code) if file else []
    if file:
        file.write_text(as_csv(found), encoding="utf-8", newline="")
        click.echo(f"{counted(len(found), 'notice', 'notices')} written to {file}.", err=True)
        return
    headings = ("KIND", "CODE", "LISTINGS", "WEAK", "WHAT")
    print_records(
        counts, headings, _notice_cells, as_json=as_json, empty="No listing has any of these notices."
    )


def _notice_cells(each: NoticeCount) -> tuple[str, ...]:
    what = f"e.g. {each.name}" if each.names_differ else each.name
    return (each.kind, each.code, f"{each.listings:,}", "yes" if each.is_weak else "-", what)
