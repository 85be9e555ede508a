"""What was read in a text, as numbers: one row of named features, each with a plain meaning.

To add a feature: add a line to `FEATURES`; training, scoring, reasons and the model card follow. A model
trained before the change is refused at load, because its features are others.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from classifier.features.signs import (
    CHEMICAL,
    EVASIVE,
    UNDECLARED,
    WITHHELD,
    hides_without_a_name,
    is_chemical_form,
    kinds_of,
    talks_of_chemistry,
    unnamed_form,
)
from classifier.features.title_position import (
    covered_by_offer,
    is_followed,
    is_measured,
    is_named_below,
    is_named_first,
    is_quoted,
    named_after_goods,
    named_after_preposition,
    words_before_name,
)
from classifier.gazetteer import law_in_force, load_gazetteer
from store.model import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from classifier.gazetteer import Gazetteer, Law
    from classifier.reading import Mention, Reading, TradeSign
    from classifier.reading.model import GoodsKind

NOTHING_READ = "nothing is read in it"
"""The feature of a text without any sign, in which only sound and words can speak for an offer."""

NOTES = {
    "talk_customs": "of passing customs",
    "talk_label": "of labels left off",
    "talk_papers": "of papers not needed",
    "talk_ban": "of bans and lists",
    "talk_name": "of a name not written",
    "talk_list": "of a list not shown",
    "talk_gone": "of what others no longer sell",
    "talk_route": "of its own way of sending",
    "talk_special": "of something special",
    "talk_cover": "of other goods on the papers",
    "talk_loss": "of what is lost on the way",
    "talk_buyer": "of buyers who stay unknown",
    "listed_part": "may be the part of a listed CAS number",
    "unlisted_part": "part of a CAS number that is on no list in force here",
    "bare_code": "may stand for a CAS number",
    "insiders": "to those who know",
    "riddle": "of a substance by what it is like",
}
"""What a reviewer is told of signs whose kind is no plain word."""


def _tier(tier: int) -> Callable[[str, Reading], float]:
    return lambda _text, reading: any(mention.substance.tier == tier for mention in reading.offered)


def _how(how: str) -> Callable[[str, Reading], float]:
    return lambda _text, reading: any(mention.how == how for mention in reading.offered)


def _trade(kind: str) -> Callable[[str, Reading], float]:
    return lambda _text, reading: kind in kinds_of(reading)


def _goods(kind: GoodsKind) -> Callable[[str, Reading], float]:
    return lambda _text, reading: any(good.kind == kind for good in reading.goods)


FEATURES: dict[str, Callable[[str, Reading], float]] = {
    "offers a tier 1 substance": _tier(1),
    "offers a tier 2 substance": _tier(2),
    "offers a tier 3 substance": _tier(3),
    "listed by CAS number": _how("cas"),
    "listed by name": _how("name"),
    "listed by abbreviation": _how("abbreviation"),
    "listed name in disguise": _how("disguised"),
    "offered in the title": lambda text, reading: covered_by_offer(text, reading) > 0,
    "share of the title that names it": covered_by_offer,
    "more than one listed substance": lambda _text, reading: np.log2(max(1, len(offered_keys(reading)))),
    "listed substance only mentioned": lambda _text, reading: bool(reading.mentions and not reading.offered),
    "another CAS number": lambda _text, reading: any(not cas.listed for cas in reading.cas_numbers),
    "states a quantity": _trade("quantity"),
    "states a purity": _trade("purity"),
    "priced by weight": _trade("price_per_unit"),
    "promises stealth": _trade("stealth"),
    "promises customs": _trade("customs_promise"),
    "contact off the platform": _trade("off_platform"),
    "takes crypto": _trade("crypto"),
    "names a destination": _trade("destination"),
    "hints at control": _trade("controlled_hint"),
    "code in place of a name": _trade("code_number"),
    "evasive trade in a listed substance": lambda _text, reading: (
        bool(reading.offered) * len(kinds_of(reading) & EVASIVE)
    ),
    "evasive trade in an unnamed chemical": lambda _text, reading: (
        (not reading.mentions and not reading.goods)
        * bool(kinds_of(reading) & CHEMICAL)
        * len(kinds_of(reading) & EVASIVE)
    ),
    "signs of hiding where nothing is named for sale": hides_without_a_name,
    "a chemical form": is_chemical_form,
    "name kept off the page": _trade("name_withheld"),
    "number said in words or in part": _trade("number_spoken"),
    "number in part that may be a listed one": _trade("listed_part"),
    "number in part of an unlisted chemical": _trade("unlisted_part"),
    "abbreviation spelled by letter names": _trade("spelled_letters"),
    "no papers asked": _trade("no_papers"),
    "stands in for something banned": _trade("stands_in"),
    "a chemical form with its name withheld": unnamed_form(WITHHELD),
    "a chemical form without papers": unnamed_form(UNDECLARED),
    "evasive trade in a chemical form": unnamed_form(EVASIVE),
    "number that may stand for a substance": _trade("bare_code"),
    "called by a letter or small number": _trade("nickname"),
    "tells a substance by what it is like": _trade("riddle"),
    "speaks to those who know": _trade("insiders"),
    "talks of passing customs": _trade("talk_customs"),
    "talks of labels left off": _trade("talk_label"),
    "talks of papers not needed": _trade("talk_papers"),
    "talks of bans and lists": _trade("talk_ban"),
    "talks of a name not written": _trade("talk_name"),
    "talks of a list not shown": _trade("talk_list"),
    "talks of what others no longer sell": _trade("talk_gone"),
    "talks of its own way of sending": _trade("talk_route"),
    "calls what it sells special": _trade("talk_special"),
    "talks of other goods on the papers": _trade("talk_cover"),
    "talks of what is lost on the way": _trade("talk_loss"),
    "talks of buyers who stay unknown": _trade("talk_buyer"),
    "talks of chemistry": talks_of_chemistry,
    "names everyday goods": _goods("everyday"),
    "names a material that is not listed": _goods("material"),
    "names a service": _goods("service"),
    "names what tests, holds or explains": _goods("about"),
    "listed substance beside what tests, holds or explains it": lambda _text, reading: (
        bool(reading.mentions) and _goods("about")(_text, reading)
    ),
    "named after a preposition": named_after_preposition,
    "named first": is_named_first,
    "words of the title before its name": words_before_name,
    "named beside a quantity, purity or price": is_measured,
    "named below the title only": is_named_below,
    "another word right after its name": is_followed,
    "named after other goods": named_after_goods,
    "named in quotation marks": is_quoted,
    "listed substance beside everyday goods": lambda _text, reading: (
        bool(reading.mentions) and _goods("everyday")(_text, reading)
    ),
    NOTHING_READ: lambda _text, reading: reading.is_empty,
}
"""Each feature's plain name and how it is read; values are 0 or 1, or small counts."""

NEVER_AGAINST = frozenset(
    {
        "offers a tier 1 substance", "offers a tier 2 substance", "offers a tier 3 substance",
        "promises stealth", "promises customs", "contact off the platform", "takes crypto",
        "hints at control", "code in place of a name", "evasive trade in a listed substance",
        "evasive trade in an unnamed chemical", "signs of hiding where nothing is named for sale",
        "name kept off the page", "number said in words or in part",
        "number in part that may be a listed one", "abbreviation spelled by letter names",
        "no papers asked", "stands in for something banned", "a chemical form with its name withheld",
        "a chemical form without papers", "evasive trade in a chemical form",
        "number that may stand for a substance", "called by a letter or small number",
        "tells a substance by what it is like", "speaks to those who know", "talks of passing customs",
        "talks of labels left off",
        "talks of papers not needed", "talks of bans and lists", "talks of a name not written",
        "talks of a list not shown", "talks of what others no longer sell",
        "talks of its own way of sending", "calls what it sells special",
        "talks of other goods on the papers", "talks of what is lost on the way",
        "talks of buyers who stay unknown",
    }
)  # fmt: skip
"""Features that may raise a score and not lower it: no honest seller gains by them."""

NEVER_FOR = frozenset(
    {
        "listed substance only mentioned", "number in part of an unlisted chemical",
        "names everyday goods", "names a material that is not listed",
        "names a service", "names what tests, holds or explains",
        "listed substance beside what tests, holds or explains it", "named after a preposition",
        "listed substance beside everyday goods", "another word right after its name",
        "words of the title before its name",
        "named after other goods", "named in quotation marks",
        NOTHING_READ,
    }
)  # fmt: skip
"""Features that may lower a score and not raise it: they say that something else is sold, or nothing told."""


def evidence_matrix(texts: Sequence[str], readings: Sequence[Reading]) -> NDArray[np.float32]:
    """Return float32 of shape (len(texts), len(FEATURES)), in the order of `FEATURES`."""
    matrix = np.empty((len(texts), len(FEATURES)), dtype=np.float32)
    nothing = [float(name == NOTHING_READ) for name in FEATURES]
    for row, (text, reading) in enumerate(zip(texts, readings, strict=True)):
        # Most texts of a crawl are such, and seventy questions each would be asked of nothing.
        matrix[row] = nothing if reading.is_empty else [each(text, reading) for each in FEATURES.values()]
    return matrix


def default_gazetteer() -> Gazetteer:
    """Return the gazetteer of the law in force, one for the process: its first reading compiles it."""
    return _gazetteer_of(law_in_force())


@cache
def _gazetteer_of(law: Law) -> Gazetteer:
    return load_gazetteer(law)


def read_all(texts: Sequence[str], gazetteer: Gazetteer) -> list[Reading]:
    """Read each text against the gazetteer, and systematic names by structure if the setting says so."""
    from classifier.reading import read_texts
    from classifier.reading.systematic import reads_systematic_names, with_systematic_names

    readings = read_texts(texts, gazetteer)
    return with_systematic_names(texts, readings, gazetteer) if reads_systematic_names() else readings


def offered_keys(reading: Reading) -> dict[str, Mention]:
    """Return one mention for each substance on offer, the most strongly controlled first."""
    ordered = sorted(reading.offered, key=lambda mention: (mention.substance.tier, mention.span))
    first: dict[str, Mention] = {}
    for mention in ordered:
        first.setdefault(mention.substance.key, mention)
    return first


def evidence_spans(reading: Reading) -> tuple[Span, ...]:
    """Return every stretch of the text that counted, for the reviewer, in the order of the text."""
    mentions = [
        Span(
            start=mention.span[0],
            end=mention.span[1],
            kind=mention.how if mention.offered else "mention",
            substance=mention.substance.name,
            note=law_note(mention) if mention.offered else f"only mentioned: {mention.why_not}",
        )
        for mention in reading.mentions
    ]
    others = [
        Span(start=cas.span[0], end=cas.span[1], kind="cas", note=f"{cas.number} is on no list in force here")
        for cas in reading.cas_numbers
        if not cas.listed
    ]
    trade = _joined_trade(reading)
    return tuple(sorted([*mentions, *others, *trade], key=lambda span: (span.start, span.end)))


def _joined_trade(reading: Reading) -> list[Span]:
    """Return the signs of trade; those that say the same of stretches that lie over one another are one."""
    spans: list[Span] = []
    last: dict[str, int] = {}
    for sign in sorted(reading.trade, key=lambda sign: sign.span):
        note = _note_of(sign)
        start, end = sign.span
        place = last.get(note, -1)
        if place >= 0 and start < spans[place].end:
            before = spans[place]
            spans[place] = replace(before, end=max(end, before.end))
        else:
            last[note] = len(spans)
            spans.append(Span(start=start, end=end, kind="trade", note=note))
    return spans


def _note_of(sign: TradeSign) -> str:
    if sign.meant:
        return f"may be part of {' / '.join(sign.meant)}"
    return NOTES.get(sign.kind, sign.kind.replace("_", " "))


def law_note(mention: Mention) -> str:
    """Return the lists a substance stands on, e.g. `UN 1988 Convention, Table I since 1988`."""
    return "; ".join(f"{entry.instrument}, {entry.dated}" for entry in mention.substance.entries)
