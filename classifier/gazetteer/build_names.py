"""Collect the names of substances: from the sources, by hand, and by rule from one another."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from classifier.gazetteer.build_files import CODE_LIKE, CURATED, GENERAL, Row, read_rows
from classifier.gazetteer.translate import inversions, translations
from text.normalise import comparable
from text.phrases import alternatives

if TYPE_CHECKING:
    from collections.abc import Iterator

BY_PIECES = "general knowledge: spelled by rule from another name"

MIXED_KEYS = frozenset({"NME", "PPA", "PSE", "RP", "CBD"})
"""Keys under which the synonym file mixes several substances or products; names by hand instead."""

ABBREVIATION = re.compile(r"^[A-Z0-9-]{2,6}$")


def all_names(controlled: list[Row], pubchem: list[Row]) -> Iterator[Row]:
    """Yield a row of `names.csv` for each name: those of the sources, those added by hand, and variants."""
    dropped = {row["name"].casefold() for row in read_rows(CURATED / "dropped_names.csv")}
    curated = list(_curated_names())
    ruled = {
        (row["substance_key"], comparable(row["name"]))
        for row in curated
        if row["context"] or row["kind"] == "code"
    }
    seen: set[tuple[str, str, str, bool]] = set()
    own = [row for row in _source_names(controlled, pubchem)
           if row["name"].casefold() not in dropped
           and (row["substance_key"], comparable(row["name"])) not in ruled]  # fmt: skip
    for row in [*own, *curated, *_variants([*own, *curated])]:
        mark = (row["substance_key"], comparable(row["name"]), row["lang"], ", " in row["name"])
        if mark not in seen and mark[1]:
            seen.add(mark)
            yield row


def _variants(rows: list[Row]) -> Iterator[Row]:
    """Yield spellings in other languages of the English names, and inverted ones of the Russian."""
    for row in rows:
        if row["context"] or row["kind"] in {"code", "abbreviation"}:
            continue
        if row["lang"] == "en":
            for lang, name in translations(row["name"]):
                yield _name(row["substance_key"], name, lang, "synonym", BY_PIECES)
                yield from _inverted(row["substance_key"], name, lang)
        yield from _inverted(row["substance_key"], row["name"], row["lang"])


def _inverted(key: str, name: str, lang: str) -> Iterator[Row]:
    for inverted in inversions(name, lang):
        yield _name(key, inverted, lang, "synonym", BY_PIECES)


def _name(key: str, name: str, lang: str, kind: str, source: str, context: str = "") -> Row:
    return {
        "substance_key": key,
        "name": name,
        "lang": lang,
        "kind": kind,
        "needs_context": "1" if context else "0",
        "context": context,
        "source": source,
    }


def _curated_names() -> Iterator[Row]:
    for row in read_rows(CURATED / "names.csv"):
        for name in (one for names in row["names"].split(";") for one in alternatives(names)):
            yield _name(row["substance_key"], name, row["lang"], row["kind"], GENERAL, row["context"])


def _source_names(controlled: list[Row], pubchem: list[Row]) -> Iterator[Row]:
    for row in controlled:
        key = row["substance_key"]
        canonical = row["canonical_name"].partition(" (cis")[0]
        if not _is_group_wording(canonical):
            yield _name(key, canonical, "en", "canonical", row["listing_source"])
        for name in filter(None, row["synonyms"].split("; ")):
            if not _is_group_wording(name):
                context = "chemistry" if ABBREVIATION.match(name) else ""
                kind = "abbreviation" if context else "synonym"
                yield _name(key, name, "en", kind, row["listing_source"], context)
        for lang in ("zh", "es", "fr", "ru"):
            for name in _translations(row[f"name_{lang}"]):
                yield _name(key, name, lang, "synonym", f"{lang}: {row['names_status']}")
    for row in pubchem:
        name = row["synonym"]
        letters = len(comparable(name))
        if row["substance_key"] not in MIXED_KEYS and not CODE_LIKE.search(name) and 6 <= letters <= 120:
            yield _name(row["substance_key"], name, "en", "synonym", "PubChem")


def _translations(text: str) -> Iterator[str]:
    """Return the names in a cell: alternatives after `;`, remarks in brackets left out."""
    for part in text.split(";"):
        name = re.sub(r"\s*\((?:printed|group|S\d|cis|(?:1-boc-)?[A-Z0-9-]{2,7}\)|2-проп|эрго|этил|норэ"
                      r"|acide glyc|glycidate|méthylgly).*$", "", part).strip()  # fmt: skip
        if name and not _is_group_wording(name):
            yield name


def _is_group_wording(name: str) -> bool:
    return bool(
        re.search(r"group entry|éster de ácido|and its esters|/|includes|esters \(|collides|containing", name)
    )
