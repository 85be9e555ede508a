"""Read what a listing shows apart from its score: notices (`store.review.notices`).

- `watch`: substances on lists of surveillance, found like listed names.
- `equipment`: machines of the lexicon's table `equipment`, with the laws of `equipment.csv`.
- `rule`: rules of the listing's own marketplace, by `marketplace_rules.csv`; adding a pack is adding rows.

Nothing here is a feature of the model.
"""

from __future__ import annotations

import csv
import hashlib
import re
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from classifier.gazetteer.substances import gazetteer_of
from classifier.reading.read import find_mentions
from classifier.reading.trade_signals import find_cas_numbers
from store.review.notices import Notice
from text.normalise import fold
from text.phrases import find_phrase, keys, whole_words, words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from classifier.gazetteer import Gazetteer, Law, Substance
    from store.review.notices import Noticed

Row = dict[str, str]
WEAK = frozenset({"hydrogenator", "heating_mantle", "laboratory_glassware"})
"""Machines that are ordinary goods, or whose law was read with low confidence: they never flag."""
CITED = 3
"""Most laws that a notice cites."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeReader:
    """Reads notices under one law."""

    law: Law

    @property
    def read_with(self) -> str:
        """The law, and a digest of the rules: with others, stored listings are read anew."""
        digest = hashlib.sha256(gazetteer_of(self.law).edition.encode())
        for name in ("equipment.csv", "marketplace_rules.csv"):
            digest.update(_file(name).encode())
        digest.update(
            "".join(p.text for key in keys("equipment") for p in words(f"equipment.{key}")).encode()
        )
        return f"{self.law} {digest.hexdigest()[:12]}"

    def __call__(self, batch: Sequence[Noticed]) -> list[list[Notice]]:
        """Return the notices of each sighting."""
        watched = _find_listed([each.text for each in batch], _watched(self.law))
        return [
            [*(_watch_notice(substance, spans) for substance, spans in found), *machines, *broken]
            for each, found in zip(batch, watched, strict=True)
            for machines in [list(machines_in(each.text))]
            for broken in [list(rules_broken(each, machines))]
        ]


def machines_in(text: str) -> Iterator[Notice]:
    """Yield the machines that a text names."""
    folded = fold(text).text
    for machine in keys("equipment"):
        if not _machine_pattern(machine).search(folded):
            continue
        phrases = words(f"equipment.{machine}")
        places = {place for each in phrases for place in find_phrase(each.text, text)}
        yield Notice(
            kind="equipment",
            code=machine,
            name=machine.replace("_", " "),
            why=_laws_of(machine),
            is_weak=machine in WEAK,
            spans=_longest(places),
        )


def rules_broken(listing: Noticed, machines: Sequence[Notice]) -> Iterator[Notice]:
    """Yield the rules of a listing's own marketplace that it breaks.

    Args:
        listing: The listing; its address tells the marketplace.
        machines: The machines that it names.
    """
    hosts = (urlsplit(listing.url).hostname or "").split(".")
    for rule in _rows("marketplace_rules.csv"):
        if rule["host"] not in hosts:
            continue
        found = dict.fromkeys(
            subject for check in filter(None, rule["check"].split(";"))
            for subject in CHECKS[check](rule, listing, machines)
        )  # fmt: skip
        if found:
            yield Notice(
                kind="rule",
                code=rule["rule"],
                name=f"{rule['marketplace']}: {rule['name']}",
                why=f"{rule['breach']} ({', '.join(found)}); {rule['reference']}, {rule['dated']}"
                + _unsure(rule),
            )


def _listed(_rule: Row, listing: Noticed, _machines: Sequence[Notice]) -> Iterable[str]:
    return listing.substances


def _listed_without_cas(_rule: Row, listing: Noticed, _machines: Sequence[Notice]) -> Iterable[str]:
    return () if any(True for _ in find_cas_numbers(listing.text)) else listing.substances


def _substance(rule: Row, listing: Noticed, _machines: Sequence[Notice]) -> Iterable[str]:
    return [each for each in listing.substances if each in rule["substances"].split(";")]


def _equipment(_rule: Row, _listing: Noticed, machines: Sequence[Notice]) -> Iterable[str]:
    return [each.name for each in machines if not each.is_weak]


def _longest(places: set[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Return the places that lie in no other, in order."""
    return tuple(
        sorted(
            (start, end)
            for start, end in places
            if not any(a <= start and end <= b and (a, b) != (start, end) for a, b in places)
        )
    )


CHECKS: dict[str, Callable[[Row, Noticed, Sequence[Notice]], Iterable[str]]] = {
    "listed": _listed,
    "listed_without_cas": _listed_without_cas,
    "substance": _substance,
    "equipment": _equipment,
}
"""What the column `check` of `marketplace_rules.csv` may ask for; each returns what breaks the rule."""


def _find_listed(
    texts: Sequence[str], gazetteer: Gazetteer
) -> list[list[tuple[Substance, tuple[tuple[int, int], ...]]]]:
    """Return the substances that each text names, each with the places of the name in the text."""
    found: list[list[tuple[Substance, tuple[tuple[int, int], ...]]]] = []
    for text, hits in zip(texts, find_mentions(texts, gazetteer), strict=True):
        named = {hit.substance.key: hit.substance for hit in hits if hit.substance}
        spans = {
            key: {place for name in _spellings(each) for place in find_phrase(name, text)}
            for key, each in named.items()
        }
        found.append([(each, _longest(spans[key])) for key, each in named.items()])
    return found


def _spellings(substance: Substance) -> Iterator[str]:
    yield from (name.text for name in substance.names)
    yield from substance.cas


def _watch_notice(substance: Substance, spans: tuple[tuple[int, int], ...]) -> Notice:
    laws = [f"{entry.instrument}, {entry.dated}" for entry in substance.entries]
    return Notice(
        kind="watch",
        code=substance.key.removeprefix("list:"),
        name=substance.name,
        why="; ".join(laws[:CITED]),
        spans=spans,
    )


@cache
def _watched(law: Law) -> Gazetteer:
    """Return a gazetteer of the watched substances alone, in which the names of all others are rivals."""
    whole = gazetteer_of(law)
    watched = tuple(replace(each, tier=3) for each in whole.watched)
    return replace(
        whole,
        substances=watched,
        unlisted=(*whole.substances, *whole.unlisted),
        by_cas={cas: each for each in watched for cas in each.cas},
    )


@cache
def _machine_pattern(machine: str) -> re.Pattern[str]:
    return re.compile(whole_words(f"equipment.{machine}"))


@cache
def _laws_of(machine: str) -> str:
    laws = [
        f"{row['jurisdiction']}: {row['instrument']} ({row['status']}){_unsure(row)}"
        for row in _rows("equipment.csv")
        if row["machine"] == machine
    ]
    return "; ".join(laws[:CITED])


def _unsure(row: Row) -> str:
    return " (low confidence)" if row["confidence"] == "low" else ""


@cache
def _rows(name: str) -> tuple[Row, ...]:
    return tuple(csv.DictReader(_file(name).splitlines()))


@cache
def _file(name: str) -> str:
    return (files("classifier.gazetteer") / "curated" / name).read_text(encoding="utf-8")
