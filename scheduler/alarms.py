"""Alarms: raise one alarm per finding, resolve it when the finding is gone, and notify the operators.

Messages are sent through apprise, as a digest and never in quiet hours. An external monitor, pinged at
intervals, raises its own alarm when the pings stop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import structlog

from scheduler.checks import find_all
from store.errors import StoreError
from store.messages import harmless
from store.operations.service import Alarm, Settled, record_notified, settle, unnotified_alarms
from store.review.watchlists import is_within

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from scheduler.checks import CheckContext
    from scheduler.settings import AlarmSettings
    from store.database import Database

log = structlog.get_logger()

PING_TIMEOUT_S = 10


class Unsent(StoreError):
    """No address accepted a message."""


class AlarmAddressWrong(StoreError):
    """An alarm address is invalid; the message quotes only its scheme, as it may hold a password."""

    def __init__(self, url: str) -> None:
        super().__init__(
            f"The alarm address starting with {urlsplit(url).scheme or url[:8]!r} is invalid; "
            "give an apprise URL, e.g. mailtos://user:word@mail.example?to=me@b.example or "
            "json://host/path."
        )


class QuietHoursWrong(StoreError):
    """The quiet hours or their time zone are invalid."""

    def __init__(self, found: str) -> None:
        super().__init__(
            f"The quiet hours {found!r} are invalid; write e.g. '22:00-06:00', with an IANA timezone."
        )


class PingUnanswered(StoreError):
    """The external monitor did not answer the ping."""


def update_alarms(context: CheckContext) -> Settled:
    """Run every check once, and raise or resolve alarms by the findings."""
    found = find_all(context)
    settled = settle(context.db, found.findings, kinds=found.kinds, now=context.now)
    for alarm in settled.raised:
        log.warning("alarm_raised", alarm_id=alarm.alarm_id, kind=alarm.kind, sentence=alarm.sentence)
    for alarm in settled.resolved:
        log.info("alarm_resolved", alarm_id=alarm.alarm_id, kind=alarm.kind)
    return settled


def check_addresses(urls: Sequence[str]) -> None:
    """Check that apprise accepts every address; send nothing.

    Raises:
        AlarmAddressWrong: For the first invalid address.
    """
    from apprise import Apprise  # takes 0.2 s to import, and is not needed without an address

    for url in urls:
        if not Apprise().add(url):
            raise AlarmAddressWrong(url)


def send(urls: Sequence[str], title: str, body: str, *, is_html: bool = False) -> None:
    """Send one message to every address; apprise turns HTML into text where an address takes only text.

    Failed addresses are logged and not tried again, because a retry would repeat the message at the others.

    Raises:
        AlarmAddressWrong: If an address is invalid.
        Unsent: If no address accepted the message.
    """
    from apprise import Apprise, NotifyFormat

    check_addresses(urls)
    form = NotifyFormat.HTML if is_html else None
    failed = []
    for url in urls:
        messenger = Apprise()
        messenger.add(url)
        if not messenger.notify(title=title, body=body, body_format=form):
            failed.append(urlsplit(url).scheme)
    if failed:
        log.warning("alarm_message_failed", at=failed, of=len(urls))
    if len(failed) == len(urls):
        raise Unsent(f"The message failed at {len(failed)} of {len(urls)} addresses ({', '.join(failed)}).")


def tell(
    db: Database,
    settings: AlarmSettings,
    *,
    now: datetime,
    deliver: Callable[[Sequence[str], str, str], None] = send,
) -> tuple[Alarm, ...]:
    """Send all unsent alarms in one message, when it is due, and return them.

    Nothing is sent in quiet hours, or before the oldest unsent alarm is `digest_minutes` old. A later call
    retries a failed message.
    """
    alarms = unnotified_alarms(db)
    if not settings.urls or not alarms or is_quiet(settings, now):
        return ()
    oldest = min(alarm.resolved_at or alarm.raised_at for alarm in alarms)
    if (now - oldest).total_seconds() < settings.digest_minutes * 60:
        return ()
    try:
        deliver(settings.urls, *compose(alarms))
    except Unsent as error:
        log.warning("alarm_message_unsent", error=str(error))
        return ()
    record_notified(db, alarms, now=now)
    return tuple(alarms)


def compose(alarms: Sequence[Alarm]) -> tuple[str, str]:
    """Return the title and body of one message about all alarms, active ones before resolved ones."""
    raised = [alarm for alarm in alarms if alarm.is_active]
    well = [alarm for alarm in alarms if not alarm.is_active]
    counts = [f"{len(raised)} active"] * bool(raised) + [f"{len(well)} resolved"] * bool(well)
    lines = [f"#{each.alarm_id} {_minute(each.raised_at)}  {harmless(each.sentence)}" for each in raised]
    for each in well:
        about = f"{each.kind.replace('_', ' ')} {each.subject}".rstrip()
        lines.append(f"#{each.alarm_id} resolved {_minute(each.resolved_at)}  {about}")
    if raised:
        lines.append("Acknowledge an alarm with `precursor-watch alerts acknowledge NUMBER`.")
    return f"precursor-watch: {', '.join(counts)}", "\n\n".join(lines)


def is_quiet(settings: AlarmSettings, now: datetime) -> bool:
    """Return whether `now` is within the quiet hours.

    Raises:
        QuietHoursWrong: If the quiet hours are invalid.
    """
    try:
        return is_within(settings.quiet_hours, settings.timezone, now)
    except ValueError as error:
        raise QuietHoursWrong(settings.quiet_hours) from error


def ping(url: str) -> None:
    """Request `url` once, to show that the service is alive.

    Raises:
        PingUnanswered: If `url` is not an http(s) address or the request fails.
    """
    if not url.startswith(("http://", "https://")):
        raise PingUnanswered(
            f"The ping address {url!r} is not an http(s) address; correct [alarms] ping_url."
        )
    request = Request(url, headers={"User-Agent": "precursor-watch"})  # noqa: S310 (http(s) only, see above)
    try:
        with urlopen(request, timeout=PING_TIMEOUT_S):  # noqa: S310 (as above)
            return
    except (URLError, OSError, ValueError) as error:
        raise PingUnanswered(f"The ping failed: {error}.") from error


def _minute(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M} UTC"
