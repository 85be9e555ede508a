"""`teach`: learn where the pages of a source show each field, and test a declared reader."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from cli.options import by_option, database_option, json_option, sources_option
from cli.output import open_store, print_json, print_table
from store.messages import counted, harmless
from store.times import utc_now

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from crawler.sources.sources import DeclaredSource
    from crawler.teach.teaching import Lesson, Pointed
    from store.database import Database

_MOST_LISTED = 30
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
@click.option("--dry-run", is_flag=True, help="Show what the new reader would read; write nothing.")
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
    from crawler.teach.pages import saved_page, saved_pages
    from crawler.teach.reader import save_reader
    from crawler.teach.teaching import teach

    (declared,) = pick_sources(sources_file, (name,))
    with _store(database) as db:
        if check:
            sys.exit(_check(db, database, declared))
        if not pages:
            _list(db, database, declared)
            return
        if declared.reader_problem:
            click.echo(harmless(declared.reader_problem), err=True)
        chosen = [saved_page(db, database, declared, url) for url in pages]
        lesson = teach(
            list(zip(chosen, _assigned(pointed, len(pages)), strict=True)),
            saved_pages(db, database, declared),
            before=declared.reader,
            by=by,
            now=utc_now(),
        )
    if as_json:
        print_json(asdict(lesson))
    else:
        _print(lesson)
    if not dry_run:
        path = reader_file(sources_file, name)
        save_reader(path, lesson.reader)
        click.echo(f"Written to {path}, version {lesson.reader.version}; the next crawl uses it.", err=True)


@contextmanager
def _store(database: Path) -> Iterator[Database | None]:
    """Provide the store, or None if there is none yet."""
    if not database.exists():
        yield None
        return
    with open_store(database) as db:
        yield db


def _assigned(pointed: tuple[str, ...], pages: int) -> list[dict[str, Pointed]]:
    """Return the values of `--field` by page, in order."""
    from crawler.teach.reader import TaughtField
    from crawler.teach.teaching import AS_READ, Pointed

    found: list[dict[str, Pointed]] = [{} for _ in range(pages)]
    used: dict[str, int] = {}
    for each in pointed:
        name, has_value, value = each.partition("=")
        if name not in set(TaughtField):
            raise click.UsageError(f"{name!r} is not a field; use one of {', '.join(TaughtField)}.")
        if not has_value:
            for page in found:
                page[name] = Pointed(value=AS_READ)
            continue
        place = used[name] = used.get(name, 0) + 1
        if place > pages:
            raise click.UsageError(f"--field {name} has more values than there are pages ({pages}).")
        if value.strip():
            found[place - 1][name] = Pointed(value=value)
    if not pointed:
        raise click.UsageError('Name what to learn, e.g. --field title or --field "price=$ 12.500".')
    return found


def _list(db: Database | None, database: Path, declared: DeclaredSource) -> None:
    from crawler.teach.pages import saved_pages
    from crawler.teach.teaching import read_now

    found = list(saved_pages(db, database, declared, most=_MOST_LISTED))
    if not found:
        click.echo(f"{declared.source.source_id} has no saved page yet; crawl the source first.", err=True)
        return
    rows = [(page.url, read_now(page, declared.reader)) for page in found]
    print_table(
        ("page", "title", "price"),
        [(url, _short(read.get("title", "")), _short(read.get("price", ""))) for url, read in rows],
    )


def _check(db: Database | None, database: Path, declared: DeclaredSource) -> int:
    from crawler.teach.pages import body_of_case
    from crawler.teach.teaching import check_cases

    name = declared.source.source_id
    if declared.reader is None:
        click.echo(
            harmless(declared.reader_problem or f"{name} has no declared reader; teach the source first."),
            err=True,
        )
        return 1
    found = {case.sha256: body_of_case(db, database, declared, case) for case in declared.reader.cases}
    bodies = {sha256: body for sha256, body in found.items() if body is not None}
    problems = check_cases(declared.reader, bodies)
    for each in problems:
        click.echo(harmless(f"{name}: {each}"))
    missing = len(found) - len(bodies)
    if missing:
        click.echo(
            f"{name}: {counted(missing, 'taught page is', 'taught pages are')} no longer kept.", err=True
        )
    if not problems:
        pages = counted(len(bodies), "taught page", "taught pages")
        click.echo(f"{name}: version {declared.reader.version} reads {pages} correctly.")
    return int(bool(problems))


def _print(lesson: Lesson) -> None:
    reader = lesson.reader
    print_table(
        ("field", "place", "cleaning"),
        [(name, harmless(str(rule)), rule.clean) for name, rule in reader.fields.items()],
    )
    for name, why in lesson.unlearned.items():
        click.echo(harmless(f"{name} was not learned. {why}"), err=True)
    names = list(reader.fields)
    if lesson.preview:
        click.echo()
        print_table(
            ("page", "doubts", *names),
            [
                (row.url, "\n".join(row.doubts), *(_short(row.values.get(name, "")) for name in names))
                for row in lesson.preview
            ],
        )
    doubted = sum(bool(row.doubts) for row in lesson.preview)
    pages = counted(len(lesson.preview), "other page", "other pages")
    click.echo(
        f"\n{pages}, {doubted} with doubts; all required fields found on {reader.found:.0%} of item pages, "
        f"{reader.agreement:.0%} agreement with the general rules."
    )


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"
