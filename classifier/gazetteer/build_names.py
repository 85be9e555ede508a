"""Collect the names of substances from the sources, from curated files, and by rules for other languages.

Systematic names consist of the same pieces in every language. So the tables `name_pieces` of the lexicon
translate all names made of these pieces: `N-methylephedrine` is `N-Methylephedrin`, `N-metilefedrina` and
`N-метилэфедрин`. Names with an unknown piece are not translated. The name of an acid combines its piece with
the word for acid.
"""

from __future__ import annotations

import csv
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from text.normalise import comparable
from text.phrases import alternatives, by_key, keys, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Row = dict[str, str]

HERE = Path(__file__).parent
CURATED = HERE / "curated"
DATA = HERE / "data"
GENERAL = "general knowledge"

CODE_LIKE = re.compile(
    r"^(?:DTX|CHEBI|CHEMBL|SCHEMBL|RefChem|NSC|EINECS|EC \d|FEMA|UNII|MFCD|BRN|AI3|USAF|NCGC|NCI|"
    r"CIS|DEA NO|UN-?\d|RCRA|Caswell|IEM|NS0|DBA|ABA|BTX|GWP|s\d|J\d|R[ -]\d)"
    r"|^[A-Z0-9]{10}$|^[A-Z]{14}-|^\d{3}-\d{3}-\d$|\[|InChI|^\d[\d-]+\d$|[;{}]|IMPURITY|^agn-pc|\(parent\)|\(H"
    r"|its salts|its optical",
    re.IGNORECASE,
)
"""Database codes among the names of the sources, which are not used in trade."""

BY_PIECES = "general knowledge: spelled by rule from another name"

MIXED_KEYS = frozenset({"NME", "PPA", "PSE", "RP", "CBD"})
"""Keys under which the synonym file mixes several substances or products; their names are curated."""

ABBREVIATION = re.compile(r"^[A-Z0-9-]{2,6}$")

SHORTEST_CLEAR = 8
"""Letters from which a name of low confidence cannot be another word: at worst nobody writes it so."""

LANGUAGES = ("de", "es", "pt", "fr", "ru")

LETTERS = re.compile("[a-z]+")
ESTER = re.compile(r"((?:di)?(?:methyl|ethyl)|(?:iso)?propyl|(?:iso|sec-|tert-)?butyl) (.+ate)")


def all_names(controlled: list[Row], pubchem: list[Row], multilingual: list[Row]) -> Iterator[Row]:
    """Yield a row of `names.csv` for each name of the sources, each curated name, and each variant."""
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
    foreign = list(_multilingual_names(multilingual))
    for row in [*own, *curated, *_variants([*own, *curated]), *foreign, *_variants(foreign)]:
        mark = (row["substance_key"], comparable(row["name"]), row["lang"], ", " in row["name"])
        if mark not in seen and mark[1]:
            seen.add(mark)
            yield row


def _variants(rows: list[Row]) -> Iterator[Row]:
    """Yield the English names in other languages, and inverted names of the languages that invert them."""
    for row in rows:
        if row["context"] or row["kind"] in {"code", "abbreviation"}:
            continue
        if row["lang"] == "en":
            for lang, name in translations(row["name"]):
                translated = _name(row["substance_key"], name, lang, "synonym", BY_PIECES)
                yield translated
                yield from _inverted(translated)
        yield from _inverted(row)


def _inverted(row: Row) -> Iterator[Row]:
    for name in inversions(row["name"], row["lang"]):
        yield row | {"name": name, "kind": "synonym", "source": BY_PIECES}


def _name(key: str, name: str, lang: str, kind: str, source: str, context: str = "") -> Row:
    return {
        "substance_key": key,
        "name": name,
        "lang": lang,
        "kind": kind,
        "context": context,
        "source": source,
        "confidence": "",
        "note": "",
    }


def _multilingual_names(rows: list[Row]) -> Iterator[Row]:
    """Yield the names of `names_multilingual.csv`, with the context that their notes ask for."""
    contexts = read_rows(CURATED / "note_contexts.csv")
    dropped = {row["name"].casefold() for row in read_rows(CURATED / "dropped_names.csv")}
    for row in rows:
        if row["name"].casefold() in dropped:
            continue
        context = next((one["context"] for one in contexts if row["note"].startswith(one["note"])), "")
        kind = "synonym"
        if row["kind"] == "abbreviation":
            kind, context = "abbreviation", "chemistry"
        if row["confidence"] == "low" and len(comparable(row["name"])) < SHORTEST_CLEAR:
            context = context or "form"
        name = _name(row["key"], row["name"], row["lang"], kind, row["source"], context)
        yield name | {"confidence": row["confidence"], "note": row["note"]}


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
    """Yield the names in a cell, separated by `;`, without remarks in brackets."""
    for part in text.split(";"):
        name = re.sub(r"\s*\((?:printed|group|S\d|cis|(?:1-boc-)?[A-Z0-9-]{2,7}\)|2-проп|эрго|этил|норэ"
                      r"|acide glyc|glycidate|méthylgly).*$", "", part).strip()  # fmt: skip
        if name and not _is_group_wording(name):
            yield name


def _is_group_wording(name: str) -> bool:
    return bool(
        re.search(r"group entry|éster de ácido|and its esters|/|includes|esters \(|collides|containing", name)
    )


def translations(name: str) -> Iterator[tuple[str, str]]:
    """Yield (language, name) of an English name for each language in which all pieces are known."""
    english = name.casefold()
    base, _, salt = english.rpartition(" ")
    endings = by_key("salt_endings")
    if salt in endings and (german := _spelled(base, "de")):
        yield "de", german + endings[salt][0]
    elif salt == "acid" and not base.endswith(" methyl glycidic"):
        yield from _acid(base)
    else:
        if ester := ESTER.fullmatch(english):
            yield from _ester(ester[1], ester[2])
        yield from _plain(english)


def inversions(name: str, lang: str) -> Iterator[str]:
    """Yield a name of adjective and noun in inverted order, as catalogues of some languages print it."""
    adjective, _, noun = name.partition(" ")
    if noun and " " not in noun and adjective.endswith(_adjective_endings(lang)):
        yield f"{noun} {adjective}"


@cache
def _adjective_endings(lang: str) -> tuple[str, ...]:
    return tuple(ending.text for ending in words("chemical_names.adjectives") if ending.language == lang)


def _spelled(english: str, lang: str) -> str:
    """Return a name with all pieces in `lang`, or an empty string if a piece is unknown."""
    longest_first = _longest_first()
    if LETTERS.search(longest_first.sub("", english)):
        return ""
    return longest_first.sub(lambda piece: _pieces(lang)[piece.group()], english)


@cache
def _pieces(lang: str) -> dict[str, str]:
    """Return the pieces of a language by English piece."""
    return {
        piece: phrase.text
        for piece in keys("name_pieces")
        for phrase in words(f"name_pieces.{piece}")
        if phrase.language == lang
    }


@cache
def _longest_first() -> re.Pattern[str]:
    return re.compile("|".join(sorted(keys("name_pieces"), key=len, reverse=True)))


def _plain(english: str) -> Iterator[tuple[str, str]]:
    yield from ((lang, text) for lang in LANGUAGES if (text := _spelled(english, lang)))


def _acid(base: str) -> Iterator[tuple[str, str]]:
    shapes = {"de": "{acid}{word}", "ru": "{acid} {word}"}
    word = {phrase.language: phrase.text for phrase in words("acid_names.word")}
    for lang in LANGUAGES:
        if text := _spelled(base, lang):
            yield lang, shapes.get(lang, "{word} {acid}").format(acid=text, word=word[lang])


def _ester(alkyl: str, acid: str) -> Iterator[tuple[str, str]]:
    """Yield the Romance names of an ester: the acid, then the alkyl group after `de`."""
    for lang, of, ending in (("es", "de ", "o"), ("pt", "de ", "a"), ("fr", "de ", "e"), ("fr", "d'", "e")):
        if text := _spelled(acid, lang):
            yield lang, f"{text} {of}{_spelled(alkyl, lang)}{ending}"


def read_rows(path: Path) -> list[Row]:
    """Return the rows of a CSV file, each by column heading."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write_rows(name: str, rows: Iterable[Row]) -> None:
    """Write rows to a CSV file under `data/`, with the keys of the first row as headings."""
    rows = list(rows)
    with (DATA / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
