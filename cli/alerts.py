"""`alerts`: list and acknowledge alarms, and test their delivery."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.options import RowNumber, SentenceGroup, by_option, database_option, json_option
from cli.output import minute, open_store, print_records
from store.times import utc_now

if TYPE_CHECKING:
    from pathlib import Path

    from store.operations.service import Alarm


@click.group("alerts", cls=SentenceGroup)
def command() -> None:
    """List and acknowledge alarms, and test their delivery.

    Example: precursor-watch alerts list
    """


@command.command("list")
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
    print_records(alarms, headings, _cells, as_json=as_json, empty="There are no active alarms.")


@command.command()
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


@command.command()
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


def _cells(alarm: Alarm) -> tuple[str, ...]:
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
