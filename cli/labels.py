"""`labels`: verdicts to a file, and labels from a file beside the verdicts."""

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
    """Take labels out of the database, or bring in labels that were judged elsewhere.

    A file is CSV or JSONL, by its ending. A verdict given here outweighs an imported label on the same text.

    Example: precursor-watch labels export verdicts.csv
    """


@command.command(name="export")
@file_argument
@database_option
def export_command(file: Path, database: Path) -> None:
    """Write every standing verdict that settles a label: who, when, what, why, where, and the text.

    A verdict is a label at once, also while it waits for a second look or to be settled; the exports of the
    review app hand on what is decided only.

    Example: precursor-watch labels export verdicts.jsonl
    """
    from classifier.training.examples import write_labels
    from store.scores.labels import judged_texts

    with open_store(database) as db:
        count = write_labels(file, judged_texts(db))
    click.echo(
        f"{counted(count, 'label', 'labels')} written to {file}. Verdicts that wait for a second look count.",
        err=True,
    )


@command.command(name="import")
@file_argument
@reviewer_option
@database_option
def import_command(file: Path, reviewer: str, database: Path) -> None:
    """Keep labels from a file for the next retraining: all of them, or none if a row is wrong.

    Each row has `label` (1 for an offer, 0 for none) and `text`, or `title` and `description`; `group`
    says who sells it, so that one seller's texts are weighed together. A text that is labelled both ways, in
    one file or in two, teaches nothing, and is counted.

    Example: precursor-watch labels import judged-elsewhere.csv --reviewer ada
    """
    from contextlib import closing

    from classifier.training.examples import read_labels
    from store.database import open_database
    from store.scores.labels import disputed_texts, import_labels

    if not reviewer.strip():
        raise CommandFailed("No reviewer is named; give --reviewer, so that the record says who decided.")
    labels = read_labels(file)
    with closing(open_database(database)) as db:
        new = import_labels(db, labels, origin=file.name, imported_by=reviewer, now=utc_now())
        disputed = disputed_texts(db, labels)
    click.echo(f"{counted(new, 'label', 'labels')} imported, {len(labels) - new:,} there already.")
    if disputed:
        click.echo(_dispute(disputed), err=True)


def _dispute(disputed: list[str]) -> str:
    """Return a sentence on texts with both labels, hostile as they are."""
    first = harmless(disputed[0][:EXAMPLE_CHARS])
    texts = counted(len(disputed), "text of the file is", "texts of the file are")
    which = "" if len(disputed) == 1 else "the first "
    return (
        f"{texts} labelled both 1 and 0, here or in what was imported before, and {which}reads: {first}\n"
        "A text that was judged both ways teaches nothing; a verdict given in the review settles it."
    )
