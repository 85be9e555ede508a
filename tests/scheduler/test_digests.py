"""Digests of watch-lists: over real HTTP, each once, with retries that the person sees."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from fixtures.builders.login import WEAK
from fixtures.builders.review_store import NOW, PLANTED, fill_store, score, see
from scheduler.alarms import Unsent, send
from scheduler.digests import ATTEMPTS, NotDeliverable, address_for, send_digests
from scheduler.settings import AlarmSettings
from store.accounts.users import Role, add_user, set_disabled
from store.database import open_database
from store.review.watchlists import DigestSettings, list_digests, make_digest, save_view, set_digests

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from store.database import Database

SETTINGS = AlarmSettings(
    digest_mail="mailtos://user:word@mail.example?to={address}", digest_hosts=("hook.example",)
)
LATER = NOW + timedelta(days=1)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    """Return a store in which ada follows a list with one new match, and wants digests."""
    fill_store(tmp_path / "watch.db")
    with closing(open_database(tmp_path / "watch.db")) as opened:
        add_user(opened, "ada", Role.REVIEWER, password_hash=WEAK.hash("x" * 12), actor="tests", now=NOW)
        save_view(opened, "ada", "P2P", "q=phenylacetone", is_followed=True, now=NOW)
        set_digests(opened, DigestSettings(reviewer="ada", address="ada@office.example"), now=NOW)
        arrive(opened, "900 kg")
        yield opened


def arrive(db: Database, quantity: str) -> None:
    """Let the first listing change."""
    content = replace(PLANTED[0].content, quantity_text=quantity)
    see(db, (replace(PLANTED[0], content=content), *PLANTED[1:]), at=NOW)
    score(db, PLANTED)


class Post:
    """Takes messages instead of apprise, or fails."""

    def __init__(self, *, fails: int = 0) -> None:
        self.sent: list[tuple[Sequence[str], str, str]] = []
        self.fails = fails

    def __call__(self, urls: Sequence[str], title: str, body: str) -> None:
        """Keep a message, or fail."""
        if self.fails:
            self.fails -= 1
            raise Unsent("The message failed at 1 of 1 addresses (mailtos).")
        self.sent.append((urls, title, body))


def test_a_due_digest_is_sent_once(db: Database) -> None:
    """To the address of the person through the mail server of the office."""
    post = Post()
    assert send_digests(db, SETTINGS, now=LATER, deliver=post) == 1
    assert send_digests(db, SETTINGS, now=LATER + timedelta(days=1), deliver=post) == 0
    ((urls, title, _body),) = post.sent
    assert list(urls) == ["mailtos://user:word@mail.example?to=ada%40office.example"]
    assert title == "precursor-watch: 1 new in the lists that you follow"
    assert [(each.event, each.attempts) for each in list_digests(db, "ada")] == [("sent", 1)]


def test_a_failed_message_is_tried_again_and_given_up_in_the_end(db: Database) -> None:
    """The waits grow; what became of it stands on the person's page."""
    post, now = Post(fails=99), LATER
    for _ in range(60):
        send_digests(db, SETTINGS, now=now, deliver=post)
        now += timedelta(minutes=5)
    (digest,) = list_digests(db, "ada")
    assert (digest.event, digest.attempts) == ("given_up", ATTEMPTS)
    assert "failed at 1 of 1" in (digest.sentence or "")


def test_a_later_attempt_may_succeed(db: Database) -> None:
    """Nothing is made twice meanwhile."""
    post = Post(fails=1)
    assert send_digests(db, SETTINGS, now=LATER, deliver=post) == 0
    assert send_digests(db, SETTINGS, now=LATER + timedelta(minutes=1), deliver=post) == 0
    assert send_digests(db, SETTINGS, now=LATER + timedelta(minutes=11), deliver=post) == 1
    assert len(post.sent) == 1


def test_what_was_being_sent_when_the_service_was_killed_is_not_sent_again(db: Database) -> None:
    """Nobody knows whether it arrived, and the page says so; the next digest is sent as ever."""

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        send_digests(db, SETTINGS, now=LATER, deliver=killed)
    post = Post()
    assert send_digests(db, SETTINGS, now=LATER + timedelta(minutes=1), deliver=post) == 0
    (digest,) = list_digests(db, "ada")
    assert digest.event == "interrupted"
    assert "may have arrived" in (digest.sentence or "")
    arrive(db, "901 kg")
    assert send_digests(db, SETTINGS, now=LATER + timedelta(days=1), deliver=post) == 1
    assert len(post.sent) == 1


def test_nothing_is_sent_in_quiet_hours_or_to_a_disabled_user(db: Database) -> None:
    """A message that waits is sent afterwards, or given up."""
    set_digests(
        db,
        DigestSettings(
            reviewer="ada", address="ada@office.example", times="23:00", quiet_hours="22:00-07:00"
        ),
        now=NOW,
    )
    post = Post()
    night = NOW.replace(hour=23, minute=30)
    assert send_digests(db, SETTINGS, now=night, deliver=post) == 0
    assert list_digests(db, "ada") == []
    assert send_digests(db, SETTINGS, now=night + timedelta(hours=8), deliver=post) == 1
    make_digest(db, "ada", "test", now=LATER)
    set_disabled(db, "ada", disabled=True, actor="tests", now=LATER)
    assert send_digests(db, SETTINGS, now=LATER, deliver=post) == 0
    assert list_digests(db, "ada")[0].sentence == "The user is disabled."


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("", "No address"),
        ("a@b.example", "No mail is set up"),
        ("https://169.254.169.254/latest", "not allowed"),
    ],
)
def test_an_operator_decides_where_messages_may_go(address: str, said: str) -> None:
    """A person cannot make the server ask an address of the internal network."""
    with pytest.raises(NotDeliverable, match=said):
        address_for(AlarmSettings(digest_hosts=("hook.example",)), address)
    assert address_for(SETTINGS, "https://hook.example/x") == "jsons://hook.example/x"


def test_a_digest_arrives_over_http(db: Database) -> None:
    """Through apprise, as a webhook gets it."""
    came: list[dict[str, Any]] = []

    class Hook(BaseHTTPRequestHandler):
        """A webhook that keeps what came."""

        def do_POST(self) -> None:
            """Keep what came."""
            came.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    Thread(target=server.serve_forever, daemon=True).start()
    settings = AlarmSettings(digest_mail=f"json://127.0.0.1:{server.server_port}/?to={{address}}")
    assert send_digests(db, settings, now=LATER, deliver=send) == 1
    server.shutdown()
    server.server_close()
    assert "P2P: 1 new" in came[0]["message"]
