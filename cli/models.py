"""`models`: which models there are, and which one is in use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.options import database_option, json_option

if TYPE_CHECKING:
    from pathlib import Path


@click.command(name="models")
@database_option
@json_option
def command(database: Path, *, as_json: bool) -> None:
    """List the trained models, newest first; the one in use is marked.

    Example: precursor-watch models --json
    """
    from cli.output import minute, print_json, print_table, reading
    from listings.models import list_models, model_in_use

    with reading(database) as db:
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
