"""The weekly report by the service: its command in a child process, over real HTTP, each report once."""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import pytest

from fixtures.builders.store import ANDES
from scheduler.jobs import maintenance_jobs
from scheduler.service import serve
from scheduler.settings import MaintenanceSettings
from scheduler.worker import Worker
from store.crawl.runs import begin_run, list_runs, record_not_run
from store.crawl.sources import declare_source
from store.database import open_database
from store.model import RunKind, RunOutcome
from store.times import utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scheduler.worker import Settings
    from store.model import Run

pytestmark = pytest.mark.process

WEEKLY = MaintenanceSettings(
    backup_cron="", verify_cron="", purge_cron="", retrain_cron="", weekly_cron="0 6 * * mon"
)


@pytest.fixture
def due(
    settings: Settings, declare: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Settings, SimpleQueue[dict[str, Any]]]]:
    """Settings under which one report is due, by our own command line, and what the webhook gets."""
    came = SimpleQueue[dict[str, Any]]()
    declare("andes")
    with closing(open_database(settings.database)) as db:
        declare_source(db, ANDES, now=utc_now())
        for kind, source, days in ((RunKind.WEEKLY, None, 7), (RunKind.CRAWL, "andes", 0)):
            due_at = utc_now() - timedelta(days=days)
            why = {"outcome": RunOutcome.MISSED, "sentence": "No service was running."}
            record_not_run(db, kind, source_id=source, due_at=due_at, **why)  # type: ignore[arg-type]
    with hook(came) as address:
        monkeypatch.setenv("PRECURSOR_WATCH_ALARMS_WEEKLY_URLS", json.dumps([address]))
        command = (sys.executable, "-m", "cli")
        yield replace(settings, command=command, maintenance=WEEKLY), came


@contextmanager
def hook(came: SimpleQueue[dict[str, Any]]) -> Iterator[str]:
    """Serve a webhook, and give its address in the form of apprise."""

    class Hook(BaseHTTPRequestHandler):
        """A webhook that keeps what came."""

        def do_POST(self) -> None:
            """Keep what came."""
            came.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"json://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def reports(settings: Settings) -> list[Run]:
    """Return the runs of the report that began, newest first."""
    with closing(open_database(settings.database)) as db:
        return [run for run in list_runs(db) if run.kind is RunKind.WEEKLY and run.attempts]


def restarted(settings: Settings) -> bool:
    """Return whether a service that starts now does anything for the report."""
    (job,) = maintenance_jobs(WEEKLY, settings.limits).values()
    return Worker(settings).do(job)


def test_a_report_that_is_due_is_sent_once_however_often_the_service_starts(
    due: tuple[Settings, SimpleQueue[dict[str, Any]]],
) -> None:
    """The service stops in order as soon as the report has arrived; the next one finds nothing due."""
    settings, came = due
    stop = Event()
    with ThreadPoolExecutor(1) as thread:
        service = thread.submit(serve, settings, stop)
        assert "New suppliers: 0" in came.get(timeout=240)["message"]
        while not (reports(settings) and reports(settings)[0].outcome):
            assert not stop.wait(0.05)
        stop.set()
        service.result()
    assert [run.outcome for run in reports(settings)] == [RunOutcome.DONE]
    assert not restarted(settings)
    assert came.empty()


def test_a_report_whose_sending_was_killed_is_not_sent_again(
    due: tuple[Settings, SimpleQueue[dict[str, Any]]],
) -> None:
    """It may have arrived. Its run fails with what to do, and its days are in the next report."""
    settings, came = due
    with closing(open_database(settings.database)) as db:
        begin_run(db, RunKind.WEEKLY, due_at=utc_now(), now=utc_now())
    assert restarted(settings)
    assert came.empty()
    (run,) = reports(settings)
    assert run.outcome is RunOutcome.FAILED
    assert "may have arrived" in run.sentence
