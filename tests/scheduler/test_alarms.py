"""Alarms from the first finding to the message of recovery, with a real receiver on 127.0.0.1."""

from __future__ import annotations

import json
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from fixtures.builders.store import NOW
from scheduler.alarms import AlarmAddressWrong, QuietHoursWrong, Unsent, is_quiet, send, tell
from scheduler.settings import AlarmSettings
from store.audit.audit import list_entries
from store.database import open_in_memory
from store.operations.service import (
    AlreadyAcknowledged,
    Finding,
    acknowledge,
    list_alarms,
    settle,
    standing_alarms,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from store.database import Database

DISK = Finding(kind="disk_low", sentence="Little is free.")
RUN = Finding(kind="run_failed", subject="andes", sentence="It failed.")
KINDS = {"disk_low", "run_failed"}
MINUTE = timedelta(minutes=1)


@pytest.fixture
def db() -> Iterator[Database]:
    """An empty store."""
    with closing(open_in_memory()) as db:
        yield db


@contextmanager
def receiver(status: int = 200) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Serve a webhook that takes messages; yield its address as apprise writes it, and what came."""
    came: list[dict[str, str]] = []

    class Webhook(BaseHTTPRequestHandler):
        """Takes a message."""

        def do_POST(self) -> None:
            """Keep it and answer."""
            came.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Webhook)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"json://127.0.0.1:{server.server_port}/", came
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_fault_found_again_and_again_is_one_alarm(db: Database) -> None:
    """An alarm is active from its first finding until a check no longer finds the fault."""
    for minutes in range(3):
        settle(db, [DISK, RUN], kinds=KINDS, now=NOW + minutes * MINUTE)
    settled = settle(db, [RUN], kinds=KINDS, now=NOW + 5 * MINUTE)
    assert [alarm.kind for alarm in settled.resolved] == ["disk_low"]
    assert [(alarm.kind, alarm.raised_at) for alarm in standing_alarms(db)] == [("run_failed", NOW)]


def test_a_fault_that_comes_back_is_another_alarm(db: Database) -> None:
    """Each return of a fault is counted."""
    for findings in ([DISK], [], [DISK]):
        settle(db, findings, kinds=KINDS, now=NOW)
    assert [alarm.is_active for alarm in list_alarms(db)] == [True, False]


def test_what_was_not_looked_for_is_left_alone(db: Database) -> None:
    """A look at one kind does not resolve another."""
    settle(db, [DISK, RUN], kinds=KINDS, now=NOW)
    settle(db, [], kinds={"disk_low"}, now=NOW)
    assert [alarm.kind for alarm in standing_alarms(db)] == ["run_failed"]


def test_an_alarm_is_acknowledged_once(db: Database) -> None:
    """The second person learns who has it."""
    (alarm,) = settle(db, [DISK], kinds=KINDS, now=NOW).raised
    acknowledge(db, alarm.alarm_id, by="ada", note="ordered a disk", now=NOW)
    with pytest.raises(AlreadyAcknowledged, match="by ada at 2026-11-24 12:00"):
        acknowledge(db, alarm.alarm_id, by="ben", now=NOW)
    (entry,) = list_entries(db, subject=f"alarm:{alarm.alarm_id}")
    assert (entry.action, entry.actor, entry.details["note"]) == (
        "alarm_acknowledged", "ada", "ordered a disk",
    )  # fmt: skip


def test_one_message_tells_of_all_and_one_that_they_are_well_again(db: Database) -> None:
    """Each alarm is in one message, and no message is sent before the digest interval ends."""
    with receiver() as (url, came):
        settings = AlarmSettings(urls=(url,), digest_minutes=10)
        settle(db, [DISK, RUN], kinds=KINDS, now=NOW)
        assert tell(db, settings, now=NOW + 9 * MINUTE) == ()
        assert len(tell(db, settings, now=NOW + 10 * MINUTE)) == 2
        assert tell(db, settings, now=NOW + 11 * MINUTE) == ()
        settle(db, [], kinds=KINDS, now=NOW + 20 * MINUTE)
        assert len(tell(db, settings, now=NOW + 30 * MINUTE)) == 2
    assert [message["title"] for message in came] == [
        "precursor-watch: 2 active",
        "precursor-watch: 2 resolved",
    ]
    assert "Little is free." in came[0]["message"]


def test_what_was_well_again_before_anybody_was_told_needs_nobody(db: Database) -> None:
    """A fault that ended before its message is listed, but no message is sent."""
    settings = AlarmSettings(urls=("json://127.0.0.1:9/",), digest_minutes=10)
    settle(db, [DISK], kinds=KINDS, now=NOW)
    settle(db, [], kinds=KINDS, now=NOW + MINUTE)
    assert tell(db, settings, now=NOW + 60 * MINUTE) == ()
    assert len(list_alarms(db)) == 1


def test_a_message_that_is_not_taken_is_tried_again(db: Database) -> None:
    """The alarm stays untold until one was."""
    settle(db, [DISK], kinds=KINDS, now=NOW)
    with receiver(status=500) as (url, _):
        assert tell(db, AlarmSettings(urls=(url,), digest_minutes=0), now=NOW) == ()
    with receiver() as (url, came):
        assert len(tell(db, AlarmSettings(urls=(url,), digest_minutes=0), now=NOW)) == 1
    assert len(came) == 1


@pytest.mark.parametrize(
    ("hours", "hour", "quiet"),
    [("22:00-06:00", 23, True), ("22:00-06:00", 5, True), ("22:00-06:00", 6, False),
     ("12:00-13:00", 12, True), ("12:00-13:00", 13, False), ("", 3, False)],
)  # fmt: skip
def test_quiet_hours(hours: str, hour: int, *, quiet: bool) -> None:
    """Over midnight and not; the end is not in them."""
    assert is_quiet(AlarmSettings(quiet_hours=hours), datetime(2026, 11, 24, hour, tzinfo=UTC)) is quiet


def test_quiet_hours_are_of_their_zone() -> None:
    """Three in the morning in Lima is eight in UTC."""
    settings = AlarmSettings(quiet_hours="22:00-06:00", timezone="America/Lima")
    assert is_quiet(settings, datetime(2026, 11, 24, 8, tzinfo=UTC))


@pytest.mark.parametrize("hours", ["22-6h", "late", "22:00"])
def test_quiet_hours_that_cannot_be_read(hours: str) -> None:
    """The sentence quotes them and shows how they are written."""
    with pytest.raises(QuietHoursWrong, match="22:00-06:00"):
        is_quiet(AlarmSettings(quiet_hours=hours), NOW)


def test_an_address_that_cannot_be_used_is_not_quoted_whole() -> None:
    """The address may contain a password."""
    with pytest.raises(AlarmAddressWrong) as caught:
        send(["nonsense://user:secret@host"], "t", "b")
    assert "secret" not in str(caught.value)


def test_one_address_that_is_broken_does_not_flood_the_others(db: Database) -> None:
    """Working addresses get one message; the fault of the other is logged."""
    settle(db, [DISK], kinds=KINDS, now=NOW)
    with receiver() as (url, came):
        settings = AlarmSettings(urls=(url, "json://127.0.0.1:9/"), digest_minutes=0)
        assert len(tell(db, settings, now=NOW)) == 1
        assert tell(db, settings, now=NOW + MINUTE) == ()
    assert len(came) == 1


def test_an_unreachable_address_is_a_sentence() -> None:
    """No server listens at the address."""
    with pytest.raises(Unsent, match="1 of 1 addresses"):
        send(["json://127.0.0.1:9/"], "t", "b")
