"""`precursor-watch run`: the service that crawls and scores by the sources' schedules."""

from __future__ import annotations

import signal
from datetime import timedelta
from threading import Event
from typing import TYPE_CHECKING

import click

from bulk.program import PROGRAM
from cli.options import database_option, sources_option

if TYPE_CHECKING:
    from pathlib import Path


@click.command("run")
@database_option
@sources_option
@click.option("--once", is_flag=True, help="Do what is due now, print the status and exit, e.g. from cron.")
@click.option(
    "--parallel",
    type=click.IntRange(1, 32),
    help="Sources crawled at a time; by default what [service] parallel says, or 2.",
)
@click.pass_context
def command(ctx: click.Context, database: Path, sources_file: Path, once: bool, parallel: int | None) -> None:
    """Crawl each source when its schedule says so, and score what is new.

    Runs until SIGTERM or Ctrl-C, then ends its child processes in order and exits with 0. After an
    interruption of any kind, start it again: it goes on where it was. An edited sources file is taken up
    within seconds, or at once on SIGHUP; one that cannot be used leaves the old sources in use, and alarms.

    Limits, alarms and the care of the data are set in the settings file, see docs/settings.md.

    Example: precursor-watch run --db var/precursor-watch.db --sources sources.toml
    """
    from cli.log_output import configure_logs
    from cli.settings import load_settings
    from scheduler.jobs import WorkLimits
    from scheduler.service import run_once, serve
    from scheduler.settings import AlarmSettings, MaintenanceSettings, ServiceSettings
    from scheduler.worker import Settings

    configure_logs()
    service = load_settings(ServiceSettings)
    settings = Settings(
        command=PROGRAM,
        database=database,
        sources_file=sources_file,
        parallel=parallel or service.parallel,
        per_host=service.per_host,
        spread=timedelta(minutes=service.spread_minutes),
        limits=WorkLimits.of(service),
        metrics_port=service.metrics_port,
        stop_grace=timedelta(seconds=service.stop_grace_seconds),
        alarms=load_settings(AlarmSettings),
        maintenance=load_settings(MaintenanceSettings),
    )
    stop, reload = _events_of_signals()
    if not once:
        serve(settings, stop, reload)
        return
    run_once(settings, stop)
    from cli.status import command as status

    ctx.invoke(status, database=database, sources_file=sources_file, as_json=False)


def _events_of_signals() -> tuple[Event, Event]:
    stop, reload = Event(), Event()
    for number, event in ((signal.SIGTERM, stop), (signal.SIGINT, stop), (signal.SIGHUP, reload)):
        signal.signal(number, lambda *_, event=event: event.set())
    return stop, reload
