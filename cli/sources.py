"""`sources` and `permissions`: the declared sources, and the permissions of live sources."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from cli.options import SentenceGroup, Statement, database_option, json_option, sources_option
from cli.output import print_json, print_table
from store.messages import counted, harmless
from store.model import SourceKind
from store.times import utc_now

if TYPE_CHECKING:
    from pathlib import Path

    from crawler.live.crawl import Plan
    from crawler.sources.sources import DeclaredSource, Schedule

NONE_LIVE = "{} declares no live sources, so no permission is needed."


@click.command("sources")
@sources_option
@json_option
@click.option(
    "--check", is_flag=True, help="Exit with 1 if an archive is missing or its supply date is in the future."
)
def command(sources_file: Path, as_json: bool, check: bool) -> None:
    """List the declared sources.

    Example: precursor-watch sources --check
    """
    from crawler.sources.sources import load_sources

    declared = list(load_sources(sources_file).values())
    problems = {each.source.source_id: found for each in declared if (found := _source_problem(each))}
    if as_json:
        print_json([_source_record(each, problems.get(each.source.source_id, "")) for each in declared])
    else:
        print_table(
            ("source", "name", "archive", "schedule", "supplied by"),
            [_source_cells(each) for each in declared],
        )
        for source_id, problem in problems.items():
            click.echo(f"{source_id}: {problem}", err=True)
    if check and problems:
        sys.exit(1)


@click.group("permissions", cls=SentenceGroup)
def permissions_command() -> None:
    """List and check the permissions of live sources, and plan a crawl under them.

    No command of this group sends a request, and only `withdraw` and `approve` write anything.

    Example: precursor-watch permissions check
    """


@permissions_command.command("list")
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


@permissions_command.command("check")
@click.argument("names", nargs=-1, metavar="[SOURCE]...")
@sources_option
@database_option
def check_command(names: tuple[str, ...], sources_file: Path, database: Path) -> None:
    """Exit with 1 if a live source has no valid permission, and say why.

    Example: precursor-watch permissions check andes-live
    """
    live = _live(sources_file, names)
    if not live:
        click.echo(NONE_LIVE.format(sources_file), err=True)
    found = {each.source.source_id: _problem(each, database) for each in live}
    for source_id, why in found.items():
        click.echo(harmless(f"{source_id}: {why or 'its permission is valid'}."))
    sys.exit(int(any(found.values())))


@permissions_command.command("plan")
@click.argument("name", metavar="SOURCE")
@sources_option
@database_option
@click.option("--urls", "with_urls", is_flag=True, help="List every listing that would be visited again.")
@json_option
def plan_command(name: str, sources_file: Path, database: Path, *, with_urls: bool, as_json: bool) -> None:
    """Plan a crawl: its start pages, pace and limits, and the known pages.

    This is a dry run: it requests nothing and writes nothing. It uses the last known rules of robots.txt.

    Example: precursor-watch permissions plan andes-live
    """
    from crawler.live.crawl import plan

    (declared,) = _live(sources_file, (name,))
    made = plan(database, declared, utc_now())
    if as_json:
        print_json(made.as_json())
    else:
        _print(made, with_urls=with_urls)


@permissions_command.command("withdraw")
@click.argument("name", metavar="SOURCE")
@click.option("--by", required=True, help="Name of the person who withdraws the permission.")
@click.option("--reason", required=True, type=Statement, help="The reason, e.g. a letter.")
@sources_option
@database_option
def withdraw_command(name: str, by: str, reason: str, sources_file: Path, database: Path) -> None:
    """Withdraw a permission and stop all requests under it, even in a running crawl.

    The store keeps the permission and the record of its use. The withdrawal applies to the permission's
    reference: only `permissions approve` ends it, not a change of the sources file.

    Example: precursor-watch permissions withdraw andes-live --by "J. Rojas" --reason "letter no. 120"
    """
    from crawler.live.permission import withdraw

    (declared,) = _live(sources_file, (name,))
    if declared.permission is None:
        raise click.UsageError(f"{name} has no permission to withdraw.")
    if not by.strip() or not reason.strip():
        raise click.UsageError("Both --by and --reason must not be empty.")
    why = withdraw(database, declared.source, declared.permission, by=by, reason=reason)
    click.echo(harmless(f"{name}: {why}."))


@permissions_command.command("approve")
@click.argument("name", metavar="SOURCE")
@click.option("--by", required=True, help="Name of the person who approves the permission.")
@click.option("--reason", required=True, type=Statement, help="The reason, e.g. a letter.")
@sources_option
@database_option
def approve_command(name: str, by: str, reason: str, sources_file: Path, database: Path) -> None:
    """Approve a withdrawn permission again, as the sources file now states it.

    A later change of the permission in the sources file needs a new approval.

    Example: precursor-watch permissions approve andes-live --by "J. Rojas" --reason "letter no. 131"
    """
    from crawler.live.permission import approve_again

    (declared,) = _live(sources_file, (name,))
    if declared.permission is None:
        raise click.UsageError(f"{name} has no permission to approve.")
    if not by.strip() or not reason.strip():
        raise click.UsageError("Both --by and --reason must not be empty.")
    approve_again(database, declared.source, declared.permission, by=by, reason=reason)
    click.echo(harmless(f"{name}: its permission was approved again by {by.strip()}."))
    if why := _problem(declared, database):
        click.echo(harmless(f"{name} still cannot be crawled: {why}."), err=True)


def _source_problem(declared: DeclaredSource) -> str:
    from crawler.sources.sources import NotSuppliedYet, archive_problem, check_supplied

    if found := archive_problem(declared):
        return f"{found}."
    try:
        check_supplied(declared, utc_now())
    except NotSuppliedYet as error:
        return str(error)
    return ""


def _source_cells(declared: DeclaredSource) -> tuple[str, ...]:
    source = declared.source
    return (
        source.source_id,
        source.name,
        _archive(declared),
        _when(declared.schedule),
        f"{source.supplied_by}, {source.supplied_on}",
    )


def _when(schedule: Schedule | None) -> str:
    if schedule is None:
        return "by hand"
    if schedule.every_minutes:
        return f"every {schedule.every_minutes:,} minutes"
    return f"{schedule.cron} {schedule.timezone}"


def _archive(declared: DeclaredSource) -> str:
    from crawler.sources.sources import archive_problem

    if declared.archive is None:
        return "live"
    if not archive_problem(declared):
        return "present"
    return "empty" if declared.archive.exists() else "missing"


def _source_record(declared: DeclaredSource, problem: str) -> dict[str, object]:
    return {
        **asdict(declared.source),
        "archive": declared.archive,
        "archive_present": _archive(declared) == "present",
        "schedule": None if declared.schedule is None else asdict(declared.schedule),
        "problem": problem,
    }


def _print(made: Plan, *, with_urls: bool) -> None:
    limits = made.limits
    click.echo(f"{made.source_id}: {made.refusal or 'would be crawled'}.")
    for url, why in made.start:
        click.echo(harmless(f"  starts at {url}" + (f": refused, {why}" if why else "")))
    for said in made.robots:
        click.echo(harmless(f"  {said}"))
    for prefix in made.scope:
        click.echo(harmless(f"  within {prefix}"))
    for prefix in made.asset_hosts:
        click.echo(harmless(f"  drawn pages may also ask {prefix}"))
    click.echo(f"  as {made.user_agent}")
    click.echo(
        f"  to each of {counted(len(made.hosts), 'host', 'hosts')} ({', '.join(made.hosts)}): "
        f"{limits.at_once} at once, "
        f"{limits.seconds_between_requests:g} s apart, or slower if robots.txt or the site demands it"
    )
    click.echo(f"  at most {limits.max_pages:,} requests and {limits.max_bytes:,} bytes")
    click.echo(f"  known pages: {made.known:,}, of which {made.with_marks:,} would get conditional requests")
    if with_urls:
        for url in made.standing:
            click.echo(harmless(f"  listing {url}"))


def _live(sources_file: Path, names: tuple[str, ...]) -> list[DeclaredSource]:
    from crawler.sources.sources import pick_sources

    picked = pick_sources(sources_file, names)
    saved = [each.source.source_id for each in picked if each.source.kind is SourceKind.SAVED]
    if names and saved:
        raise click.UsageError(f"{', '.join(saved)} is read from an archive and needs no permission.")
    return [each for each in picked if each.source.kind is SourceKind.LIVE]


def _problem(declared: DeclaredSource, database: Path) -> str:
    from crawler.live.permission import problem_in

    return problem_in(database, declared.source.source_id, declared.permission, utc_now())


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
        why or "valid",
    )


def _record(declared: DeclaredSource, database: Path) -> dict[str, object]:
    permission = declared.permission
    return {
        "source_id": declared.source.source_id,
        "permission_id": permission.permission_id if permission else None,
        "permission": permission.document if permission else None,
        "problem": _problem(declared, database),
    }
