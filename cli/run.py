"""`run` and `install-units`: the service that crawls and scores by schedule, and its systemd units."""

from __future__ import annotations

import logging
import os
import signal
import sys
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import click

from cli.law import chosen_law
from cli.options import PROGRAM, AnyFile, AnyFolder, database_option, sources_option

if TYPE_CHECKING:
    from structlog.typing import Processor

FORMAT_VARIABLE = "PRECURSOR_WATCH_LOG"
"""`json` writes one JSON object per line, any other value plain text. Child processes inherit it."""


@click.command("run")
@database_option
@sources_option
@click.option(
    "--once", is_flag=True, help="Do the work that is due now, print the status, and exit; e.g. for cron."
)
@click.option(
    "--parallel",
    type=click.IntRange(1, 32),
    help="Number of sources to crawl in parallel.  [default: [service] parallel, or 2]",
)
@click.pass_context
def command(ctx: click.Context, database: Path, sources_file: Path, once: bool, parallel: int | None) -> None:
    """Run the service: crawl each source on its schedule, then score and link the new sightings.

    The service runs until SIGTERM or Ctrl-C. It then stops its child processes cleanly and exits with 0.
    After an interruption, start it again; it resumes its work. A changed sources file is read within seconds,
    or immediately on SIGHUP. An invalid file raises an alarm, and the old sources stay in use.

    Limits, alarms and maintenance are set in the settings file; see docs/settings.md.

    Example: precursor-watch run --db var/precursor-watch.db --sources sources.toml
    """
    from cli.settings import load_settings
    from scheduler.jobs import WorkLimits
    from scheduler.service import run_once, serve
    from scheduler.settings import AlarmSettings, MaintenanceSettings, ServiceSettings
    from scheduler.worker import Settings

    _configure_logs()
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
        law=chosen_law(database=database),
    )
    stop, reload = _events_of_signals()
    if not once:
        serve(settings, stop, reload)
        return
    run_once(settings, stop)
    from cli.status import command as status

    ctx.invoke(status, database=database, sources_file=sources_file, as_json=False)


@click.command("install-units")
@database_option
@sources_option
@click.option(
    "--settings",
    type=AnyFile,
    default=Path("precursor-watch.toml"),
    show_default=True,
    help="The settings file; created empty if it does not exist.",
)
@click.option(
    "--user", default="precursor-watch", show_default=True, help="The system user of both services."
)
@click.option(
    "--to",
    "folder",
    type=AnyFolder,
    default=Path("/etc/systemd/system"),
    show_default=True,
    help="The folder for the units.",
)
def install_units_command(
    database: Path, sources_file: Path, settings: Path, user: str, folder: Path
) -> None:
    """Write hardened systemd units for `run` and `serve`, and verify them with systemd.

    No service is started; the next commands to run are printed.

    Example: precursor-watch install-units --db /srv/watch/watch.db --sources /srv/watch/sources.toml
    """
    from scheduler.install import Place, check_units, write_units

    settings.touch()
    place = Place(
        program=Path(sys.argv[0]).resolve(),
        user=user,
        database=database.resolve(),
        sources=sources_file.resolve(),
        settings=settings.resolve(),
    )
    written = write_units(place, folder)
    checked = check_units(written)
    for path in written:
        click.echo(f"{path}{'  verified' if checked else ''}")
    if not checked:
        click.echo("systemd-analyze is not installed, so the units were not verified.", err=True)
    click.echo(
        f"Next: useradd --system {user} (unless it exists), chown -R {user}: {database.resolve().parent}, "
        "systemctl daemon-reload, systemctl enable --now precursor-watch precursor-watch-web",
        err=True,
    )


def _events_of_signals() -> tuple[Event, Event]:
    stop, reload = Event(), Event()
    for number, event in ((signal.SIGTERM, stop), (signal.SIGINT, stop), (signal.SIGHUP, reload)):
        signal.signal(number, lambda *_, event=event: event.set())
    return stop, reload


def _configure_logs() -> None:
    """Log our events, and warnings and errors of libraries, to standard error, one line each."""
    import structlog

    is_json = os.environ.get(FORMAT_VARIABLE, "").lower() == "json"
    last: list[Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if is_json
        else [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    )
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, *last],
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    structlog.contextvars.bind_contextvars(app="precursor-watch")
