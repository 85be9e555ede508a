"""Answer, in sentences, whether a name or CAS number is listed, where, and since when."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from classifier.gazetteer.fold import fold, squeeze
from classifier.gazetteer.model import Gazetteer, LookupResult, Name, Substance

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

CAS_SHAPE = re.compile(r"\d{2,7}-\d{2}-\d")


def is_cas_number(text: str) -> bool:
    """Say whether `text` is written like a CAS number and its check digit is right.

    The check digit is the sum of the other digits, each times its place counted from the right,
    modulo 10 (CAS, "Check Digit Verification of CAS Registry Numbers").
    """
    if not CAS_SHAPE.fullmatch(text):
        return False
    *digits, check = (int(c) for c in text if c.isdigit())
    return sum(place * digit for place, digit in enumerate(reversed(digits), start=1)) % 10 == check


def look_up(gazetteer: Gazetteer, query: str) -> LookupResult:
    """Return what `gazetteer` knows of `query`, a name in any spelling or a CAS number."""
    wanted = comparable(query)
    if not wanted:
        return LookupResult(
            query=query,
            status="unknown",
            substance=None,
            why="Nothing to look up: give a name or a CAS number.",
        )
    cas = fold(query).text.strip()
    for substance, name in _named(gazetteer.substances, cas, wanted):
        return LookupResult(
            query=query, status="listed", substance=substance, why=_why_listed(substance, name)
        )
    for substance, _ in _named(gazetteer.unlisted, cas, wanted):
        why = f"{substance.name} is known, but is on no list of this profile at this date."
        return LookupResult(query=query, status="not_listed", substance=substance, why=why)
    for item in gazetteer.confusables:
        if item.cas == cas or wanted in {comparable(item.name), comparable(item.name.partition("(")[0])}:
            why = f"{item.name} is not listed, though it is easily taken for a listed substance: {item.why}."
            return LookupResult(query=query, status="confusable", substance=None, why=why)
    if cas.replace("-", "").isdigit() and CAS_SHAPE.fullmatch(cas) and not is_cas_number(cas):
        why = f"{query} is no CAS number: its check digit is wrong. Check it for a typing error."
        return LookupResult(query=query, status="unknown", substance=None, why=why)
    return _look_up_structure(gazetteer, query, cas)


def _look_up_structure(gazetteer: Gazetteer, query: str, cas: str) -> LookupResult:
    """Answer for what only the `chemicals` package may know, by its structure."""
    from classifier.chemistry import ChemistryMissing, class_of, structure_of

    unknown = f"{query} is not among the names and numbers known here."
    try:
        known = structure_of(cas)
        entry = class_of(known[1]) if known else None
    except ChemistryMissing as error:
        return LookupResult(query=query, status="unknown", substance=None, why=f"{unknown} {error}")
    if known is None:
        return LookupResult(query=query, status="unknown", substance=None, why=unknown)
    substance = next((s for s in gazetteer.substances if entry and s.key == entry.key), None)
    if entry is None or substance is None:
        why = f"{known[0]} is not listed here, nor is it of a class that the lists of this profile describe."
        return LookupResult(query=query, status="not_listed", substance=None, why=why)
    why = f'{known[0]} falls under the words "{entry.wording}". {_why_listed(substance, None)}'
    return LookupResult(query=query, status="listed", substance=substance, why=why)


def comparable(text: str) -> str:
    """Return what two spellings of one name have in common."""
    return squeeze(fold(text).text)


def _named(substances: Iterable[Substance], cas: str, wanted: str) -> Iterator[tuple[Substance, Name | None]]:
    for substance in substances:
        if cas in substance.cas:
            yield substance, None
        for name in substance.names:
            if comparable(name.text) == wanted:
                yield substance, name


def _why_listed(substance: Substance, name: Name | None) -> str:
    sentences = [f"{substance.name} is listed (family {substance.family}, tier {substance.tier})."]
    for entry in substance.entries:
        since = f" since {entry.since_text}" if entry.since_text else ", date not read"
        sentences.append(f"{entry.instrument}, {entry.list_name}{since} [{entry.source}; {entry.status}].")
    if substance.note:
        sentences.append(f"{substance.note}.")
    if name is not None and name.context:
        sentences.append(f"{name.text} alone is no evidence of it: in a text it counts only in a context.")
    return " ".join(sentences)
