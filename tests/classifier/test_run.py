"""Scoring and retraining on a real store: nothing is lost, done twice or promoted unnoticed."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from classifier.errors import (
    DataFileWrong,
    EmbedderMismatch,
    ModelFolderWrong,
    NoModelInUse,
    TooFewLabels,
)
from classifier.scoring import score_new
from classifier.training import candidate as retraining
from classifier.training.candidate import Retrained, RetrainOptions, retrain
from classifier.training.examples import load_starter
from classifier.training.fit import train
from fixtures.builders.store import crawl_run, judge, keep_picture, page
from store import locks
from store.audit.audit import list_entries
from store.crawl.pages import SeenListing, record_page
from store.crawl.pictures import PictureLine, PictureReading, record_reading
from store.crawl.runs import latest_run, list_runs
from store.database import open_database
from store.errors import StoreUnusable
from store.model import ListingContent, RunKind, RunOutcome
from store.review.notices import are_pictures_due, notices_of
from store.review.queue import review_queue
from store.review.workspace import change_setting
from store.scores.scores import count_unscored, current_score, list_models, model_in_use
from tests.classifier.toy import NOW, EmbedderBroken, ToyEmbedder, breaking_at, read_beforehand
from tests.classifier.toy import write_starter as write_toy_starter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from classifier.model.persistence import TrainedModel
    from classifier.training.fit import Dataset
    from store.database import Database
    from store.model import Run

pytestmark = pytest.mark.model

BATCH = 32
SEEN = BATCH + 8
"""Listings in the store: more than one transaction scores."""


def options(store_path: Path, **changes: object) -> RetrainOptions:
    """Return a retraining on the starter set beside the store."""
    plain = {"starter": store_path.with_name("starter.jsonl"), "models_folder": store_path.parent / "models"}
    return RetrainOptions(**{**plain, "embedder": "toy", "by": "ada", **changes})  # type: ignore[arg-type]


def write_starter(path: Path, *, flipped: bool = False) -> None:
    """Write the starter set for toys; flipped, everything but its held-out part is labelled wrongly."""
    write_toy_starter(path)
    if flipped:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        for row, example in zip(rows, load_starter(path), strict=True):
            row["label"] = row["label"] if example.is_held_out else 1 - row["label"]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


@pytest.fixture(scope="module")
def _trained_once() -> Iterator[None]:
    """Train once on the same rows by the same seed, which gives the same model: see `test_training.py`."""
    known: dict[tuple[object, ...], TrainedModel] = {}

    def train_once(data: Dataset, *, embedder: ToyEmbedder, seed: int, **more: Any) -> TrainedModel:
        key = (data.examples, embedder.embedder_id, seed)
        if key not in known:
            known[key] = train(data, embedder=embedder, seed=seed, **more)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(retraining, "train", train_once)
        yield


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, _trained_once: None) -> Path:
    """A folder with a store of many listings, none of them scored, and a first toy model in use."""
    database = tmp_path_factory.mktemp("trained") / "precursor-watch.db"
    write_starter(database.with_name("starter.jsonl"))
    with closing(open_database(database)) as db:
        run_id = crawl_run(db)
        contents = [ListingContent(title=f"Phenylacetone {n} kg, wickr only") for n in range(SEEN)]
        seen = [
            SeenListing(url=f"https://andes.example/{n}", content=each) for n, each in enumerate(contents)
        ]
        record_page(db, page(run_id, "https://andes.example/list"), seen)
    read_beforehand(database)
    first = options(database, rescore=False)  # nothing of the listings is embedded yet
    retrain(database, first, embedder=ToyEmbedder(), now=lambda: NOW)
    return database.parent


@pytest.fixture
def store(trained: Path, tmp_path: Path) -> Path:
    """The store of a copy of that folder, to be written to: a store and its models can be moved together."""
    shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
    return tmp_path / "precursor-watch.db"


def score(store: Path, embedder: ToyEmbedder | None = None) -> Run:
    """Score what is new, by a fixed clock."""
    return score_new(store, embedder=embedder or ToyEmbedder(), now=lambda: NOW, together=BATCH)


def retrained(store: Path, **changes: object) -> Retrained:
    """Retrain by a fixed clock."""
    return retrain(store, options(store, **changes), embedder=ToyEmbedder(), now=lambda: NOW)


def waiting(db: Database) -> int:
    """Return how many sightings the model in use has not scored."""
    in_use = model_in_use(db)
    assert in_use
    return count_unscored(db, in_use.model_id)


def promotions(db: Database) -> list[tuple[str, str, str]]:
    """Return every promotion: model, by whom, why."""
    query = "SELECT model_id, promoted_by, sentence FROM promotions ORDER BY promotion_id"
    return [tuple(row) for row in db.execute(query)]


def test_every_new_sighting_is_scored_with_its_reasons(store: Path) -> None:
    """The run says how many, and each score can be read back whole."""
    run = score(store)
    assert (run.outcome, run.counts) == (RunOutcome.DONE, {"scored": SEEN, "flagged": SEEN})
    with closing(open_database(store)) as db:
        entry = review_queue(db, limit=1)[0]
        score_id, kept = current_score(db, entry.sighting_id) or pytest.fail("It has no score.")
    assert score_id == entry.score_id
    assert (kept.run_id, kept.scored_at, kept.model_id) == (run.run_id, NOW, entry.model_id)
    assert kept.reasons.contributions
    assert kept.reasons.wording


def test_evidence_in_a_picture_puts_its_listing_before_a_person(store: Path) -> None:
    """The score stays that of the text; a picture that names nothing, or is not yet read, gives no notice."""
    score(store)
    said = {"aa": "Phenylacetone 25 kg\nwickr only", "bb": "Oak table", "cc": ""}
    with closing(open_database(store)) as db:
        run_id = crawl_run(db)
        for sha256 in said:
            content = ListingContent(title=f"Fine goods {sha256}, as shown in the picture")
            url = f"https://andes.example/pictured/{sha256}"
            kept = (keep_picture(db, run_id, sha256),)
            record_page(db, page(run_id, url), [SeenListing(url=url, content=content, pictures=kept)])
        in_use = model_in_use(db) or pytest.fail("No model is in use.")
        assert not are_pictures_due(db, in_use.model_id)
    assert score(store).counts == {"scored": 3, "flagged": 0}
    with closing(open_database(store)) as db:
        for sha256, text in said.items():
            line = PictureLine(text=text, box=(0, 0, 1, 1), confidence=1, reader="tests")
            record_reading(db, sha256, PictureReading(lines=(line,)), read_with="tests", now=NOW)
        assert are_pictures_due(db, in_use.model_id)
    score(store)
    with closing(open_database(store)) as db:
        assert not are_pictures_due(db, in_use.model_id)
        query = "SELECT * FROM latest_sightings WHERE title LIKE 'Fine goods %' ORDER BY title"
        first, second, third = (row["sighting_id"] for row in db.execute(query).fetchall())
        (notice,) = notices_of(db, first)
        assert (notice.kind, notice.name, notice.is_weak) == ("picture", "1-Phenyl-2-propanone", False)
        assert [said["aa"][start:end] for start, end in notice.spans] == ["Phenylacetone"]
        assert notices_of(db, second) == notices_of(db, third) == []
        flagged = {item.sighting_id for item in review_queue(db, limit=100)}
        assert first in flagged
        assert not {second, third} & flagged
        _, kept_score = current_score(db, first) or pytest.fail("It has no score.")
        assert kept_score.p_offer < kept_score.threshold
        change_setting(db, "flag_picture", 0, changed_by="lea", now=NOW)
        assert first not in {item.sighting_id for item in review_queue(db, limit=100)}


def test_scoring_again_does_nothing(store: Path) -> None:
    """No score is written twice, no text is embedded again, and the model is not even opened."""
    score(store)
    embedder = ToyEmbedder(embedder_id="other@1")  # the model would refuse it
    assert score(store, embedder).counts == {"scored": 0, "flagged": 0}
    assert embedder.asked == []


def test_what_comes_while_scoring_follows_a_crawl_is_scored_in_the_same_run(
    store: Path, blank_store: bytes
) -> None:
    """One look follows the answer that nothing more may come, for what came just before it."""
    looks = iter([True, True, False])
    run = score_new(store, embedder=ToyEmbedder(), now=lambda: NOW, may_come=lambda: next(looks))
    assert run.counts["scored"] == SEEN
    assert next(looks, None) is None


def test_progress_runs_up_to_all_that_waited(store: Path) -> None:
    """Once for each transaction."""
    steps = list[tuple[int, int]]()
    score_new(
        store,
        embedder=ToyEmbedder(),
        progress=lambda done, of: steps.append((done, of)),
        together=BATCH,
    )
    assert steps == [(BATCH, SEEN), (SEEN, SEEN)]


def test_failure_keeps_what_was_scored_and_is_written_down(store: Path) -> None:
    """The run ends as failed with the error's words; the next one does the rest."""
    with pytest.raises(EmbedderBroken):
        score(store, breaking_at(2))
    with closing(open_database(store)) as db:
        failed = latest_run(db, RunKind.SCORE)
        assert failed
        assert (failed.outcome, failed.sentence) == (RunOutcome.FAILED, "The toy broke at call 2.")
        assert waiting(db) == SEEN - BATCH
    run = score(store)
    assert (run.run_id, run.counts["scored"]) == (failed.run_id + 1, SEEN - BATCH)


def _score_until_killed(store: Path) -> None:
    def kill_at_second(call: int) -> None:
        if call == 2:
            os.kill(os.getpid(), signal.SIGKILL)

    score(store, ToyEmbedder(before_call=kill_at_second))


@pytest.mark.process
def test_killed_run_is_gone_on_with(store: Path) -> None:
    """After SIGKILL the run has no ending; the next process ends that same run, and counts all of it."""
    child = multiprocessing.get_context("spawn").Process(target=_score_until_killed, args=(store,))
    child.start()
    child.join(timeout=300)
    assert child.exitcode == -signal.SIGKILL
    with closing(open_database(store)) as db:
        killed = latest_run(db, RunKind.SCORE)
        assert killed
        assert killed.outcome is None
        assert waiting(db) == SEEN - BATCH
    run = score(store)
    assert (run.run_id, run.attempts, run.outcome) == (killed.run_id, 2, RunOutcome.DONE)
    assert run.counts["scored"] == SEEN


def test_nothing_is_scored_before_there_is_a_model(store_path: Path) -> None:
    """The sentence says what to do, and no run is begun."""
    with pytest.raises(NoModelInUse, match="precursor-watch retrain"):
        score(store_path)
    with closing(open_database(store_path)) as db:
        assert list_runs(db) == []


def test_two_processes_do_not_score_one_store(store: Path) -> None:
    """The second is refused at once."""
    with locks.hold(store, "score"), pytest.raises(locks.AlreadyUnderWay, match="score"):
        score(store)


def test_missing_store_is_refused_and_leaves_nothing_behind(tmp_path: Path) -> None:
    """A mistyped path makes neither a store nor a folder."""
    with pytest.raises(StoreUnusable, match="no such file"):
        score(tmp_path / "typo" / "precursor-watch.db")
    assert list(tmp_path.iterdir()) == []


def test_model_without_its_files_scores_nothing(store: Path) -> None:
    """The run says which folder is wrong."""
    with closing(open_database(store)) as db:
        in_use = model_in_use(db)
        assert in_use
    shutil.rmtree(store.parent / "models")
    with pytest.raises(ModelFolderWrong):
        score(store)
    with closing(open_database(store)) as db:
        run = latest_run(db, RunKind.SCORE)
    assert run
    assert run.outcome is RunOutcome.FAILED
    assert in_use.model_id in run.sentence


def test_model_is_not_used_with_another_embedder(store: Path) -> None:
    """Vectors of another embedder would give meaningless scores."""
    with pytest.raises(EmbedderMismatch):
        score(store, ToyEmbedder(embedder_id="other@2"))


def test_first_model_is_put_in_use(store: Path) -> None:
    """It is on disk, in the register and promoted, and the ledger says so."""
    with closing(open_database(store)) as db:
        in_use = model_in_use(db)
        run = latest_run(db, RunKind.RETRAIN)
        assert in_use
        assert run
        assert promotions(db) == [(in_use.model_id, "ada", "It is the first model; nothing to compare.")]
        logged = list_entries(db, subject=f"model:{in_use.model_id}")
        assert [(each.action, each.actor) for each in logged] == [
            ("model_promoted", "ada"), ("model_trained", "ada"),
        ]  # fmt: skip
    assert (store.parent / in_use.folder / "card.json").exists()
    assert run.outcome is RunOutcome.DONE
    assert in_use.model_id in run.sentence


@pytest.mark.usefixtures("_trained_once")
def test_models_elsewhere_are_found_by_their_full_path(
    store_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A models folder that is not beneath the store's is kept as it is."""
    write_starter(store_path.with_name("starter.jsonl"))
    read_beforehand(store_path)
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    model_id = retrained(store_path, models_folder=elsewhere).model.model_id
    with closing(open_database(store_path)) as db:
        assert [each.folder for each in list_models(db)] == [str(elsewhere / model_id)]
    assert score(store_path).outcome is RunOutcome.DONE


def test_standing_verdicts_are_learned_from(store: Path) -> None:
    """They stand on the new model's card, and the model is another one."""
    score(store)
    with closing(open_database(store)) as db:
        for entry in review_queue(db, limit=5):
            judge(db, entry.sighting_id)
    result = retrained(store)
    assert result.model.card["data"]["verdict_examples"] == 5
    assert result.comparison.in_use is not None


def test_worse_candidate_is_kept_but_not_promoted(store: Path) -> None:
    """The old model stays in use; the worse one can be looked at."""
    write_starter(store.with_name("starter.jsonl"), flipped=True)
    result = retrained(store)
    assert not result.promoted
    with closing(open_database(store)) as db:
        in_use = model_in_use(db)
        assert in_use
        assert in_use.model_id != result.model.model_id
        assert len(promotions(db)) == 1
        assert {each.model_id for each in list_models(db)} == {in_use.model_id, result.model.model_id}
        run = latest_run(db, RunKind.RETRAIN)
    assert run
    assert ": worse on all (average precision" in run.sentence


def test_force_promotes_a_worse_candidate_and_says_so(store: Path) -> None:
    """The record names who did it and that it was by force."""
    write_starter(store.with_name("starter.jsonl"), flipped=True)
    result = retrained(store, force=True)
    with closing(open_database(store)) as db:
        model_id, by, sentence = promotions(db)[-1]
    assert (result.promoted, model_id, by) == (True, result.model.model_id, "ada")
    assert ": worse on all (average precision" in sentence
    assert " Promoted by force." in sentence


@pytest.mark.parametrize("force", [False, True])
def test_dry_run_writes_nothing(store: Path, *, force: bool) -> None:
    """No run, no model and no promotion, in the store or on disk; the comparison is made all the same."""
    with closing(open_database(store)) as db:
        before = list(db.conn.iterdump())
    files = sorted((store.parent / "models").rglob("*"))
    result = retrained(store, dry_run=True, force=force, seed=5)
    assert not result.promoted
    assert result.comparison.in_use is not None
    with closing(open_database(store)) as db:
        assert list(db.conn.iterdump()) == before
    assert sorted((store.parent / "models").rglob("*")) == files


@pytest.mark.parametrize("force", [False, True])
def test_unreadable_model_in_use_is_replaced_by_force_only(store: Path, *, force: bool) -> None:
    """Nothing can be compared with it, so a person decides."""
    with closing(open_database(store)) as db:
        in_use = model_in_use(db)
        assert in_use
    (store.parent / "models" / in_use.model_id / "model.skops").write_bytes(b"damaged")
    result = retrained(store, force=force, seed=5)
    assert result.promoted is force
    assert "nothing to compare" in result.comparison.sentence


@pytest.mark.parametrize(("starter", "error"), [(None, TooFewLabels), (Path("missing.jsonl"), DataFileWrong)])
def test_failed_retraining_is_written_down(
    store_path: Path, starter: Path | None, error: type[Exception]
) -> None:
    """The run ends as failed with the sentence, and no model is registered."""
    with pytest.raises(error) as raised:
        retrained(store_path, starter=starter)
    with closing(open_database(store_path)) as db:
        run = latest_run(db, RunKind.RETRAIN)
        assert list_models(db) == []
    assert run
    assert (run.outcome, run.sentence) == (RunOutcome.FAILED, str(raised.value))
