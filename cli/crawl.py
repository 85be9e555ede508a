"""`crawl` and `pictures`: read saved and live sources into the store, and the pictures of listings."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import click

from bulk.command import calling
from cli.options import (
    PROGRAM,
    cluster_option,
    database_option,
    due_at_option,
    in_utc,
    json_option,
    recorded,
    sources_option,
)
from cli.output import open_store, progress_bar
from store.errors import Interrupted
from store.model import RunKind
from store.times import utc_now

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from pathlib import Path

    from crawler.sources.sources import DeclaredSource
    from store.model import Run


@click.command(name="crawl")
@click.argument("names", nargs=-1, metavar="[SOURCE]...")
@due_at_option
@sources_option
@database_option
@cluster_option("Read saved sources")
@json_option
def command(
    names: tuple[str, ...],
    due_at: datetime | None,
    sources_file: Path,
    database: Path,
    *,
    cluster: str | None,
    as_json: bool,
) -> None:
    """Crawl the named sources, or all sources, each as one run in its own process.

    SIGTERM or Ctrl-C stops the crawl cleanly with exit code 130; the same command resumes it.

    With --cluster, many machines read saved sources in parallel; only this machine writes the store.

    Example: precursor-watch crawl anuncios-sur
    """
    from crawler.sources.sources import pick_sources

    declared = pick_sources(sources_file, names)
    if due_at and (len(declared) > 1 or cluster):
        raise click.UsageError("--due-at needs exactly one source, and no --cluster.")
    if cluster or len(declared) > 1:
        shared = ["--sources", str(sources_file), "--db", str(database), *(["--json"] if as_json else [])]
        sys.exit(_crawl_many(declared, database, shared, cluster=cluster, as_json=as_json))

    from cli.settings import load_settings
    from crawler.run.run import crawl_source
    from crawler.workers import CrawlSettings
    from crawler.workers.pool import parsing

    (source,) = declared
    with (
        parsing(load_settings(CrawlSettings)) as parse,  # forks, so before the progress bar starts a thread
        progress_bar(f"crawling {source.source.source_id}") as show,
    ):
        run = crawl_source(database, source, due_at=in_utc(due_at), progress=show, parse=parse)
    _print_run(run, as_json=as_json)


def _crawl_many(
    sources: Sequence[DeclaredSource],
    database: Path,
    shared: Sequence[str],
    *,
    cluster: str | None,
    as_json: bool,
) -> int:
    """Crawl the sources one after another, or the saved ones on a cluster if there is an address."""
    from store.locks import hold, work_of
    from store.model import RunKind

    # Held between sources too, or `score --follow` would end there. No source ID is a number.
    with hold(database, work_of(RunKind.CRAWL, str(os.getpid()))):
        code = 0
        if cluster:
            saved = [each for each in sources if each.source.kind == "saved"]
            code = _crawl_on_cluster(cluster, saved, database, as_json=as_json)
            # Live sources are requested from this machine only: the permission covers its address.
            sources = [each for each in sources if each.source.kind == "live"]
        # Twisted's reactor cannot be started twice, so each source has a process.
        codes = _run_each(["crawl", each.source.source_id, *shared] for each in sources)
    return int(any([code, *codes]))


def _crawl_on_cluster(
    address: str, sources: Sequence[DeclaredSource], database: Path, *, as_json: bool
) -> int:
    from bulk.cluster import crawl_on_cluster, joined
    from cli.settings import load_settings
    from crawler.workers import CrawlSettings

    ended: list[Run] = []
    try:
        with joined(address):
            failed = crawl_on_cluster(
                sources, database, ended=ended.append, settings=load_settings(CrawlSettings)
            )
    finally:  # after an interruption, too
        for run in ended:
            _print_run(run, as_json=as_json)
    for sentence in failed:
        click.echo(f"precursor-watch: {sentence}", err=True)
    return int(bool(failed))


def _run_each(commands: Iterable[Sequence[str]]) -> list[int]:
    """Run this program once for each list of arguments, in turn, and return the exit codes.

    Raises:
        Interrupted: After SIGTERM or Ctrl-C, once the running child has ended.
    """
    codes: list[int] = []
    child: subprocess.Popen[bytes] | None = None
    is_stopping = False

    def stop() -> None:
        nonlocal is_stopping
        is_stopping = True
        if child:
            child.terminate()

    with calling(stop):
        for arguments in commands:
            child = subprocess.Popen([*PROGRAM, *arguments])  # noqa: S603 (our own command)
            if is_stopping:  # the signal came before `stop` knew the child
                child.terminate()
            codes.append(child.wait())
            if is_stopping:
                raise Interrupted("Stopped; the same command resumes.")
    return codes


def _print_run(run: Run, *, as_json: bool) -> None:
    if as_json:
        click.echo(
            json.dumps(
                {"run_id": run.run_id, "source_id": run.source_id, "outcome": run.outcome, **run.counts}
            )
        )
    else:
        click.echo(f"{run.source_id}: {run.outcome}. {run.sentence}")


@click.command("pictures")
@click.option(
    "--reread",
    is_flag=True,
    help="Also read again the pictures that other readers read, e.g. after a language was added.",
)
@database_option
def pictures_command(database: Path, *, reread: bool) -> None:
    """Read the text and the codes of new pictures, once for each picture.

    Crawls keep the pictures of listings that a saved archive holds. This command reads them in a confined
    process; the next `score` and `link` use the text and codes. No picture is fetched. [pictures] sets the
    limits; see docs/pictures.md.

    Example: precursor-watch pictures
    """
    from cli.settings import load_settings
    from crawler.pictures import PictureSettings
    from crawler.pictures.run import read_pictures, read_with, what_is_missing
    from store.crawl.evidence import evidence_folder
    from store.crawl.pictures import forget_readings

    settings = load_settings(PictureSettings)
    with recorded(database, RunKind.PICTURES, None) as done, open_store(database) as db:
        if reread:
            forget_readings(db, except_with=read_with())
        with progress_bar("reading") as show:
            read = read_pictures(db, evidence_folder(database), settings, now=utc_now, progress=show)
        done.sentence = read.sentence
        click.echo(read.sentence)
        if missing := what_is_missing():
            click.echo(missing, err=True)
