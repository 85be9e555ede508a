"""The weekly report: composed as text and HTML, and sent once."""

from __future__ import annotations

from datetime import timedelta
from html import escape
from typing import TYPE_CHECKING

from scheduler.alarms import send
from scheduler.errors import SchedulerError
from store.messages import harmless
from store.review.workspace import review_settings
from store.suppliers.week import QUIET, Week, last_report_until, read_week, record_report

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from store.database import Database
    from store.suppliers.week import WeekLine

PERIOD = timedelta(days=7)
MOST_LINES = 100
"""Lines of one part of a report; the rest is counted."""


class ReportUnsure(SchedulerError):
    """The process that sent a report was stopped, so nobody knows whether the report arrived."""

    def __init__(self) -> None:
        super().__init__(
            "The process that sent the report was stopped. The report may have arrived, so it was not sent "
            "again. The next report covers the same days; `precursor-watch weekly --send` sends it now."
        )


def week_until(db: Database, now: datetime, since: datetime | None = None) -> Week:
    """Return the week that ends now, as the setting of a lead says: with or without what nobody reviewed.

    Args:
        db: The store.
        now: The end.
        since: The beginning; None for the end of the last report that was sent, or a week ago.
    """
    begin = since or last_report_until(db) or now - PERIOD
    return read_week(db, begin, now, has_unreviewed=bool(review_settings(db).weekly_unreviewed))


def send_week(
    db: Database,
    urls: Sequence[str],
    *,
    now: datetime,
    deliver: Callable[..., None] = send,
) -> Week:
    """Send the report since the last one, and record it. A report that failed is sent again with the next.

    Raises:
        AlarmAddressWrong: If an address is invalid.
        Unsent: If no address accepted the report; nothing is recorded.
    """
    week = week_until(db, now)
    title, _text, page = compose(week)
    deliver(urls, title, page, is_html=True)
    record_report(db, week, sent_to=len(urls), now=now)
    return week


def compose(week: Week) -> tuple[str, str, str]:
    """Return the title of a report, its text, and the same as HTML."""
    title = f"precursor-watch: suppliers from {week.since:%Y-%m-%d} to {week.until:%Y-%m-%d}"
    parts = [
        ("New suppliers", week.suppliers),
        ("New links", week.links),
        ("New substances of known suppliers", week.substances),
        (f"Gone quiet: not met for {QUIET.days} days", week.quiet),
    ]
    notes = [
        "Suppliers, links and substances that nobody reviewed are in this report."
        if week.has_unreviewed
        else f"Only what people reviewed is in this report. Suppliers left out: {week.left_out:,}."
    ]
    text, page = [title], [f"<h1>{escape(title)}</h1>"]
    for heading, lines in parts:
        said = [_line(each) for each in lines[:MOST_LINES]]
        if len(lines) > MOST_LINES:
            said.append(f"and {len(lines) - MOST_LINES:,} more")
        text.append("\n".join([f"{heading}: {len(lines):,}", *(f"- {line}" for line in said)]))
        listed = "".join(f"<li>{escape(line)}</li>" for line in said)
        page.append(
            f"<h2>{escape(heading)}: {len(lines):,}</h2><ul>{listed}</ul>"
            if said
            else f"<h2>{escape(heading)}: 0</h2>"
        )
    text += notes
    page += [f"<p>{escape(note)}</p>" for note in notes]
    return title, "\n\n".join(text), "\n".join(page)


def _line(each: WeekLine) -> str:
    details = f": {', '.join(each.details)}" if each.details else ""
    return harmless(f"supplier {each.supplier_id}, {each.name or '(no name)'}{details}")
