"""The life of one listing, from a saved page to a better model: the shortest way to see how it all fits.

A private advertisement on an invented marketplace offers fifteen kilos of 4-piperidone. Each step below
appends to the store and edits nothing that an earlier step wrote.
"""

from __future__ import annotations

import hashlib
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from classifier.scoring import score_new
from classifier.training.candidate import Retrained, RetrainOptions, retrain
from store.database import open_database
from store.model import Decision, ReasonCode
from store.review.listings import ListingFile, listing_file
from store.review.queue import review_queue
from store.review.verdicts import give_verdict, undo_verdict, verdicts_of
from store.scores.scores import model_in_use
from store.times import utc_now
from tests.classifier.toy import ToyEmbedder, write_starter
from tests.cli.calls import call_process
from tests.searches import search

if TYPE_CHECKING:
    from store.database import Database
    from store.model import QueueEntry

pytestmark = pytest.mark.process

TITLE = "Vendo 4-piperidona clorhidrato, tengo 15 kilos"
SAVED = Path(__file__).parents[1] / "fixtures" / "marketplaces" / "anuncios-sur" / "saved"
PAGE = SAVED / "anuncio-704211-vendo-4-piperidona-clorhidrato-tengo-15-kilos.html"


def test_the_life_of_a_listing(tmp_path: Path) -> None:
    """A listing is crawled, scored, queued, reviewed, changed, reviewed again and learned from."""
    store = tmp_path / "precursor-watch.db"

    # The saved marketplace is crawled, in a process of its own.
    crawl(store)
    with closing(open_database(store)) as db:
        listing = find_listing(db)

        # Its page can be found again: the store keeps where the saved copy lies and the hash of its bytes.
        assert (Path(listing.archive) / listing.locator).samefile(PAGE)
        assert listing.payload_sha256 == hashlib.sha256(PAGE.read_bytes()).hexdigest()
        assert listing.sightings[0].content.seller_name == "Importa Directo 24"

        # Crawled again, nothing on it has changed, so there is still one sighting.
        crawl(store)
        assert len(find_listing(db).sightings) == 1

        # A first model is trained on the starter set and put in use.
        first = train(store)
        assert first.promoted

        # Whatever has no score of that model yet is scored, with reasons that add up.
        score_new(store, embedder=ToyEmbedder())
        score = find_listing(db).score
        assert score
        assert score.p_offer >= score.threshold
        assert score.reasons.substances == ("4-Piperidone",)

        # It was flagged, so it waits for a person.
        entry = in_queue(db)
        assert entry
        assert entry.model_id == first.model.model_id

        # Ada says that it is no offer; it leaves the queue.
        slip = give_verdict(
            db,
            entry.sighting_id,
            Decision.NOT_OFFER,
            score_id=entry.score_id,
            reviewer="ada",
            now=utc_now(),
        )
        assert in_queue(db) is None

        # That was a slip of the hand. She takes it back, and the listing waits again.
        undo_verdict(db, slip.verdict_id, reviewer="ada", now=utc_now())
        assert in_queue(db) == entry

        # Now she says what she meant, and why. All three verdicts stay on record.
        give_verdict(
            db,
            entry.sighting_id,
            Decision.OFFER,
            score_id=entry.score_id,
            reason_code=ReasonCode.UNDOCUMENTED,
            reviewer="ada",
            now=utc_now(),
        )
        assert in_queue(db) is None
        decisions = [verdict.decision for verdict in verdicts_of(db, entry.listing_id)]
        assert decisions == [Decision.NOT_OFFER, Decision.UNDONE, Decision.OFFER]

        # The next model learns from the verdict that stands, and is held against the first.
        second = train(store)
        assert second.model.card["data"]["verdict_examples"] == 1
        assert second.comparison.in_use is not None

        # It is no worse, so it takes over, and the record says why.
        in_use = model_in_use(db)
        assert in_use
        assert in_use.model_id == second.model.model_id, second.sentence
        assert [why for _model_id, why in promotions(db)] == [
            first.comparison.sentence,
            second.comparison.sentence,
        ]


def crawl(store: Path) -> None:
    """Crawl the saved marketplace as it is done by hand."""
    called = call_process("crawl", "anuncios-sur", "--db", store)
    assert called.exit_code == 0, called.err


def train(store: Path) -> Retrained:
    """Retrain on the starter set for toys and the verdicts, with a toy in place of the real embedder."""
    options = RetrainOptions(
        starter=write_starter(store.with_name("starter.jsonl")),
        models_folder=store.with_name("models"),
        embedder="toy",
    )
    return retrain(store, options, embedder=ToyEmbedder())


def find_listing(db: Database) -> ListingFile:
    """Return all that is kept about the listing."""
    (sighting,) = (each for each in search(db, TITLE) if each.content.title == TITLE)
    return listing_file(db, sighting.listing_id)


def in_queue(db: Database) -> QueueEntry | None:
    """Return the listing's place in the queue, if it waits there."""
    return next((entry for entry in review_queue(db) if entry.title == TITLE), None)


def promotions(db: Database) -> list[tuple[str, str]]:
    """Return every promotion: the model and why."""
    query = "SELECT model_id, sentence FROM promotions ORDER BY promotion_id"
    return [tuple(row) for row in db.execute(query)]
