"""Work on several Ray nodes: the same results as on one machine, whoever dies meanwhile."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from contextlib import closing
from importlib.util import find_spec
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from bulk.cluster import ATTEMPTS, crawl_on_cluster, joined, plan
from bulk.command import BulkFailed
from crawler.archives import ArchiveContents
from crawler.run.remote import RemoteMessage
from crawler.workers import CrawlSettings
from crawler.workers.page_parser import encoded
from store.database import open_database
from tests.cli.calls import call_process
from tests.cli.cluster_work import SOURCES
from tests.cli.test_archive_scoring import ROWS, run
from tests.crawler.crawls import declare
from tests.warm import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from crawler.sources.sources import DeclaredSource
    from store.model import Run

KEPT = (
    "SELECT listing_id, content_hash FROM sightings JOIN listings USING (listing_id) WHERE source_id = ?",
    "SELECT url, outcome, payload_sha256 FROM pages WHERE source_id = ?",
    "SELECT url, payload_sha256 FROM evidence_records JOIN runs USING (run_id) WHERE source_id = ?",
)
"""What must be the same whoever read a source."""


@pytest.mark.process
@pytest.mark.skipif(find_spec("ray") is None, reason="Ray, the extra `cluster`, is not installed")
def test_nothing_is_lost_or_doubled_when_workers_die(tmp_path: Path) -> None:
    """Two nodes, a scoring worker and a reader of pages killed: the output and the rows are one machine's."""
    archive = tmp_path / "archive.jsonl"
    archive.write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    work = [sys.executable, "-m", "tests.cli.cluster_work", str(tmp_path)]
    ended = subprocess.run(work, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert ended.returncode == 0, ended.stderr
    assert {path.name for path in tmp_path.glob("*-died")} == {"worker-died", "reader-died"}
    said = json.loads(ended.stdout)  # what Ray tells of the dead stands on standard error
    assert said["counts"] == run(archive, tmp_path / "alone.jsonl")
    assert (tmp_path / "cluster.jsonl").read_bytes() == (tmp_path / "alone.jsonl").read_bytes()
    assert said["failed"] == []
    assert said["runs"] == {SOURCES[0]: ["done", 50, 45], SOURCES[1]: ["done", 51, 46]}
    assert call_process("crawl", SOURCES[0], "--db", tmp_path / "alone.db").exit_code == 0
    alone, cluster = tmp_path / "alone.db", tmp_path / "cluster.db"
    assert [rows_of(cluster, query) for query in KEPT] == [rows_of(alone, query) for query in KEPT]
    assert call_process("evidence", "verify", "--db", cluster).exit_code == 0


def rows_of(store: Path, query: str) -> list[tuple[object, ...]]:
    """Return what a store holds of the first source, ordered."""
    with closing(open_database(store)) as db:
        return sorted(tuple(row) for row in db.execute(query, [SOURCES[0]]))


class FakeRay(ModuleType):
    """Does at once, and here, what it is asked for."""

    exceptions = SimpleNamespace(RayError=RuntimeError)

    def cluster_resources(self) -> dict[str, float]:
        """Return one core."""
        return {"CPU": 1.0}

    def remote(self, **_options: object) -> Callable[[Callable[..., object]], object]:
        """Return what makes a task of a function."""
        return lambda function: SimpleNamespace(remote=function)

    def get(self, value: object) -> object:
        """Return what a task has handed over."""
        return value


def test_source_whose_reader_always_dies_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the process dies and the task that watches it does not: nothing ends as if it were done."""
    monkeypatch.setitem(sys.modules, "ray", FakeRay("ray"))
    tries: list[str] = []

    def read_and_die(declared: DeclaredSource, _settings: CrawlSettings) -> Iterator[bytes]:
        tries.append(declared.source.source_id)
        contents = ArchiveContents(urls=frozenset({"https://shop.example/1"}), faults=())
        yield encoded(RemoteMessage(contents=contents))

    ended: list[Run] = []
    (tmp_path / "saved").mkdir()
    failed = crawl_on_cluster(
        [declare(tmp_path / "saved")],
        tmp_path / "store.db",
        ended=ended.append,
        settings=CrawlSettings(),
        read=read_and_die,
    )
    assert failed == ["shop could not be read on the cluster: the process that reads it died, 4 times."]
    assert (ended, tries) == ([], ["shop"] * ATTEMPTS)


def test_what_ray_prints_is_no_output(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Output of Ray goes to standard error, from joining to leaving."""
    told = SimpleNamespace(init=lambda **_options: print("begun"), shutdown=lambda: print("held back"))  # noqa: T201 (as Ray does)
    monkeypatch.setitem(sys.modules, "ray", told)
    with joined("auto"):
        print("a worker died")  # noqa: T201 (so)
    assert tuple(capsys.readouterr()) == ("", "begun\na worker died\nheld back\n")


def test_no_cluster_is_said_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Ray, and at an address where nothing answers, or that is none."""
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(BulkFailed, match='its extra "cluster"'):
        joined("auto").__enter__()
    monkeypatch.setitem(sys.modules, "ray", object())
    with pytest.raises(BulkFailed, match=r"'out\.jsonl' is not the address of a cluster"):
        joined("out.jsonl").__enter__()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(BulkFailed, match=f"There is no Ray cluster to join at {address}"):
            joined(address).__enter__()


def test_stretches_cover_what_is_left() -> None:
    """Each begins where the one before ends, and there are never too many for the cluster to keep in mind."""
    assert plan(5, 12, 3) == [{"start": 5, "stop": 8}, {"start": 8, "stop": 11}, {"start": 11, "stop": 12}]
    assert plan(12, 12, 3) == []
    assert len(plan(0, 10**12, 1_000)) <= 20_000
