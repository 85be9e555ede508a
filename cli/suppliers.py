"""`link`: read who offers, from new sightings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.options import database_option, recorded
from cli.output import open_store, progress_bar
from store.model import RunKind
from store.times import utc_now

if TYPE_CHECKING:
    from pathlib import Path


@click.command("link")
@click.option("--reread", is_flag=True, help="Read all sightings again, e.g. after an upgrade or a lost key.")
@database_option
def link_command(database: Path, *, reread: bool) -> None:
    """Read the accounts and contacts of sellers from new sightings.

    Only sightings that were not read before are read. [contacts] keep says how contacts are kept; see
    docs/suppliers.md.

    Example: precursor-watch link
    """
    from cli.settings import load_settings
    from store.suppliers.contacts import drop_unmentioned, forget_mentions
    from suppliers.update import ContactSettings, update

    settings = load_settings(ContactSettings)
    with recorded(database, RunKind.LINK, None) as done, open_store(database) as db:
        if reread:
            forget_mentions(db)
        with progress_bar("reading") as show:
            done.sentence = update(db, settings, now=utc_now, progress=show).sentence
        if reread:
            drop_unmentioned(db)
    click.echo(done.sentence)
