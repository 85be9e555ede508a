"""`precursor-watch run`: the service that crawls and scores by the sources' schedules."""

from __future__ import annotations

import signal
from threading import Event
from typing import TYPE_CHECKING

import click

from cli.options import database_option, sources_option
from cli.program import PROGRAM

if TYPE_CHECKING:
    from pathlib import Path


@click.command("run")
@database_option
@sources_option
@click.option("--once", is_flag=True, help="Do what is due now, print the status and exit, e.g. from cron.")
@click.option(
    "--parallel", type=click.IntRange(1, 32), default=2, show_default=True, help="Sources crawled at a time."
)
@click.pass_context
def command(ctx: click.Context, database: Path, sources_file: Path, once: bool, parallel: int) -> None:
    r"""Crawl each source when its schedule says so, and score what is new.

    Runs until SIGTERM or Ctrl-C, then ends its child processes in order and exits with 0. After an
    interruption of any kind, start it again: it goes on where it was.

    \b
    Example:
      precursor-watch run --db var/precursor-watch.db --sources sources.toml
    """
    from cli.logs import configure_logs
    from scheduler.service import run_once, serve
    from scheduler.work import Settings

    configure_logs()
    settings = Settings(command=PROGRAM, database=database, sources_file=sources_file, parallel=parallel)
    stop = _stop_on_signals()
    if not once:
        serve(settings, stop)
        return
    run_once(settings, stop)
    from cli.status import command as status

    ctx.invoke(status, database=database, sources_file=sources_file, as_json=False)


def _stop_on_signals() -> Event:
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop
