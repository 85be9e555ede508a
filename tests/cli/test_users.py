"""`precursor-watch users`: users, roles, passwords and tokens."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from review.accounts.credentials import Passwords
from review.web.settings import key_file
from store.accounts.sessions import find_token
from store.accounts.users import credentials
from store.audit.audit import list_entries
from store.database import open_database
from tests.cli.calls import call, call_process

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a store with the administrator root, whose password takes its time to hash."""
    path = tmp_path_factory.mktemp("made") / "watch.db"
    assert call("users", "add", "root", "--role", "admin", "--generate", "--db", path).exit_code == 0
    return path.read_bytes()


@pytest.fixture
def store(tmp_path: Path, made: bytes) -> Path:
    """A new store with the administrator root."""
    path = tmp_path / "watch.db"
    path.write_bytes(made)
    return path


@pytest.mark.process
def test_a_password_is_read_from_standard_input(tmp_path: Path) -> None:
    """The password is not an argument, which other users of the machine can see."""
    path = tmp_path / "watch.db"
    arguments = ("users", "add", "ada", "--password-stdin", "--by", "root", "--db", path)
    added = call_process(*arguments, stdin=b"three odd lamps hum\n")
    assert (added.exit_code, added.out) == (0, "")
    assert "ada can log in as reviewer" in added.err
    with closing(open_database(path)) as db:
        assert Passwords().matches(credentials(db, "ada").password_hash, "three odd lamps hum")
        assert list_entries(db)[0].actor == "root"


@pytest.mark.process
@pytest.mark.parametrize("password", [b"short\n", b"\n", b"", b"aaaaaaaaaaaaaaaaaa\n"])
def test_a_weak_password_is_refused_with_a_sentence(tmp_path: Path, password: bytes) -> None:
    """Nobody is added, and no empty database is left."""
    path = tmp_path / "watch.db"
    refused = call_process("users", "add", "ada", "--password-stdin", "--db", path, stdin=password)
    assert refused.exit_code == 1
    assert "This password cannot be used" in refused.err
    assert not path.exists()


def test_a_made_up_password_is_printed_once_and_works(store: Path) -> None:
    """On standard output alone, so that it can be piped to where it is needed."""
    made = call("users", "password", "root", "--generate", "--db", store)
    with closing(open_database(store)) as db:
        assert Passwords().matches(credentials(db, "root").password_hash, made.out.strip())
    assert made.out.strip() not in call("audit", "list", "--db", store).out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", "Ada!"), "'Ada!' is not a valid user name"),
        (("add", "\u0430da"), "is not a valid user name"),
        (("add", "root"), "User root exists already"),
        (("role", "nobody", "lead"), "There is no user nobody"),
        (("role", "root", "viewer"), "only administrator"),
        (("disable", "root"), "only administrator"),
        (("password", "nobody", "--generate"), "There is no user nobody"),
        (("totp", "nobody"), "There is no user nobody"),
        (("token", "add", "nobody", "--purpose", "x"), "There is no user nobody"),
        (("token", "revoke", "7"), "There is no token 7"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(store: Path, arguments: tuple[str, ...], said: str) -> None:
    """One sentence on standard error, exit code 1, nothing changed."""
    before = call("audit", "anchor", "--db", store).out.split()[0]
    refused = call("users", *arguments, "--db", store)
    assert (refused.exit_code, refused.out) == (1, "")
    assert said in refused.err
    assert call("audit", "anchor", "--db", store).out.split()[0] == before


def test_roles_and_doors_are_listed(store: Path) -> None:
    """Each change shows in the list and in the log."""
    assert call("users", "add", "bo", "--generate", "--db", store).exit_code == 0
    assert call("users", "role", "bo", "lead", "--db", store).exit_code == 0
    assert call("users", "disable", "bo", "--db", store).exit_code == 0
    (bo, _root) = json.loads(call("users", "list", "--json", "--db", store).out)
    assert (bo["name"], bo["role"], bool(bo["disabled_at"])) == ("bo", "lead", True)
    assert "disabled" in call("users", "list", "--db", store).out
    assert call("users", "enable", "bo", "--db", store).exit_code == 0
    assert "disabled" not in call("users", "list", "--db", store).out
    listed = json.loads(call("audit", "list", "--subject", "user:bo", "--json", "--db", store).out)
    assert [each["action"] for each in listed] == ["user_changed"] * 3 + ["user_added"]


def test_a_second_factor_is_set_up_and_taken_off(store: Path) -> None:
    """The address for an authenticator app is printed once, and the stored seed is sealed."""
    address = call("users", "totp", "root", "--db", store).out.strip()
    seed = parse_qs(urlsplit(address).query)["secret"][0]
    assert address.startswith("otpauth://totp/precursor-watch:root")
    assert key_file(store).stat().st_mode & 0o777 == 0o600
    with closing(open_database(store)) as db:
        sealed = credentials(db, "root").totp_sealed
    assert sealed
    assert seed not in sealed
    assert call("users", "totp", "root", "--off", "--db", store).exit_code == 0
    with closing(open_database(store)) as db:
        assert credentials(db, "root").totp_sealed == ""


def test_a_token_is_printed_once_listed_and_revoked(store: Path) -> None:
    """The list shows whose it is and what for, never the token."""
    from store.times import utc_now

    key = call(
        "users", "token", "add", "root", "--purpose", "nightly", "--days", "7", "--db", store
    ).out.strip()
    listed = call("users", "token", "list", "--db", store).out
    assert "nightly" in listed
    assert "valid" in listed
    assert key not in listed + call("users", "token", "list", "--json", "--db", store).out
    with closing(open_database(store)) as db:
        assert find_token(db, key, now=utc_now()) is not None
        assert call("users", "token", "revoke", "1", "--db", store).exit_code == 0
        assert find_token(db, key, now=utc_now()) is None
    assert "revoked" in call("users", "token", "list", "root", "--db", store).out


def test_the_demo_makes_somebody_who_may_log_in_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The name and password stand on the screen; a second run tells the command that makes another."""
    from cli.demo import _make_administrator

    path = tmp_path / "demo.db"
    open_database(path).close()
    _make_administrator(path)
    password = capsys.readouterr().err.split()[-1]
    with closing(open_database(path)) as db:
        kept = credentials(db, "demo")
    assert kept.user.role == "admin"
    assert Passwords().matches(kept.password_hash, password)
    _make_administrator(path)
    command = capsys.readouterr().err.partition("precursor-watch ")[2].split()
    assert command == ["users", "password", "demo", "--generate", "--db", str(path)]
    renewed = call(*command).out.strip()
    with closing(open_database(path)) as db:
        assert Passwords().matches(credentials(db, "demo").password_hash, renewed)
