"""Read what a listing shows apart from its score: notices (`store.review.notices`).

- `watch`: substances on lists of surveillance, found like listed names.
- `equipment`: machines of the lexicon's table `equipment`, with the laws of `equipment.csv`.
- `rule`: rules of the listing's own marketplace, by `marketplace_rules.csv`; adding a pack is adding rows.
- `class`: offered compounds that no list names, and that a class rule of the law covers
  (`classifier.gazetteer.class_rules`): those of `covered.csv` by name and CAS number, and with the extras
  `chemistry` and `iupac` those that a title names systematically.

Nothing here is a feature of the model.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from classifier.gazetteer.class_rules import covered_by, covered_compounds, rules_of, structures
from classifier.gazetteer.law import package_rows
from classifier.gazetteer.molecules import SKELETON, check_reader, parent_of, structure_key
from classifier.gazetteer.structures import smiles_of
from classifier.gazetteer.substances import Name, Substance, gazetteer_of, load_gazetteer
from classifier.reading.deobfuscate import in_order_shown
from classifier.reading.read import (
    NOTHING,
    find_mentions,
    read_texts,
    systematic_names_in,
    why_name_not_offered,
)
from classifier.reading.trade_signals import find_cas_numbers
from store.review.notices import BATCH, Notice, Relation
from text.normalise import comparable, fold
from text.phrases import find_phrase, keys, whole_words, words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from classifier.gazetteer import Gazetteer, Law
    from classifier.gazetteer.class_rules import ClassRule, Covered, CoveredCompound
    from classifier.reading.model import Reading
    from store.review.notices import Noticed

Row = dict[str, str]
Machines = list[Notice]
WEAK = frozenset({"hydrogenator", "heating_mantle", "laboratory_glassware"})
"""Machines that are ordinary goods, or whose law was read with low confidence: they never flag."""
CUT_OFF = re.compile(r"\s*(?:\.\.|…)")
"""After a name that a page cut off; many unlisted compounds begin like a covered one."""
CITED = 3
"""Most laws that a notice cites."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeReader:
    """Reads notices under one law."""

    law: Law
    systematic_names: bool = False
    """Whether OPSIN reads the systematic names of titles."""

    def __post_init__(self) -> None:
        """Refuse to read systematic names if a package or Java is missing."""
        if self.systematic_names:
            check_reader()

    @property
    def read_with(self) -> str:
        """The law, and a digest of the rules: with others, stored listings are read anew."""
        digest = hashlib.sha256(gazetteer_of(self.law).edition.encode())
        for name in ("equipment.csv", "marketplace_rules.csv", "class_rules.csv", "class_forms.csv"):
            digest.update(repr(_rows(name)).encode())
        digest.update(repr((covered_compounds(), self.systematic_names)).encode())
        digest.update(
            "".join(p.text for key in keys("equipment") for p in words(f"equipment.{key}")).encode()
        )
        return f"{self.law} {digest.hexdigest()[:12]}"

    def __call__(self, batch: Sequence[Noticed]) -> list[list[Notice]]:
        """Return the notices of each sighting."""
        texts = [each.text for each in batch]
        readings = _read_watched(texts, self.law)
        covered = self._covered(texts, readings)
        return [
            [*_watch_notices(reading), *classes, *machines, *broken]
            for each, reading, classes in zip(batch, readings, covered, strict=True)
            for machines in [list(machines_in(each.text))]
            for broken in [list(rules_broken(each, machines, self.law))]
        ]

    def _covered(self, texts: Sequence[str], readings: Sequence[Reading]) -> list[list[Notice]]:
        """Return the notices of class rules of each text: one for a rule."""
        rules, compounds = rules_of(self.law), {each.cas: each for each in covered_compounds()}
        found: list[list[Notice]] = []
        for text, reading in zip(texts, readings, strict=True):
            notices: dict[str, Notice] = {}
            for mention in reading.mentions:
                is_cut_off = CUT_OFF.match(text, mention.span[1])
                if mention.offered and not is_cut_off and mention.substance.key in compounds:
                    compound = compounds[mention.substance.key]
                    called = f"{mention.substance.name} (CAS {compound.cas})"
                    _add(notices, rules, called, compound.smiles, compound.rules, mention.span)
            found.append(list(notices.values()))
        if self.systematic_names:
            for index, notices in self._named_systematically(texts, rules):
                found[index] = found[index] or list(notices.values())
        return found

    def _named_systematically(
        self, texts: Sequence[str], rules: dict[str, ClassRule]
    ) -> Iterator[tuple[int, dict[str, Notice]]]:
        """Yield the notices of compounds that titles offer by systematic names; listed ones have none."""
        titles = [
            [
                (name, span)
                for name, span in systematic_names_in(text.partition("\n")[0])
                if not CUT_OFF.match(text, span[1]) and not why_name_not_offered(text, span)
            ]
            for text in texts
        ]
        names = sorted({name for asked in titles for name, _ in asked})
        known = dict(zip(names, smiles_of(names) if names else [], strict=True))
        listed = gazetteer_of(self.law).substances
        keys = {key[:SKELETON] for each in listed for key in each.inchikeys}
        for index, asked in enumerate(titles):
            notices: dict[str, Notice] = {}
            for name, span in asked:
                parent = parent_of(known[name]) if known[name] else None
                if parent is not None and structure_key(parent)[:SKELETON] not in keys:
                    _add(notices, rules, name, known[name], covered_by(known[name]), span)
            yield index, notices


def _add(
    notices: dict[str, Notice],
    rules: dict[str, ClassRule],
    name: str,
    smiles: str,
    covered: Sequence[Covered],
    span: tuple[int, int],
) -> None:
    """Add the notices of one compound, by rule; a rule that has a notice gains a place."""
    for each in covered:
        if not (rule := rules.get(each.rule)):
            continue
        parent = structures()[each.parent]
        notice = notices.setdefault(
            each.rule,
            Notice(
                kind="class",
                code=each.rule,
                name=name,
                why=f'{rule.jurisdiction}: {rule.instrument}, {rule.provision}: "{rule.wording}" '
                f"({rule.entry.status}; {rule.source})",
                relation=Relation(
                    parent=parent.name, parent_smiles=parent.smiles, smiles=smiles, forms=each.forms
                ),
            ),
        )
        notices[each.rule] = replace(notice, spans=(*notice.spans, span))


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


def rules_broken(listing: Noticed, machines: Machines, law: Law) -> Iterator[Notice]:
    """Yield the rules of a listing's own marketplace, told by its address, that it or its machines break."""
    hosts = (urlsplit(listing.url).hostname or "").split(".")
    for rule in _rows("marketplace_rules.csv"):
        if rule["host"] not in hosts:
            continue
        found = dict.fromkeys(
            subject for check in filter(None, rule["check"].split(";"))
            for subject in CHECKS[check](rule, listing, machines, law)
        )  # fmt: skip
        if found:
            yield Notice(
                kind="rule",
                code=rule["rule"],
                name=f"{rule['marketplace']}: {rule['name']}",
                why=f"{rule['breach']} ({', '.join(found)})\n{rule['reference']}, {rule['dated']}"
                + _unsure(rule),
            )


def notices_under(before: Law, law: Law, kind: str, listings: Iterable[Noticed]) -> Iterator[int]:
    """Yield the sightings that an import which makes `law` of `before` would give a notice.

    Of the kind `rule`: those that break a rule of their own marketplace under `law`. Of the kind `watch`:
    those that name a substance which only `law` watches.
    """
    if kind == "rule":
        for each in listings:
            if any(True for _ in rules_broken(each, list(machines_in(each.text)), law)):
                yield each.sighting_id
        return
    new = _watched_keys(law) - _watched_keys(before)
    waiting = iter(listings if new else ())
    while batch := list(islice(waiting, BATCH)):
        readings = _read_watched([each.text for each in batch], law)
        for each, reading in zip(batch, readings, strict=True):
            if any(mention.substance.key in new for mention in reading.mentions):
                yield each.sighting_id


def _listed(_rule: Row, listing: Noticed, _machines: Machines, _law: Law) -> Iterable[str]:
    return listing.substances


def _listed_without_cas(_rule: Row, listing: Noticed, _machines: Machines, law: Law) -> Iterable[str]:
    """Return the substances of which no CAS number is stated; any number suffices if none is known."""
    said = {number for number, _, _ in find_cas_numbers(listing.text)}
    return [each for each in listing.substances if not said & (_numbers(law).get(each) or said)]


def _substance(rule: Row, listing: Noticed, _machines: Machines, _law: Law) -> Iterable[str]:
    return [each for each in listing.substances if each in rule["substances"].split(";")]


def _equipment(_rule: Row, _listing: Noticed, machines: Machines, _law: Law) -> Iterable[str]:
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


CHECKS: dict[str, Callable[[Row, Noticed, Machines, Law], Iterable[str]]] = {
    "listed": _listed,
    "listed_without_cas": _listed_without_cas,
    "substance": _substance,
    "equipment": _equipment,
}
"""What the column `check` of `marketplace_rules.csv` may ask for; each returns what breaks the rule."""


def _watch_notices(reading: Reading) -> Iterator[Notice]:
    """Yield a notice for each watched substance that a text names, offered or not."""
    watched = {each.substance.key: each.substance for each in reading.mentions if each.substance.entries}
    for key, substance in watched.items():
        laws = [f"{entry.instrument}, {entry.dated}" for entry in substance.entries]
        yield Notice(
            kind="watch",
            code=key.removeprefix("list:"),
            name=substance.name,
            why="\n".join(laws[:CITED]),
            spans=tuple(each.span for each in reading.mentions if each.substance.key == key),
        )


def _watched_keys(law: Law) -> set[str]:
    return {each.key for each in load_gazetteer(law, classes=False).watched}


def _read_watched(texts: Sequence[str], law: Law) -> list[Reading]:
    """Return the reading of each text for watched substances and class members.

    Nearly all texts name none: a quick pass finds those that may, and only they are read in full.
    """
    gazetteer = _watched(law)
    unique = list(dict.fromkeys(texts))
    hits = find_mentions(unique, gazetteer, every_way=True)
    named = [text for text, found in zip(unique, hits, strict=True) if found or in_order_shown(text)]
    readings = dict(zip(named, read_texts(named, gazetteer) if named else (), strict=True))
    return [readings.get(text, NOTHING) for text in texts]


@cache
def _watched(law: Law) -> Gazetteer:
    """Return a gazetteer of the watched substances and of what class rules cover.

    The names of all others are rivals of theirs.
    """
    whole, rules = load_gazetteer(law, classes=False), rules_of(law)
    members = (each for each in covered_compounds() if any(one.rule in rules for one in each.rules))
    read = (*(replace(each, tier=3) for each in whole.watched), *map(_as_substance, members))
    own = {comparable(name.text) for each in read for name in each.names}
    return replace(
        whole,
        substances=read,
        unlisted=(*whole.substances, *whole.unlisted),
        rivals=tuple(name for name in whole.rivals if comparable(name) not in own),
        by_cas={cas: each for each in read for cas in each.cas},
    )


def _as_substance(compound: CoveredCompound) -> Substance:
    names = (
        Name(text=name, lang="en", kind="synonym", context="", source="chemicals") for name in compound.names
    )
    return Substance(
        key=compound.cas,
        name=compound.names[0] if compound.names else f"CAS {compound.cas}",
        family="other",
        tier=2,
        entries=(),
        cas=(compound.cas,),
        inchikeys=(),
        names=tuple(names),
    )


@cache
def _numbers(law: Law) -> dict[str, frozenset[str]]:
    """Return the CAS numbers of listed substances and their salts, by the substance's name."""
    return {each.name: frozenset(each.cas) for each in gazetteer_of(law).substances}


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
    return "\n".join(laws[:CITED])


def _unsure(row: Row) -> str:
    return " (low confidence)" if row["confidence"] == "low" else ""


@cache
def _rows(name: str) -> tuple[Row, ...]:
    return tuple(package_rows("curated", name))
