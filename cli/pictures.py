"""`pictures`: read the pictures of listings, and show what was read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.options import database_option, recorded
from cli.output import open_store, progress_bar
from store.model import RunKind
from store.times import utc_now

if TYPE_CHECKING:
    from pathlib import Path


@click.command("pictures")
@click.option(
    "--reread",
    is_flag=True,
    help="Also read again the pictures that other readers read, e.g. after a language was added.",
)
@database_option
def command(database: Path, *, reread: bool) -> None:
    """Read the text and the codes of new pictures, once for each picture.

    Crawls keep the pictures of listings that a saved archive holds. This command reads them in a confined
    process; the next `score` and `link` take what was read into account. Nothing is fetched. [pictures] sets
    the limits; see docs/pictures.md.

    Example: precursor-watch pictures
    """
    from cli.settings import load_settings
    from crawler.pictures import PictureSettings
    from crawler.pictures.run import read_pictures, read_with, what_is_missing
    from store.crawl.evidence import evidence_folder
    from store.crawl.pictures import forget_readings

    settings = load_settings(PictureSettings)
    with recorded(database, RunKind.PICTURES, None) as done, open_store(database) as db:
        if reread:
            forget_readings(db, except_with=read_with())
        with progress_bar("reading") as show:
            read = read_pictures(db, evidence_folder(database), settings, now=utc_now, progress=show)
        done.sentence = read.sentence
        click.echo(read.sentence)
        if missing := what_is_missing():
            click.echo(missing, err=True)
