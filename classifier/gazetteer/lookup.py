"""Look up whether a name or CAS number is listed, on which lists and since when, and answer in sentences.

A query that is not a known name is also tried as a customs tariff number, as a word in the names of listed
substances, as a misspelling, and by its structure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Literal

from babel import Locale

from classifier.gazetteer.lists import WATCH
from classifier.gazetteer.structures import StructureUnknown, compound_of
from text.cas import cas_in, is_cas_number
from text.normalise import comparable, fold, squeeze

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from classifier.gazetteer.substances import Confusable, Gazetteer, Name, Substance

    Status = Literal["listed", "watched", "ambiguous", "not_listed", "confusable", "unknown"]
    Found = dict[str, tuple[Substance, Name | None]]
    """Substance and name by substance key; the name is None if the query is a CAS number."""

UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})
ABBREVIATED = "abbreviat"
MOST_SHOWN = 8
"""Most substances that an answer names."""
TOO_COMMON = 15
"""Most substances with a word in their names for which an answer names them."""
SHORTEST_CERTAIN = 5
"""Fewest letters of a synonym in a database of 70,000 compounds that counts as a name."""

WORD = re.compile(r"[^\W_]+")
CJK = re.compile("[\u3400-\u9fff]")
SHORTEST_WORD = 3
"""Fewest letters of a word that counts as part of a name; one Chinese character is enough."""
ALIKE = 0.8
"""Similarity from which another spelling is suggested, from 0 to 1."""

TARIFF_NUMBER = re.compile(r"(?:(?:hs|cn|hts|taric)\W*)?(?P<digits>\d{4}[. ]?\d{2}(?:[. ]?\d{2}){0,2})")
"""E.g. `2914.31`, `HS 2914.31` or `CN 2914 31 00`."""
TARIFFS = ("HS ", "CN ")
"""Beginnings of tariff codes in the data; other codes are DEA numbers."""
SUBHEADING = 6
"""Digits common to all countries (Harmonized System of the World Customs Organization)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupResult:
    """The answer to a name or CAS number."""

    query: str
    status: Status
    """`ambiguous`: the query is only part of the names of `candidates`; `watched`: it is named by lists of
    surveillance, or of the profile as ordinary goods, and is never scored."""
    substance: Substance | None
    why: str
    """Lines for people: one for each entry of a list with its date, or why the query is not listed."""
    candidates: tuple[Substance, ...] = ()
    """All listed substances that the query names or may mean."""


def look_up(gazetteer: Gazetteer, query: str) -> LookupResult:
    """Look up a name in any spelling, or a CAS number in any notation."""
    spellings = _spellings(query)
    if not spellings:
        return _answer(query, "unknown", "Nothing to look up: give a name or a CAS number.")
    cas = cas_in(query)
    return _by_name(gazetteer, query, cas, spellings) or _beyond_the_names(gazetteer, query, cas)


def _by_name(gazetteer: Gazetteer, query: str, cas: str, spellings: set[str]) -> LookupResult | None:
    """Answer by name or number; None if the gazetteer has no match."""
    if found := _named(gazetteer.substances, cas, spellings):
        return _listed(gazetteer, query, found)
    if found := _named(gazetteer.watched, cas, spellings):
        return _listed(gazetteer, query, found, status="watched")
    if known := _named((*gazetteer.unlisted, *gazetteer.elsewhere), cas, spellings):
        substance = next(iter(known.values()))[0]
        why = (
            f"{substance.name} is known, but is on none of the lists that count ({gazetteer.law}). "
            f"{len(gazetteer.substances)} substances of these lists are known here, as far as their sources "
            "were read; look into the lists themselves before you rely on this."
        )
        return _answer(query, "not_listed", why, substance)
    if item := _confusable(gazetteer, cas, spellings):
        why = f"{item.name} is not listed, though it is easily taken for a listed substance: {item.why}."
        return _answer(query, "confusable", why)
    if number := _by_number(gazetteer, query, cas):
        return number
    return None


def _by_number(gazetteer: Gazetteer, query: str, cas: str) -> LookupResult | None:
    """Answer for a customs tariff number, and for a number that only looks like a CAS number."""
    subheading = subheading_in(query)
    if subheading and (under := substances_under(gazetteer.substances, subheading)):
        why = (
            f"{query} is a customs tariff number. The lists that count ({gazetteer.law}) place "
            f"{_names_of(under)} under {subheading}, which also covers goods that are not listed; "
            "give the name or the CAS number."
        )
        return _answer(query, "ambiguous", why, candidates=under)
    if not cas or is_cas_number(cas):
        return None
    or_tariff = " Nor is it a tariff number (HS) that these lists name." if subheading else ""
    why = f"{query} is not a CAS number: its check digit is wrong. Check it for a typing error.{or_tariff}"
    return _answer(query, "unknown", why)


def _beyond_the_names(gazetteer: Gazetteer, query: str, cas: str) -> LookupResult:
    """Answer for words that are part of names, and for compounds known only by structure."""
    parts = () if cas else substances_with_word(gazetteer.substances, query)
    compound, missing = None, ""
    try:
        compound = compound_of(cas or query)
    except StructureUnknown as error:
        missing = f" {error}"
    if compound and (found := compound.listed_in(gazetteer)):
        return _listed(gazetteer, query, found, f"{query} is {compound}.", wording=compound.wording)
    if parts and not (compound and compound.is_called(query) and not compound.is_ion):
        return _part_of_names(query, parts)
    if compound and (parts or cas or len(comparable(query)) >= SHORTEST_CERTAIN):
        also = f" It is part of the names of {_names_of(parts)}." if parts else ""
        why = (
            f"{compound.name} is on none of the lists that count ({gazetteer.law}), "
            f"nor is it in a class that they describe.{also}"
        )
        return _answer(query, "not_listed", why, candidates=parts)
    near = nearly_spelled(gazetteer.substances, query)
    meant = f" Similar names: {', '.join(near)}." if near else ""
    return _answer(
        query, "unknown", f"{query} is not among the names and numbers known here.{meant}{missing}"
    )


def _part_of_names(query: str, parts: Sequence[Substance]) -> LookupResult:
    if len(parts) > TOO_COMMON:
        why = (
            f"{query} is a word in the names of {len(parts)} listed substances, but names none "
            "of them by itself; "
            "give the whole name or the CAS number."
        )
        return _answer(query, "unknown", why)
    why = (
        f"{query} alone names no listed substance, so it is no evidence by itself. It is part of the names "
        f"of {_names_of(parts)}, which are listed; give the whole name or the CAS number."
    )
    return _answer(query, "ambiguous", why, candidates=tuple(parts))


def _listed(
    gazetteer: Gazetteer,
    query: str,
    found: Found,
    first: str = "",
    *,
    wording: str = "",
    status: Status = "listed",
) -> LookupResult:
    substances = tuple(substance for substance, _ in found.values())
    sentences = [first] if first else []
    if wording:
        sentences.append(f'It falls under the words "{wording}".')
    if len(found) > 1:
        sentences.append(f"It stands for {_names_of(substances)}.")
    for substance, name in list(found.values())[:MOST_SHOWN]:
        sentences += [*_why_listed(substance, name), *_other_languages(substance, _spellings(query))]
    wanted = fold(query).text.strip()
    is_short = any(name and name.kind in {"abbreviation", "code"} for _, name in found.values())
    others = [item.name for item in gazetteer.confusables if is_short and _shares_abbreviation(item, wanted)]
    if others:
        sentences.append(f"{query} is also used for {', '.join(others)}, which is not listed.")
    return _answer(query, status, "\n".join(sentences), substances[0], candidates=substances)


def _answer(
    query: str,
    status: Status,
    why: str,
    substance: Substance | None = None,
    candidates: tuple[Substance, ...] = (),
) -> LookupResult:
    return LookupResult(query=query, status=status, substance=substance, why=why, candidates=candidates)


def _spellings(query: str) -> set[str]:
    """Return the comparable form of a query, as written and with umlauts spelled out."""
    return {comparable(one) for one in (query, query.translate(UMLAUTS))} - {""}


def _named(substances: Iterable[Substance], cas: str, spellings: set[str]) -> Found:
    found: Found = {}
    for substance in substances:
        if cas and cas in substance.cas:
            found[substance.key] = (substance, None)
        for name in substance.names:
            if comparable(name.text) in spellings:
                known = found.get(substance.key, (substance, name))[1]
                found[substance.key] = (substance, name if known is None or known.context else known)
    return found


def _confusable(gazetteer: Gazetteer, cas: str, spellings: set[str]) -> Confusable | None:
    for item in gazetteer.confusables:
        names = (item.name, item.name.partition("(")[0])
        if (cas and item.cas == cas) or spellings & {comparable(name) for name in names}:
            return item
    return None


def _shares_abbreviation(item: Confusable, wanted: str) -> bool:
    return (
        ABBREVIATED in item.why
        and re.search(rf"(?<![\w-]){re.escape(wanted)}(?![\w-])", fold(item.why).text) is not None
    )


def _names_of(substances: Sequence[Substance]) -> str:
    names = [substance.name for substance in substances[:MOST_SHOWN]]
    if len(substances) > MOST_SHOWN:
        names.append(f"{len(substances) - MOST_SHOWN} more")
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


def _why_listed(substance: Substance, name: Name | None) -> list[str]:
    sentences = [f"{substance.name} is listed (family {substance.family}, tier {substance.tier})."]
    if substance.tier == WATCH:
        sentences = [f"{substance.name} is watched: ordinary goods, shown and counted but never scored."]
    sentences += [f"{e.instrument}, {e.dated} [{e.vouched}]." for e in substance.entries]
    if substance.note:
        sentences.append(f"{substance.note}.")
    if name is not None and name.context == "never":
        sentences.append(
            f"{name.text} alone is no evidence of it in any text: it is part of other names too."
        )
    elif name is not None and name.context:
        sentences.append(f"{name.text} alone is no evidence of it: in a text it counts only in a context.")
    return sentences


def _other_languages(substance: Substance, spellings: set[str]) -> list[str]:
    """Return a sentence for each language other than English that has the name: its source and confidence."""
    languages = Locale("en").languages
    return [
        f"{name.text} is its name in {languages[name.lang]} (source: {name.source}"
        + (f"; confidence: {name.confidence})" if name.confidence else ")")
        + (f" [{name.note}]." if name.note else ".")
        for name in substance.names
        if name.lang != "en" and comparable(name.text) in spellings
    ][:MOST_SHOWN]


def substances_with_word(substances: Iterable[Substance], query: str) -> tuple[Substance, ...]:
    """Return the substances with the words of the query side by side in a name."""
    folded = fold(query).text
    words = WORD.findall(folded)
    is_chinese = bool(CJK.search(folded))
    if not words or (not is_chinese and max(map(len, words)) < SHORTEST_WORD) or "".join(words).isdigit():
        return ()
    wanted = "".join(words) if is_chinese else f" {' '.join(words)} "
    return tuple(
        substance
        for substance in substances
        if any(wanted in _spaced(name.text, is_chinese=is_chinese) for name in substance.names)
    )


def nearly_spelled(substances: Iterable[Substance], query: str) -> list[str]:
    """Return up to three substances with names similar to the query, the most similar first."""
    names = {comparable(name.text): each.name for each in substances for name in each.names}
    alike = get_close_matches(comparable(query), names, n=8, cutoff=ALIKE)
    return list(dict.fromkeys(names[match] for match in alike))[:3]


def _spaced(name: str, *, is_chinese: bool) -> str:
    folded = fold(name).text
    return squeeze(folded) if is_chinese else f" {' '.join(WORD.findall(folded))} "


def subheading_in(query: str) -> str:
    """Return the subheading of a tariff number, e.g. `2914.31`; empty if `query` does not look like one."""
    found = TARIFF_NUMBER.fullmatch(fold(query).text.strip())
    return _subheading(found["digits"]) if found else ""


def substances_under(substances: Iterable[Substance], subheading: str) -> tuple[Substance, ...]:
    """Return the substances with an entry of the law under `subheading`."""
    return tuple(
        substance
        for substance in substances
        if any(e.code.startswith(TARIFFS) and _subheading(e.code) == subheading for e in substance.entries)
    )


def _subheading(text: str) -> str:
    digits = re.sub(r"\D", "", text)[:SUBHEADING]
    return f"{digits[:4]}.{digits[4:]}"
