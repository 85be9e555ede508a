"""`labels`: export verdicts as labels, and import labels from a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.options import AnyFile, SentenceGroup, database_option, reviewer_option
from cli.output import CommandFailed, open_store
from store.messages import counted, harmless
from store.times import utc_now

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLE_CHARS = 100

file_argument = click.argument("file", type=AnyFile)


@click.group(name="labels", cls=SentenceGroup)
def command() -> None:
    """Export verdicts as labels, and import labels from elsewhere.

    Files are CSV or JSONL, by extension. A verdict outweighs an imported label on the same text.

    Example: precursor-watch labels export verdicts.csv
    """


@command.command(name="export")
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


@command.command(name="import")
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
