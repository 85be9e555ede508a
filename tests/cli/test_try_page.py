"""Tests of `try-page`: files of any kind, and addresses under a permission alone."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.calls import call

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
_PAGE = """<html lang="en"><head><title>Citric acid | Orrery</title></head><body>
<h1>Citric acid, 25 kg bag</h1>
<div class="price">US $12.50 / kg</div><table><tr><th>CAS No.</th><td>77-92-9</td></tr>
<tr><th>Purity</th><td>99.5 %</td></tr></table>
<p>Food grade powder in closed bags.</p></body></html>"""
_PERMISSION = """
[sources.own]
name = "Own site"
live = true
start = ["{site}/"]

[sources.own.permission]
basis = "own_site"
reference = "Ticket 7"
approved_by = "the tests"
valid_from = 2026-01-01
valid_until = {until}
scope = ["{site}/"]
contact = "https://tests.example/monitor"
private_addresses = ["127.0.0.1"]
seconds_between_requests = 0.001
"""


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """Save one page."""
    path = tmp_path / "item.html"
    path.write_text(_PAGE, "utf-8")
    return path


def test_fields_are_shown_with_what_read_them(saved: Path) -> None:
    """Field, value and rule stand in one line each, typed terms with them."""
    shown = call("try-page", str(saved), "--url", "https://orrery.example/item/7")
    assert shown.exit_code == 0
    assert shown.out.startswith("https://orrery.example/item/7: listing.")
    for word in ("Citric acid, 25 kg bag", "visible:h1", "12.50", "visible:price", "cas_number", "77-92-9"):
        assert word in shown.out


def test_json_holds_the_whole_reading(saved: Path) -> None:
    """Provenance and terms are there for programs."""
    (page,) = json.loads(call("try-page", str(saved), "--json").out)
    content = page["reading"]["listing"]["content"]
    assert content["provenance"]["title"] == "visible:h1"
    assert {"name": "purity", "amount": "99.5", "unit": "%"}.items() <= next(
        term for term in content["terms"] if term["name"] == "purity"
    ).items()


def test_list_pages_show_their_rows(tmp_path: Path) -> None:
    """Of a list the rows are shown instead of fields."""
    row = '<li class="card"><a href="/i/{n}">Citric acid lot {n}</a> <b>US $1{n}.00</b></li>'
    rows = "".join(row.format(n=n) for n in range(12))
    (tmp_path / "list.html").write_text(f"<html><body><h1>Acids</h1><ul>{rows}</ul></body></html>", "utf-8")
    shown = call("try-page", str(tmp_path / "list.html")).out
    assert "Citric acid lot 3" in shown
    assert "and 2 more rows" in shown


def test_what_is_no_page_is_a_sentence(tmp_path: Path) -> None:
    """A picture and a missing file are refused in words."""
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"x" * 64)
    for name in ("a.png", "missing.html"):
        refused = call("try-page", str(tmp_path / name))
        assert refused.exit_code == 1
        assert name in refused.err


@pytest.mark.parametrize("until", ["2026-12-31", "2026-01-02"])
def test_address_without_a_permission_that_holds_is_not_asked_for(tmp_path: Path, until: str) -> None:
    """Outside the scope, or after the last day: a sentence, and nothing was sent."""
    asked = "https://other.example/item/7" if until == "2026-12-31" else "https://own.example/item/7"
    sources = tmp_path / "sources.toml"
    sources.write_text(_PERMISSION.format(site="https://own.example", until=until), "utf-8")
    refused = call("try-page", asked, "--sources", str(sources), "--db", str(tmp_path / "watch.db"))
    assert refused.exit_code == 1
    assert refused.err.strip().endswith("No request was sent.")
    assert not list(tmp_path.glob("*.trials"))


class _Site(SimpleHTTPRequestHandler):
    asked: list[str]

    def __init__(self, *arguments: Any, asked: list[str], **named: Any) -> None:
        self.asked = asked
        super().__init__(*arguments, **named)

    def log_message(self, *_: object) -> None:
        self.asked.append(self.path)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[str, Path, list[str]]]:
    """Serve a folder over HTTP; what is asked for is noted."""
    folder, asked = tmp_path / "site", list[str]()
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Site, directory=str(folder), asked=asked))
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", folder, asked
    server.shutdown()
    thread.join()
    server.server_close()


def _try_live(tmp_path: Path, site: str, path: str) -> subprocess.CompletedProcess[str]:
    sources = tmp_path / "sources.toml"
    sources.write_text(_PERMISSION.format(site=site, until="2099-12-31"), "utf-8")
    command = [sys.executable, "-m", "cli", "try-page", f"{site}{path}", "--json"]
    command += ["--sources", str(sources), "--db", str(tmp_path / "watch.db")]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)


@pytest.mark.process
def test_address_is_asked_for_under_its_permission(tmp_path: Path, site: tuple[str, Path, list[str]]) -> None:
    """The site is asked for robots.txt and the page alone, and both are kept apart from the store."""
    address, folder, asked = site
    (folder / "item.html").write_text(_PAGE.replace("</p>", '<a href="/more.html">more</a></p>'), "utf-8")
    (folder / "robots.txt").write_text("User-agent: *\nAllow: /\n", "utf-8")
    tried = _try_live(tmp_path, address, "/item.html")
    assert tried.returncode == 0, tried.stderr
    (page,) = json.loads(tried.stdout)
    assert page["reading"]["listing"]["content"]["title"] == "Citric acid, 25 kg bag"
    assert asked == ["/robots.txt", "/item.html"]
    assert Path(page["kept"]).is_file()
    assert not (tmp_path / "watch.db").exists()


@pytest.mark.process
def test_what_robots_txt_refuses_is_not_asked_for(tmp_path: Path, site: tuple[str, Path, list[str]]) -> None:
    """The message gives the rule of robots.txt."""
    address, folder, asked = site
    (folder / "robots.txt").write_text("User-agent: *\nDisallow: /\n", "utf-8")
    tried = _try_live(tmp_path, address, "/item.html")
    assert tried.returncode == 1
    assert "robots.txt" in tried.stderr
    assert asked == ["/robots.txt"]
