"""Link accounts that have one supplier: candidates by shared keys, weighed by Splink (Fellegi-Sunter).

Two accounts are compared if they share a key that few accounts have: a contact, a name, a word of a name,
nearly the same spelling of a name, or nearly the same text of a listing. Each comparison gives a match
weight, and the sum is the log2 of the odds that both accounts have one supplier. What many accounts share
weighs little: the weight of a contact falls with the number of different names that use it, and names and
cities have term-frequency adjustments. A contact of more than `MOST_NAMES` names, or one declared common,
links nobody.

What is kept of a key is its class, not its exact frequency. A new account therefore changes the weights of
others only when a class changes, and then those accounts are scored again. So linking new accounts gives the
same links as linking all accounts at once. When keys, classes or comparisons change, a migration writes all
accounts into `accounts_to_link`. Splink and DuckDB are imported when first used, because few commands need
them.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import tomllib
import unicodedata
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from store.sqlite import transaction
from store.suppliers.contacts import Vault
from store.suppliers.grouping import decided_pairs, regroup, summarise_accounts
from store.suppliers.links import (
    FoundLink,
    KeyCount,
    LinkProfile,
    common_keys,
    count_to_link,
    declare_defaults,
    facts_of,
    has_link_model,
    link_all_again,
    link_model,
    neighbours,
    next_to_link,
    next_to_score,
    profiles_of,
    register_link_model,
    replace_links,
    select_to_score,
    shared_keys,
    snapshot,
    store_profiles,
)
from text.normalise import comparable, fold, split_words
from text.signatures import signatures

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from store.sqlite import Database
    from store.suppliers.links import AccountFacts

MOST_NAMES = 12
"""A contact that accounts of more different names use links nobody."""
MOST_PAIRED = 24
"""Accounts of a contact that are compared pair by pair; beyond, each is compared with the first alone."""
MOST_OF_WORD = 30
MOST_OF_SPELLING = 20
MOST_OF_TEXT = 24
MOST_OF_NAME = 60
MOST_OF_PRICE = 30
"""A key that more accounts have brings nobody together."""
RARE_WORD = 6
"""A word in the names of at most so many accounts is rare."""
KEPT_TEXTS = 8
KEPT_PRICES = 8
"""Keys of texts and prices of an account: the lowest hashes, a sample that is comparable between accounts."""
FEWEST_LABELS = 100
"""Confirmed pairs, and as many cut pairs, from which weights are estimated anew."""

BATCH = 2_000
"""Accounts whose keys are computed in one transaction."""
AT_ONCE = 200_000
"""Accounts scored at once."""
MEMORY = "1200MB"
"""Memory that DuckDB may use; beyond it, DuckDB writes to temporary files."""

_ACCENTS = re.compile(r"[^\W_]([\u0300-\u036f]*)")
"""A letter or digit of a decomposed text, and its accents."""

_WEIGHTS = Path(__file__).with_name("weights.json")
_COMMON = Path(__file__).with_name("common_contacts.toml")
_TAUGHT = "pairs that people confirmed"
"""The end of `trained_on` of weights that `train` estimated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """The results of one linking."""

    accounts: int = 0
    """Accounts that had changed."""
    scored: int = 0
    """Accounts whose links were computed again."""
    new: int = 0
    """New links."""
    gone: int = 0
    """Links whose evidence is gone."""
    moved: int = 0
    """Accounts that moved to another supplier."""
    left_out: int = 0
    """Links left out of the suppliers concerned, because of a cut or the greatest size of a supplier."""
    many_contacts: int = 0
    """Accounts that state more contacts than are compared."""
    common: int = 0
    """Contacts met that link nobody."""

    @property
    def sentence(self) -> str:
        """The counts as a sentence."""
        found = (
            f"{self.new:,} new links, {self.gone:,} gone, {self.moved:,} accounts moved to another supplier."
        )
        said = [f"{self.accounts:,} changed accounts, {self.scored:,} scored: {found}"]
        if self.common:
            said.append(f"{self.common:,} contacts are common and linked nobody.")
        if self.left_out:
            said.append(
                f"{self.left_out:,} links were left out, because of a cut or the size of the supplier."
            )
        if self.many_contacts:
            said.append(f"{self.many_contacts:,} accounts state more contacts than are compared.")
        return " ".join(said)


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """The trained model."""

    settings: Mapping[str, Any]
    """Of Splink."""
    thresholds: Mapping[str, float]
    """Least probability of a link: by a `rare_contact` that accounts of at most two names use or by several
    contacts, by a `used_contact` of more names, and by `no_contact`."""
    reference_accounts: int
    """Number of accounts that term frequencies are relative to."""
    trained_on: str
    model_id: str

    @classmethod
    def read(cls, text: str) -> Weights:
        """Return the model in a JSON text, as `weights.json` holds it."""
        model_id = hashlib.sha256(text.encode()).hexdigest()[:12]
        return cls(model_id=model_id, **json.loads(text))


@dataclass(frozen=True, slots=True)
class _KeyClass:
    """What a key is worth; equal classes are worth the same."""

    rank: int
    """0: nothing."""
    brings_together: bool = False
    """Whether accounts are compared because they share the key."""
    hub: int | None = None
    """The account with which each account of the key is compared; None: all with all."""


_NOTHING = _KeyClass(0)


def link_accounts(
    db: Database,
    *,
    now: Callable[[], datetime],
    rebuild: bool = False,
    batch: int = BATCH,
    progress: Callable[[str, int, int], None] = lambda _step, _done, _of: None,
) -> Linked:
    """Link the accounts that changed since the last linking, and compute their suppliers again.

    A run that is killed loses at most one batch; the next run goes on, with the same result. `batch` accounts
    have their keys computed in one transaction. `progress` is called with the step, how many accounts are
    done, and how many there are.
    """
    weights = _weights(db, now())
    vault = Vault.of(db)
    declare_defaults(db, {vault.hash(kind, value): reason for kind, value, reason in _defaults()}, now=now())
    if rebuild:
        link_all_again(db)
    common = common_keys(db)

    def key_class(count: KeyCount) -> _KeyClass:
        return class_of(count, common)

    waiting, done, many = count_to_link(db), 0, 0
    while queued := next_to_link(db, batch):
        facts = list(facts_of(db, [account for account, _change in queued]))
        many += sum(each.has_more_contacts for each in facts)
        store_profiles(db, queued, make_profiles(facts), key_class)
        with transaction(db):
            summarise_accounts(db, [account for account, _change in queued])
        done += len(queued)
        progress("keys", done, waiting)
    linked = Linked(accounts=done, many_contacts=many)
    while accounts := next_to_score(db, AT_ONCE):
        progress("links", linked.scored, linked.scored + len(accounts))
        linked = _link(db, accounts, weights, key_class, linked, now())
        progress("links", linked.scored, linked.scored)
    return linked


def class_of(count: KeyCount, common: Mapping[int, str]) -> _KeyClass:  # noqa: PLR0911 (a table)
    """Return the class of a key.

    `common` are keys of contacts that were declared common.
    """
    accounts = count.accounts
    match count.kind:
        case "contact":
            if count.names > MOST_NAMES or count.key in common:
                return _NOTHING
            rank = 1 + sum(count.names > most for most in (2, 4, 8))
            hub = count.first_account if accounts > MOST_PAIRED else None
            return _KeyClass(rank, brings_together=True, hub=hub)
        case "name":
            return _KeyClass(accounts.bit_length(), brings_together=accounts <= MOST_OF_NAME)
        case "place":
            return _KeyClass(accounts.bit_length())
        case "word" if accounts <= MOST_OF_WORD:
            return _KeyClass(1 + (accounts > RARE_WORD), brings_together=True)
        case "spelling" if accounts <= MOST_OF_SPELLING:
            return _KeyClass(1, brings_together=True)
        case "text" if accounts <= MOST_OF_TEXT:
            return _KeyClass(1, brings_together=True)
        case "price" if accounts <= MOST_OF_PRICE:
            return _KeyClass(1)
        case "accented" | "accents":
            return _KeyClass(1)
    return _NOTHING


def make_profiles(facts: Sequence[AccountFacts]) -> Iterator[LinkProfile]:
    """Yield the compared data of each account."""
    names = [comparable(each.name) for each in facts]
    spellings = _bands(names, rows=2, bands=4, gram=3)
    texts = _bands([text for each in facts for text in each.texts], rows=6, bands=2, gram=5)
    place = 0
    for each, name, spelled in zip(facts, names, spellings, strict=True):
        of_texts = {band for bands in texts[place : place + len(each.texts)] for band in bands}
        place += len(each.texts)
        city = comparable(each.city)
        keys = {("contact", key) for key in each.contact_keys}
        if name:
            keys.add(("name", _hash(name)))
            keys.update(
                ("word", _hash(word)) for word in set(split_words(fold(each.name).text)) if len(word) > 1
            )
            keys.update(("spelling", band) for band in spelled)
            keys.update(_accents(each.name))
        if city:
            keys.add(("place", _hash(f"{each.country}/{city}")))
        keys.update(("text", key) for key in sorted(of_texts)[:KEPT_TEXTS])
        keys.update(("price", key) for key in sorted(map(_hash, set(each.prices)))[:KEPT_PRICES])
        yield LinkProfile(
            seller_account_id=each.seller_account_id,
            name=name,
            country=each.country,
            city=city,
            keys=frozenset(keys),
        )


def train(db: Database, *, now: datetime) -> str:
    """Estimate weights anew from the pairs that people confirmed and cut, if there are enough.

    What is alike within a supplier is estimated from the confirmed pairs, by Splink's estimate from pairwise
    labels. What is alike by chance stays as it was. The next linking links all accounts by the new weights.
    Return a sentence that says what was done, or how many decisions are missing.
    """
    pairs = decided_pairs(db)
    confirmed = [(one, other) for one, other, is_confirmed in pairs if is_confirmed]
    cut = len(pairs) - len(confirmed)
    if min(len(confirmed), cut) < FEWEST_LABELS:
        return (
            f"{len(confirmed):,} confirmed and {cut:,} cut pairs; weights are estimated anew from "
            f"{FEWEST_LABELS} of each. Nothing was changed."
        )
    weights = _weights(db, now)
    common = common_keys(db)
    accounts = sorted({account for pair in confirmed for account in pair})
    with Engine(weights) as engine, snapshot(db):
        engine.load(db, accounts, lambda count: class_of(count, common))
        settings = engine.estimate(confirmed)
    trained = replace(weights, settings=settings, trained_on=f"{len(confirmed):,} {_TAUGHT}")
    text = json.dumps(
        {
            name: getattr(trained, name)
            for name in ("settings", "thresholds", "reference_accounts", "trained_on")
        }
    )
    model_id = Weights.read(text).model_id
    if model_id == weights.model_id:
        return "The decisions give the weights that are in use. Nothing was changed."
    register_link_model(db, model_id, text, trained.trained_on, now=now)
    link_all_again(db)
    return (
        f"Weights {model_id} are in use, estimated from {trained.trained_on}. All accounts are linked again."
    )


def _link(
    db: Database,
    accounts: Sequence[int],
    weights: Weights,
    key_class: Callable[[KeyCount], _KeyClass],
    linked: Linked,
    now: datetime,
) -> Linked:
    """Compute the links of accounts, and the suppliers that they make."""
    with Engine(weights) as engine:
        with snapshot(db):
            common = engine.load(db, accounts, key_class)
        found = list(engine.links())
    with transaction(db):
        new, gone, ends = replace_links(db, accounts, found, model_id=weights.model_id, now=now)
        grouped = regroup(db, ends | set(accounts), now=now)
    return replace(
        linked,
        scored=linked.scored + len(accounts),
        new=linked.new + new,
        gone=linked.gone + gone,
        moved=linked.moved + grouped.moved,
        left_out=linked.left_out + grouped.left_out,
        common=linked.common + common,
    )


class Engine:
    """Splink on a DuckDB in memory, with the accounts of one scoring."""

    def __init__(self, weights: Weights) -> None:
        import duckdb

        self._weights = weights
        self.db = duckdb.connect(":memory:")
        self.db.execute(f"SET memory_limit = '{MEMORY}'")
        self.db.execute("SET enable_progress_bar = false")
        logging.getLogger("splink").setLevel(logging.ERROR)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.db.close()

    def load(self, db: Database, accounts: Sequence[int], key_class: Callable[[KeyCount], _KeyClass]) -> int:
        """Load accounts and all that they are compared with; return how many contacts are common.

        The store is in a snapshot.
        """
        counts = list(select_to_score(db, accounts))
        classes = {(count.kind, count.key): key_class(count) for count in counts}
        together = [(kind, key, found.hub) for (kind, key), found in classes.items() if found.brings_together]
        loaded = neighbours(db, together)
        profiles = profiles_of(db, loaded)
        self.insert(
            "profiles",
            "id BIGINT, name VARCHAR, country VARCHAR, city VARCHAR, contacts INTEGER, texts INTEGER,"
            " prices INTEGER",
            profiles,
        )
        self.insert("selected", "id BIGINT", [(account,) for account in accounts])
        self.insert(
            "keys",
            "id BIGINT, kind VARCHAR, key BIGINT, rank INTEGER, brings_together BOOLEAN, hub BIGINT",
            (
                (account, kind, key, found.rank, found.brings_together, found.hub)
                for account, kind, key in shared_keys(db)
                if (found := classes.get((kind, key), _NOTHING)).rank
            ),
        )
        self.db.execute(_FEATURES.format(reference=float(self._weights.reference_accounts)))
        return sum(kind == "contact" and not found.rank for (kind, _key), found in classes.items())

    def links(self) -> Iterator[FoundLink]:
        """Yield the links of the selected accounts above the threshold, one for each shared contact."""
        linker, selected, others = self.linker()
        thresholds = self._weights.thresholds
        least = min(thresholds.values())
        found = [
            linker.inference.predict_within(selected, threshold_match_probability=least, warning_mode="never")
        ]
        if others is not None:
            found.append(
                linker.inference.predict_between(
                    selected, others, threshold_match_probability=least, warning_mode="never"
                )
            )
        for predicted in found:
            query = _EVIDENCE.format(predicted=predicted.physical_name, **thresholds)
            rows = self.db.execute(query).fetchall()
            for one, other, weight, probability, contacts, *parts in rows:
                of_parts = {
                    name: round(part, 2) for name, part in zip(_PARTS, parts, strict=True) if round(part, 2)
                }
                kinds = [("contact", key) for key in contacts]
                if not kinds:
                    alike = {name: part for name, part in of_parts.items() if name != "contact"}
                    kinds = [(max(alike, key=lambda name: alike[name], default="name"), 0)]
                for kind, key in kinds:
                    yield FoundLink(
                        seller_account_id=one,
                        other_account_id=other,
                        kind=kind,
                        key=key,
                        match_weight=weight,
                        probability=probability,
                        parts=of_parts,
                    )

    def estimate(self, confirmed: Iterable[tuple[int, int]]) -> dict[str, Any]:
        """Return the settings with the similarity within a supplier estimated from confirmed pairs."""
        linker, selected, _others = self.linker()
        self.insert("labels", "unique_id_l BIGINT, unique_id_r BIGINT", confirmed)
        labels = linker.table_management.register_labels_table(
            selected.db_api.register("labels", table_name="confirmed_pairs")
        )
        linker.training.estimate_m_from_pairwise_labels(labels)
        settings: dict[str, Any] = linker.misc.save_model_to_json()
        return settings

    def linker(self) -> tuple[Any, Any, Any]:
        """Return the linker, the table of the selected accounts, and that of all others, if there are any."""
        from splink import DuckDBAPI, Linker

        api = DuckDBAPI(self.db)
        selected = api.register("scored", table_name="scored_accounts")
        others = None
        if self.db.execute("SELECT count(*) FROM others").fetchall()[0][0]:
            others = api.register("others", table_name="other_accounts")
        linker = Linker(selected, dict(self._weights.settings), log_level=None, validate_settings=False)
        for column in ("name", "city"):
            frequencies = api.register(f"tf_{column}", table_name=f"frequencies_{column}")
            linker.table_management.register_term_frequency_lookup(frequencies, column)
        return linker, selected, others

    def insert(self, table: str, columns: str, values: Iterable[tuple[object, ...]]) -> None:
        """Make a table of rows; Arrow carries them over, because DuckDB inserts single rows slowly."""
        import pyarrow as pa

        names = [column.split()[0] for column in columns.split(", ")]
        self.db.execute(f"CREATE TABLE {table} ({columns})")
        rows = iter(values)
        while chunk := [row for _, row in zip(range(200_000), rows, strict=False)]:
            arrow = pa.table(dict(zip(names, map(list, zip(*chunk, strict=True)), strict=True)))
            self.db.register("chunk", arrow)
            self.db.execute(f"INSERT INTO {table} SELECT * FROM chunk")  # noqa: S608 (our names)
            self.db.unregister("chunk")


_PARTS = ("contact", "name", "place", "texts", "prices")

_FEATURES = """
CREATE TABLE features AS
WITH shared AS (
    SELECT id,
           list(key) FILTER (kind = 'contact') AS contact_keys,
           list(key) FILTER (kind = 'contact' AND rank = 1) AS contacts_1,
           list(key) FILTER (kind = 'contact' AND rank = 2) AS contacts_2,
           list(key) FILTER (kind = 'contact' AND rank = 3) AS contacts_3,
           list(key) FILTER (kind = 'word' AND rank = 1) AS rare_words,
           list(key) FILTER (kind = 'word') AS words,
           list(key) FILTER (kind = 'accented') AS accented,
           list(key) FILTER (kind = 'accents') AS accents,
           list(key) FILTER (kind = 'text') AS text_keys,
           list(key) FILTER (kind = 'price') AS price_keys,
           max(CASE WHEN kind = 'name' THEN rank END) AS name_rank,
           max(CASE WHEN kind = 'place' THEN rank END) AS city_rank
    FROM keys GROUP BY id
),
blocks AS (
    SELECT id, list(block) AS blocks FROM (
        SELECT id, hash(kind, key) AS block FROM keys WHERE brings_together AND hub IS NULL
        UNION ALL
        SELECT id, hash(kind, key, id) FROM keys WHERE brings_together AND id <> hub
        UNION ALL
        SELECT hub, hash(kind, key, id) FROM keys WHERE brings_together AND id <> hub
    ) GROUP BY id
)
SELECT id AS unique_id, nullif(name, '') AS name, nullif(country, '') AS country,
       CASE WHEN city <> '' THEN country || '/' || city END AS city, name_rank, city_rank,
       contacts AS contact_count, texts AS text_count, prices AS price_count,
       coalesce(contact_keys, []) AS contact_keys, coalesce(contacts_1, []) AS contacts_1,
       coalesce(contacts_2, []) AS contacts_2, coalesce(contacts_3, []) AS contacts_3,
       coalesce(rare_words, []) AS rare_words, coalesce(words, []) AS words,
       coalesce(accented, []) AS accented, coalesce(accents, []) AS accents,
       coalesce(text_keys, []) AS text_keys, coalesce(price_keys, []) AS price_keys,
       coalesce(blocks.blocks, []) AS blocks
FROM profiles LEFT JOIN shared USING (id) LEFT JOIN blocks USING (id);
CREATE TABLE tf_name AS
SELECT name, pow(2, max(coalesce(name_rank, 1)) - 1) / {reference} AS tf_name
FROM features WHERE name IS NOT NULL GROUP BY name;
CREATE TABLE tf_city AS
SELECT city, pow(2, max(coalesce(city_rank, 1)) - 1) / {reference} AS tf_city
FROM features WHERE city IS NOT NULL GROUP BY city;
CREATE TABLE scored AS SELECT * FROM features WHERE unique_id IN (SELECT id FROM selected);
CREATE TABLE others AS SELECT * FROM features WHERE unique_id NOT IN (SELECT id FROM selected);
"""

_EVIDENCE = """
SELECT least(unique_id_l, unique_id_r), greatest(unique_id_l, unique_id_r), match_weight, match_probability,
       list_sort(list_distinct(list_intersect(contact_keys_l, contact_keys_r))),
       mw_contact, mw_name + mw_tf_adj_name, mw_place + mw_tf_adj_place, mw_texts, mw_prices
FROM {predicted}
WHERE match_probability >= CASE WHEN gamma_contact >= 4 THEN {rare_contact}
                                WHEN gamma_contact >= 1 THEN {used_contact} ELSE {no_contact} END
ORDER BY 1, 2
"""


def _weights(db: Database, now: datetime) -> Weights:
    """Return the weights in use; all accounts are linked again by weights that this release brings.

    Weights that people taught the store stay in use. So do weights that came after those of this release,
    because an older program may run on the store for a while.
    """
    text = _WEIGHTS.read_text(encoding="utf-8")
    shipped = Weights.read(text)
    if found := link_model(db):
        used = Weights.read(found[1])
        if used.trained_on.endswith(_TAUGHT) or has_link_model(db, shipped.model_id):
            return used
    link_all_again(db)
    register_link_model(db, shipped.model_id, text, shipped.trained_on, now=now)
    return shipped


@cache
def _defaults() -> tuple[tuple[str, str, str], ...]:
    tables = tomllib.loads(_COMMON.read_text(encoding="utf-8"))["contact"]
    return tuple((table["kind"], table["value"], table["reason"]) for table in tables)


def _accents(name: str) -> Iterator[tuple[str, int]]:
    """Yield two keys for each letter with accents: its place in its word, and the place with the accents.

    Two names that share more places than accents have a word that differs in accents, as `Hà` and `Há` do.
    """
    for word in () if name.isascii() else unicodedata.normalize("NFD", name.casefold()).split():
        plain = comparable(word)
        for at, accent in enumerate(_ACCENTS.findall(word)):
            if accent:
                yield "accented", _hash(f"{plain}/{at}")
                yield "accents", _hash(f"{plain}/{at}/{accent}")


def _bands(texts: Sequence[str], *, rows: int, bands: int, gram: int) -> list[list[int]]:
    """Return the keys of each text: one for each band of its signature."""
    found: list[list[int]] = []
    for start in range(0, len(texts), BATCH):
        signed = signatures(texts[start : start + BATCH], rows * bands, gram=gram)
        for row in signed:
            raw = row.tobytes()
            size = len(raw) // bands
            found.append([_hash_bytes(bytes([at]) + raw[at * size : (at + 1) * size]) for at in range(bands)])
    return found


def _hash(text: str) -> int:
    return _hash_bytes(text.encode("utf-8", "surrogatepass"))


def _hash_bytes(data: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "big", signed=True)
