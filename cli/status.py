"""`precursor-watch status`: one screen that says whether all is well."""

from __future__ import annotations

import shutil
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from cli.options import database_option, json_option, sources_option
from cli.output import age, minute, print_json, print_table, reading
from listings.text import harmless

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from listings.alarms import Alarm
    from listings.model import Run
    from listings.queue import SourceReport
    from scheduler.health import SourceHealth

HEADINGS = ("source", "last run", "next due", "pages", "listings", "flagged", "well")


@click.command("status")
@database_option
@sources_option
@json_option
def command(database: Path, sources_file: Path, as_json: bool) -> None:
    """Show each source, the service, the queue, the model, the disk and what alarms.

    Exits with 0 if all is well, so that a monitoring system can call it, and with 1 if the last scoring
    or the last crawl of a source failed or was interrupted, a source is overdue, listings wait for a first
    model, or an alarm stands that nobody has taken note of.

    Example: precursor-watch status --json
    """
    from crawler.sources import load_sources
    from listings import times
    from listings.alarms import standing_alarms
    from listings.locks import is_held
    from listings.model import RunKind
    from listings.models import model_in_use
    from listings.queue import count_queue, report_sources
    from listings.runs import latest_run
    from listings.scores import count_awaiting
    from scheduler.health import BAD, source_health, standing

    now = times.utc_now()
    declared = load_sources(sources_file).values()
    with reading(database) as db:
        health = [source_health(db, each, database=database, now=now) for each in declared]
        reports = {report.source_id: report for report in report_sources(db)}
        waiting, model = count_queue(db), model_in_use(db)
        scored, unscored = latest_run(db, RunKind.SCORE), count_awaiting(db)
        alarms = standing_alarms(db)
    scoring = standing(scored, database)
    size, free = database.stat().st_size, shutil.disk_usage(database.resolve().parent).free
    facts = {
        "database": database,
        "database_bytes": size,
        "disk_free_bytes": free,
        "service": is_held(database, "service"),
        "alarms": [asdict(alarm) for alarm in alarms],
        "model_id": None if model is None else model.model_id,
        "queue": waiting,
        "unscored": unscored,
        "scoring": scoring,
        "last_score_run": None if scored is None else asdict(scored),
    }
    if as_json:
        print_json({**facts, "sources": [_record(each, reports.get(each.source_id)) for each in health]})
    else:
        print_table(HEADINGS, [_cells(each, reports.get(each.source_id), now) for each in health])
        click.echo(f"\nService   {'at work' if facts['service'] else 'not running'}")
        click.echo(f"Queue     {waiting} listings wait for a verdict")
        click.echo(
            f"Scoring   {_last_run(scored, scoring, now)}; {unscored} new or changed listings wait for it"
        )
        click.echo(
            f"Model     {facts['model_id'] or 'none in use yet; make it with precursor-watch retrain'}"
        )
        click.echo(f"Database  {database}, {size / 1e6:,.1f} MB")
        click.echo(f"Disk      {free / 1e9:,.1f} GB free")
        click.echo(f"Alarms    {_first_of(alarms)}")
    wants_model = model is None and unscored > 0
    is_alarmed = any(alarm.acknowledged_at is None for alarm in alarms)
    if wants_model or is_alarmed or scoring in BAD or not all(each.is_well for each in health):
        sys.exit(1)


def _cells(health: SourceHealth, report: SourceReport | None, now: datetime) -> tuple[str, ...]:
    pages, listings, flagged = ("-", "-", "-") if report is None else _counts(report)
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


def _counts(report: SourceReport) -> tuple[str, str, str]:
    return str(report.pages), str(report.listings), str(report.flagged)


def _last_success(health: SourceHealth, now: datetime) -> str:
    """Return when it last did its work, where the last run did not."""
    if health.is_well or health.last_success_at is None:
        return ""
    return f"; done {age(now - health.last_success_at)} ago"


def _last_run(run: Run | None, stands: str, now: datetime) -> str:
    if run is None:
        return stands
    if run.ended_at is None:
        return f"{stands}, begun {age(now - run.requested_at)} ago"
    return f"{stands} {age(now - run.ended_at)} ago"


def _first_of(alarms: list[Alarm]) -> str:
    if not alarms:
        return "none stands"
    first = alarms[0].sentence if len(alarms) == 1 else f"first: {alarms[0].sentence}"
    return harmless(f"{len(alarms)} stand, see precursor-watch alerts list; {first}")


def _next_due(health: SourceHealth) -> str:
    if health.paused_by is not None:
        return f"paused by {health.paused_by}"
    if health.next_due is None:
        return "by hand"
    return f"{minute(health.next_due.astimezone(ZoneInfo(health.timezone)))} ({health.next_due:%H:%M %Z})"


def _record(health: SourceHealth, report: SourceReport | None) -> dict[str, object]:
    return {
        **asdict(health),
        "is_well": health.is_well,
        "report": None if report is None else asdict(report),
    }
