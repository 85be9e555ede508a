"""`schedule`, `runs` and `logs`: due times of sources, the newest runs, and the logs of a run."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from cli.options import RowNumber, SentenceGroup, by_option, database_option, json_option, sources_option
from cli.output import minute, open_store, print_json, print_table
from store.messages import harmless
from store.times import utc_now

if TYPE_CHECKING:
    from pathlib import Path

    from store.model import Run
    from store.operations.service import Request


source_argument = click.argument("source")


@click.group("schedule", cls=SentenceGroup)
def command() -> None:
    """Show when sources are due, and pause, resume or run one in the service.

    Example: precursor-watch schedule show
    """


@command.command()
@database_option
@sources_option
@json_option
@click.option(
    "--next",
    "count",
    type=click.IntRange(1, 100),
    default=1,
    show_default=True,
    help="Number of due times for each source.",
)
def show(database: Path, sources_file: Path, as_json: bool, count: int) -> None:
    """Show the next due times of each source, in its own time zone and in UTC, and who paused it.

    Example: precursor-watch schedule show --next 5
    """
    from scheduler.due import next_times
    from scheduler.jobs import WorkLimits, crawl_jobs
    from store.operations.service import pause_of

    jobs, now = crawl_jobs(sources_file, WorkLimits()).values(), utc_now()
    with open_store(database) as db:
        paused = {job.source_id: pause_of(db, job.source_id or "") for job in jobs}
    due = {job: next_times(job.schedule, after=now, count=count) for job in jobs}
    if as_json:
        print_json(
            [
                {
                    "source_id": job.source_id,
                    "due": times_,
                    "paused": (p := paused[job.source_id]) and asdict(p),
                }
                for job, times_ in due.items()
            ]
        )
        return
    rows = [
        (
            job.source_id or "",
            minute(moment.astimezone(ZoneInfo(job.schedule.timezone))),
            f"{moment:%Y-%m-%d %H:%M}",
            ""
            if (pause := paused[job.source_id]) is None
            else f"by {pause.asked_by} {minute(pause.asked_at)}",
        )
        for job, moments in due.items()
        for moment in moments
    ]
    print_table(("source", "due", "in UTC", "paused"), rows)


@command.command()
@database_option
@sources_option
@by_option
@source_argument
def pause(database: Path, sources_file: Path, by: str, source: str) -> None:
    """Pause the schedule of SOURCE; its due times are recorded as skipped until it is resumed.

    A crawl that is already running continues to its end.

    Example: precursor-watch schedule pause andes --by ada
    """
    from store.operations.service import Request

    _ask(Request.PAUSE, database, sources_file, by, source)
    click.echo(f"{source} is paused; a running crawl continues. Resume with `schedule resume {source}`.")


@command.command()
@database_option
@sources_option
@by_option
@source_argument
def resume(database: Path, sources_file: Path, by: str, source: str) -> None:
    """Resume the schedule of SOURCE.

    Example: precursor-watch schedule resume andes
    """
    from store.operations.service import Request

    _ask(Request.RESUME, database, sources_file, by, source)
    click.echo(f"{source} is resumed.")


@command.command("run-now")
@database_option
@sources_option
@by_option
@source_argument
def run_now(database: Path, sources_file: Path, by: str, source: str) -> None:
    """Have the service crawl SOURCE now, whether or not it is due.

    The service must be running; without it, use `precursor-watch crawl`.

    Example: precursor-watch schedule run-now andes
    """
    from store.operations.service import Request

    number = _ask(Request.RUN_NOW, database, sources_file, by, source)
    click.echo(
        f"Request {number} was sent. The service starts the crawl within seconds; see `precursor-watch runs`."
    )


def _ask(request: Request, database: Path, sources_file: Path, by: str, source: str) -> int:
    from scheduler.jobs import ask_service

    with open_store(database) as db:
        return ask_service(
            db, request, source, database=database, sources_file=sources_file, by=by, now=utc_now()
        )


@click.command("runs")
@database_option
@json_option
@click.option("--limit", type=RowNumber, default=20, show_default=True, help="Maximum number of runs.")
def runs_command(database: Path, as_json: bool, limit: int) -> None:
    """List the newest runs with their outcomes.

    Example: precursor-watch runs --limit 50
    """
    from scheduler.health import standing
    from store.crawl.runs import list_runs

    with open_store(database) as db:
        runs = [(run, standing(run, database)) for run in list_runs(db, limit=limit)]
    if as_json:
        print_json([{**asdict(run), "standing": state} for run, state in runs])
    elif runs:
        headings = ("run", "kind", "source", "due", "ended", "outcome", "message")
        print_table(headings, [_run_cells(run, state) for run, state in runs])
    else:
        click.echo("There are no runs yet; start with `precursor-watch crawl`.")


@click.command("logs")
@click.argument("run", type=RowNumber)
@database_option
@click.option("--lines", type=RowNumber, help="Only the last lines of each log, this many.")
def logs_command(run: int, database: Path, lines: int | None) -> None:
    """Print the outcome of run number RUN and the log of each of its processes.

    Only runs of the service have logs; a run by hand writes to its terminal.

    Example: precursor-watch logs 42 --lines 20
    """
    from scheduler.children import log_of, read_log
    from store.crawl.runs import attempts_at, get_run

    with open_store(database) as db:
        found, attempts = get_run(db, run), attempts_at(db, run)
    what = f"{found.kind} of {found.source_id}" if found.source_id else found.kind
    ended = f"Run {found.run_id}, {what}: {found.outcome or 'not ended'}. {found.sentence}"
    click.echo(ended.rstrip(), err=True)
    for attempt in attempts:
        ending = f"; {attempt.interrupted}" if attempt.interrupted else ""
        click.echo(f"-- process {attempt.pid}, started {minute(attempt.started_at)}{ending}", err=True)
        path = log_of(database, found, attempt)
        if path is None:
            click.echo("   No log: the process was started by hand, or its log was purged.", err=True)
            continue
        for line in read_log(path, lines=lines):
            click.echo(harmless(line))


def _run_cells(run: Run, state: str) -> tuple[str, ...]:
    return (
        str(run.run_id),
        run.kind,
        run.source_id or "-",
        "by hand" if run.due_at is None else minute(run.due_at),
        minute(run.ended_at),
        state,
        run.sentence,
    )
