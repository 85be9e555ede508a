"""`retrain` and `score` with the real embedding model, as processes in a pipe."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from fixtures.builders.store import FULL, crawl_run, see
from store.database import open_database
from store.review.queue import review_queue
from tests.classifier.toy import write_starter
from tests.cli.calls import Called, call, call_process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.model

PIPED: list[dict[str, Any]] = [
    {"title": "Phenylacetone 103-79-7, 25 kg", "description": "Wickr only", "id": 7},
    {"title": "Mountain bike, hydraulic brakes"},
]


@pytest.fixture(scope="module", autouse=True)
def _plainly() -> Iterator[None]:
    """Disable the cascade and the choice of backend, which these tests do not cover."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PRECURSOR_WATCH_CASCADE", "off")
        patch.setenv("PRECURSOR_WATCH_BACKEND", "float32")
        yield


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with one listing and a model trained on the starter set for toys."""
    path = tmp_path_factory.mktemp("scored") / "precursor-watch.db"
    starter = write_starter(path.with_name("starter.jsonl"))
    with closing(open_database(path)) as db:
        see(db, crawl_run(db), "https://andes.example/1", FULL)
    called = call_process("retrain", "--starter", starter, "--db", path, "--json")
    assert (called.exit_code, called.err) == (0, "")
    assert json.loads(called.out)["promoted"] is True
    return path


def pipe(store: Path, stdin: bytes) -> Called:
    """Score JSON lines."""
    return call_process("score", "--json", "--db", store, stdin=stdin)


def lines(rows: list[dict[str, Any]]) -> bytes:
    """Return rows as JSON lines."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def test_pipe_gives_each_listing_back_with_its_score(store: Path) -> None:
    """In order, with what it came with; only JSON on standard output and nothing on standard error."""
    hostile = b'\n{"title": "\\ud800 a\\u0000"}\n' + lines([{"title": "苯" * 9_000}])
    called = pipe(store, b"\xef\xbb\xbf" + lines(PIPED) + hostile)
    assert (called.exit_code, called.err) == (0, "")
    offer, *others = (json.loads(line) for line in called.out.splitlines())
    assert {key: offer[key] for key in PIPED[0]} == PIPED[0]
    assert offer["p_offer"] > 0.5 > others[0]["p_offer"]
    for row in (offer, *others):  # where the line lies, after so small a training, is chance
        assert row["flagged"] is (row["p_offer"] >= row["threshold"])
    assert offer["reasons"]["substances"] == ["1-Phenyl-2-propanone"]


def test_bad_lines_in_a_pipe_are_named_and_the_others_scored(store: Path) -> None:
    """Each by its number, in a sentence and without a traceback; the exit code says that some lack."""
    called = pipe(store, b'{"title": "\xff"}\n' + lines(PIPED[:1]) + b'[1]\n{"id": 3}\n' + lines(PIPED[1:]))
    assert called.exit_code == 1
    assert [json.loads(line)["title"] for line in called.out.splitlines()] == [row["title"] for row in PIPED]
    first, second, third, last = called.err.splitlines()
    assert first.startswith("Left out of standard input: line 1 is not text in UTF-8")
    assert second.startswith("Left out of standard input: line 3 is a list, not an object")
    assert third.startswith("Left out of standard input: line 4 has neither title")
    assert last.startswith("precursor-watch: 3 lines were left out")


def test_bad_lines_of_a_file_are_told_as_those_of_a_pipe(store: Path, tmp_path: Path) -> None:
    """The others are scored and written, and the exit code says that some lack; also the second time."""
    source, output = tmp_path / "listings.jsonl", tmp_path / "flagged.jsonl"
    source.write_bytes(b"[1]\n" + lines(PIPED) + b"no JSON\n")
    for _ in range(2):
        called = call("score-archive", source, "-o", output, "--db", store)
        assert called.exit_code == 1
        assert called.out.startswith("2 listings scored, ")
        assert called.err.splitlines()[-1].startswith("precursor-watch: 2 lines were left out because")
    assert output.exists()


def test_new_sightings_are_scored_once(store: Path) -> None:
    """The second call finds nothing to do; the listing waits in the queue if it is flagged."""
    first, second = (call("score", "--db", store) for _ in range(2))
    assert (first.exit_code, first.err, second.exit_code, second.err) == (0, "", 0, "")
    assert first.out.startswith("1 scored, ")
    assert second.out.startswith("0 scored, 0 flagged by model ")
    with closing(open_database(store)) as db:
        assert len(review_queue(db)) == int(first.out.split()[2])
