"""`dossier`: write the dossier of a supplier."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.law import chosen_law
from cli.options import AnyFolder, RowNumber, by_option, database_option
from cli.output import open_store
from store.times import utc_now

if TYPE_CHECKING:
    from pathlib import Path


@click.command("dossier")
@click.argument("supplier", type=RowNumber)
@click.option("--out", "folder", type=AnyFolder, required=True, help="An empty or new folder for the files.")
@click.option(
    "--contacts", "with_contacts", is_flag=True, help="State the contacts; the audit log records it."
)
@click.option(
    "--report",
    "form",
    default="21 CFR 1310.",
    show_default=True,
    help="Report template: the rules whose names begin like this.",
)
@by_option
@database_option
def command(supplier: int, folder: Path, form: str, by: str, database: Path, *, with_contacts: bool) -> None:
    """Write the dossier of SUPPLIER: PDF, JSON, FollowTheMoney, and the evidence as a signed ZIP.

    What people confirmed and what is only machine-linked stand apart. A template of a report lists the fields
    of public rules, filled as far as listings say.

    Example: precursor-watch dossier 12 --out dossiers/12
    """
    from cli.serve import reference_for
    from review.suppliers.dossier import read_dossier, write_dossier
    from review.web.app import build_templates
    from store.audit.audit import BY_HAND
    from store.suppliers.contacts import view_contacts
    from store.suppliers.suppliers import accounts_of, get_supplier

    if folder.exists() and any(folder.iterdir()):
        raise click.UsageError(f"The folder {folder} is not empty. Give a new or empty folder.")
    now = utc_now()
    with open_store(database) as db:
        number = get_supplier(db, supplier).supplier_id
        contacts = []
        if with_contacts:
            ids = [each.seller_account_id for each in accounts_of(db, number)]
            contacts = view_contacts(db, account_ids=ids, actor=by, now=now)
        dossier = read_dossier(db, number, by=by, contacts=contacts, form=form, now=now)
        files, missing = write_dossier(
            db,
            dossier,
            reference_for(database, chosen_law(database=database)),
            build_templates(),
            origin=BY_HAND,
        )
    folder.mkdir(parents=True, exist_ok=True)
    for name, body in files.items():
        (folder / name).write_bytes(body)
    for said in missing:
        click.echo(f"Missing: {said}", err=True)
    click.echo(f"The dossier of supplier {number} is in {folder}: {', '.join(files)}.")
