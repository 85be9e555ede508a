"""A generated store for `benchmarks.review`: as many listings as asked for, some of them flagged."""

from __future__ import annotations

import hashlib
import json
import random
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import TYPE_CHECKING

from store.crawl.runs import begin_run
from store.crawl.sources import declare_source
from store.database import open_database
from store.model import Model, RunKind, Source, SourceKind
from store.review.search import index_substances, index_text
from store.scores.scores import promote, register_model
from store.times import to_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from store.database import Database

MODEL_ID = "benchmark001"
NOW = datetime(2026, 11, 2, 8, tzinfo=UTC)
SOURCES = tuple(f"site-{number:02}" for number in range(20))
LANGUAGES = ("en", "zh", "es", "ru", "de")
SYLLABLES = (
    "ba", "ke", "li", "mo", "nu", "pra", "ste", "tri", "vo", "wex", "yl", "zan", "chor", "dim", "fel", "gor",
    "hal", "jin", "kop", "lum",
)  # fmt: skip
VOCABULARY = tuple(a + b + c for a in SYLLABLES for b in SYLLABLES for c in SYLLABLES[:8])
CUMULATED = tuple(accumulate(1 / (rank + 3) for rank in range(len(VOCABULARY))))
"""3,200 invented words, as often as their rank says (Zipf), so that searches meet common and rare ones."""

SIGNS = (
    "in stock", "best price", "door to door", "certificate of analysis", "minimum order", "sample free",
    "fast parcel", "factory direct", "made to order", "ships worldwide", "bank transfer", "export carton",
    "technical grade",
)  # fmt: skip
INDEXED = ("sighting_id", "title", "text", "seller_name")
BATCH = 20_000
WORDS_IN_TEXT = 30


def generate(path: Path, *, count: int, flagged: int, seed: int = 7) -> float:
    """Fill a new store and return how many seconds the promotion of its model took.

    Rows are written straight into the tables, under the triggers that keep the queue.
    """
    chance = random.Random(seed)
    with closing(open_database(path)) as db:
        for source in SOURCES:
            declare_source(
                db,
                Source(
                    source_id=source,
                    kind=SourceKind.SAVED,
                    name=source,
                    supplied_by="benchmark",
                    supplied_on="2026-11-01",
                ),
                now=NOW,
            )
        run = begin_run(db, RunKind.CRAWL, source_id=SOURCES[0], now=NOW).run_id
        register_model(
            db,
            Model(model_id=MODEL_ID, created_at=NOW, folder="none", embedder_id="none", threshold=0.5),
        )
        lines = set(chance.sample(range(1, count + 1), flagged))
        for start in range(1, count + 1, BATCH):
            numbers = range(start, min(count, start + BATCH - 1) + 1)
            db.conn.execute("BEGIN")
            _insert(db, "pages", [_page(number, run) for number in numbers])
            _insert(db, "listings", [_listing(number) for number in numbers])
            sightings = list(_sightings(numbers, run, chance))
            _insert(db, "sightings", sightings)
            for row in sightings:
                index_text(db, *(row[name] for name in INDEXED))  # type: ignore[arg-type]
            _insert(db, "scores", [_score(number, number in lines, chance) for number in numbers])
            for number in lines.intersection(numbers):
                index_substances(db, number, [f"substance {number % 60}"])
            db.conn.commit()
        began = datetime.now(UTC)
        promote(db, MODEL_ID, promoted_by="benchmark", sentence="The only one.", now=NOW)
        took = (datetime.now(UTC) - began).total_seconds()
        db.execute("ANALYZE")
    return took


def identity(number: int) -> str:
    """Return the id of a generated listing."""
    return hashlib.sha256(str(number).encode()).hexdigest()[:16]


def _insert(db: Database, table: str, rows: list[dict[str, object]]) -> None:
    names = ", ".join(rows[0])
    marks = ", ".join("?" * len(rows[0]))
    db.conn.executemany(
        f"INSERT INTO {table} ({names}) VALUES ({marks})", [tuple(row.values()) for row in rows]
    )


def _page(number: int, run: int) -> dict[str, object]:
    return {
        "page_id": number, "run_id": run, "source_id": SOURCES[number % len(SOURCES)],
        "url": f"https://{SOURCES[number % len(SOURCES)]}.example/{number}", "fetched_at": to_text(NOW),
        "outcome": "listing", "sentence": "One listing.", "payload_sha256": f"{number:064x}",
        "payload_bytes": 1000,
        "locator": "none",
    }  # fmt: skip


def _listing(number: int) -> dict[str, object]:
    source = SOURCES[number % len(SOURCES)]
    return {
        "listing_id": identity(number), "source_id": source, "url": f"https://{source}.example/{number}",
        "item_id": str(number), "first_seen_at": to_text(NOW),
    }  # fmt: skip


def _sightings(numbers: range, run: int, chance: random.Random) -> Iterator[dict[str, object]]:
    for number in numbers:
        words = chance.choices(VOCABULARY, cum_weights=CUMULATED, k=WORDS_IN_TEXT)
        title = f"{words[0]} {words[1]} {words[2]} lot {number}"
        text = f"{title}\n{' '.join(words)} {chance.choice(SIGNS)}, {chance.choice(SIGNS)}, ref {number:07}"
        seen = NOW - timedelta(minutes=chance.randrange(60 * 24 * 90))
        yield {
            "sighting_id": number, "listing_id": identity(number), "page_id": number, "run_id": run,
            "seen_at": to_text(seen), "title": title, "description": text,
            "price_text": f"US $ {number % 900}",
            "price_amount": str(number % 900), "currency": "USD", "quantity_text": "", "pack_text": "",
            "minimum_order_text": "", "seller_name": f"Seller {chance.randrange(40_000)}", "seller_url": "",
            "location": "", "item_id": str(number), "category_path": "[]", "attributes": "[]", "images": "[]",
            "language": LANGUAGES[number % len(LANGUAGES)], "provenance": "{}",
            "content_hash": f"{number:064x}", "text": text,
            "text_hash": hashlib.sha256(text.encode()).hexdigest(),
        }  # fmt: skip


def _score(number: int, is_flagged: bool, chance: random.Random) -> dict[str, object]:  # noqa: FBT001 (one call)
    p_offer = round(0.5 + chance.random() / 2 if is_flagged else chance.random() / 2.05, 6)
    substances = [f"substance {number % 60}"] if is_flagged else []
    return {
        "score_id": number, "sighting_id": number, "model_id": MODEL_ID, "scored_at": to_text(NOW),
        "p_offer": p_offer, "threshold": 0.5, "substances": json.dumps(substances),
        "family": ("opioid", "amphetamine-type", "other")[number % 3] if is_flagged else "",
        "tier": number % 3 + 1 if is_flagged else None, "reasons": _FLAGGED if is_flagged else _PLAIN,
    }  # fmt: skip


def _reasons(spans: int, neighbours: int) -> str:
    return json.dumps(
        {
            "contributions": [{"feature": f"sign {each}", "log_odds": 0.4} for each in range(12)],
            "rest_log_odds": -1.0,
            "spans": [
                {"start": 6 * each, "end": 6 * each + 5, "kind": ("name", "cas", "trade")[each % 3],
                 "substance": "substance", "note": "a list, since 1988"}
                for each in range(spans)
            ],
            "neighbours": [{"label": 1, "text": "a like text " * 20, "similarity": 0.8}] * neighbours,
            "substances": [],
            "family": "",
            "tier": None,
        }
    )  # fmt: skip


_FLAGGED = _reasons(9, 5)
_PLAIN = _reasons(0, 0)
