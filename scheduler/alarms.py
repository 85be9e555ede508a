"""Alarms: findings become alarms, raised once and resolved when all is well again; people are told of them.

Messages go out through apprise, in a digest and never in quiet hours. A watcher elsewhere, pinged at
intervals, raises its own alarm when the service falls silent.
"""

from __future__ import annotations

from datetime import datetime, time
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen
from zoneinfo import ZoneInfo

import structlog

from scheduler.checks import find_all
from scheduler.errors import SchedulerError
from store.messages import harmless
from store.operations.alarms import Alarm, Settled, record_notified, settle, unnotified_alarms

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scheduler.checks import CheckContext
    from scheduler.settings import AlarmSettings
    from store.database import Database

log = structlog.get_logger()

PING_TIMEOUT_S = 10


class Unsent(SchedulerError):
    """No address took a message."""


class AlarmAddressWrong(SchedulerError):
    """An address for alarms cannot be used; the message quotes only its scheme, as it may hold a password."""

    def __init__(self, url: str) -> None:
        super().__init__(
            f"An address of alarms that begins with {urlsplit(url).scheme or url[:8]!r} cannot be used; "
            "write it as apprise does, e.g. mailtos://user:word@mail.example?to=me@b.example or "
            "json://host/path."
        )


class QuietHoursWrong(SchedulerError):
    """The quiet hours or their time zone cannot be read."""

    def __init__(self, found: str) -> None:
        super().__init__(
            f"The quiet hours {found!r} cannot be used; write them like '22:00-06:00', with an IANA timezone."
        )


class PingUnanswered(SchedulerError):
    """The watcher did not answer the ping."""


def update_alarms(context: CheckContext) -> Settled:
    """Do every check once, and raise or resolve alarms by what they find."""
    found = find_all(context)
    settled = settle(context.db, found.findings, kinds=found.kinds, now=context.now)
    for alarm in settled.raised:
        log.warning("alarm_raised", alarm_id=alarm.alarm_id, kind=alarm.kind, sentence=alarm.sentence)
    for alarm in settled.resolved:
        log.info("alarm_resolved", alarm_id=alarm.alarm_id, kind=alarm.kind)
    return settled


def check_addresses(urls: Sequence[str]) -> None:
    """Check that apprise can use every address; nothing is sent.

    Raises:
        AlarmAddressWrong: For the first address that it cannot use.
    """
    from apprise import Apprise  # 0.2 s to import, and not needed where no address is set

    for url in urls:
        if not Apprise().add(url):
            raise AlarmAddressWrong(url)


def send(urls: Sequence[str], title: str, body: str) -> None:
    """Send one message to every address.

    An address that does not take it is logged. The message is not sent again for its sake, or all others
    would get it again and again.

    Raises:
        AlarmAddressWrong: If an address cannot be used.
        Unsent: If no address took it.
    """
    from apprise import Apprise

    check_addresses(urls)
    failed = []
    for url in urls:
        messenger = Apprise()
        messenger.add(url)
        if not messenger.notify(title=title, body=body):
            failed.append(urlsplit(url).scheme)
    if failed:
        log.warning("alarm_message_not_taken", by=failed, of=len(urls))
    if len(failed) == len(urls):
        raise Unsent(
            f"The message was not taken by {len(failed)} of {len(urls)} addresses ({', '.join(failed)})."
        )


def tell(
    db: Database,
    settings: AlarmSettings,
    *,
    now: datetime,
    deliver: Callable[[Sequence[str], str, str], None] = send,
) -> tuple[Alarm, ...]:
    """Tell people what they have not been told, in one message, when it is time.

    Nothing goes out in quiet hours, nor before the oldest piece of news is as old as the digest allows. A
    message that could not be delivered is tried again the next time.

    Returns:
        The alarms in the message.
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
    """Return title and body of one message about all alarms: those that stand first, then those resolved."""
    raised = [alarm for alarm in alarms if alarm.stands]
    well = [alarm for alarm in alarms if not alarm.stands]
    counts = [f"{len(raised)} found wrong"] * bool(raised) + [f"{len(well)} well again"] * bool(well)
    lines = [f"#{each.alarm_id} {_minute(each.raised_at)}  {harmless(each.sentence)}" for each in raised]
    for each in well:
        about = f"{each.kind.replace('_', ' ')} {each.subject}".rstrip()
        lines.append(f"#{each.alarm_id} well again {_minute(each.resolved_at)}  {about}")
    if raised:
        lines.append("Take note of one with `precursor-watch alerts acknowledge NUMBER`.")
    return f"precursor-watch: {', '.join(counts)}", "\n\n".join(lines)


def is_quiet(settings: AlarmSettings, now: datetime) -> bool:
    """Return whether `now` lies in the quiet hours.

    Raises:
        QuietHoursWrong: If they cannot be read.
    """
    if not settings.quiet_hours:
        return False
    try:
        begin, end = (time.fromisoformat(part.strip()) for part in settings.quiet_hours.split("-"))
        local = now.astimezone(ZoneInfo(settings.timezone)).time()
    except (ValueError, KeyError, OSError) as error:
        raise QuietHoursWrong(settings.quiet_hours) from error
    return begin <= local < end if begin <= end else local >= begin or local < end


def ping(url: str) -> None:
    """Request `url` once, as a sign of life.

    Raises:
        PingUnanswered: If it is no http(s) address, cannot be reached, or does not answer with success.
    """
    if not url.startswith(("http://", "https://")):
        raise PingUnanswered(f"The ping address {url!r} is no http(s) address; mend [alarms] ping_url.")
    request = Request(url, headers={"User-Agent": "precursor-watch"})  # noqa: S310 (http(s) only, see above)
    try:
        with urlopen(request, timeout=PING_TIMEOUT_S):  # noqa: S310 (as above)
            return
    except (URLError, OSError, ValueError) as error:
        raise PingUnanswered(f"The ping address was not answered: {error}.") from error


def _minute(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M} UTC"
