"""Send digests of watch-lists: each message once, with retries that are recorded.

Before an attempt the service records that it begins. If it is killed before it records the end, nobody knows
whether the message arrived; it is then not sent again, and the person's page says so.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import structlog

from review.web.languages import catalogue
from scheduler.alarms import AlarmAddressWrong, Unsent, send
from scheduler.errors import SchedulerError
from store.accounts.users import get_user
from store.messages import harmless
from store.review.watchlists import (
    digest_settings,
    is_mail,
    make_due_digests,
    open_digests,
    record_digest_event,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from scheduler.settings import AlarmSettings
    from store.database import Database
    from store.review.watchlists import Digest

log = structlog.get_logger()

ATTEMPTS = 5
"""Most attempts to send a message."""

RETRY = timedelta(minutes=10)
"""Time between two attempts, for each attempt so far."""

INTERRUPTED = (
    "The service stopped while it sent this message, which may have arrived. It is not sent again; the lists "
    "in the review app show what is new."
)


class NotDeliverable(SchedulerError):
    """The address of a person cannot be used; the message says why."""


def send_digests(
    db: Database,
    settings: AlarmSettings,
    *,
    now: datetime,
    deliver: Callable[[Sequence[str], str, str], None] = send,
) -> int:
    """Make the digests that are due, and send each open one, except in its reader's quiet hours.

    Args:
        db: The store.
        settings: With the mail server and the hosts of webhooks for digests.
        now: The present time.
        deliver: Sends title and body to apprise URLs, or raises `Unsent`.

    Returns:
        The number of messages sent.
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
