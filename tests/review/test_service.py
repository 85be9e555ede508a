"""The service as leads see it: the same words as the commands, and asking by the same rules."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from cli.main import group
from fixtures.builders.forms import read_form
from fixtures.builders.login import entered, headers_of
from fixtures.builders.review_store import NOW
from fixtures.builders.store import declared
from scheduler.children import log_name, logs_folder
from store.accounts.users import Role
from store.audit.audit import AuditAction, Via, list_entries
from store.crawl.runs import attempts_at, begin_run, end_run
from store.database import open_database
from store.locks import hold
from store.model import RunKind, RunOutcome
from store.operations.service import Finding, list_requests, pause_of, settle

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fastapi.testclient import TestClient

SOURCES = declared("mercado", "Mercado", cron="30 3 * * *", timezone="America/Lima") + declared(
    "by-hand", "By hand"
)

HOSTILE = "\x1b[31mred <script>alert(1)</script>"


@pytest.fixture
def watched(database: Path) -> Path:
    """A store with an alarm and a failed crawl that left a log, beside a sources file; returns the store."""
    database.with_name("sources.toml").write_text(SOURCES, encoding="utf-8")
    with closing(open_database(database)) as db:
        settle(db, [Finding(kind="disk_low", sentence="Little is left.")], kinds={"disk_low"}, now=NOW)
        run = begin_run(db, RunKind.CRAWL, source_id="mercado", now=NOW)
        end_run(db, run.run_id, RunOutcome.FAILED, HOSTILE, now=NOW)
        (attempt,) = attempts_at(db, run.run_id)
    logs_folder(database).mkdir()
    written = "".join(f"line {number}\n" for number in range(300)) + HOSTILE
    name = log_name("crawl-mercado", attempt.started_at, attempt.pid)
    (logs_folder(database) / name).write_text(written, encoding="utf-8")
    return database


@pytest.fixture
def lead(watched: Path) -> Iterator[TestClient]:
    """Return a client of the lead lou."""
    with entered(watched, "lou", Role.LEAD) as client:
        yield client


def test_page_and_api_say_what_the_command_says(lead: TestClient, watched: Path) -> None:
    """Each source with its due time in both zones, what alarms, and whether a person should look."""
    sources = watched.with_name("sources.toml")
    called = CliRunner().invoke(group, ["status", "--db", str(watched), "--sources", str(sources), "--json"])
    found, page = lead.get("/api/service").json(), lead.get("/service").text
    assert (called.exit_code, found["is_well"]) == (1, False)
    assert [(each["source_id"], each["standing"]) for each in found["sources"]] == [
        ("mercado", "failed"), ("by-hand", "never"),
    ]  # fmt: skip
    for said in (
        "Little is left.",
        "not running",
        "2026-11-02 08:30 UTC",
        "(America/Lima)",
        "needs attention",
    ):
        assert said in page
    assert "Run now" not in page  # nobody is there to begin it


def test_run_is_shown_with_the_end_of_its_log(lead: TestClient) -> None:
    """What a page made a child write is text, here too."""
    run = lead.get("/api/runs?limit=1").json()[0]["run"]["run_id"]
    page = lead.get(f"/service/runs/{run}").text
    assert "line 299" in page
    assert "line 100\n" not in page
    assert "<script>alert" not in page
    assert "\x1b" not in page
    assert f'href="/service/runs/{run}"' in lead.get("/service/runs").text
    log = lead.get(f"/api/runs/{run}").json()["attempts"][0]["log"]
    assert (len(log), log[-1]) == (200, HOSTILE)
    assert lead.get(f"/service/runs?before={run}").status_code == 200


def test_a_source_is_paused_resumed_and_crawled_by_buttons(lead: TestClient, watched: Path) -> None:
    """Each is a request for the service to find, and an entry of the log with the person and the door."""
    form = read_form(lead.get("/service").text, "/requests")
    assert lead.post(form.action, data=form.values).status_code == 200
    with hold(watched, "service"):
        page = lead.get("/service").text
        assert "paused by lou" in page
        form = read_form(page, "/requests")
        assert form.values["wish"] == "resume"
        done = lead.post(form.action, data=form.values | {"wish": "run_now"})
        assert "starts within seconds" in done.text
    with closing(open_database(watched)) as db:
        assert pause_of(db, "mercado")
        assert [each.request for each in list_requests(db)] == ["run_now", "pause"]
        entry = list_entries(db, action=AuditAction.SERVICE_ASKED)[-1]
    assert (entry.actor, entry.via, entry.subject) == ("lou", Via.WEB, "source:mercado")


@pytest.mark.parametrize(
    ("source", "wish", "status", "said"),
    [
        ("mercado", "run_now", 409, "No service is running"),
        ("by-hand", "pause", 404, "Scheduled sources: mercado"),
        ("mercado", "dance", 422, "not understood"),
    ],
)
def test_what_the_service_cannot_do_is_refused(
    lead: TestClient, source: str, wish: str, status: int, said: str
) -> None:
    """With a sentence, by page and API alike, and nothing is written."""
    by_api = lead.post(
        "/api/service/requests", json={"source_id": source, "request": wish}, headers=headers_of(lead)
    )
    by_page = lead.post(
        "/service/requests", data={"source_id": source, "wish": wish}, headers=headers_of(lead)
    )
    assert (by_api.status_code, by_page.status_code) == (status, status)
    assert said in by_api.json()["detail"]
    assert lead.get("/api/service/requests").json() == []


def test_an_alarm_is_noted_once(lead: TestClient) -> None:
    """The page says who has it; the second to come learns that by a sentence."""
    form = read_form(lead.get("/service").text, "/acknowledge")
    page = lead.post(form.action, data=form.values | {"note": "ordered a disk"}).text
    assert "Alarm acknowledged." in page
    assert "<bdi>lou</bdi>" in page
    again = lead.post("/api/alarms/1/acknowledge", json={}, headers=headers_of(lead))
    assert (again.status_code, "by lou" in again.json()["detail"]) == (409, True)
    assert lead.get("/api/alarms").json()[0]["acknowledged_by"] == "lou"


def test_nobody_below_a_lead_sees_or_asks(watched: Path) -> None:
    """On the server, whatever a page shows; and a form without its token is nobody's."""
    with entered(watched) as reviewer:
        assert 'href="/service"' not in reviewer.get("/").text
        for address in ("/service", "/service/runs", "/service/runs/1", "/api/service", "/api/runs/1"):
            assert reviewer.get(address).status_code == 403
        asked = {"source_id": "mercado", "wish": "pause"}
        assert reviewer.post("/service/requests", data=asked, headers=headers_of(reviewer)).status_code == 403
    with entered(watched, "lou", Role.LEAD) as lead:
        assert lead.post("/service/requests", data=asked).status_code == 403
    with closing(open_database(watched)) as db:
        assert list_requests(db) == []


def test_a_broken_sources_file_is_said_and_the_rest_shown(lead: TestClient, watched: Path) -> None:
    """The operator sees why no source is listed."""
    watched.with_name("sources.toml").write_text("[sources", encoding="utf-8")
    page = lead.get("/service").text
    assert "sources.toml cannot be used" in page
    assert "Little is left." in page
    asked = {"source_id": "mercado", "request": "pause"}
    assert lead.post("/api/service/requests", json=asked, headers=headers_of(lead)).status_code == 409
