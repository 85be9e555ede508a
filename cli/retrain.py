"""`retrain`: verdicts to a candidate model, held against the one in use, promoted unless it is worse."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.options import database_option, json_option

if TYPE_CHECKING:
    from classifier.run import Retrained

STARTER = Path(__file__).parent.parent / "fixtures" / "training" / "listings.jsonl"


@click.command(name="retrain")
@click.option(
    "--starter",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=STARTER if STARTER.exists() else None,
    help="Labelled listings to start from (JSONL).  [default: the starter set of the checkout]",
)
@click.option("--no-starter", is_flag=True, help="Train on verdicts alone.")
@click.option(
    "--models",
    "models_folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where models are kept.  [default: models/ beside the database]",
)
@click.option(
    "--embedder",
    default="all-MiniLM-L6-v2",
    show_default=True,
    envvar="PRECURSOR_WATCH_EMBEDDER",
    show_envvar=True,
    help="A sentence-transformers name or path.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of the folds.")
@click.option("--force", is_flag=True, help="Promote even a worse model; the record says so.")
@click.option("--dry-run", is_flag=True, help="Train and compare; write nothing.")
@click.option(
    "--by",
    envvar=["PRECURSOR_WATCH_REVIEWER", "USER"],
    default="retrain",
    help="Who asks; kept with the promotion.",
)
@database_option
@json_option
def command(  # noqa: PLR0913 (one parameter per option)
    starter: Path | None,
    models_folder: Path | None,
    embedder: str,
    seed: int,
    by: str,
    database: Path,
    *,
    no_starter: bool,
    force: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Train a candidate on the starter set and all standing verdicts; promote it unless it is worse.

    Candidate and model in use are judged on the same held-out groups, each by a twin that never saw them.

    Example: precursor-watch retrain --dry-run
    """
    from classifier.run import RetrainOptions, retrain
    from cli.progress import progress_bar, summing

    options = RetrainOptions(
        starter=None if no_starter else starter,
        models_folder=models_folder or database.parent / "models",
        embedder=embedder,
        seed=seed,
        force=force,
        dry_run=dry_run,
        by=by,
    )
    with progress_bar("embedding") as show:
        result = retrain(database, options, progress=summing(show))
    _print_result(result, as_json=as_json)


def _print_result(result: Retrained, *, as_json: bool) -> None:
    from cli.output import print_json, print_table

    comparison = result.comparison
    if as_json:
        print_json(
            {
                "model_id": result.model.model_id,
                "promoted": result.promoted,
                "candidate": comparison.candidate,
                "in_use": comparison.in_use,
                "sentence": comparison.sentence,
            }
        )
        return
    in_use = comparison.in_use or {}
    rows = [(name, str(value), str(in_use.get(name, "-"))) for name, value in comparison.candidate.items()]
    print_table(("HELD OUT", "CANDIDATE", "IN USE"), rows)
    click.echo(f"Model {result.model.model_id}: {comparison.sentence}")
    click.echo("Promoted." if result.promoted else "Not promoted.")
