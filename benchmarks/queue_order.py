"""How many offers a reader finds in the first 50 and 300 flagged listings, by each order of the queue.

    python -m benchmarks.queue_order                                        # simulated listings
    python -m benchmarks.queue_order ../shared/data/listings-dev.jsonl      # and the labelled rows of FILE

The simulated listings are the fixture marketplaces and the disguised offers of `fixtures/evaluation`; FILE is
the measuring set of `benchmarks.detection`, with its corrections. A model of the starter set scores them in a
store of their own, in a random order of crawling; the orders are those of the review app. Beside the offers
stand the most serious of them, of a tier 1 substance, where the label says which substance it is.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.cascade import train_model
from benchmarks.detection_sets import DISGUISED_SETS
from benchmarks.labelled_rows import read_corrections, read_labelled
from classifier.features.embedding import fastest, open_embedder
from classifier.gazetteer import default_gazetteer
from classifier.model.persistence import save_model
from classifier.scoring import score_new
from classifier.training.examples import read_rows
from crawler.extract.terms import read_terms
from fixtures.marketplaces.data import STEMS, read_site
from store.crawl.pages import SeenListing, record_page
from store.crawl.runs import begin_run
from store.crawl.sources import declare_source
from store.database import open_database
from store.model import ListingContent, Model, Page, PageOutcome, RunKind, Source, SourceKind
from store.review.item_query import Filter, Sort
from store.review.queue import count_items, list_items
from store.scores.scores import promote, register_model
from store.times import utc_now

if TYPE_CHECKING:
    from collections.abc import Sequence

    from classifier.features.embedding import TransformerEmbedder
    from classifier.model.persistence import TrainedModel
    from fixtures.marketplaces.data import FixtureListing

FIRST = (50, 300)
EXAMPLES, ROWS = 1_500, 4_000
SEED = 7
SOURCE = Source(
    source_id="bench", kind=SourceKind.SAVED, name="bench", supplied_by="-", supplied_on="2026-11-02"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """One listing, and what is true of it."""

    content: ListingContent
    is_offer: bool
    tier: int | None = None
    """Of the offered substance, where it is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a reader finds in the first flagged listings of one order."""

    listings: str
    order: str
    flagged: int
    offers: dict[int, int]
    """By how many listings were read."""
    tier_1: dict[int, int]


def simulated() -> list[Offered]:
    """Return the fixture marketplaces' listings and the disguised offers with what stands beside them."""
    tiers = {each.name: each.tier for each in default_gazetteer().substances}
    found = [
        Offered(content=_content(each), is_offer=each.truth == "offer", tier=tiers.get(each.substance))
        for stem in STEMS
        for each in read_site(stem).listings
    ]
    for path in DISGUISED_SETS.values():
        for _number, row in read_rows(path):
            content = ListingContent(title=row["title"] or "", description=row["description"] or "")
            found.append(Offered(content=content, is_offer=int(row["label"]) == 1))
    return found


def _content(each: FixtureListing) -> ListingContent:
    return ListingContent(
        title=each.title,
        description=each.description,
        price_text=each.price,
        price_amount=Decimal(each.amount) if each.amount else None,
        currency=each.currency,
        pack_text=each.pack,
        minimum_order_text=each.minimum_order,
        seller_name=each.seller.name,
        attributes=tuple(each.attributes.items()),
    )


def labelled(path: Path, count: int) -> list[Offered]:
    """Return at most so many rows of the measuring set, drawn at random, without those nobody could judge.

    Raises:
        DataFileWrong: If FILE cannot be read, or is another edition than the corrections are of.
    """
    rows = [
        row
        for row in read_labelled(path, read_corrections(), default_gazetteer())
        if row.corrected.label is not None
    ]
    return [
        Offered(
            content=ListingContent(
                title=row.title, description=row.text.removeprefix(row.title).strip(), seller_name=""
            ),
            is_offer=row.corrected.label == 1,
            tier=row.corrected.tier,
        )
        for row in random.Random(SEED).sample(rows, min(count, len(rows)))
    ]


def measure(
    name: str, offered: Sequence[Offered], model: TrainedModel, embedder: TransformerEmbedder
) -> list[Found]:
    """Score the listings, and count the offers among the first of each order."""
    shuffled = random.Random(SEED).sample(list(offered), len(offered))
    with tempfile.TemporaryDirectory() as scratch:
        store = Path(scratch) / "bench.db"
        true_of = fill(store, shuffled, model)
        score_new(store, embedder=embedder)
        with closing(open_database(store)) as db:
            flagged = count_items(db, Filter())
            return [
                _found(
                    name,
                    sort,
                    flagged,
                    [
                        true_of[each.sighting_id]
                        for each in list_items(db, Filter(), sort=sort, limit=FIRST[-1])
                    ],
                )
                for sort in (Sort.WORTH, Sort.LIKELY, Sort.NEWEST)
            ]


def _found(name: str, sort: Sort, flagged: int, read: Sequence[Offered]) -> Found:
    return Found(
        listings=name,
        order=str(sort),
        flagged=flagged,
        offers={first: sum(each.is_offer for each in read[:first]) for first in FIRST},
        tier_1={first: sum(each.is_offer and each.tier == 1 for each in read[:first]) for first in FIRST},
    )


def fill(store: Path, offered: Sequence[Offered], model: TrainedModel) -> dict[int, Offered]:
    """Make a store of the listings with a model in use; return what is true of each sighting."""
    folder = save_model(model, store.parent / "models")
    with closing(open_database(store)) as db:
        declare_source(db, SOURCE, now=utc_now())
        run = begin_run(db, RunKind.CRAWL, source_id=SOURCE.source_id, now=utc_now()).run_id
        for number, each in enumerate(offered):
            url = f"https://bench.example/{number}"
            page = Page(
                run_id=run, source_id=SOURCE.source_id, url=url, fetched_at=utc_now(),
                outcome=PageOutcome.LISTING, sentence="One listing.", payload_sha256=f"{number:064x}",
                payload_bytes=1_000,
            )  # fmt: skip
            content = replace(each.content, terms=read_terms(each.content))
            record_page(db, page, [SeenListing(url=url, content=content)])
        register_model(
            db,
            Model(
                model_id=model.model_id,
                created_at=utc_now(),
                folder=str(folder),
                embedder_id=model.embedder_id,
                threshold=model.threshold,
            ),
        )
        promote(db, model.model_id, promoted_by="benchmark", sentence="The only one.", now=utc_now())
        query = "SELECT sighting_id, url FROM sightings JOIN listings USING (listing_id)"
        return {row["sighting_id"]: offered[int(row["url"].rpartition("/")[2])] for row in db.execute(query)}


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.queue_order",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("file", nargs="?", type=Path, help="the measuring set as JSONL")
    parser.add_argument("--rows", type=int, default=ROWS, help=f"how many rows of FILE [{ROWS}]")
    parser.add_argument("--trained-on", type=int, default=EXAMPLES, help=f"starter rows [{EXAMPLES}]")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    chosen = parser.parse_args()
    embedder = fastest(open_embedder())
    model = train_model(embedder, default_gazetteer(), examples=chosen.trained_on)
    found = measure("simulated", simulated(), model, embedder)
    if chosen.file:
        found += measure(chosen.file.name, labelled(chosen.file, chosen.rows), model, embedder)
    if chosen.json:
        print(json.dumps([asdict(each) for each in found]))
        return
    print(
        f"{'listings':24}{'order':9}{'flagged':>8}"
        + "".join(f"{f'first {n}':>12}{'tier 1':>9}" for n in FIRST)
    )
    for each in found:
        counts = "".join(f"{each.offers[n]:>12}{each.tier_1[n]:>9}" for n in FIRST)
        print(f"{each.listings:24}{each.order:9}{each.flagged:>8}{counts}")


if __name__ == "__main__":
    main()
