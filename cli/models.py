"""`models`: which models there are, which one is in use, and the way back to an earlier one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.options import database_option, json_option, reviewer_option

if TYPE_CHECKING:
    from pathlib import Path

    from listings.database import Database


@click.command(name="models")
@click.option("--use", metavar="MODEL", help="Put this model in use, e.g. to go back to an earlier one.")
@reviewer_option
@database_option
@json_option
def command(use: str | None, reviewer: str, database: Path, *, as_json: bool) -> None:
    """List the trained models, newest first; the one in use is marked.

    Example: precursor-watch models --json

    Example: precursor-watch models --use 3f0c9a7be1d2
    """
    from cli.output import minute, print_json, print_table, reading
    from listings.models import list_models, model_in_use

    with reading(database) as db:
        if use:
            _use(db, database, use, reviewer)
        models, in_use = list_models(db), model_in_use(db)
    current = in_use.model_id if in_use else None
    if as_json:
        print_json(
            [{"in_use": model.model_id == current, "folder": model.folder, **model.card} for model in models]
        )
        return
    rows = [
        (
            "in use" if model.model_id == current else "",
            model.model_id,
            minute(model.created_at),
            f"{model.threshold:.3f}",
            str(model.card["held_out"]["average_precision"]),  # type: ignore[index]
            model.folder,
        )
        for model in models
    ]
    print_table(("", "MODEL", "TRAINED", "THRESHOLD", "HELD-OUT AP", "FOLDER"), rows)


def _use(db: Database, database: Path, model_id: str, reviewer: str) -> None:
    from classifier.folder import load_model
    from classifier.scorer import model_folder
    from listings.models import get_model, promote
    from listings.times import utc_now

    load_model(model_folder(get_model(db, model_id), database))  # one that cannot score is refused here
    promote(db, model_id, promoted_by=reviewer, sentence="Put in use by hand.", now=utc_now())
    click.echo("`precursor-watch score` now scores what this model has not scored yet.", err=True)
