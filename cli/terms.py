"""`terms`: the office's own names, code words and product numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.options import (
    AnyFile,
    ExistingFile,
    RowNumber,
    SentenceGroup,
    Statement,
    by_option,
    database_option,
    json_option,
)
from cli.output import CommandFailed, minute, open_store, print_records
from store.messages import counted
from store.times import utc_now

if TYPE_CHECKING:
    from pathlib import Path

    from store.review.office_terms import OfficeTerm

COLUMNS = ("term", "substance", "why")
"""The columns of a file of terms."""

common_option = click.option(
    "--even-if-common", is_flag=True, help="Add a term even if it names many stored listings."
)


@click.group("terms", cls=SentenceGroup)
def command() -> None:
    """Manage the office terms: names, code words and product numbers that are worth a look.

    From the next scoring on, a listing that names a term waits for a verdict, whatever its score. Each
    change is recorded in the audit log.

    Example: precursor-watch terms list
    """


@command.command("list")
@click.option("--all", "everything", is_flag=True, help="Show retired terms too.")
@database_option
@json_option
def list_command(database: Path, *, everything: bool, as_json: bool) -> None:
    """List the terms, newest first.

    Example: precursor-watch terms list --all
    """
    from store.review.office_terms import list_terms

    with open_store(database) as db:
        terms = list_terms(db, is_retired=None if everything else False)
    headings = ("NUMBER", "TERM", "SUBSTANCE", "FOUND", "ADDED", "BY", "WHY", "RETIRED")
    print_records(terms, headings, _cells, as_json=as_json, empty="No term has been added yet.")


@command.command("add")
@click.argument("term")
@click.option("--why", type=Statement, required=True, help="Why the office looks for this term.")
@click.option("--substance", default="", help="The substance that the office takes the term to mean.")
@common_option
@by_option
@database_option
def add_command(
    term: str, why: str, substance: str, *, even_if_common: bool, by: str, database: Path
) -> None:
    """Add a term, and print the number of stored listings that name it.

    Example: precursor-watch terms add "blue label oil" --why "Case 2026-114" --substance BMK
    """
    from store.review.office_terms import add_term, reach_of

    with open_store(database) as db:
        added = add_term(
            db, term, why=why, substance=substance, is_confirmed=even_if_common, by=by, now=utc_now()
        )
        reach = reach_of(db, added.term)
    named = counted(reach.count, "stored listing names", "stored listings name")
    click.echo(f"Term {added.office_term_id} added. {named} it; the next scoring puts them in the queue.")


@command.command("retire")
@click.argument("number", type=RowNumber)
@click.option("--why", type=Statement, required=True, help="Why the office no longer looks for this term.")
@by_option
@database_option
def retire_command(number: int, why: str, by: str, database: Path) -> None:
    """Retire a term; it stays in the list and in the record.

    NUMBER is in the first column of `terms list`.

    Example: precursor-watch terms retire 3 --why "Too many innocent listings"
    """
    from store.review.office_terms import retire_term

    with open_store(database) as db:
        retired = retire_term(db, number, why=why, by=by, now=utc_now())
    click.echo(f"Term {number} ({retired.term}) is retired.")


@command.command("import")
@click.argument("file", type=ExistingFile)
@common_option
@by_option
@database_option
def import_command(file: Path, *, even_if_common: bool, by: str, database: Path) -> None:
    """Add the terms of a CSV file with the columns term, substance and why: all of them, or none.

    Existing terms are skipped.

    Example: precursor-watch terms import terms.csv
    """
    from store.review.office_terms import import_terms

    found = list(_read(file))
    with open_store(database) as db:
        added = import_terms(db, found, is_confirmed=even_if_common, by=by, now=utc_now())
    click.echo(f"{counted(len(added), 'term', 'terms')} added, {len(found) - len(added):,} stood already.")


@command.command("export")
@click.argument("file", type=AnyFile)
@database_option
def export_command(file: Path, database: Path) -> None:
    """Write the standing terms to a CSV file, for another office.

    Example: precursor-watch terms export terms.csv
    """
    import csv

    from store.review.office_terms import list_terms

    with open_store(database) as db, file.open("w", encoding="utf-8", newline="") as out:
        terms = list_terms(db, is_retired=False)
        writer = csv.writer(out)
        writer.writerow(COLUMNS)
        writer.writerows((each.term, each.substance, each.why) for each in reversed(terms))
    click.echo(f"{counted(len(terms), 'term', 'terms')} written to {file}.", err=True)


def _read(file: Path) -> list[tuple[str, str, str]]:
    """Return term, substance and reason of each row.

    Raises:
        CommandFailed: If the file is no CSV file in UTF-8 with these columns.
    """
    import csv

    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            rows = list(csv.DictReader(opened, strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise CommandFailed(f"{file} is not a CSV file in UTF-8: {error}. Nothing was added.") from error
    for number, row in enumerate(rows, start=2):
        if not {"term", "why"} <= row.keys() or None in row.values():
            raise CommandFailed(
                f"{file}, row {number}: the columns {', '.join(COLUMNS)} were expected. Nothing was added."
            )
    return [(row["term"], row.get("substance", ""), row["why"]) for row in rows]


def _cells(term: OfficeTerm) -> tuple[str, ...]:
    return (
        str(term.office_term_id),
        term.term,
        term.substance or "-",
        f"{term.hits:,}",
        minute(term.added_at),
        term.added_by,
        term.why,
        f"{minute(term.retired_at)} {term.retired_by}: {term.retired_why}" if term.retired_at else "-",
    )
