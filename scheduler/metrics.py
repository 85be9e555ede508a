"""Prometheus metrics and a health check, served by the service on 127.0.0.1."""

from __future__ import annotations

import shutil
import time
from contextlib import closing, contextmanager
from threading import Thread
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import ThreadingWSGIServer
from prometheus_client.registry import Collector

from store.crawl.runs import count_by_outcome, last_successes
from store.database import open_database
from store.errors import StoreError
from store.messages import reason_of
from store.operations.service import standing_alarms
from store.review.queue import count_queue
from store.scores.scores import count_awaiting, model_in_use

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from prometheus_client import Metric

    from store.database import Database

HOST = "127.0.0.1"
STALE_S = 120.0
"""The health check fails when the service's loop has not run for this many seconds."""


class PortTaken(StoreError):
    """Another program uses the port for metrics."""

    def __init__(self, port: int, found: str) -> None:
        super().__init__(
            f"The metrics cannot be served at {HOST}:{port}: {found}. Set another "
            "[service] metrics_port, or 0."
        )


class StoreCollector(Collector):
    """Reads the store for each scrape."""

    def __init__(self, database: Path) -> None:
        """Collect from the store at `database`."""
        self._database = database

    def collect(self) -> Iterator[Metric]:
        """Yield all metrics; their names start with `precursor_watch_`."""
        with closing(open_database(self._database, must_exist=True)) as db:
            yield _gauge("queue_listings", "Flagged listings that wait for a verdict.", count_queue(db))
            yield _gauge(
                "unscored_listings", "New or changed listings that wait for a score.", count_awaiting(db)
            )
            yield _gauge("database_bytes", "Size of the database file.", self._database.stat().st_size)
            free = shutil.disk_usage(self._database.resolve().parent).free
            yield _gauge("disk_free_bytes", "Free space on the disk of the database.", free)
            yield from _of_model(db)
            yield from _of_runs(db)
            yield _of_alarms(db)


@contextmanager
def serving(database: Path, port: int, looked_at: Callable[[], float]) -> Iterator[None]:
    """Serve `/metrics` and `/healthz` inside this context; port 0 serves nothing.

    `looked_at` returns the time of the loop's last iteration, by `time.monotonic`.

    Raises:
        PortTaken: If the port is not available.
    """
    if port == 0:
        yield
        return
    registry = CollectorRegistry()
    registry.register(StoreCollector(database))
    app = _with_health(make_wsgi_app(registry), looked_at)
    try:
        server = make_server(HOST, port, app, ThreadingWSGIServer, handler_class=_Quiet)
    except OSError as error:
        raise PortTaken(port, reason_of(error)) from error
    thread = Thread(target=server.serve_forever, name="metrics", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _with_health(metrics: Any, looked_at: Callable[[], float]) -> Any:
    def app(environ: dict[str, Any], start_response: Any) -> Any:
        if environ.get("PATH_INFO") != "/healthz":
            return metrics(environ, start_response)
        idle_s = time.monotonic() - looked_at()
        status = "200 OK" if idle_s < STALE_S else "503 Service Unavailable"
        start_response(status, [("Content-Type", "text/plain; charset=utf-8")])
        state = "ok" if idle_s < STALE_S else "stale"
        return [f"{state}: last loop {idle_s:.0f} s ago\n".encode()]

    return app


def _of_model(db: Database) -> Iterator[Metric]:
    if model := model_in_use(db):
        family = GaugeMetricFamily("precursor_watch_model_created_timestamp_seconds", "Time of training.",
                                   labels=["model"])  # fmt: skip
        family.add_metric([model.model_id], model.created_at.timestamp())
        yield family


def _of_runs(db: Database) -> Iterator[Metric]:
    runs = CounterMetricFamily(
        "precursor_watch_runs", "Runs that have ended.", labels=["kind", "source", "outcome"]
    )
    for kind, source, outcome, count in count_by_outcome(db):
        runs.add_metric([kind, source, outcome], count)
    yield runs
    last = GaugeMetricFamily(
        "precursor_watch_last_success_timestamp_seconds",
        "When the newest successful run ended.",
        labels=["kind", "source"],
    )
    for kind, source, moment in last_successes(db):
        last.add_metric([kind, source], moment.timestamp())
    yield last


def _of_alarms(db: Database) -> Metric:
    family = GaugeMetricFamily(
        "precursor_watch_alarm_raised_timestamp_seconds",
        "When each active alarm was raised.",
        labels=["kind", "subject"],
    )
    for alarm in standing_alarms(db):
        family.add_metric([alarm.kind, alarm.subject], alarm.raised_at.timestamp())
    return family


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(f"precursor_watch_{name}", about, value=value)


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Log nothing: a scrape every few seconds is not an event."""
