"""`law`: the lists that count, their state and imports, and the options by which other commands choose lists.

`--profile` and `--as-of` default to the section `[law]`. The imports that the store has accepted count.
"""

from __future__ import annotations

import os
from dataclasses import asdict, replace
from functools import partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

import click

from cli.options import (
    ExistingFile,
    RowNumber,
    SentenceGroup,
    Statement,
    by_option,
    database_option,
    json_option,
)
from cli.output import CommandFailed, minute, open_store, print_json, print_table
from store.messages import counted, harmless
from store.times import utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from classifier.gazetteer import Law, ListRow
    from classifier.gazetteer.state import Change, ProfileState
    from classifier.settings import ScoringSettings
    from store.database import Database
    from store.scores.law_imports import LawDecision, LawImport

MOST_DIGITS = 19
"""Digits that the number of a row cannot have."""

P = ParamSpec("P")
T = TypeVar("T")


def law_options(command: Callable[Concatenate[Law, P], T]) -> Callable[P, T]:
    """Add `--profile` and `--as-of` to a command, and pass it the chosen law as its first argument."""

    @click.option(
        "--profile",
        "law_profile",
        help="Comma-separated profiles, e.g. un,us,canada; `law status` names them all.  "
        "[default: un,incb,us,eu]",
    )
    @click.option(
        "--as-of",
        "law_as_of",
        metavar="DATE",
        help="Use the law as of a date (YYYY-MM-DD).",
    )
    @wraps(command)
    def under_the_law(*arguments: P.args, **options: P.kwargs) -> T:
        profile, as_of = str(options.pop("law_profile") or ""), str(options.pop("law_as_of") or "")
        database = options.get("database")
        return command(
            _law_asked(profile, as_of, database if isinstance(database, Path) else None),
            *arguments,
            **options,
        )

    return under_the_law


def _law_asked(profile: str, as_of: str, database: Path | None) -> Law:
    """Return the chosen law; a wrong option is misuse (exit code 2), unlike a wrong setting."""
    from classifier.gazetteer.law import LawWrong

    try:
        return chosen_law(profile, as_of, database)
    except LawWrong as error:
        if profile or as_of:
            raise click.BadParameter(str(error)) from error
        raise


def chosen_law(profile: str = "", as_of: str = "", database: Path | None = None) -> Law:
    """Return the law for a profile and a date; an empty one comes from the settings.

    The imports that the store `database` has accepted count, if it exists.

    Raises:
        LawWrong: If there is no such instrument or date.
        SettingsWrong: If the settings file cannot be used.
    """
    from classifier.gazetteer.law import Law, LawSettings, read_law
    from classifier.gazetteer.state import with_imports
    from cli.settings import load_settings

    settings = load_settings(LawSettings)
    wanted, day = [profile] if profile else settings.profile, as_of or settings.as_of
    if not (database and database.exists() and database.stat().st_size):
        return read_law(wanted, day)
    with open_store(database) as db:
        known = with_imports(db, Law(), even_waiting=True).imported  # a waiting import may bring a profile
        asked = read_law(wanted, day, known)
        law = with_imports(db, asked)
    return replace(law, instruments=asked.instruments) if profile else law


def scoring_settings(law: Law, environ: Mapping[str, str] = os.environ) -> ScoringSettings:
    """Return the scoring settings for a law; the others come from the environment."""
    from classifier.features.embedding import BACKENDS
    from classifier.settings import ScoringSettings

    backend = environ.get("PRECURSOR_WATCH_BACKEND", "auto")
    return ScoringSettings(
        law=law,
        systematic_names=environ.get("PRECURSOR_WATCH_IUPAC", "off") == "on",
        backend=next((each for each in BACKENDS if each == backend), None),
        cascade=environ.get("PRECURSOR_WATCH_CASCADE", "on") != "off",
    )


@click.group("law", cls=SentenceGroup)
def command() -> None:
    """Show the state of the law, compare editions, and import legal lists.

    Example: precursor-watch law status
    """


@command.command("status")
@law_options
@click.option(
    "--days", type=RowNumber, default=None, help="How far to look for changes.  [default: [alarms] law_days]"
)
@database_option
@json_option
def status_command(law: Law, days: int | None, database: Path, *, as_json: bool) -> None:
    """Show every profile with the age of its sources, the coming changes, and the imports.

    Proposed lists are not in force. The changes include those of an import that is waiting for a lead; the
    profiles do not.

    Example: precursor-watch law status --days 90
    """
    from classifier.gazetteer.state import changes_within, profile_states, with_imports
    from cli.settings import load_settings
    from scheduler.settings import AlarmSettings
    from store.scores.law_imports import list_imports

    today, days = utc_now().date(), days or load_settings(AlarmSettings).law_days
    imports: list[LawImport] = []
    with_waiting = law
    if database.exists():
        with open_store(database) as db:
            imports = list_imports(db)
            with_waiting = with_imports(db, law, even_waiting=True)
    states, changes = profile_states(law), changes_within(with_waiting, today, days)
    if as_json:
        print_json(
            {
                "law": str(law),
                "profiles": [asdict(each) for each in states],
                "changes": [asdict(each) for each in changes],
                "imports": [{**asdict(each), "law_rows": len(each.law_rows)} for each in imports],
            }
        )
        return
    headings = ("PROFILE", "JURISDICTION", "COUNTS", "ENTRIES", "LOW CONFIDENCE", "IMPORTED", "NEWEST",
                "SOURCES READ")  # fmt: skip
    print_table(headings, [_state_cells(each, today) for each in states])
    click.echo(f"\nWithin {counted(days, 'day', 'days')}:")
    for change in changes:
        click.echo(f"  {harmless(_change_line(change))}")
    if not changes:
        click.echo("  no entry of the lists that count begins or ends.")
    click.echo(
        "Stored scores do not follow a change of [law] profile; `precursor-watch retrain` trains a model "
        "under it, which scores all listings again if it is promoted."
    )
    if imports:
        click.echo("")
        print_table(("IMPORT", "FILE", "ROWS", "BROUGHT", "BY", "WHY", "STATE"), map(_import_cells, imports))


@command.command("diff")
@click.argument("old")
@click.argument("new")
@click.option("--profile", default="", help="Compare only these profiles, e.g. us,eu.")
@database_option
@json_option
def diff_command(old: str, new: str, profile: str, database: Path, *, as_json: bool) -> None:
    """Show the additions, removals and changes between two editions of the law, with their dates.

    OLD and NEW are each one of: a CSV file of list rows, which is checked whole; a date (YYYY-MM-DD), for
    the entries in force on that day; "shipped", for the lists that come with the product; "now", for the
    shipped lists with the accepted imports; or the number of an import, for the law with that import. If
    one is a file, only the lists that the file names are compared. If NEW alone is a file, only its rows are:
    an import leaves all other rows as they are.

    Example: precursor-watch law diff 2025-12-31 2026-12-01 --profile canada,eu

    Example: precursor-watch law diff now canada-2027.csv
    """
    from classifier.gazetteer.law import read_law
    from classifier.gazetteer.lists import differences
    from classifier.gazetteer.substances import known_names

    chosen = read_law([profile], "").instruments if profile else ()
    before, after = _edition(old, database), _edition(new, database)
    named = {(row.profile, row.list) for text, rows in ((old, before), (new, after))
             if Path(text).is_file() for row in rows}  # fmt: skip

    def compared(rows: Sequence[ListRow]) -> list[ListRow]:
        return [
            row
            for row in rows
            if (not named or (row.profile, row.list) in named) and (not chosen or row.profile in chosen)
        ]

    known = known_names()
    if Path(new).is_file() and not Path(old).is_file():
        places = {row.place(known) for row in after}
        before = [row for row in before if row.place(known) in places]
    found = differences(compared(before), compared(after), known)
    if as_json:
        print_json([asdict(each) for each in found])
        return
    for each in found:
        click.echo(harmless(str(each)))
    kinds = [(kind, sum(each.kind == kind for each in found)) for kind in ("added", "removed", "changed")]
    click.echo(", ".join(f"{count:,} {kind}" for kind, count in kinds) + ".")


@command.command("import")
@click.argument("file", type=ExistingFile)
@click.option("--why", type=Statement, required=True, help="Why the office imports this list.")
@by_option
@database_option
def import_command(file: Path, why: str, by: str, database: Path) -> None:
    """Import a CSV file of list rows: all rows, or none if a row is wrong.

    The import does not count yet. The next scoring scores the history under the new law, `law preview` shows
    the new flags, and a lead accepts or rejects the import. docs/new-list.md explains the columns.

    Example: precursor-watch law import canada-2027.csv --why "SOR/2027-12 of 2027-01-20" --by ada
    """
    from classifier.gazetteer.state import with_imports
    from store.scores.law_imports import bring_law

    law = chosen_law(database=database)
    with open_store(database) as db:
        rows = _rows_of_file(file, db)
        brought = bring_law(db, file.name, rows, why=why, by=by, now=utc_now())
        law = with_imports(db, law, even_waiting=True)
    number = brought.law_import_id
    taken = f"{counted(len(rows), 'row', 'rows')} of {harmless(file.name)}"
    click.echo(f"Import {number}: {taken}. Nothing counts yet.")
    if others := sorted({row.profile for row in rows} - set(law.instruments)):
        click.echo(
            f"Not in this office's profile, so no score uses these rows: {', '.join(others)}. To make them "
            "count, add the name to [law] profile in the settings, and retrain."
        )
    click.echo(f"See the changes: precursor-watch law diff now {number}")
    click.echo("Score the history under the new law: precursor-watch score (the service does so by itself)")
    click.echo(f"Then: precursor-watch law preview, and law accept {number} --why ... or law reject {number}")


@command.command("preview")
@click.option("--limit", type=RowNumber, default=50, show_default=True, help="Maximum number of listings.")
@database_option
@json_option
def preview_command(limit: int, database: Path, *, as_json: bool) -> None:
    """Show the listings that the waiting import would newly flag.

    Example: precursor-watch law preview
    """
    from classifier.gazetteer.state import with_imports
    from classifier.notices import notices_under
    from store.scores.law_imports import preview, waiting_import

    law = chosen_law(database=database)
    with open_store(database) as db:
        waiting = waiting_import(db)
        if waiting is None:
            raise CommandFailed("No import is waiting for a lead; import a list with `law import`.")
        notices = partial(notices_under, law, with_imports(db, law, even_waiting=True))
        found = preview(db, waiting, limit=limit, notices_under=notices)
    number = waiting.law_import_id
    if found is None:
        raise CommandFailed(f"No model is in use, so import {number} changes no listing; it can be accepted.")
    if as_json:
        print_json({"law_import_id": number, **asdict(found)})
        return
    rows = [
        (each.listing_id, "-" if each.p_before is None else f"{each.p_before:.2f}", f"{each.p_offer:.2f}",
         ", ".join(each.substances) or "-", each.title)
        for each in found.newcomers
    ]  # fmt: skip
    if rows:
        print_table(("LISTING", "NOW", "WOULD BE", "SUBSTANCES", "TITLE"), rows)
    click.echo(
        f"Import {number} ({harmless(waiting.file_name)}) would newly flag "
        f"{counted(found.entering, 'listing', 'listings')}; "
        f"{counted(found.leaving, 'listing', 'listings')} would no longer be flagged by the score."
    )
    if found.noticed:
        more = counted(found.noticed, "more listing", "more listings")
        click.echo(f"Rules of their marketplaces or watched substances would newly flag {more}.")
    if found.unscored:
        click.echo(
            f"{counted(found.unscored, 'sighting is', 'sightings are')} not yet scored under the import; run "
            "`precursor-watch score`.",
            err=True,
        )


def _decision_command(name: str, decision: LawDecision, text: str) -> None:
    """Add `accept` or `reject`."""

    @command.command(name, help=text)
    @click.argument("number", type=RowNumber)
    @click.option("--why", type=Statement, required=True, help="The reason; kept in the audit log.")
    @by_option
    @database_option
    def decide(number: int, why: str, by: str, database: Path) -> None:
        from store.accounts.users import Role, get_user, list_users
        from store.scores.law_imports import decide_import

        with open_store(database) as db:
            if list_users(db) and not get_user(db, by).role.includes(Role.LEAD):
                raise CommandFailed(
                    f"{by} is no lead. Only a lead decides on imports; name a lead with --by."
                )
            decided = decide_import(db, number, decision, why=why, by=by, now=utc_now())
        flags = decided.newly_flagged
        newly = f" {counted(flags or 0, 'listing is', 'listings are')} newly flagged." if flags else ""
        click.echo(f"Import {number} is {decision} by {by}.{newly if decision == 'accepted' else ''}")


_decision_command(
    "accept",
    "accepted",
    """Accept a waiting import as a lead, so that its entries count.

    The scores under the import come into use for all listings. Earlier scores stay, with their law.

    Example: precursor-watch law accept 3 --why "Checked the 12 new flags" --by lea
    """,
)
_decision_command(
    "reject",
    "rejected",
    """Reject a waiting import as a lead; the import stays in the record.

    Example: precursor-watch law reject 3 --why "Dates are of the draft" --by lea
    """,
)


def _edition(text: str, database: Path) -> list[ListRow]:
    """Return the rows of an edition of the law: of a file, a date, an import, or the present one."""
    from classifier.gazetteer.law import Law, LawWrong, read_law
    from classifier.gazetteer.lists import imported_rows
    from classifier.gazetteer.substances import all_rows
    from store.scores.law_imports import get_import, list_imports

    path, is_number = Path(text), text.isdecimal() and len(text) < MOST_DIGITS
    imports: list[LawImport] = []
    if database.exists():
        with open_store(database) as db:
            if path.is_file():
                return list(_rows_of_file(path, db))
            imports = list_imports(db)[::-1]
            if is_number:
                last = get_import(db, int(text))
                imports = [each for each in imports if each.law_import_id <= last.law_import_id]
    elif path.is_file():
        return list(_rows_of_file(path, None))
    counting = [each for each in imports if each.decision == "accepted" or text == str(each.law_import_id)]
    kept = [] if text == "shipped" else [row for each in counting for row in each.law_rows]
    law = Law(imported=imported_rows(kept))
    if text in {"shipped", "now"} or is_number:
        return all_rows(law)
    try:
        day = read_law(["un"], text).as_of
    except LawWrong:
        day = None
    if day is None:
        raise CommandFailed(
            f"{text!r} is not a file, a date (YYYY-MM-DD), the number of an import, `shipped` or `now`."
        )
    return [row for row in all_rows(law) if row.status != "proposed" and row.entry().is_in_force(day)]


def _rows_of_file(file: Path, db: Database | None) -> tuple[ListRow, ...]:
    from classifier.gazetteer.law import Law
    from classifier.gazetteer.lists import ListWrong, read_list
    from classifier.gazetteer.state import with_imports
    from classifier.gazetteer.substances import keys_by_cas, known_names

    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ListWrong(file.name, [f"it is not text in UTF-8 ({error})."]) from error
    imported = with_imports(db, Law()).imported if db else ()
    return read_list(file.name, text, known_names(), keys_by_cas(), imported)


def _state_cells(each: ProfileState, today: date) -> tuple[str, ...]:
    counts = "yes" if each.is_own else "no"
    if each.kind != "law":
        counts += ", proposed, not in force" if each.kind == "proposed" else ", surveillance"
    age = ""
    if each.read_on:
        year, month = map(int, each.read_on.split("-"))
        months = (today.year - year) * 12 + today.month - month
        ago = f"{counted(months, 'month', 'months')} ago" if months else "this month"
        age = f"{each.read_on} ({ago})"
    return (
        each.profile, each.jurisdiction, counts, f"{each.entries:,}", f"{each.low_confidence:,}",
        f"{each.imported:,}", each.newest or "-", age or "-",
    )  # fmt: skip


def _change_line(change: Change) -> str:
    row = change.row
    unsure = ", read with low confidence" if row.confidence == "low" else ""
    return f"{change.day} {change.kind}: {row.substance}, {row.instrument}, {row.list}{unsure}"


def _import_cells(each: LawImport) -> tuple[str, ...]:
    state = (
        f"{each.decision} by {each.decided_by}: {each.decided_why}" if each.decision else "waiting for a lead"
    )
    return (
        str(each.law_import_id), each.file_name, f"{len(each.law_rows):,}", minute(each.brought_at),
        each.brought_by, each.why, state,
    )  # fmt: skip
