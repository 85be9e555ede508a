"""`status`, `report`, `doctor`, `alerts`: the service, the results of crawls, system checks, and alarms."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from cli.options import (
    PROGRAM,
    RowNumber,
    SentenceGroup,
    by_option,
    database_option,
    json_option,
    sources_option,
)
from cli.output import minute, open_store, print_json, print_records, print_table
from store.messages import counted, harmless, spoken_age
from store.times import utc_now

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from store.model import Run
    from store.operations.service import Alarm, Overview, SourceHealth
    from store.review.statistics import SourceReport


HEADINGS = ("source", "last run", "next due", "pages", "listings", "flagged", "ok")


@click.command("status")
@database_option
@sources_option
@json_option
def command(database: Path, sources_file: Path, as_json: bool) -> None:
    """Show the state of sources, service, queue, pictures, model, disk and alarms.

    For use by a monitoring system: exits with 0 if all is well, otherwise with 1. The reasons for 1: the last
    scoring or the last crawl of a source failed or was interrupted, a source is overdue, the sources file is
    invalid, listings wait for a first model, or an active alarm is not acknowledged.

    Example: precursor-watch status --json
    """
    from scheduler.health import overview

    now = utc_now()
    with open_store(database) as db:
        found = overview(db, database, sources_file, now=now)
    if as_json:
        print_json(_record(found))
    else:
        _print(found, now)
    for problem in found.problems:
        click.echo(f"precursor-watch: {harmless(problem)}", err=True)
    if not found.is_well:
        sys.exit(1)


@click.command(name="report")
@database_option
@json_option
def report_command(database: Path, *, as_json: bool) -> None:
    """Show the pages, outcomes and field coverage of each source.

    PAGES and OUTCOMES are from the last completed crawl, LAST CRAWL is the outcome of the newest.

    Example: precursor-watch report
    """
    from store.review.statistics import report_sources

    with open_store(database) as db:
        reports = report_sources(db)
    headings = (
        "SOURCE", "LAST CRAWL", "PAGES", "OUTCOMES", "LISTINGS", "TITLE", "PRICE", "SELLER", "FLAGGED",
    )  # fmt: skip
    print_records(reports, headings, _report_cells, as_json=as_json)


@click.command("doctor")
@database_option
@sources_option
@json_option
def doctor_command(database: Path, sources_file: Path, *, as_json: bool) -> None:
    """Check everything the product needs, and say how to fix any problem.

    Nothing is changed. Exits with 1 if there is a problem.

    Example: precursor-watch doctor
    """
    from classifier.gazetteer import Law
    from cli.law import scoring_settings
    from cli.settings import load_settings
    from scheduler.doctor import examine
    from scheduler.settings import AlarmSettings, MaintenanceSettings
    from scheduler.worker import Settings

    settings = Settings(
        command=PROGRAM,
        database=database,
        sources_file=sources_file,
        alarms=load_settings(AlarmSettings),
        maintenance=load_settings(MaintenanceSettings),
        systematic_names=scoring_settings(Law()).systematic_names,
    )
    found = list(examine(settings))
    print_records(
        found,
        ("check", "", "result"),
        lambda each: (each.what, "PROBLEM" if each.problem else "ok", each.problem or each.note),
        as_json=as_json,
    )
    if any(each.problem for each in found):
        sys.exit(1)


def _record(found: Overview) -> dict[str, object]:
    sources = [{**asdict(each), "is_well": each.is_well} for each in found.sources]
    return {**asdict(found), "is_well": found.is_well, "sources": sources}


def _print(found: Overview, now: datetime) -> None:
    if found.sources:
        print_table(HEADINGS, [_cells(each, now) for each in found.sources])
    scored = _last_run(found.last_score_run, found.scoring, now)
    click.echo(f"\nService   {'running' if found.service else 'not running'}")
    click.echo(f"Queue     {counted(found.queue, 'listing waits', 'listings wait')} for a verdict")
    click.echo(f"Scoring   {scored}; {counted(found.unscored, 'listing waits', 'listings wait')} for a score")
    click.echo(f"Pictures  {_pictures(found)}")
    click.echo(f"Model     {found.model_id or 'none in use; train one with precursor-watch retrain'}")
    click.echo(f"Database  {found.database}, {found.database_bytes / 1e6:,.1f} MB")
    click.echo(f"Disk      {found.disk_free_bytes / 1e9:,.1f} GB free")
    click.echo(f"Alarms    {_first_of(found.alarms)}")


def _pictures(found: Overview) -> str:
    waiting = counted(found.unread_pictures, "picture waits", "pictures wait")
    return f"{waiting} to be read; {counted(found.read_pictures, 'was', 'were')} read"


def _cells(health: SourceHealth, now: datetime) -> tuple[str, ...]:
    report = health.report
    pages, listings, flagged = map(str, (report.pages, report.listings, report.flagged)) if report else "---"
    well = "overdue" if health.overdue else ("yes" if health.is_well else "no")
    usual = health.usual_listings
    return (
        health.source_id,
        _last_run(health.last_run, health.standing, now) + _last_success(health, now),
        _next_due(health),
        pages,
        listings if usual is None else f"{listings} ({usual.low:.0f}-{usual.high:.0f})",
        flagged,
        well,
    )


def _last_success(health: SourceHealth, now: datetime) -> str:
    """Return the age of the last successful crawl, if the last run failed."""
    if health.is_well or health.last_success_at is None:
        return ""
    return f"; last success {spoken_age(now - health.last_success_at)} ago"


def _last_run(run: Run | None, state: str, now: datetime) -> str:
    if run is None:
        return state
    if run.ended_at is None:
        return f"{state}, started {spoken_age(now - run.requested_at)} ago"
    return f"{state} {spoken_age(now - run.ended_at)} ago"


def _first_of(alarms: Sequence[Alarm]) -> str:
    if not alarms:
        return "none active"
    first = alarms[0].sentence if len(alarms) == 1 else f"first: {alarms[0].sentence}"
    return harmless(f"{len(alarms):,} active, see precursor-watch alerts list; {first}")


def _next_due(health: SourceHealth) -> str:
    if health.paused_by is not None:
        return f"paused by {health.paused_by}"
    if health.next_due is None:
        return "by hand"
    return f"{minute(health.next_due.astimezone(ZoneInfo(health.timezone)))} ({health.next_due:%H:%M %Z})"


def _report_cells(each: SourceReport) -> tuple[str, ...]:
    coverage = (each.listings, each.with_title, each.with_price, each.with_seller, each.flagged)
    return (
        each.source_id,
        each.last_crawl or "not ended",
        str(each.pages),
        ", ".join(f"{count} {outcome}" for outcome, count in each.outcomes.items()),
        *map(str, coverage),
    )


@click.group("alerts", cls=SentenceGroup)
def alerts_command() -> None:
    """List and acknowledge alarms, and test their delivery.

    Example: precursor-watch alerts list
    """


@alerts_command.command("list")
@database_option
@json_option
@click.option("--all", "everything", is_flag=True, help="Show resolved alarms too, newest first.")
@click.option("--limit", type=RowNumber, default=50, show_default=True, help="Maximum number of alarms.")
def list_(database: Path, as_json: bool, everything: bool, limit: int) -> None:
    """List the active alarms.

    Example: precursor-watch alerts list --all
    """
    from store.operations.service import list_alarms, standing_alarms

    with open_store(database) as db:
        alarms = list_alarms(db, limit=limit) if everything else standing_alarms(db)[:limit]
    headings = ("alarm", "since", "kind", "source", "message", "sent", "acknowledged", "resolved")
    print_records(alarms, headings, _alarm_cells, as_json=as_json, empty="There are no active alarms.")


@alerts_command.command()
@database_option
@by_option
@click.argument("number", type=RowNumber)
@click.option("--note", default="", help="What you are doing about the alarm.")
def acknowledge(database: Path, by: str, number: int, note: str) -> None:
    """Acknowledge an alarm.

    NUMBER is in the first column of `alerts list`. An acknowledged alarm no longer makes `status` exit with
    1. It stays active until its cause is resolved.

    Example: precursor-watch alerts acknowledge 7 --note "disk ordered"
    """
    from store.operations.service import acknowledge as take_note

    with open_store(database) as db:
        alarm = take_note(db, number, by=by, note=note, now=utc_now())
    click.echo(f"Alarm {alarm.alarm_id} is acknowledged by {alarm.acknowledged_by}: {alarm.sentence}")


@alerts_command.command()
def test() -> None:
    """Send a test message to every address in [alarms] urls, even during quiet hours.

    Example: precursor-watch alerts test
    """
    from cli.settings import load_settings
    from scheduler.alarms import send
    from scheduler.settings import AlarmSettings

    urls = load_settings(AlarmSettings).urls
    if not urls:
        raise click.UsageError(
            "No address is set for alarms; add one to the settings file: "
            '[alarms] urls = ["mailtos://user:word@mail.example?to=me@b.example"].'
        )
    send(urls, "precursor-watch: a test", "This is a test; nothing is wrong. Alarms will arrive here.")
    click.echo(f"A test message was sent to {len(urls)} address{'es' if len(urls) > 1 else ''}.")


def _alarm_cells(alarm: Alarm) -> tuple[str, ...]:
    noted = (
        "-" if alarm.acknowledged_by is None else f"{alarm.acknowledged_by} {minute(alarm.acknowledged_at)}"
    )
    return (
        str(alarm.alarm_id),
        minute(alarm.raised_at),
        alarm.kind,
        alarm.subject or "-",
        alarm.sentence,
        minute(alarm.sent_at),
        noted,
        minute(alarm.resolved_at),
    )
