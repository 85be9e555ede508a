"""No request without a valid permission: required values and scope."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from typing import Any

import pytest
from click.testing import CliRunner

from cli.sources import permissions_command
from crawler.live.connection import Reachable
from crawler.live.permission import (
    Limits,
    NotWithdrawn,
    problem,
    problem_in,
    read_limits,
    read_permission,
    stricter,
    withdraw,
)
from crawler.live.scope import Scope
from crawler.sources.sources import SourcesFileWrong, load_sources
from store.model import SourceKind
from tests.crawler.live.sources import live, permit

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
SCOPE = "https://shop.example/goods/"
TABLE = """
[sources.shop]
name = "Shop"
live = true
start = ["https://shop.example/goods/"]

[sources.shop.permission]
basis = "consent"
reference = "Letter 114"
approved_by = "J. Rojas"
valid_from = 2020-01-01
valid_until = {until}
scope = ["https://shop.example/goods/"]
contact = "monitor@agency.example"
seconds_between_requests = 5

[sources.saved]
name = "Saved"
archive = "saved"
supplied_by = "J. Rojas"
supplied_on = 2026-11-02
"""


def test_a_whole_permission_holds_from_its_first_day_to_the_end_of_its_last() -> None:
    """Both days count, in UTC."""
    whole = permit(SCOPE)
    assert problem(whole, NOW) == ""
    assert problem(whole, datetime(2026, 11, 1, tzinfo=UTC)) == ""
    assert problem(whole, datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC)) == ""


DEFECTS: list[tuple[dict[str, Any], str]] = [
    ({"basis": ""}, "does not say its basis"),
    (
        {"reference": "", "approved_by": ""},
        "does not say a reference (letter, order or ticket), who approved it",
    ),
    ({"valid_from": None}, "does not say its first day"),
    ({"valid_until": None}, "does not say its last day"),
    ({"scope": ()}, "does not say the addresses it covers"),
    ({"contact": ""}, "does not say a contact"),
    ({"seconds_between_requests": None}, "does not say a rate"),
    ({"basis": "hearsay"}, "its basis is 'hearsay', not one of consent, order, own_site, terms"),
    ({"basis": "terms"}, "does not say who read them"),
    ({"valid_from": date(2026, 11, 30), "valid_until": date(2026, 11, 1)}, "before it begins"),
    ({"valid_from": date(2026, 11, 25)}, "begins on 2026-11-25; today is 2026-11-24"),
    ({"valid_until": date(2026, 11, 23)}, "ended on 2026-11-23; today is 2026-11-24"),
    ({"seconds_between_requests": 0}, "seconds_between_requests is 0, which is not above 0"),
    ({"at_once": 0}, "its at_once is 0"),
    ({"max_pages": -1}, "its max_pages is -1"),
    ({"contact": "nobody"}, "neither an e-mail address nor a web address"),
    ({"contact": "https://"}, "neither an e-mail address nor a web address"),
    ({"private_addresses": ("0.0.0.0/0",)}, "has 4,294,967,296 addresses; name fewer"),
    ({"private_addresses": ("::/0",)}, "'::/0' has"),
    ({"scope": ("https://0.0.0.0/0",)}, "0.0.0.0 stands for every address of a machine"),
    ({"scope": ("https://xn--80ak6aa92e.com/",)}, "reads as 'apple.com' but has letters of another alphabet"),
    ({"contact": "a@b\r\nX: y"}, "which has invisible characters"),
    ({"contact": "a@bé"}, "cannot be sent in a header"),
    ({"reference": "  "}, "does not say a reference"),
    ({"approved_by": "\u3164"}, "does not say who approved it"),
    ({"approved_by": "\u200b\u2060"}, "does not say who approved it"),
    ({"reference": " - . - "}, "does not say a reference"),
    ({"approved_by": "J. Rojas\u200b"}, "which has invisible characters"),
    ({"basis": "terms", "read_by": " "}, "does not say who read them"),
    ({"seconds_between_requests": math.nan}, "seconds_between_requests is nan, which is not a finite number"),
    ({"seconds_between_requests": math.inf}, "is inf, which is not a finite number"),
    ({"max_bytes": 10**400}, "its max_bytes is larger than"),
    ({"max_pages": 1.5}, "max_pages is 1.5, not a whole number"),
    ({"private_addresses": ("localhost",)}, "'localhost' is not an IP address or network"),
    ({"scope": ("shop.example",)}, "names 'shop.example', which cannot be used"),
    ({"scope": ("file:///etc/",)}, "addresses of the scheme 'file' are never requested"),
    ({"scope": ("https://shop.example/?a=1",)}, "has a query or a fragment"),
    ({"scope": ("https://user@shop.example/",)}, "has a user name"),
]


@pytest.mark.parametrize("host", ["xn--mnchen-3ya.example", "xn--80aswg.xn--p1ai", "xn--fsqu00a.example"])
def test_a_host_in_its_own_alphabet_is_permitted(host: str) -> None:
    """Umlauts, Cyrillic and Chinese are no disguise."""
    assert problem(permit(f"https://{host}/"), NOW) == ""


@pytest.mark.parametrize(("change", "said"), DEFECTS, ids=lambda each: str(each)[:40])
def test_a_permission_that_lacks_something_is_none(change: dict[str, Any], said: str) -> None:
    """A missing value has no default, and the message names it."""
    assert said in problem(permit(SCOPE, **change), NOW)


def test_no_permission_at_all_is_said_so() -> None:
    """The sentence says what to do."""
    assert problem(None, NOW) == "there is no permission; write one, or crawl a saved copy"


COVERED = [
    *("", "chairs", "chairs/7?color=red#top", "a%20b", "%E6%A4%85", "%e6%a4%85", "caf%E9", "50%25"),
    *("a;b=1/c", ".hidden"),
]
NOT_COVERED = [
    "https://shop.example/goodsandmore",
    "https://shop.example/",
    "https://shop.example/goods/../admin",
    "https://shop.example/goods/%2e%2e/admin",
    "https://shop.example/goods/%252e%252e/admin",
    "https://shop.example/goods/..%2fadmin",
    "https://shop.example/goods/..%5cadmin",
    "https://shop.example/goods/..\\admin",
    "https://shop.example/goods/..;/admin",
    "https://shop.example/goods/..;a=b/admin",
    "https://shop.example/goods/%2e%2e;/admin",
    "https://shop.example/goods/..%3f/admin",
    "https://shop.example/goods/..%23/admin",
    "https://shop.example/goods/..%00/admin",
    "https://shop.example/goods/%00",
    "https://shop.example/goods/%u002e%u002e/admin",
    "https://shop.example/goods/%25u002e%25u002e/admin",
    "https://shop.example/goods/%c0%ae%c0%ae/admin",
    "https://shop.example/goods/%e0%80%ae./admin",
    "https://shop.example/goods/%EF%BC%8E%EF%BC%8E/admin",
    "https://shop.example/goods/..%20/admin",
    "https://shop.example/goods/.../admin",
    "https://shop.example/goods/%25252525252525252e%252525252525252e/admin",
    "https://shop.example/goods/%0d%0aHost:%20other",
    "https://shop.example/goods%2f..%2fadmin",
    "https://shop.example/goods%2fchairs",
    "https://shop.example/%67oods%2fchairs",
    "http://shop.example/goods/",
    "https://shop.example:8443/goods/",
    "https://www.shop.example/goods/",
    "https://shop.example.evil.example/goods/",
    "https://shop.example@evil.example/goods/",
    "https://evil.example/goods/?https://shop.example/goods/",
    "https://evil.example\\@shop.example/goods/",
    "https://shop.example:443:80/goods/",
    "https://shop.example:99999/goods/",
    "https://shop.еxample/goods/",
    "//shop.example/goods/",
    "javascript:alert(1)",
    "ftp://shop.example/goods/",
    "",
]


@pytest.mark.parametrize("rest", COVERED)
def test_what_begins_with_the_scope_is_covered(rest: str) -> None:
    """A scope covers paths up to a slash or question mark; the case of the host does not matter."""
    assert SCOPE + rest in Scope([SCOPE])
    assert SCOPE.replace("shop.example", "SHOP.example.") + rest in Scope([SCOPE])


@pytest.mark.parametrize("url", NOT_COVERED)
def test_what_might_be_read_otherwise_is_not_covered(url: str) -> None:
    """Neighbours, other ports and schemes, dot segments, user names, and letters that look alike."""
    assert Scope([SCOPE]).why_not(url)


def test_robots_txt_is_covered_with_any_part_of_its_site() -> None:
    """robots.txt must be read to be obeyed."""
    assert "https://shop.example/robots.txt" in Scope([SCOPE])
    assert "https://other.example/robots.txt" not in Scope([SCOPE])


PUBLIC = ["93.184.215.14", "8.8.8.8", "2606:4700::1111"]
PRIVATE = [
    *("127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0"),
    *("100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
    *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1"),
    *("::127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:7f00:1::", "2001:db8::1", "not an address"),
]


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_may_be_reached(address: str) -> None:
    """IPv4 and IPv6."""
    assert Reachable().why_not(address) == ""


@pytest.mark.parametrize("address", PRIVATE)
def test_no_other_address_may_be_reached(address: str) -> None:
    """Loopback, private, link-local, shared, documentation, multicast, and IPv6 forms that lead to them."""
    assert Reachable().why_not(address)


def test_a_private_address_that_is_named_may_be_reached() -> None:
    """One address or a network; its neighbour may not."""
    named = Reachable(["10.1.0.0/16", "127.0.0.1"])
    assert [bool(named.why_not(each)) for each in ("10.1.2.3", "127.0.0.1", "10.2.0.1", "127.0.0.2")] == [
        False, False, True, True,
    ]  # fmt: skip


def test_the_stricter_of_permission_and_limits_holds() -> None:
    """Whichever is slower or smaller, one by one."""
    permission = permit(SCOPE, seconds_between_requests=3, at_once=1, max_pages=50, max_bytes=10**9)
    both = stricter(Limits(seconds_between_requests=1, at_once=5, max_pages=70, max_bytes=10**6), permission)
    assert (both.seconds_between_requests, both.at_once, both.max_pages, both.max_bytes) == (3, 1, 50, 10**6)


WRONG_TABLES = [
    ({"basis": 3}, "basis is 3, not a text"),
    ({"valid_from": "2026-01-01"}, "valid_from is '2026-01-01', not a date like 2026-10-05"),
    ({"valid_until": NOW}, "not a date like 2026-10-05"),
    ({"scope": "https://a.example/"}, "not a list of texts"),
    ({"max_pages": 1.5}, "max_pages is 1.5, not a whole number"),
    ({"at_once": True}, "at_once is True, not a whole number"),
    ({"rate": 5}, "permission has an unknown key 'rate'"),
]


@pytest.mark.parametrize(("table", "said"), WRONG_TABLES, ids=lambda each: str(each)[:40])
def test_a_permission_of_the_wrong_form_is_named(table: dict[str, Any], said: str) -> None:
    """The message names the key and what was expected."""
    with pytest.raises(ValueError, match=said):
        read_permission(table)


@pytest.mark.parametrize(
    "table",
    [
        *({"speed": 1}, {"timeout_s": 0}, {"at_once": 0.5}, {"retries": "2"}, {"retries": -1}),
        *({"seconds_between_requests": math.nan}, {"backoff_s": math.inf}, {"max_bytes": 10**400}),
    ],
)
def test_limits_of_the_wrong_form_are_refused(table: dict[str, Any]) -> None:
    """Unknown keys, zeroes and texts."""
    with pytest.raises(ValueError, match=next(iter(table))):
        read_limits(table)


def test_another_word_is_another_permission() -> None:
    """The id is the hash of all that it says."""
    assert permit(SCOPE).permission_id == permit(SCOPE).permission_id
    assert permit(SCOPE).permission_id != permit(SCOPE, max_pages=9).permission_id


def test_a_live_source_is_declared_beside_saved_ones(tmp_path: Any) -> None:
    """Without a permission it is declared all the same, and refused when it is to be crawled."""
    path = tmp_path / "sources.toml"
    path.write_text(TABLE.format(until="2099-12-31"), "utf-8")
    shop, saved = load_sources(path).values()
    assert (shop.source.kind, saved.source.kind) == (SourceKind.LIVE, SourceKind.SAVED)
    assert shop.permission
    assert problem(shop.permission, NOW) == ""
    path.write_text(TABLE.format(until='"soon"'), "utf-8")
    with pytest.raises(SourcesFileWrong, match=r"sources\.shop: valid_until is 'soon', not a date"):
        load_sources(path)
    path.write_text(TABLE.partition("[sources.shop.permission]")[0], "utf-8")
    assert load_sources(path)["shop"].permission is None


def test_permissions_are_listed_checked_and_planned(tmp_path: Any) -> None:
    """Without any request; a permission that has ended makes the check fail and the plan say so."""
    path = tmp_path / "sources.toml"
    path.write_text(TABLE.format(until="2099-12-31"), "utf-8")
    store = ["--db", str(tmp_path / "none.db")]
    common = ["--sources", str(path), *store]
    assert "Letter 114" in CliRunner().invoke(permissions_command, ["list", "--json", *common]).output
    checked = CliRunner().invoke(permissions_command, ["check", *common])
    assert (checked.exit_code, checked.output) == (0, "shop: its permission is valid.\n")
    planned = CliRunner().invoke(permissions_command, ["plan", "shop", *common]).output
    assert planned.startswith("shop: would be crawled.\n  starts at https://shop.example/goods/\n")
    assert "1 at once, 5 s apart" in planned
    assert not (tmp_path / "none.db").exists()
    path.write_text(TABLE.format(until="2020-12-31"), "utf-8")
    checked = CliRunner().invoke(permissions_command, ["check", *common])
    assert checked.exit_code == 1
    assert "its permission ended on 2020-12-31" in checked.output
    assert CliRunner().invoke(permissions_command, ["check", "saved", *common]).exit_code == 2


def test_a_permission_can_be_withdrawn_and_stays_so(tmp_path: Any) -> None:
    """Every command reports the withdrawal."""
    path = tmp_path / "sources.toml"
    path.write_text(TABLE.format(until="2099-12-31"), "utf-8")
    common = ["--sources", str(path), "--db", str(tmp_path / "store.db")]
    by = ["--by", "J. Rojas", "--reason", "a letter came"]
    said = CliRunner().invoke(permissions_command, ["withdraw", "shop", *by, *common]).output
    assert said.startswith("shop: its permission was withdrawn on ")
    assert said.endswith(" UTC by J. Rojas (a letter came).\n")
    again = ["--by", "somebody else", "--reason", "another"]
    assert CliRunner().invoke(permissions_command, ["withdraw", "shop", *again, *common]).output == said
    checked = CliRunner().invoke(permissions_command, ["check", *common])
    assert (checked.exit_code, checked.output) == (1, said)
    assert CliRunner().invoke(permissions_command, ["plan", "shop", *common]).output.startswith(said)
    assert CliRunner().invoke(permissions_command, ["withdraw", "saved", *by, *common]).exit_code == 2


EDITS = [
    ("2099-12-31", "2099-12-30"),
    ('"Letter 114"', '"Letter 114 "'),
    ('"Letter 114"', '"letter  114."'),
    ("seconds_between_requests = 5", "seconds_between_requests = 5\nmax_pages = 11"),
    ('"J. Rojas"\nvalid', '"M. Soto"\nvalid'),
    ("[sources.shop", "[sources.store"),
]


@pytest.mark.parametrize(("old", "new"), EDITS, ids=lambda each: each[:30])
def test_a_withdrawal_holds_whatever_else_is_edited(tmp_path: Any, old: str, new: str) -> None:
    """A withdrawal binds the reference until a named person approves the permission again."""
    path = tmp_path / "sources.toml"
    text = TABLE.format(until="2099-12-31")
    path.write_text(text, "utf-8")
    common = ["--sources", str(path), "--db", str(tmp_path / "store.db")]
    by = ["--by", "J. Rojas", "--reason", "a letter came"]
    assert CliRunner().invoke(permissions_command, ["withdraw", "shop", *by, *common]).exit_code == 0
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    name = "store" if "sources.store" in new else "shop"
    assert "was withdrawn on" in CliRunner().invoke(permissions_command, ["check", name, *common]).output
    approved = CliRunner().invoke(
        permissions_command, ["approve", name, "--by", "A. Diaz", "--reason", "letter 131", *common]
    )
    assert approved.output == f"{name}: its permission was approved again by A. Diaz.\n"
    assert CliRunner().invoke(permissions_command, ["check", name, *common]).exit_code == 0
    path.write_text(text.replace(old, new).replace("2020-01-01", "2020-01-02"), "utf-8")
    assert "was withdrawn on" in CliRunner().invoke(permissions_command, ["check", name, *common]).output


def test_an_approved_permission_can_be_withdrawn_again(tmp_path: Any) -> None:
    """The newest decision counts; what was never withdrawn need not be approved."""
    path = tmp_path / "sources.toml"
    path.write_text(TABLE.format(until="2099-12-31"), "utf-8")
    common = ["--sources", str(path), "--db", str(tmp_path / "store.db")]
    by = ["--by", "J. Rojas", "--reason", "a letter came"]
    needless = CliRunner().invoke(permissions_command, ["approve", "shop", *by, *common])
    assert isinstance(needless.exception, NotWithdrawn)
    for verb, said in (("withdraw", 1), ("approve", 0), ("withdraw", 1)):
        assert CliRunner().invoke(permissions_command, [verb, "shop", *by, *common]).exit_code == 0
        assert CliRunner().invoke(permissions_command, ["check", "shop", *common]).exit_code == said


def test_approving_an_expired_permission_says_that_it_is_expired(tmp_path: Any) -> None:
    """The approval is stored, and the message says that no crawl is possible."""
    path = tmp_path / "sources.toml"
    path.write_text(TABLE.format(until="2020-12-31"), "utf-8")
    common = ["--sources", str(path), "--db", str(tmp_path / "store.db")]
    by = ["--by", "J. Rojas", "--reason", "a letter came"]
    assert CliRunner().invoke(permissions_command, ["withdraw", "shop", *by, *common]).exit_code == 0
    approved = CliRunner().invoke(permissions_command, ["approve", "shop", *by, *common])
    assert approved.exit_code == 0
    assert "shop still cannot be crawled: its permission ended on 2020-12-31" in approved.stderr


def test_another_letter_is_another_permission(tmp_path: Any) -> None:
    """A withdrawal of one reference leaves others alone, and other sites with the same reference."""
    database, source = tmp_path / "store.db", live(permission=None, source_id="shop").source
    old = permit(SCOPE, reference="Letter 114")
    withdraw(database, source, old, by="J. Rojas", reason="a letter came")
    assert problem_in(database, "shop", old, NOW)
    assert not problem_in(database, "shop", permit(SCOPE, reference="Letter 131"), NOW)
    other_site = permit("https://other.example/", reference="Letter 114")
    assert not problem_in(database, "other", other_site, NOW)
    assert problem_in(database, "renamed", permit(SCOPE + "a/", reference="LETTER 114"), NOW)
