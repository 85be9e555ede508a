"""`precursor-watch sources`: what the sources file declares, and whether it can be crawled."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from cli.options import json_option, sources_option
from cli.output import print_json, print_table

if TYPE_CHECKING:
    from pathlib import Path

    from crawler.sources.sources import DeclaredSource, Schedule


@click.command("sources")
@sources_option
@json_option
@click.option(
    "--check", is_flag=True, help="Exit with 1 if an archive is missing, or supplied later than now."
)
def command(sources_file: Path, as_json: bool, check: bool) -> None:
    """List the declared sources.

    Example: precursor-watch sources --check
    """
    from crawler.sources.sources import load_sources

    declared = list(load_sources(sources_file).values())
    problems = {each.source.source_id: found for each in declared if (found := _problem(each))}
    if as_json:
        print_json([_record(each, problems.get(each.source.source_id, "")) for each in declared])
    else:
        print_table(
            ("source", "name", "archive", "schedule", "supplied by"), [_cells(each) for each in declared]
        )
        for source_id, problem in problems.items():
            click.echo(f"{source_id}: {problem}", err=True)
    if check and problems:
        sys.exit(1)


def _problem(declared: DeclaredSource) -> str:
    from crawler.sources.sources import NotSuppliedYet, check_supplied
    from store.times import utc_now

    if declared.archive is not None and not declared.archive.exists():
        return f"There is no archive at {declared.archive}; put it there or mend the sources file."
    try:
        check_supplied(declared, utc_now())
    except NotSuppliedYet as error:
        return str(error)
    return ""


def _cells(declared: DeclaredSource) -> tuple[str, ...]:
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
    if declared.archive is None:
        return "live"
    return "present" if declared.archive.exists() else "missing"


def _record(declared: DeclaredSource, problem: str) -> dict[str, object]:
    return {
        **asdict(declared.source),
        "archive": declared.archive,
        "archive_present": _archive(declared) == "present",
        "schedule": None if declared.schedule is None else asdict(declared.schedule),
        "problem": problem,
    }
