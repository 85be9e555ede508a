"""Messages to people: how a digest reads, when none goes out, and sending it through apprise."""

from __future__ import annotations

from datetime import datetime, time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import structlog

from scheduler.errors import SchedulerError
from store.crawl.text import harmless

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scheduler.alarms.settings import AlarmSettings
    from store.operations.alarms import Alarm


log = structlog.get_logger()


class Unsent(SchedulerError):
    """A message could not be delivered everywhere."""


class AlarmAddressWrong(SchedulerError):
    """An address for alarms cannot be used; only its kind is quoted, for it may hold a password."""

    def __init__(self, url: str) -> None:
        super().__init__(
            f"An address of alarms that begins with {urlsplit(url).scheme or url[:8]!r} cannot be used; "
            "write it as apprise does, e.g. mailtos://user:word@mail.example?to=me@b.example or "
            "json://host/path."
        )


class QuietHoursWrong(SchedulerError):
    """The quiet hours or their zone cannot be read."""

    def __init__(self, found: str) -> None:
        super().__init__(
            f"The quiet hours {found!r} cannot be used; write them like '22:00-06:00', with an IANA timezone."
        )


def compose(alarms: Sequence[Alarm]) -> tuple[str, str]:
    """Return title and body of one message about all of them: what stands first, then what is well again."""
    raised = [alarm for alarm in alarms if alarm.stands]
    well = [alarm for alarm in alarms if not alarm.stands]
    counts = [f"{len(raised)} found wrong"] * bool(raised) + [f"{len(well)} well again"] * bool(well)
    lines = [f"#{each.alarm_id} {_moment(each.raised_at)}  {harmless(each.sentence)}" for each in raised]
    lines += [f"#{each.alarm_id} well again {_moment(each.resolved_at)}  {_what(each)}" for each in well]
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


def check_addresses(urls: Sequence[str]) -> None:
    """Raise for the first address that apprise cannot use; nothing is sent.

    Raises:
        AlarmAddressWrong: If it cannot.
    """
    from apprise import Apprise

    for url in urls:
        if not Apprise().add(url):
            raise AlarmAddressWrong(url)


def send(urls: Sequence[str], title: str, body: str) -> None:
    """Send one message to every address.

    One that does not take it is logged; the others have it, and would get it again and again if it were sent
    anew for that one's sake.

    Raises:
        AlarmAddressWrong: If an address cannot be used.
        Unsent: If none of them took it.
    """
    from apprise import Apprise  # 0.2 s to import, and not wanted where no address is set

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


def _what(alarm: Alarm) -> str:
    return f"{alarm.kind.replace('_', ' ')} {alarm.subject}".rstrip()


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M} UTC"
