"""`teach`: learn where the pages of a source show each field, and test a declared reader."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from cli.options import by_option, database_option, json_option, sources_option
from cli.output import print_json, print_table
from store.messages import counted, harmless

if TYPE_CHECKING:
    from pathlib import Path

_LONGEST_VALUE = 60


@click.command("teach")
@click.argument("name", metavar="SOURCE")
@click.argument("pages", nargs=-1, metavar="[PAGE]...")
@click.option(
    "--field",
    "pointed",
    multiple=True,
    metavar="NAME[=VALUE]",
    help="A field with its value as the page shows it; repeat the field for each PAGE, in the same order. "
    "Without a value, the value read now is right on every PAGE.",
)
@click.option(
    "--check", is_flag=True, help="Test the declared reader on its taught pages; exit with 1 if one fails."
)
@click.option(
    "--dry-run", is_flag=True, help="Show the values that the new reader would read; write nothing."
)
@by_option
@sources_option
@database_option
@json_option
def command(  # noqa: PLR0913 (options of one command)
    name: str,
    pages: tuple[str, ...],
    pointed: tuple[str, ...],
    by: str,
    sources_file: Path,
    database: Path,
    *,
    check: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Teach the program where the pages of a source show each field, from two or three example pages.

    Each PAGE is the address of a saved page; without PAGE, the command lists the saved pages of the source.
    The result, a declared reader, is written to readers/SOURCE.toml beside the sources file, and the next
    crawl uses it. Fields: title, price, seller, location, quantity, description, item_id, next_page.

    \b
    Example:
      precursor-watch teach andes https://andes.example/1 https://andes.example/2 \\
          --field title --field "price=$ 12.500" --field "price=$ 990"
    """  # noqa: D301 (click wants the character itself)
    from crawler.sources.sources import pick_sources, reader_file
    from crawler.teach import ask
    from store.database import open_database

    if check and (pages or pointed):
        raise click.UsageError(
            "--check was given with a PAGE or --field; it takes neither, because it tests the reader on its "
            "taught pages. Leave them out, or leave --check out to teach."
        )
    if pointed and not pages:
        raise click.UsageError(
            "--field was given without a PAGE; a field is learned from two or three saved pages. "
            f"Name them before --field (`precursor-watch teach {name}` lists them)."
        )
    # What is wrong with these files is said at once, before a process is started.
    pick_sources(sources_file, (name,))
    if database.exists():
        open_database(database).close()
    asked = {"sources": str(sources_file), "database": str(database), "source_id": name}
    if check:
        sys.exit(_check(name, ask({**asked, "action": "check"})))
    if not pages:
        _list(name, ask({**asked, "action": "list"})["pages"])
        return
    typed = _assigned(pointed, len(pages))
    action = "try" if dry_run else "keep"
    lesson = ask({**asked, "action": action, "pages": pages, "pointed": typed, "by": by})
    if problem := lesson.pop("problem"):
        click.echo(harmless(problem), err=True)
    places = lesson.pop("places")
    if as_json:
        print_json(lesson)
    else:
        _print(lesson, places)
    if not dry_run:
        version = lesson["reader"]["version"]
        path = reader_file(sources_file, name)
        click.echo(f"Written to {path}, version {version}; the next crawl uses it.", err=True)


def _assigned(pointed: tuple[str, ...], pages: int) -> list[dict[str, dict[str, str]]]:
    """Return the values of `--field` by page, in order."""
    from crawler.teach.reader import AS_READ, TaughtField

    found: list[dict[str, dict[str, str]]] = [{} for _ in range(pages)]
    used: dict[str, int] = {}
    for each in pointed:
        name, has_value, value = each.partition("=")
        if name not in set(TaughtField):
            raise click.UsageError(f"{name!r} is not a field; use one of {', '.join(TaughtField)}.")
        if not has_value:
            for page in found:
                page[name] = {"value": AS_READ}
            continue
        place = used[name] = used.get(name, 0) + 1
        if place > pages:
            raise click.UsageError(f"--field {name} has more values than there are pages ({pages}).")
        if value.strip():
            found[place - 1][name] = {"value": value}
    if not pointed:
        raise click.UsageError('Name what to learn, e.g. --field title or --field "price=$ 12.500".')
    return found


def _list(name: str, found: list[dict[str, Any]]) -> None:
    if not found:
        click.echo(f"{name} has no saved page yet; crawl the source first.", err=True)
        return
    rows = [(page["url"], page["read"]) for page in found]
    print_table(
        ("page", "title", "price"),
        [(url, _short(read.get("title", "")), _short(read.get("price", ""))) for url, read in rows],
    )


def _check(name: str, found: dict[str, Any]) -> int:
    for each in found["problems"]:
        click.echo(harmless(f"{name}: {each}"))
    if missing := found["missing"]:
        click.echo(
            f"{name}: {counted(missing, 'taught page is', 'taught pages are')} no longer kept.", err=True
        )
    if not found["problems"]:
        pages = counted(found["kept"], "taught page", "taught pages")
        click.echo(f"{name}: version {found['version']} reads {pages} correctly.")
    return int(bool(found["problems"]))


def _print(lesson: dict[str, Any], places: dict[str, str]) -> None:
    reader, rows = lesson["reader"], lesson["preview"]
    print_table(
        ("field", "place", "cleaning", "read on", "as the general rules"),
        [
            (
                name,
                harmless(places[name]),
                rule["clean"],
                f"{(count := lesson['counts'][name])['read']} of {counted(count['pages'], 'page', 'pages')}",
                f"{count['agreed']} of {count['compared']}" if count["compared"] else "they read none",
            )
            for name, rule in reader["fields"].items()
        ],
    )
    for name, why in lesson["unlearned"].items():
        click.echo(harmless(f"{name} was not learned. {why}"), err=True)
    names = list(reader["fields"])
    if rows:
        click.echo()
        print_table(
            ("page", "doubts", *names),
            [
                (
                    row["url"],
                    "\n".join(row["doubts"]),
                    *(_short(row["values"].get(name, "")) for name in names),
                )
                for row in rows
            ],
        )
    doubted = sum(bool(row["doubts"]) for row in rows)
    pages = counted(len(rows), "other page", "other pages")
    click.echo(
        f"\n{pages}, {doubted} with doubts; all required fields found on {reader['found']:.0%} of item "
        f"pages, {reader['agreement']:.0%} agreement with the general rules."
    )


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"
