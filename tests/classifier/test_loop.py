"""The loop closes: verdicts on a new disguise teach it, and wrong verdicts do not get through."""

from __future__ import annotations

import random
import shutil
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from classifier.scoring import open_scorer, score_new
from classifier.training.candidate import Retrained, RetrainOptions, retrain
from classifier.training.compare import MINIMUM_UNLEARNED
from fixtures.builders.store import crawl_run, page
from fixtures.builders.store import judge as judge_one
from fixtures.builders.word_embedder import WordEmbedder
from store.crawl.pages import SeenListing, record_page
from store.crawl.runs import latest_run
from store.database import open_database
from store.model import Decision, ListingContent, RunKind
from store.scores.scores import model_in_use, promotions
from tests.classifier.toy import NOW, read_beforehand, write_starter

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from store.database import Database

pytestmark = pytest.mark.model

WORDS = (
    "garden", "evening", "northern", "harbour", "quiet", "copper", "morning", "paper", "meadow", "silver",
    "winter", "market", "river", "window", "amber", "station", "bridge", "orchard", "velvet", "candle",
)  # fmt: skip


def code_name(drawn: random.Random) -> str:
    """Return an offer under an invented code name that no list knows."""
    return f"{drawn.choice(WORDS)} heronsblood {drawn.choice(WORDS)} drum {drawn.randrange(100)}"


def harmless(drawn: random.Random) -> str:
    """Return ordinary goods in the same manner."""
    return f"{drawn.choice(WORDS)} lamp oil {drawn.choice(WORDS)} drum {drawn.randrange(100)}"


def plain(drawn: random.Random) -> str:
    """Return an offer that names its substance."""
    return f"Phenylacetone {drawn.choice(WORDS)} {drawn.choice(WORDS)} {drawn.randrange(100)} kg"


def plain_for_sale(drawn: random.Random) -> str:
    """Return an offer of another named substance."""
    return f"4-Piperidone hydrochloride {drawn.choice(WORDS)} {drawn.randrange(100)} kg, 99 % purity"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an empty store and a first model in use."""
    database = tmp_path_factory.mktemp("trained") / "precursor-watch.db"
    write_starter(database.with_name("starter.jsonl"))
    open_database(database).conn.close()
    read_beforehand(database)
    assert retrained(database).promoted
    return database.parent


@pytest.fixture
def store(trained: Path, tmp_path: Path) -> Path:
    """The store of a copy of that folder, to be written to."""
    shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
    return tmp_path / "precursor-watch.db"


def retrained(store: Path) -> Retrained:
    """Retrain on the starter set for toys and whatever was judged."""
    options = RetrainOptions(
        starter=store.with_name("starter.jsonl"), models_folder=store.parent / "models", embedder="words"
    )
    return retrain(store, options, embedder=WordEmbedder(), now=lambda: NOW)


def judge(
    store: Path, write: Callable[[random.Random], str], decision: Decision, *, number: int, seller: str = ""
) -> None:
    """See and judge listings, five of a seller unless one is named, a minute apart."""
    drawn = random.Random(write.__name__)
    with closing(open_database(store)) as db:
        run_id = crawl_run(db)
        seen = [
            SeenListing(
                url=f"https://andes.example/{write.__name__}/{index}",
                content=ListingContent(
                    title=write(drawn), seller_name=seller or f"{write.__name__} seller {index // 5}"
                ),
            )
            for index in range(number)
        ]
        record_page(db, page(run_id, f"https://andes.example/{write.__name__}"), seen)
    score_new(store, embedder=WordEmbedder(), now=lambda: NOW)
    with closing(open_database(store)) as db:
        for minute, sighting_id in enumerate(sightings_of(db, write.__name__)):
            moment = NOW + timedelta(minutes=minute)
            judge_one(db, sighting_id, decision, now=moment)


def sightings_of(db: Database, kind: str) -> list[int]:
    """Return the sightings of listings that one function wrote."""
    query = "SELECT sighting_id FROM sightings JOIN listings USING (listing_id) WHERE url LIKE ?"
    return [row[0] for row in db.execute(query, [f"%/{kind}/%"])]


def recall(store: Path, write: Callable[[random.Random], str]) -> float:
    """Return the share of 100 unseen texts of a kind that the model in use flags."""
    drawn = random.Random("unseen")
    with closing(open_database(store)) as db:
        in_use = model_in_use(db)
        assert in_use
    with open_scorer(in_use, database=store, embedder=WordEmbedder()) as scorer:
        scored = scorer.score([write(drawn) for _number in range(100)])
    return sum(each.p_offer >= in_use.threshold for each in scored) / len(scored)


def test_verdicts_on_a_new_disguise_raise_its_recall_and_lose_nothing_else(store: Path) -> None:
    """After 200 verdicts, unseen listings under the code name are flagged; their likes are not."""
    assert recall(store, code_name) < 0.3
    judge(store, code_name, Decision.OFFER, number=120)
    judge(store, harmless, Decision.NOT_OFFER, number=80)
    result = retrained(store)
    assert result.promoted, result.sentence
    assert recall(store, code_name) > 0.9
    assert recall(store, harmless) < 0.1
    assert recall(store, plain) == 1.0
    newest = next(each for each in result.comparison.differences if each.slice == "newest verdicts")
    assert newest.candidate > newest.in_use


def test_rescore_shows_what_the_new_model_would_flag(store: Path) -> None:
    """What was judged no longer enters the queue; agreement with people is counted."""
    judge(store, code_name, Decision.OFFER, number=120)
    judge(store, harmless, Decision.NOT_OFFER, number=80)
    result = retrained(store)
    assert result.rescore
    counts = result.rescore.counts
    assert (counts["listings"], counts["entering"], counts["leaving"], counts["turning"]) == (200, 0, 0, 0)
    assert counts["contradicted_by_in_use"] > 80
    assert counts["contradicted_by_candidate"] < 10
    with closing(open_database(store)) as db:
        run = latest_run(db, RunKind.RETRAIN)
    assert run
    assert run.counts == counts


def test_a_batch_of_wrong_verdicts_is_refused(store: Path) -> None:
    """200 plain offers judged harmless would lose what is written as plainly; the model in use stays."""
    judge(store, plain, Decision.NOT_OFFER, number=200)
    result = retrained(store)
    assert not result.promoted, result.sentence
    assert "plain offers of" in result.sentence
    assert "phenylacetone" in result.comparison.lost
    assert result.comparison.unlearned >= MINIMUM_UNLEARNED
    assert "offers of tier 1 or 2 by name from" in result.sentence
    with closing(open_database(store)) as db:
        assert len(promotions(db)) == 1


def test_a_poisoned_seller_changes_little(store: Path) -> None:
    """500 near-identical listings of one seller, all judged wrongly, do not hide offers of others."""
    judge(store, plain, Decision.NOT_OFFER, number=500, seller="Ficticia Ltd")
    retrained(store)
    assert recall(store, plain_for_sale) == 1.0


@pytest.mark.parametrize("decision", [Decision.OFFER, Decision.NOT_OFFER])
def test_verdicts_of_one_class_are_learned_beside_the_starter_set(store: Path, decision: Decision) -> None:
    """Ten of them, all alike in what they say, neither fail nor do harm."""
    write = code_name if decision is Decision.OFFER else harmless
    before = recall(store, plain)
    judge(store, write, decision, number=10)
    result = retrained(store)
    assert result.promoted, result.sentence
    assert recall(store, plain) >= before >= 0.9
