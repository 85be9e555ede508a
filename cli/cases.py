"""`cases`: list, show, export and verify cases without the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.evidence import verify_bundle_file
from cli.law import law_options
from cli.options import AnyFile, ExistingFile, SentenceGroup, by_option, database_option, json_option
from cli.output import CommandFailed, open_store, print_json, print_table
from store.messages import harmless

if TYPE_CHECKING:
    from pathlib import Path

    from classifier.gazetteer import Law
    from store.database import Database
    from store.review.cases import Case

FORMATS = ("zip", "pdf", "wacz", "csv", "jsonl")

number_argument = click.argument("number", metavar="CASE")


@click.group("cases", cls=SentenceGroup)
def command() -> None:
    """List, show, export and verify cases.

    CASE is the number on the page of the case. An export hides the verdicts and scores that the app hides
    from the user of --by until their own verdict.

    Example: precursor-watch cases list
    """


@command.command("list")
@database_option
@json_option
def list_command(database: Path, *, as_json: bool) -> None:
    """List all cases, newest first.

    Example: precursor-watch cases list
    """
    from store.review.cases import list_cases

    with open_store(database) as db:
        cases = list_cases(db)
    if as_json:
        print_json([_summary(case) for case in cases])
        return
    print_table(
        ("case", "title", "state", "kept by", "listings", "opened"),
        [
            (
                case.number,
                harmless(case.title),
                "closed" if case.is_closed else "open",
                case.kept_by,
                str(len(case.listings)),
                f"{case.opened_at:%Y-%m-%d}",
            )
            for case in cases
        ],
    )


@command.command("show")
@number_argument
@by_option
@database_option
@json_option
def show_command(number: str, by: str, database: Path, *, as_json: bool) -> None:
    """Show a case to the user of --by: its listings as filed, and its journal.

    Example: precursor-watch cases show 2026/114 --by ada
    """
    from review.cases.case_files import read_case
    from review.web.dependencies import Person
    from store.accounts.users import get_user
    from store.audit.audit import BY_HAND
    from store.times import utc_now

    with open_store(database) as db:
        reader = Person(user=get_user(db, by), origin=BY_HAND, session=None)
        found = read_case(db, _case(db, number).case_id, reader, now=utc_now())
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    click.echo(harmless(f"Case {found.number}: {found.title}".rstrip(": ")))
    click.echo(
        f"Opened by {found.opened_by}, kept by {found.kept_by}; {'closed' if found.is_closed else 'open'}."
    )
    rows = [
        (
            each.listing_id,
            f"{each.filed_at:%Y-%m-%d %H:%M} UTC",
            each.filed_by,
            "hidden" if each.verdict_hidden else str(each.state),
            "yes" if each.is_changed else "no",
        )
        for each in found.filed
    ]
    print_table(("listing", "filed", "by", "state", "changed since"), rows)
    for line in found.entries:
        said = " ".join(filter(None, [line.listing_id, line.seller_name, line.handed_to, line.note]))
        click.echo(
            harmless(f"{line.written_at:%Y-%m-%d %H:%M} UTC {line.kind} {line.written_by} {said}".rstrip())
        )


@command.command("export")
@number_argument
@click.argument("file", type=AnyFile)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    help="Format of the file.  [default: by the ending of FILE]",
)
@by_option
@law_options
@database_option
def export_command(law: Law, number: str, file: Path, form: str | None, by: str, database: Path) -> None:
    """Write a whole case to FILE, and log the export under --by.

    The file equals the export on the page of the case. An existing FILE is not overwritten.

    Example: precursor-watch cases export 2026/114 case.zip --by ada
    """
    from cli.serve import reference_for
    from review.cases.case_exports import export_by_hand
    from review.web.app import create_app

    form = form or file.suffix.lstrip(".")
    if form not in FORMATS:
        raise click.UsageError(f"{file.name} ends in none of {', '.join(FORMATS)}; give --format.")
    with open_store(database) as db:
        app = create_app(database, reference=reference_for(database, law))
        body = export_by_hand(app, db, _case(db, number).case_id, form, by)  # type: ignore[arg-type]
    try:
        with file.open("xb") as handle:
            handle.write(body)
    except OSError as error:
        raise CommandFailed(f"The export cannot be written: {error}.") from error
    click.echo(f"{len(body):,} bytes written to {file}")


@command.command("verify")
@click.argument("bundle", type=ExistingFile, metavar="FILE")
@click.option(
    "--signed-by", default="", metavar="KEY", help="Fingerprint of the key that must have signed the file."
)
@json_option
def verify_command(bundle: Path, signed_by: str, *, as_json: bool) -> None:
    """Verify a case file, as `evidence verify FILE` does; needs no database.

    Example: precursor-watch cases verify case.zip
    """
    verify_bundle_file(bundle, signed_by, as_json=as_json)


def _case(db: Database, number: str) -> Case:
    from store.review.cases import list_cases

    found = next((case for case in list_cases(db) if case.number == number), None)
    if found is None:
        raise CommandFailed(harmless(f"There is no case {number}. `precursor-watch cases list` names them."))
    return found


def _summary(case: Case) -> dict[str, object]:
    return {
        "number": case.number,
        "title": case.title,
        "is_closed": case.is_closed,
        "kept_by": case.kept_by,
        "opened_at": case.opened_at,
        "listings": list(case.listings),
    }
