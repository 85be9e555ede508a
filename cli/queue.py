"""`queue`: what waits for a verdict."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from cli.options import RowNumber, database_option, json_option
from store.model import LAST_ROW

if TYPE_CHECKING:
    from pathlib import Path

    from store.database import Database
    from store.model import QueueEntry


@click.command(name="queue")
@click.option("--limit", type=RowNumber, default=50, show_default=True, help="Rows at most.")
@click.option("--offset", type=click.IntRange(0, LAST_ROW), default=0, help="Rows to pass over first.")
@click.option(
    "--reviewer",
    envvar=["PRECURSOR_WATCH_REVIEWER", "USER"],
    default="",
    show_envvar=True,
    help="Who looks: a user of the app is not shown the scores that it hides from them.",
)
@database_option
@json_option
def command(limit: int, offset: int, reviewer: str, database: Path, *, as_json: bool) -> None:
    """Show the flagged listings that nobody has judged as they now read, most likely offers first.

    A score that the review app keeps from this reviewer until their verdict is left out here too, whatever
    their role; a name without a user of the app judges nothing there and sees every score.

    Example: precursor-watch queue --limit 20
    """
    from cli.output import print_json, print_table, reading
    from store.messages import counted
    from store.review.queue import count_queue, review_queue
    from store.scores.scores import count_awaiting, model_in_use, newest_is_scored

    with reading(database) as db:
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
            "No model is in use yet, so nothing is flagged; `precursor-watch retrain` makes one.", err=True
        )
    elif unscored:
        waits = counted(unscored, "listing waits", "listings wait")
        click.echo(f"{waits} for a score of the model in use; `precursor-watch score` gives it.", err=True)


def _hidden(db: Database, listing_ids: list[str], reviewer: str) -> frozenset[str]:
    """Return the listings whose score is kept from whoever looks, by the rule of the review app."""
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
