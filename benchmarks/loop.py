"""The loop with the real embedder: what 200 verdicts on a new disguise teach, and what 200 wrong ones do.

Run: `python -m benchmarks.loop [--db PATH] [--json]`; exit code 1 if the loop does not hold.

The disguise is an invented code name that no list knows, offered in drums and bags; its harmless likes are
candle wax and lamp oil in the same words. What is measured was neither judged nor written by the same
sellers. Elsewhere is the test set of disguised offers, which other hands wrote. In a second store, 200 plain
offers are judged to be none.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import fixtures
from classifier.features.embedding import default_embedder
from classifier.scoring import open_scorer, score_new
from classifier.training.candidate import RetrainOptions, retrain
from classifier.training.compare import RECALL
from classifier.training.examples import read_rows, row_text
from cli.output import print_json, print_table
from store.crawl.pages import SeenListing, record_page
from store.crawl.runs import begin_run
from store.crawl.sources import declare_source
from store.database import open_database
from store.model import Decision, ListingContent, Page, PageOutcome, RunKind, Source, SourceKind
from store.review.verdicts import give_verdict
from store.scores.scores import current_score, model_in_use, unscored_sightings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from classifier.training.candidate import Retrained

    Writer = Callable[[random.Random], str]

HOME = Path(fixtures.__path__[0])
STARTER = HOME / "training" / "listings.jsonl"
ELSEWHERE = HOME / "evaluation" / "disguised.jsonl"
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SITE = Source(
    source_id="loop",
    kind=SourceKind.SAVED,
    name="Invented for this benchmark",
    supplied_by="benchmark",
    supplied_on="2026-11-24",
)
OFFERS, OTHERS, WRONG, INVISIBLE = 120, 80, 200, 200
OF_A_SELLER = 5
LOWEST_RISE = 0.5
"""By how much the recall of the new disguise must rise at least."""
LOST_AT_MOST = RECALL.tolerance
"""How far the recall elsewhere may fall: as far as `retrain` itself lets it fall on a guarded slice."""

PACKS = ("25 kg drum", "10 kg bag", "5 kg pail", "1 kg pouch", "180 kg drum", "20 kg carton")
LOOKS = ("white", "pale", "amber", "off-white", "clear", "ivory")
ENDINGS = (
    "new batch",
    "same as last spring",
    "fresh from the works",
    "dry and loose",
    "in stock",
    "two left",
)
CANDLES = ("candle wax", "lamp oil", "floor wax", "soap base", "bath salt", "garden lime")
PLAIN = ("Phenylacetone", "Piperonal", "4-Piperidone", "Safrole", "Ephedrine hydrochloride")


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What one retraining came to."""

    what: str
    promoted: bool
    recall_before: float
    """Share of unseen listings under the code name that the model in use flags, from 0 to 1."""
    recall_after: float
    likes_flagged_after: float
    """Share of their harmless likes."""
    elsewhere_before: float
    """Share of the offers of the other test set that are flagged."""
    elsewhere_after: float
    others_before: int
    """Listings of the other test set that are no offers and are flagged."""
    others_after: int
    sentence: str


def code_name(drawn: random.Random) -> str:
    """Return an offer under the code name."""
    return _goods("Heronsblood", drawn)


def harmless(drawn: random.Random) -> str:
    """Return ordinary goods in the same words."""
    return _goods(drawn.choice(CANDLES), drawn)


def plain(drawn: random.Random) -> str:
    """Return an offer that names its substance."""
    return _goods(drawn.choice(PLAIN), drawn)


def _goods(name: str, drawn: random.Random) -> str:
    look, pack, end = drawn.choice(LOOKS), drawn.choice(PACKS), drawn.choice(ENDINGS)
    return f"{name}, {look}, {pack}, {end}, lot {drawn.randrange(1000)}"


def measure(vectors_of: Path | None, *, seed: int) -> list[Turn]:
    """Run both stories, each in a store of its own that begins with the same first model.

    Args:
        vectors_of: A store whose kept vectors are used too; None embeds the starter set anew.
        seed: Of what is written and of the training.
    """
    with tempfile.TemporaryDirectory() as folder:
        first = Path(folder) / "first" / "watch.db"
        first.parent.mkdir()
        if vectors_of is not None:
            shutil.copy(_vectors(vectors_of), _vectors(first))
        _retrain(first, seed)
        turns = []
        for what, verdicts in (
            ("new disguise", ((code_name, Decision.OFFER, OFFERS), (harmless, Decision.NOT_OFFER, OTHERS))),
            ("wrong verdicts", ((plain, Decision.NOT_OFFER, WRONG),)),
        ):
            store = Path(folder) / what.replace(" ", "-") / "watch.db"
            shutil.copytree(first.parent, store.parent)
            for write, decision, number in verdicts:
                judge(store, write, decision, number=number, seed=seed)
            turns.append(_turn(what, store, seed))
        return turns


def judge(store: Path, write: Writer, decision: Decision, *, number: int, seed: int) -> None:
    """See, score and judge so many listings, five of a seller, a minute apart."""
    drawn = random.Random(f"{seed}:{write.__name__}")
    with closing(open_database(store)) as db:
        declare_source(db, SITE, now=NOW)
        run_id = begin_run(db, RunKind.CRAWL, source_id=SITE.source_id, now=NOW).run_id
        url = f"https://loop.example/{write.__name__}"
        seen = [
            SeenListing(
                url=f"{url}/{index}",
                content=ListingContent(
                    title=write(drawn), seller_name=f"{write.__name__} {index // OF_A_SELLER}"
                ),
            )
            for index in range(number)
        ]
        record_page(db, _page(run_id, url), seen)
        in_use = model_in_use(db)
        waiting = unscored_sightings(db, in_use.model_id, limit=number) if in_use else []
    score_new(store, now=lambda: NOW)
    with closing(open_database(store)) as db:
        for minute, sighting_id in enumerate(each.sighting_id for each in waiting):
            scored = current_score(db, sighting_id)
            give_verdict(
                db,
                sighting_id,
                decision,
                score_id=scored[0] if scored else None,
                reviewer="benchmark",
                now=NOW + timedelta(minutes=minute),
            )


def _turn(what: str, store: Path, seed: int) -> Turn:
    rows = [(row_text(row), row["label"]) for _, row in read_rows(ELSEWHERE)]
    drawn = random.Random(f"{seed}:unseen")
    texts = {
        "code": [code_name(drawn) for _ in range(INVISIBLE)],
        "likes": [harmless(drawn) for _ in range(INVISIBLE)],
        "offers": [text for text, label in rows if label == 1],
        "others": [text for text, label in rows if label == 0],
    }
    before = {name: _flagged(store, each) for name, each in texts.items()}
    result = _retrain(store, seed + 1)
    after = {name: _flagged(store, each) for name, each in texts.items()}
    return Turn(
        what=what,
        promoted=result.promoted,
        recall_before=before["code"] / INVISIBLE,
        recall_after=after["code"] / INVISIBLE,
        likes_flagged_after=after["likes"] / INVISIBLE,
        elsewhere_before=before["offers"] / len(texts["offers"]),
        elsewhere_after=after["offers"] / len(texts["offers"]),
        others_before=before["others"],
        others_after=after["others"],
        sentence=result.sentence,
    )


def holds(turns: Sequence[Turn]) -> bool:
    """Say whether the loop did what it promises."""
    learned, refused = turns
    return (
        learned.promoted
        and learned.recall_after - learned.recall_before >= LOWEST_RISE
        and learned.elsewhere_after >= learned.elsewhere_before - LOST_AT_MOST
        and not refused.promoted
    )


def _retrain(store: Path, seed: int) -> Retrained:
    options = RetrainOptions(
        starter=STARTER, models_folder=store.parent / "models", embedder=default_embedder(), seed=seed
    )
    return retrain(store, options, now=lambda: NOW + timedelta(hours=seed))


def _flagged(store: Path, texts: Sequence[str]) -> int:
    with closing(open_database(store)) as db:
        in_use = model_in_use(db)
    if in_use is None:
        return 0
    with open_scorer(in_use, database=store) as scorer:
        return sum(scored.p_offer >= in_use.threshold for scored in scorer.score(texts))


def _page(run_id: int, url: str) -> Page:
    return Page(
        run_id=run_id,
        source_id=SITE.source_id,
        url=url,
        fetched_at=NOW,
        http_status=200,
        outcome=PageOutcome.LISTING,
        sentence="Written by the benchmark.",
        payload_sha256="e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        payload_bytes=0,
        locator="benchmark",
    )


def _vectors(store: Path) -> Path:
    return store.with_name(store.name + ".vectors")


def main() -> int:
    """Read the command line, measure, print; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.loop", description=__doc__)
    parser.add_argument("--db", type=Path, help="a store whose kept vectors are used too, to be quicker")
    parser.add_argument("--seed", type=int, default=0, help="of the texts and the training [0]")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    chosen = parser.parse_args()
    turns = measure(chosen.db, seed=chosen.seed)
    if chosen.json:
        print_json({"holds": holds(turns), "turns": [asdict(turn) for turn in turns]})
    else:
        _print(turns)
    return 0 if holds(turns) else 1


def _print(turns: Sequence[Turn]) -> None:
    print_table(
        ("TURN", "USED", "DISGUISE", "LIKES", "ELSEWHERE", "FALSE"),
        [
            (
                turn.what,
                "yes" if turn.promoted else "no",
                f"{turn.recall_before:.2f} -> {turn.recall_after:.2f}",
                f"{turn.likes_flagged_after:.2f}",
                f"{turn.elsewhere_before:.3f} -> {turn.elsewhere_after:.3f}",
                f"{turn.others_before} -> {turn.others_after}",
            )
            for turn in turns
        ],
    )
    print("DISGUISE, ELSEWHERE: recall; LIKES: share flagged; FALSE: other listings flagged elsewhere.")
    for turn in turns:
        print(f"{turn.what}: {turn.sentence}")
    print("It holds." if holds(turns) else "It does not hold.")


if __name__ == "__main__":
    sys.exit(main())
