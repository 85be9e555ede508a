"""Scoring killed at any moment and started again leaves the store that undisturbed scoring leaves."""

from __future__ import annotations

import json
import shutil
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

import fixtures
from fixtures.comparable import comparable
from store.crawl.pages import SeenListing, record_page
from store.crawl.runs import begin_run, end_run, list_runs
from store.crawl.sources import declare_source
from store.database import open_database
from store.model import ListingContent, Page, PageOutcome, RunKind, RunOutcome, Source, SourceKind
from tests.cli.calls import call_process
from tests.crawler.crawls import NOW
from tests.crawler.killing import kill_when, rows_in

STARTER = Path(fixtures.__path__[0]) / "training" / "listings.jsonl"
LISTINGS = 1_100
"""Three batches of scores."""
Tables = dict[str, list[tuple[object, ...]]]
OFFERS = ("PMK glycidate {} kg", "4-Piperidone {} kg, discreet", "P2P oil {} l, no questions")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a model in use and many short listings that wait for it."""
    folder = tmp_path_factory.mktemp("scoring")
    database, starter = folder / "precursor-watch.db", folder / "starter.jsonl"
    rows = STARTER.read_text("utf-8").splitlines()[:400]
    short = [json.dumps({**json.loads(row), "description": ""}) for row in rows]
    starter.write_text("\n".join(short), "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PRECURSOR_WATCH_CASCADE", "off")  # every text is embedded, so there is much to kill
        trained = call_process("retrain", "--db", database, "--starter", starter)
    assert trained.exit_code == 0, trained.err
    _fill(database)
    return database


@pytest.fixture(scope="module")
def both(store: Path) -> tuple[Tables, Tables]:
    """The stores that scoring leaves when killed three times and gone on with, and when left alone.

    It is killed while texts are embedded, and after the first and the second batch of scores.
    """
    disturbed, undisturbed = _copy(store, "killed"), _copy(store, "undisturbed")
    vectors = disturbed.with_name(disturbed.name + ".vectors")
    moments = (
        rows_in(vectors, "vectors", 801),  # the starter rows have two each: evidence and embedding
        rows_in(disturbed, "scores", 1),
        rows_in(disturbed, "scores", 600),
    )
    for moment in moments:
        kill_when(moment, "score", "--db", disturbed)
    for database in (disturbed, undisturbed):
        assert call_process("score", "--db", database).exit_code == 0
    with closing(open_database(disturbed)) as killed, closing(open_database(undisturbed)) as whole:
        run = list_runs(killed, limit=1)[0]
        assert (run.kind, run.attempts, run.outcome) == (RunKind.SCORE, len(moments) + 1, RunOutcome.DONE)
        return comparable(killed), comparable(whole)


@pytest.mark.model
def test_killed_scoring_started_again_leaves_the_same_scores(both: tuple[Tables, Tables]) -> None:
    """Every sighting has exactly one score, the one it has in an undisturbed store; nothing else differs."""
    killed, whole = ({name: rows for name, rows in tables.items() if name != "runs"} for tables in both)
    assert len(killed["scores"]) == LISTINGS
    assert killed == whole


@pytest.mark.model
def test_killed_scoring_started_again_ends_with_the_same_counts(both: tuple[Tables, Tables]) -> None:
    """The run's ending counts what all its attempts scored."""
    killed, whole = both
    assert killed["runs"] == whole["runs"]


def _copy(store: Path, name: str) -> Path:
    copy = store.with_name(f"{name}.db")  # beside the store, where its models lie
    for suffix in ("", ".vectors"):
        shutil.copy(store.with_name(store.name + suffix), copy.with_name(copy.name + suffix))
    return copy


def _fill(database: Path) -> None:
    source = Source(
        source_id="shop",
        kind=SourceKind.SAVED,
        name="Shop",
        supplied_by="the tests",
        supplied_on="2026-11-24",
    )
    with closing(open_database(database)) as db:
        declare_source(db, source, now=NOW)
        run = begin_run(db, RunKind.CRAWL, source_id="shop", now=NOW)
        url = "https://shop.example/list"
        page = Page(
            run_id=run.run_id,
            source_id="shop",
            url=url,
            fetched_at=NOW,
            outcome=PageOutcome.CATEGORY,
            sentence="A list.",
            payload_sha256="",
            payload_bytes=0,
        )
        record_page(
            db,
            page,
            [SeenListing(url=f"{url}/{number}", content=_content(number)) for number in range(LISTINGS)],
        )
        end_run(db, run.run_id, RunOutcome.DONE, "Done.", now=NOW + timedelta(minutes=1))


def _content(number: int) -> ListingContent:
    title = OFFERS[number % 3].format(number) if number % 20 == 0 else f"Oak chair with {number} nails"
    return ListingContent(title=title)
