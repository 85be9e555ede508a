"""An import of the law: the history is scored under it in passing, a lead sees what it flags, and decides."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import pytest

from classifier.gazetteer import Law, ListRow, look_up
from classifier.gazetteer.state import with_imports
from classifier.gazetteer.substances import gazetteer_of
from classifier.scoring import score_new
from classifier.training.candidate import RetrainOptions, retrain
from fixtures.builders.store import crawl_run, page
from store.audit.audit import list_entries
from store.audit.chain import AuditAction
from store.crawl.pages import SeenListing, record_page
from store.database import open_database
from store.model import ListingContent
from store.review.queue import review_queue
from store.scores.law_imports import (
    LawImportRefused,
    bring_law,
    decide_import,
    is_rescoring_due,
    list_imports,
    preview,
    waiting_import,
)
from store.scores.scores import list_models, model_in_use, promote, trained_models
from tests.classifier.toy import NOW, ToyEmbedder, write_starter

if TYPE_CHECKING:
    from pathlib import Path

    from store.database import Database

pytestmark = pytest.mark.model

NEW = ListRow(
    profile="us",
    instrument="US: a rule of 2026",
    list="List I",
    substance="Unobtainol",
    family="opioid",
    tier="1",
    since="2027-01-15",
    status="in force",
    source="FR 2026-99999",
    confidence="high",
)
TITLES = ("Phenylacetone 25 kg, 99 %", "Unobtainol 25 kg drum, purity 99 %, CAS on request", "Oak chair")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store with a model in use and three scored listings."""
    database = tmp_path / "precursor-watch.db"
    starter = database.with_name("starter.jsonl")
    write_starter(starter)
    with closing(open_database(database)) as db:
        run_id = crawl_run(db)
        contents = [ListingContent(title=each) for each in TITLES]
        seen = [
            SeenListing(url=f"https://andes.example/{n}", content=each) for n, each in enumerate(contents)
        ]
        record_page(db, page(run_id, "https://andes.example/list"), seen)
    options = RetrainOptions(
        starter=starter, models_folder=tmp_path / "models", embedder="toy", by="ada", rescore=False
    )
    retrain(database, options, embedder=ToyEmbedder(), now=lambda: NOW)
    score(database)
    return database


def score(store: Path) -> str:
    """Score what waits, and return the sentence of the run."""
    return score_new(store, embedder=ToyEmbedder(), now=lambda: NOW).sentence


def bring(db: Database, *rows: ListRow) -> int:
    """Import rows, and return the number."""
    brought = bring_law(db, "us-2027.csv", [asdict(row) for row in rows], why="a rule", by="ada", now=NOW)
    return brought.law_import_id


def titles(db: Database) -> set[str]:
    """Return the titles of the queue."""
    return {each.title for each in review_queue(db)}


def test_an_import_counts_only_when_a_lead_accepts_it(store: Path) -> None:
    """Until then the queue stands; the preview names what would come; then old scores keep their law."""
    with closing(open_database(store)) as db:
        before, queue = model_in_use(db), titles(db)
        assert before
        assert queue == {TITLES[0]}
        scored = db.execute("SELECT * FROM scores ORDER BY score_id").fetchall()
        number = bring(db, NEW)
        assert is_rescoring_due(db)
        with pytest.raises(LawImportRefused, match="3 sightings have not been scored under import 1"):
            decide_import(db, number, "accepted", why="seen", by="lea", now=NOW)
        with pytest.raises(LawImportRefused, match=r"Import 1 \(us-2027.csv\) is still waiting"):
            bring(db, NEW)
        assert "1 listing would newly be flagged" in score(store)
        assert not is_rescoring_due(db)
        assert titles(db) == queue
        waiting = waiting_import(db)
        assert waiting
        found = preview(db, waiting)
        assert found
        assert (found.unscored, found.entering, found.leaving) == (0, 1, 0)
        assert [(each.title, each.substances) for each in found.newcomers] == [(TITLES[1], ("Unobtainol",))]
        assert found.newcomers[0].p_before
        assert look_up(gazetteer_of(with_imports(db, Law())), "unobtainol").status == "unknown"

        decided = decide_import(db, number, "accepted", why="seen", by="lea", now=NOW)
        assert (decided.decided_by, decided.newly_flagged) == ("lea", 1)
        assert titles(db) == {TITLES[0], TITLES[1]}
        in_use = model_in_use(db)
        assert in_use
        assert in_use.model_id == f"{before.model_id}-law1"
        kept = db.execute("SELECT * FROM scores WHERE model_id = ? ORDER BY score_id", [before.model_id])
        assert [tuple(row) for row in kept] == [tuple(row) for row in scored]
        listed = look_up(gazetteer_of(with_imports(db, Law())), "unobtainol")
        assert listed.status == "listed"
        assert "US: a rule of 2026, List I since 2027-01-15 [FR 2026-99999; in force" in listed.why
        logged = [(each.action, each.actor) for each in list_entries(db, subject="law_import:1")]
        assert logged == [(AuditAction.LAW_DECIDED, "lea"), (AuditAction.LAW_IMPORTED, "ada")]
        with pytest.raises(LawImportRefused, match="already been decided by lea"):
            decide_import(db, number, "rejected", why="late", by="lea", now=NOW)
        again = score(store)
        assert again.startswith(
            f"0 scored, 0 flagged by model {in_use.model_id} under un, incb, us, eu with 1"
        )


def test_a_later_import_replaces_and_ends_entries(store: Path) -> None:
    """A row ends an entry of the shipped lists too; any model that comes into use reads the law in force."""
    ended = replace(
        NEW, profile="un", list="Table I", substance="1-Phenyl-2-propanone", status="expired", since=""
    )
    with closing(open_database(store)) as db:
        first = model_in_use(db)
        assert first
        for number, rows in enumerate(([NEW], [replace(NEW, status="expired", until="2027-06-30")]), start=1):
            bring(db, *rows)
            score(store)
            decide_import(db, number, "accepted", why="seen", by="lea", now=NOW)
        assert titles(db) == {TITLES[0]}
        assert look_up(gazetteer_of(with_imports(db, Law())), "unobtainol").status == "not_listed"
        un = Law(instruments=("un",))
        assert look_up(gazetteer_of(un), "103-79-7").status == "listed"
        assert look_up(gazetteer_of(replace(un, imported=(ended,))), "103-79-7").status == "not_listed"
        promote(db, first.model_id, promoted_by="ada", sentence="back", now=NOW)
        in_use = model_in_use(db)
        assert in_use
        assert in_use.model_id == f"{first.model_id}-law2"
        assert len(list_models(db)) == 3
        assert trained_models(db) == [first]  # whose files are backed up and checked once


def test_new_sightings_go_before_the_history(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one waits for its first score, the history waits, and the next scoring goes on."""
    with closing(open_database(store)) as db:
        bring(db, NEW)
        with monkeypatch.context() as patch:
            patch.setattr("store.scores.scores.newest_is_scored", lambda _: False)
            assert score(store).endswith("3 sightings wait for a score under import 1.")
        assert is_rescoring_due(db)
        assert "1 listing would newly be flagged" in score(store)


def test_a_rejected_import_changes_nothing(store: Path) -> None:
    """It stays in the record, and another may come."""
    with closing(open_database(store)) as db:
        in_use = model_in_use(db)
        decide_import(db, bring(db, NEW), "rejected", why="of a draft", by="lea", now=NOW)
        assert model_in_use(db) == in_use
        assert with_imports(db, Law()) == Law()
        with pytest.raises(LawImportRefused, match="A reason is missing"):
            bring_law(db, "a.csv", [], why=" ", by="ada", now=NOW)
        assert bring(db, NEW) == 2
        assert [each.decision for each in list_imports(db)] == [None, "rejected"]
