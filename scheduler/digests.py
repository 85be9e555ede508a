"""Send digests of watch-lists and the weekly report: each message once, with retries that are recorded.

Before an attempt the service records that it begins. If it is killed before it records the end, nobody knows
whether the message arrived; it is then not sent again, and the person's page says so.
"""

from __future__ import annotations

from datetime import timedelta
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import structlog

from review.web.languages import catalogue
from scheduler.alarms import AlarmAddressWrong, Unsent, send
from store.accounts.users import get_user
from store.errors import StoreError
from store.messages import harmless
from store.review.watchlists import (
    digest_settings,
    is_mail,
    make_due_digests,
    open_digests,
    record_digest_event,
)
from store.review.workspace import review_settings
from store.suppliers.week import QUIET, Week, last_report_until, read_week, record_report

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from scheduler.settings import AlarmSettings
    from store.database import Database
    from store.review.watchlists import Digest
    from store.suppliers.week import WeekLine


log = structlog.get_logger()

ATTEMPTS = 5
"""Most attempts to send a message."""

RETRY = timedelta(minutes=10)
"""Time between two attempts, for each attempt so far."""

INTERRUPTED = (
    "The service stopped while it sent this message, which may have arrived. It is not sent again; the lists "
    "in the review app show what is new."
)


class NotDeliverable(StoreError):
    """The address of a person cannot be used; the message says why."""


def send_digests(
    db: Database,
    settings: AlarmSettings,
    *,
    now: datetime,
    deliver: Callable[[Sequence[str], str, str], None] = send,
) -> int:
    """Make the digests that are due, and send each open one, except in its reader's quiet hours.

    `deliver` sends title and body to apprise URLs, or raises `Unsent`. Return the number of messages sent.
    """
    make_due_digests(db, review_url=settings.review_url.rstrip("/"), catalogue=catalogue, now=now)
    return sum(_attempt(db, digest, settings, now, deliver) for digest in open_digests(db))


def address_for(settings: AlarmSettings, address: str) -> str:
    """Return the apprise URL for the address of a person.

    Raises:
        NotDeliverable: If no mail is set up, or the host of the webhook is not allowed.
    """
    if not address:
        raise NotDeliverable("No address is set.")
    if is_mail(address):
        if "{address}" not in settings.digest_mail:
            raise NotDeliverable("No mail is set up for digests; an operator sets [alarms] digest_mail.")
        return settings.digest_mail.replace("{address}", quote(address))
    parts = urlsplit(address)
    if parts.hostname not in settings.digest_hosts:
        raise NotDeliverable(
            f"Webhooks at {parts.hostname} are not allowed; an operator adds the host to [alarms] "
            "digest_hosts."
        )
    return address.replace("https://", "jsons://", 1)


def _attempt(
    db: Database,
    digest: Digest,
    settings: AlarmSettings,
    now: datetime,
    deliver: Callable[[Sequence[str], str, str], None],
) -> bool:
    """Send one message if it is its time, and return whether it was sent."""
    wanted = digest_settings(db, digest.reviewer)
    if digest.event == "begun":
        record_digest_event(db, digest.digest_id, "interrupted", INTERRUPTED, now=now)
        return False
    if get_user(db, digest.reviewer).disabled_at is not None:
        record_digest_event(db, digest.digest_id, "given_up", "The user is disabled.", now=now)
        return False
    if digest.kind == "digest" and wanted.is_quiet(now):
        return False
    if digest.happened_at and now - digest.happened_at < RETRY * digest.attempts:
        return False
    record_digest_event(db, digest.digest_id, "begun", "", now=now)
    try:
        deliver([address_for(settings, wanted.address)], digest.title, digest.body)
    except (NotDeliverable, Unsent, AlarmAddressWrong) as error:
        is_last = isinstance(error, NotDeliverable) or digest.attempts + 1 >= ATTEMPTS
        event = "given_up" if is_last else "failed"
        record_digest_event(db, digest.digest_id, event, harmless(str(error)), now=now)
        log.warning("digest_unsent", digest_id=digest.digest_id, reviewer=digest.reviewer, result=event)
        return False
    record_digest_event(db, digest.digest_id, "sent", "", now=now)
    log.info("digest_sent", digest_id=digest.digest_id, reviewer=digest.reviewer)
    return True


PERIOD = timedelta(days=7)
MOST_LINES = 100
"""Lines of one part of a report; the rest is counted."""


class ReportUnsure(StoreError):
    """The process that sent a report was stopped, so nobody knows whether the report arrived."""

    def __init__(self) -> None:
        super().__init__(
            "The process that sent the report was stopped. The report may have arrived, so it was not sent "
            "again. The next report covers the same days; `precursor-watch weekly --send` sends it now."
        )


def week_until(db: Database, now: datetime, since: datetime | None = None) -> Week:
    """Return the week that ends now, with or without unreviewed facts, as a lead's setting says.

    Without `since`, it begins at the end of the last report that was sent, or a week ago.
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
