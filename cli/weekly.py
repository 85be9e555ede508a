"""`weekly`: report what became known of suppliers since a day, and send the report."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.options import database_option, due_at_option, recorded
from cli.output import open_store
from store.model import RunKind
from store.times import utc_now

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

EARLIEST = 2000
"""First year in which `--since` may lie."""


@click.command("weekly")
@database_option
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="First day (YYYY-MM-DD, UTC).  [default: the end of the last report]",
)
@click.option("--html", "as_html", is_flag=True, help="Print HTML.")
@click.option(
    "--send", "is_sent", is_flag=True, help="Send the report to [alarms] weekly_urls, and record it."
)
@due_at_option
def command(
    database: Path, since: datetime | None, due_at: datetime | None, *, as_html: bool, is_sent: bool
) -> None:
    """Report new suppliers, new links, new substances of known suppliers, and who has gone quiet.

    The report names no contact. It leaves out what nobody reviewed, unless a lead chose otherwise under
    Settings. [maintenance] weekly_cron sends it on a schedule, once a week.

    Example: precursor-watch weekly --since 2026-11-23
    """
    from datetime import UTC

    from cli.settings import load_settings
    from scheduler.digests import ReportUnsure, compose, send_week, week_until
    from scheduler.settings import AlarmSettings

    if is_sent:
        if since is not None:
            raise click.UsageError(
                "--since cannot be used with --send: a sent report begins where the last one ended."
            )
        urls = load_settings(AlarmSettings).weekly_urls
        if not urls:
            raise click.UsageError(
                "No address is set for the report; add [alarms] weekly_urls to the settings file."
            )
        with recorded(database, RunKind.WEEKLY, due_at) as done, open_store(database) as db:
            if done.is_resumed:
                raise ReportUnsure
            week = send_week(db, urls, now=utc_now())
            done.sentence = (
                f"The report from {week.since:%Y-%m-%d} to {week.until:%Y-%m-%d} was sent to {len(urls)} "
                f"{'addresses' if len(urls) > 1 else 'address'}."
            )
            click.echo(done.sentence)
        return
    now = utc_now()
    begin = since.replace(tzinfo=UTC) if since else None
    if begin and (begin.year < EARLIEST or begin > now):
        raise click.BadParameter(
            f"{begin.date().isoformat()} is not a day from {EARLIEST}-01-01 to today.", param_hint="'--since'"
        )
    with open_store(database) as db:
        week = week_until(db, now, begin)
    _title, text, page = compose(week)
    click.echo(page if as_html else text)
