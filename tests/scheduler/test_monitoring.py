"""Metrics over real HTTP, the health check and the doctor."""

from __future__ import annotations

import random
import time
from contextlib import closing, suppress
from http.client import HTTPConnection
from socket import socket
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner
from prometheus_client.parser import text_string_to_metric_families

from cli.main import group
from fixtures.builders import store as build
from scheduler.metrics import STALE_S, PortTaken, serving
from store.crawl.runs import begin_run, end_run
from store.crawl.sources import declare_source
from store.database import open_database
from store.model import RunKind, RunOutcome
from store.operations.service import Finding, settle

if TYPE_CHECKING:
    from pathlib import Path


def free_port() -> int:
    """Return a port that nobody listens on.

    It lies below those that the system gives out, so that no other test is given it before it is used.
    """
    while True:
        port = random.randrange(20_000, 32_000)
        with suppress(OSError), socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


def get(port: int, path: str) -> tuple[int, str]:
    """Ask 127.0.0.1 once and return status and body."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=300)) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


@pytest.fixture
def lived(store_path: Path) -> Path:
    """A store with one crawl that did its work, one that failed, an alarm and a listing."""
    with closing(open_database(store_path)) as db:
        declare_source(db, build.ANDES, now=build.NOW)
        build.see(db, build.crawl_run(db), "https://andes.example/1", build.FULL)
        end_run(db, 1, RunOutcome.DONE, "One page.", now=build.NOW)
        run = begin_run(db, RunKind.CRAWL, source_id="andes", now=build.NOW)
        end_run(db, run.run_id, RunOutcome.FAILED, "No.", now=build.NOW)
        settle(db, [Finding(kind="disk_low", sentence="Little.")], kinds={"disk_low"}, now=build.NOW)
    return store_path


def test_metrics_are_what_the_store_says(lived: Path) -> None:
    """Read by Prometheus' own parser."""
    port = free_port()
    with serving(lived, port, time.monotonic):
        status, body = get(port, "/metrics")
    samples = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(body)
        for sample in family.samples
    }
    assert status == 200
    assert samples["precursor_watch_runs_total", "andes", "crawl", "failed"] == 1
    assert samples["precursor_watch_unscored_listings",] == 1
    assert samples["precursor_watch_alarm_raised_timestamp_seconds", "", "disk_low"] == build.NOW.timestamp()
    last = samples["precursor_watch_last_success_timestamp_seconds", "andes", "crawl"]
    assert last == build.NOW.timestamp()


@pytest.mark.parametrize(("idle_s", "status"), [(0.0, 200), (STALE_S + 1, 503)])
def test_health_is_that_of_the_loop(lived: Path, idle_s: float, status: int) -> None:
    """A service whose loop hangs is unwell, though it answers."""
    port = free_port()
    with serving(lived, port, lambda: time.monotonic() - idle_s):
        assert get(port, "/healthz")[0] == status


def test_a_port_that_is_taken_is_a_sentence(lived: Path) -> None:
    """The message names the setting."""
    with socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with (
            pytest.raises(PortTaken, match="metrics_port"),
            serving(lived, other.getsockname()[1], time.monotonic),
        ):
            pass


def test_the_doctor_says_what_is_wrong_and_the_mend(lived: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every check runs, even if others find problems, and each problem has a remedy."""
    monkeypatch.chdir(lived.parent)
    found = CliRunner().invoke(group, ["doctor", "--db", str(lived), "--json"])
    assert found.exit_code == 1
    for mend in (
        "see the README for an example",
        "start it with `precursor-watch run`",
        "train one with `precursor-watch retrain`",
        "[alarms] urls",
        "1 active alarm",
        "is intact",
    ):
        assert mend in found.stdout


def test_the_doctor_says_what_class_rules_cannot_see(lived: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without RDKit, OPSIN and Java the known compounds stay, and each missing part is named."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    monkeypatch.setattr("shutil.which", lambda _name: None)
    found = CliRunner().invoke(group, ["doctor", "--db", str(lived), "--json"])
    assert "that class rules cover are known; structures are not drawn" in found.stdout
    assert "rdkit, py2opsin, Java is missing" in found.stdout
    monkeypatch.setenv("PRECURSOR_WATCH_IUPAC", "on")
    found = CliRunner().invoke(group, ["doctor", "--db", str(lived), "--json"])
    assert "PRECURSOR_WATCH_IUPAC is on, but rdkit, py2opsin, Java is missing" in found.stdout


def test_logs_of_a_run_by_hand_say_that_there_are_none(lived: Path) -> None:
    """And how it ended."""
    found = CliRunner().invoke(group, ["logs", "2", "--db", str(lived)])
    assert found.exit_code == 0
    assert "Run 2, crawl of andes: failed. No." in found.stderr
    assert "No log: the process was started by hand" in found.stderr
