"""`precursor-watch permissions`: what may be asked of which site, and what a crawl would ask for."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from cli.groups import SentenceGroup
from cli.options import database_option, json_option, sources_option
from cli.output import print_json, print_table
from store.messages import counted, harmless

if TYPE_CHECKING:
    from pathlib import Path

    from crawler.live.plan import Plan
    from crawler.sources.sources import DeclaredSource


NONE_LIVE = "{} declares no live source, so no permission is needed."


@click.group("permissions", cls=SentenceGroup)
def command() -> None:
    """The permissions of live sources: listed, checked, and what a crawl under them would do.

    None of these sends a request. All but `withdraw` write nothing.

    Example: precursor-watch permissions check
    """


@command.command("list")
@sources_option
@database_option
@json_option
def list_command(sources_file: Path, database: Path, *, as_json: bool) -> None:
    """List the live sources with their permissions.

    Example: precursor-watch permissions list
    """
    live = _live(sources_file, ())
    if as_json:
        print_json([_record(each, database) for each in live])
        return
    if not live:
        click.echo(NONE_LIVE.format(sources_file), err=True)
        return
    print_table(
        ("source", "basis", "reference", "approved by", "valid", "scope", "state"),
        [_cells(each, database) for each in live],
    )


@command.command("check")
@click.argument("names", nargs=-1, metavar="[SOURCE]...")
@sources_option
@database_option
def check_command(names: tuple[str, ...], sources_file: Path, database: Path) -> None:
    """Exit with 1 if a live source has no permission that holds now, and say why.

    Example: precursor-watch permissions check andes-live
    """
    live = _live(sources_file, names)
    if not live:
        click.echo(NONE_LIVE.format(sources_file), err=True)
    found = {each.source.source_id: _problem(each, database) for each in live}
    for source_id, why in found.items():
        click.echo(harmless(f"{source_id}: {why or 'its permission holds'}."))
    sys.exit(int(any(found.values())))


@command.command("plan")
@click.argument("name", metavar="SOURCE")
@sources_option
@database_option
@click.option("--urls", "with_urls", is_flag=True, help="Name every listing that it would look at again.")
@json_option
def plan_command(name: str, sources_file: Path, database: Path, *, with_urls: bool, as_json: bool) -> None:
    """Say what a crawl would do: where it would begin, how fast and how far, and what it knows already.

    This is the dry run of a crawl: nothing is asked for, and nothing is written. Of robots.txt it tells what
    stood there when it was read last.

    Example: precursor-watch permissions plan andes-live
    """
    from crawler.live.plan import plan
    from store import times

    (declared,) = _live(sources_file, (name,))
    made = plan(database, declared, times.utc_now())
    if as_json:
        print_json(made.as_json())
    else:
        _print(made, with_urls=with_urls)


@command.command("withdraw")
@click.argument("name", metavar="SOURCE")
@click.option("--by", required=True, help="Who takes the permission back.")
@click.option("--reason", required=True, help="Why, e.g. the letter that came.")
@sources_option
@database_option
def withdraw_command(name: str, by: str, reason: str, sources_file: Path, database: Path) -> None:
    """Take a permission back: no more is asked for under it, also by a crawl that is under way.

    It stays in the store with all that was done under it. Only another permission, in other words, lets the
    source be crawled again.

    Example: precursor-watch permissions withdraw andes-live --by "J. Rojas" --reason "letter no. 120"
    """
    from crawler.live.permission import withdraw

    (declared,) = _live(sources_file, (name,))
    if declared.permission is None:
        raise click.UsageError(f"{name} has no permission that could be withdrawn.")
    if not by.strip() or not reason.strip():
        raise click.UsageError("Both --by and --reason must say something.")
    why = withdraw(database, declared.source, declared.permission, by=by, reason=reason)
    click.echo(harmless(f"{name}: {why}."))


def _print(made: Plan, *, with_urls: bool) -> None:
    limits = made.limits
    click.echo(f"{made.source_id}: {made.refusal or 'would be crawled'}.")
    for url, why in made.start:
        click.echo(harmless(f"  begins at {url}" + (f": refused, {why}" if why else "")))
    for said in made.robots:
        click.echo(harmless(f"  {said}"))
    for prefix in made.scope:
        click.echo(harmless(f"  within {prefix}"))
    click.echo(f"  as {made.user_agent}")
    click.echo(
        f"  to each of {counted(len(made.hosts), 'host', 'hosts')} ({', '.join(made.hosts)}): "
        f"{limits.at_once} at once, "
        f"{limits.seconds_between_requests:g} s apart, or slower if robots.txt or the site says so"
    )
    click.echo(f"  at most {limits.max_pages:,} requests and {limits.max_bytes:,} bytes")
    click.echo(f"  pages known: {made.known:,}; of {made.with_marks:,} it would ask whether they changed")
    if with_urls:
        for url in made.standing:
            click.echo(harmless(f"  listing {url}"))


def _live(sources_file: Path, names: tuple[str, ...]) -> list[DeclaredSource]:
    from crawler.sources.sources import pick_sources
    from store.model import SourceKind

    picked = pick_sources(sources_file, names)
    saved = [each.source.source_id for each in picked if each.source.kind is SourceKind.SAVED]
    if names and saved:
        raise click.UsageError(f"{', '.join(saved)} is read from an archive; it needs no permission.")
    return [each for each in picked if each.source.kind is SourceKind.LIVE]


def _problem(declared: DeclaredSource, database: Path) -> str:
    from crawler.live.permission import problem_in
    from store import times

    return problem_in(database, declared.permission, times.utc_now())


def _cells(declared: DeclaredSource, database: Path) -> tuple[str, ...]:
    permission, why = declared.permission, _problem(declared, database)
    if permission is None:
        return (declared.source.source_id, "", "", "", "", "", why)
    return (
        declared.source.source_id,
        permission.basis,
        permission.reference,
        permission.approved_by,
        f"{permission.valid_from} to {permission.valid_until}",
        "\n".join(permission.scope),
        why or "holds",
    )


def _record(declared: DeclaredSource, database: Path) -> dict[str, object]:
    permission = declared.permission
    return {
        "source_id": declared.source.source_id,
        "permission_id": permission.permission_id if permission else None,
        "permission": permission.document if permission else None,
        "problem": _problem(declared, database),
    }
