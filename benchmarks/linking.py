"""Linking a generated market: precision, recall, time and memory of a full build, a day's crawl, and a page.

    python -m benchmarks.linking              # 1,000,000 listings of 100,000 accounts of 40,000 suppliers
    python -m benchmarks.linking --quick      # one twentieth of that
    python -m benchmarks.linking --train suppliers/weights.json   # estimate the weights anew

The market is made by `fixtures.builders.supplier_store`, which says how noise is made and knows nothing of
the rules of linking. Weights are trained on another market, of another seed. Precision and recall count pairs
of accounts in one supplier. Making the market is not measured.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import tempfile
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.rounds import Limit, Rate, report
from fixtures.builders.supplier_store import World, Writer, pairs_of
from store.database import open_database
from store.sqlite import transaction
from store.suppliers import suppliers as pages
from store.suppliers.links import common_keys, snapshot
from store.times import utc_now
from suppliers.linking import Engine, Weights, class_of, link_accounts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from fixtures.builders.supplier_store import Account
    from store.database import Database

SUPPLIERS, ACCOUNTS, LISTINGS, DAY = 40_000, 100_000, 1_000_000, 10_000
TRAINING_SEED, TRAINING_SCALE = 20_261_201, 0.2
PACKAGES = ("splink", "duckdb", "rensa")


def measure(scale: float, seed: int, database: Path) -> tuple[list[Rate], dict[str, str]]:
    """Make a market, link it, add a day, read pages; return the rows and what else was found."""
    world = World(suppliers=int(SUPPLIERS * scale), accounts=int(ACCOUNTS * scale), seed=seed)
    with closing(open_database(database)) as db:
        accounts = list(world.make(int(LISTINGS * scale)))
        kept, day = _hold_back_a_day(accounts, int(DAY * scale), random.Random(seed))
        del accounts
        writer = _write(db, kept)
        began = time.perf_counter()
        built = link_accounts(db, now=utc_now)
        build_s = time.perf_counter() - began
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        with _without_record(db), transaction(db):
            sightings = _add_day(writer, day)
        began = time.perf_counter()
        added = link_accounts(db, now=utc_now)
        day_s = time.perf_counter() - began
        precision, recall = _quality(db, writer.truth)
        page_ms = [1000 * seconds for seconds in _page_seconds(db, random.Random(seed))]
    page_ms.sort()
    rows: list[Rate] = [
        Rate(name="pairs of accounts, precision", unit="", target=0.99, ours=(precision,)),
        Rate(name="pairs of accounts, recall", unit="", target=0.90, ours=(recall,)),
        Limit(name="full build", unit="s", target=900 * scale if scale < 1 else 900, ours=(build_s,)),
        Limit(name="memory of a full build", unit="GiB", target=3, ours=(memory,)),
        Limit(name=f"a day's {sightings:,} new sightings", unit="s", target=20, ours=(day_s,)),
        Limit(
            name="supplier page, p95", unit="ms", target=100, ours=(page_ms[int(len(page_ms) * 0.95) - 1],)
        ),
    ]
    return rows, {"build": built.sentence, "day": added.sentence}


def train(path: Path) -> None:
    """Estimate the weights from a market of the training seed, and write them."""
    world = World(
        suppliers=int(SUPPLIERS * TRAINING_SCALE), accounts=int(ACCOUNTS * TRAINING_SCALE), seed=TRAINING_SEED
    )
    with tempfile.TemporaryDirectory() as folder, closing(open_database(Path(folder) / "store.db")) as db:
        writer = _write(db, list(world.make(int(LISTINGS * TRAINING_SCALE))))
        link_accounts(db, now=utc_now)
        said = f"{len(writer.truth):,} generated accounts (benchmarks.linking --train)"
        weights, common = Weights.read(path.read_text(encoding="utf-8")), common_keys(db)
        with Engine(weights) as engine, snapshot(db):
            engine.load(db, sorted(writer.truth), lambda count: class_of(count, common))
            learned = {
                "settings": _learn(engine, writer.truth),
                "thresholds": weights.thresholds,
                "reference_accounts": len(writer.truth),
                "trained_on": said,
            }
    path.write_text(json.dumps(learned, indent=1) + "\n", encoding="utf-8")


def _learn(engine: Engine, supplier_of: Mapping[int, int]) -> dict[str, Any]:
    """Return the settings with all weights estimated from the true suppliers.

    Splink estimates how alike accounts of one supplier are from all pairs of one supplier, and how alike
    others are from random pairs. Random pairs hardly ever share a contact or a text, so these levels are
    counted on all pairs that share one.
    """
    engine.insert("truth", "unique_id BIGINT, supplier BIGINT", supplier_of.items())
    engine.db.execute(
        "ALTER TABLE scored ADD COLUMN supplier BIGINT;"
        "UPDATE scored SET supplier = truth.supplier FROM truth WHERE truth.unique_id = scored.unique_id"
    )
    linker, selected, _others = engine.linker()
    linker.training.estimate_u_using_random_sampling(max_pairs=3e7, seed=7)
    linker.training.estimate_m_from_label_column("supplier")
    settings: dict[str, Any] = linker.misc.save_model_to_json()
    accounts = len(supplier_of)
    matches = engine.db.execute(
        "SELECT sum(n * (n - 1) / 2) FROM (SELECT count(*) AS n FROM truth GROUP BY supplier)"
    ).fetchall()[0][0]
    settings["probability_two_random_records_match"] = matches / (accounts * (accounts - 1) / 2)
    predicted = linker.inference.predict_within(selected, warning_mode="never").physical_name
    for comparison in settings["comparisons"]:
        name = comparison["output_column_name"]
        if name not in {"contact", "texts"}:
            continue
        column = {"contact": "contact_count", "texts": "text_count"}[name]
        counted = dict(
            engine.db.execute(
                f"SELECT gamma_{name}, count(*) FROM {predicted} AS p"
                " JOIN truth AS l ON l.unique_id = p.unique_id_l"
                " JOIN truth AS r ON r.unique_id = p.unique_id_r"
                " WHERE l.supplier <> r.supplier GROUP BY 1"
            ).fetchall()
        )
        stated = engine.db.execute(f"SELECT count(*) FROM scored WHERE {column} > 0").fetchall()[0][0]
        levels = [each for each in comparison["comparison_levels"] if not each.get("is_null_level")]
        for gamma, level in enumerate(reversed(levels)):
            if gamma:
                level["u_probability"] = max(counted.get(gamma, 0), 0.5) / (stated * (stated - 1) / 2)
                level["fix_u_probability"] = True
        _order_weights(levels)
    return settings


def _order_weights(levels: Sequence[dict[str, Any]]) -> None:
    """Raise u where a weaker level, which comes later, would weigh more because few pairs had it."""
    least = float("inf")
    for level in levels[:-1]:
        ratio = min(level["m_probability"] / level["u_probability"], least)
        level["u_probability"] = level["m_probability"] / ratio
        least = ratio


def _hold_back_a_day(
    accounts: list[Account], sightings: int, chance: random.Random
) -> tuple[list[Account], list[Account]]:
    """Hold back accounts with three of ten new sightings; the other seven come to accounts that are known."""
    order = list(range(len(accounts)))
    chance.shuffle(order)
    held, count = set(), 0
    for place in order:
        if count >= 0.3 * sightings:
            break
        held.add(place)
        count += len(accounts[place].offers)
    kept = [account for place, account in enumerate(accounts) if place not in held]
    return kept, [accounts[place] for place in sorted(held)] + chance.sample(
        kept, min(len(kept), max(0, sightings - count))
    )


def _add_day(writer: Writer, day: list[Account]) -> int:
    count, known = 0, {id(account): number for number, account in writer.added.items()}
    for account in day:
        number = known.get(id(account))
        if number is None:
            writer.add(account)
            count += len(account.offers)
        else:
            writer.add_offer(number, account, account.offers[-1])
            count += 1
    writer.flush()
    return count


def _write(db: Database, accounts: list[Account]) -> Writer:
    with _without_record(db, "seller_accounts", "listing_accounts", "contact_mentions"):
        writer = Writer(db)
        for start in range(0, len(accounts), 2_000):
            with transaction(db):
                for account in accounts[start : start + 2_000]:
                    writer.add(account)
                writer.flush()
    return writer


@contextmanager
def _without_record(db: Database, *more: str) -> Iterator[None]:
    """Write pages, listings and sightings without the triggers of the record and the queue, for speed."""
    tables = ("pages", "listings", "sightings", *more)
    query = "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'"
    triggers = [row for row in db.execute(query).fetchall() if row["tbl_name"] in tables]
    for row in triggers:
        db.execute(f"DROP TRIGGER {row['name']}")
    db.conn.commit()
    yield
    for row in triggers:
        db.execute(row["sql"])
    db.conn.commit()


def _quality(db: Database, truth: dict[int, int]) -> tuple[float, float]:
    """Return precision and recall over pairs of accounts."""
    found = {
        row[0]: row[1] for row in db.execute("SELECT seller_account_id, supplier_id FROM supplier_accounts")
    }
    true, ours = pairs_of(truth.get, list(truth)), pairs_of(found.get, list(found))
    both = len(true & ours)
    return both / len(ours), both / len(true)


def _page_seconds(db: Database, chance: random.Random) -> Iterator[float]:
    """Yield how long the queries of a supplier's page take: of 100 suppliers, the 20 largest among them."""
    ids = [row[0] for row in db.execute("SELECT supplier_id FROM suppliers WHERE account_count > 0")]
    largest = [supplier.supplier_id for supplier in pages.list_suppliers(db, limit=20)]
    for supplier_id in [*largest, *chance.sample(ids, 80)]:
        began = time.perf_counter()
        pages.get_supplier(db, supplier_id)
        pages.accounts_of(db, supplier_id)
        pages.listings_of(db, supplier_id, limit=50)
        pages.contacts_of(db, supplier_id)
        pages.links_of(db, supplier_id)
        pages.timeline_of(db, supplier_id, limit=50)
        yield time.perf_counter() - began


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.linking",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--quick", action="store_true", help="one twentieth of the size")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the full size [1]")
    parser.add_argument("--seed", type=int, default=7, help="of the market [7]")
    parser.add_argument("--train", type=Path, help="estimate weights anew, and write them here")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    chosen = parser.parse_args()
    if chosen.train:
        train(chosen.train)
        return
    with tempfile.TemporaryDirectory() as folder:
        scale = 0.05 if chosen.quick else chosen.scale
        rows, more = measure(scale, chosen.seed, Path(folder) / "store.db")
    report(rows, PACKAGES, as_json=chosen.json, more=more)


if __name__ == "__main__":
    main()
