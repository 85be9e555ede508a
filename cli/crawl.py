"""`crawl`: read sources, saved or live, into the store."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from cli.options import database_option, json_option, sources_option
from cli.program import run_each

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from listings.model import Run


@click.command(name="crawl")
@click.argument("names", nargs=-1, metavar="[SOURCE]...")
@click.option("--due-at", type=click.DateTime(), help="The schedule's time (UTC), for the run's row.")
@sources_option
@database_option
@json_option
def command(
    names: tuple[str, ...], due_at: datetime | None, sources_file: Path, database: Path, *, as_json: bool
) -> None:
    """Crawl the named sources, or all of them; each is one run in its own process.

    SIGTERM or Ctrl-C stops in order, with exit code 130; the same command goes on from there.

    Example: precursor-watch crawl anuncios-sur
    """
    from crawler.sources import pick_sources

    declared = pick_sources(sources_file, names)
    if len(declared) > 1:
        if due_at:
            raise click.UsageError("--due-at goes with one source; name it.")
        # Twisted's reactor cannot be started twice, so each source has a process.
        shared = ["--sources", str(sources_file), "--db", str(database), *(["--json"] if as_json else [])]
        codes = run_each(["crawl", each.source.source_id, *shared] for each in declared)
        sys.exit(int(any(codes)))
    from datetime import UTC

    from cli.progress import progress_bar
    from crawler.run import crawl_source

    (source,) = declared
    with progress_bar(f"crawling {source.source.source_id}") as show:
        run = crawl_source(database, source, due_at=due_at and due_at.replace(tzinfo=UTC), progress=show)
    _print_run(run, as_json=as_json)


def _print_run(run: Run, *, as_json: bool) -> None:
    if as_json:
        click.echo(
            json.dumps(
                {"run_id": run.run_id, "source_id": run.source_id, "outcome": run.outcome, **run.counts}
            )
        )
    else:
        click.echo(f"{run.source_id}: {run.outcome}. {run.sentence}")
