"""Turn the reading of a text into evidence: one row of named features, each with a plain meaning.

A feature is the presence of a signal, such as a listed name on offer, or a number of signals.
Others measure the position of a name in the title: sellers name their goods first, alone, with an amount. No
list of words covers all titles for a pump for acetone, a book about it or a test of it; the position helps
with any wording.

To add a feature: add a line to `FEATURES`. Training, scoring, reasons and the model card use it without
further changes. Models trained before the change are refused at load, because their features differ.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Literal

import numpy as np

from store.model import Span
from text.phrases import IS_CJK, written

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from classifier.gazetteer import Gazetteer
    from classifier.reading import Mention, Reading, TradeSignal
    from classifier.reading.model import GoodsKind

    Measure = Callable[[str, Reading], float]
    """Returns the value of a feature, given a text and its reading."""

EVASIVE = frozenset(
    {
        "stealth",
        "customs_promise",
        "off_platform",
        "crypto",
        "controlled_hint",
        "talk_customs",
        "talk_label",
        "talk_route",
        "talk_cover",
        "talk_loss",
    }
)
"""Trade signals of sellers who expect trouble, also common among sellers of other forbidden goods."""

CHEMICAL = frozenset({"purity", "code_number", "price_per_unit"})
"""Trade signals of a sale by weight and grade."""

WITHHELD = frozenset(
    {
        "name_withheld",
        "number_spoken",
        "listed_part",
        "spelled_letters",
        "talk_name",
        "talk_list",
        "bare_code",
        "nickname",
        "riddle",
        "insiders",
    }
)
"""Trade signals of a seller who hides the name of the goods from readers or searches."""

UNDECLARED = frozenset({"no_papers", "stands_in", "talk_papers", "talk_ban", "talk_gone", "talk_buyer"})
"""Trade signals of a seller who talks of evading the law or border controls."""

TELLING_FORM = CHEMICAL | WITHHELD | UNDECLARED | EVASIVE

LEAD = 300
"""Most characters before the subject of an offer."""

MOST_WAYS = 4
"""Most ways of hiding counted, because a long text on many subjects does not hide more."""

NEAR = 240
"""Most characters between a chemical form and a related signal."""

NOTHING_READ = "nothing is read in it"
"""The feature of a text without signals: only its embedding and words can indicate an offer."""

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
"""Words shown to reviewers for signals whose kind is not a plain word."""

WEIGHED = frozenset(
    {
        "quantity",
        "purity",
        "price_per_unit",
        "form",
        "destination",
        "chemistry",
        "talk_special",
        "unlisted_part",
    }
)
"""Signals that honest goods also have. The first stage weighs them. They include part of the CAS number of an
unlisted substance, which is only evidence against an offer. Without named goods, any other signal is evidence
by itself."""

EVIDENCE_RULE = f"names or numbers on a list; without goods any sign but {', '.join(sorted(WEIGHED))}"
"""The rule of `has_evidence`, for the model card. To change `has_evidence`: change this text too, so that
first stages fitted with another rule are not used."""


MOST_FORMS = 40
"""Most mentions examined per text; it bounds the work for a hostile text."""

AMOUNTS = frozenset({"quantity", "purity", "price_per_unit"})
"""Trade signals of an amount."""

LOOK_BACK = 32
"""Characters before a name that are searched for a preposition."""

BESIDE = 40
"""Most characters between a name and its amount."""

MOST_BEFORE = 8
"""Most words counted before a name."""

PIECE = re.compile(r"[\u3400-\u9fff]{1,2}|[^\W\u3400-\u9fff]+")
"""A word, or one or two Chinese characters."""

NEXT = re.compile(
    r"(?:[^\W\d_\u3400-\u9fff]{0,4}[\s-]{1,2}([^\W\d_\u3400-\u9fff]+)|[\s-]{0,2}([\u3400-\u9fff]{2}))"
)
"""The word right after a name and its ending (`ацетон|а оптом`), or two Chinese characters."""

QUOTED = re.compile(r"«[^»]*»|“[^”]*”|„[^“”]*[“”]|\"[^\"]*\"|《[^》]*》")


def is_chemical_form(text: str, reading: Reading) -> float:
    """Return whether goods in a chemical form are on sale.

    A form counts in the title, or near a purity, a price by weight or a signal of hiding. It counts only if
    no goods are named for sale, because every shop mentions powder and crystals.
    """
    return not reading.goods and any(
        sign.kind == "form" and (sign.span[0] < title_end(text) or near(sign, reading, TELLING_FORM))
        for sign in reading.trade
    )


def hides_without_a_name(_text: str, reading: Reading) -> float:
    """Count the ways of hiding in a text that names nothing for sale."""
    if reading.mentions or reading.goods or reading.cas_numbers:
        return 0.0
    return min(MOST_WAYS, len(kinds_of(reading) & (WITHHELD | UNDECLARED | EVASIVE)))


def unnamed_form(others: frozenset[str]) -> Callable[[str, Reading], float]:
    """Return a measure of the signals of `others` near a chemical form, where nothing is named for sale."""

    def count(_text: str, reading: Reading) -> float:
        if reading.offered or reading.goods:
            return 0.0
        forms = [sign for sign in reading.trade if sign.kind in {"form", "chemistry"}]
        return max((len(near(form, reading, others)) for form in forms[:MOST_FORMS]), default=0)

    return count


def talks_of_chemistry(_text: str, reading: Reading) -> float:
    """Return whether a text that names no goods talks of chemistry near its beginning."""
    return not reading.goods and any(
        sign.kind == "chemistry" and sign.span[0] < LEAD for sign in reading.trade
    )


def near(sign: TradeSignal, reading: Reading, kinds: frozenset[str]) -> set[str]:
    """Return those `kinds` that have a trade signal near the given one."""
    return {
        other.kind
        for other in reading.trade
        if other.kind in kinds and other.span[0] - sign.span[1] < NEAR and sign.span[0] - other.span[1] < NEAR
    }


def kinds_of(reading: Reading) -> set[str]:
    """Return the kinds of trade signals in a text."""
    return {sign.kind for sign in reading.trade}


def evasive_trade_when_named(_text: str, reading: Reading) -> float:
    """Count the signals of evasive trade in a text with a listed substance on offer."""
    return bool(reading.offered) * len(kinds_of(reading) & EVASIVE)


def evasive_trade_unnamed(_text: str, reading: Reading) -> float:
    """Count the signals of evasive trade in a text that sells an unnamed chemical."""
    kinds = kinds_of(reading)
    return (not reading.mentions and not reading.goods) * bool(kinds & CHEMICAL) * len(kinds & EVASIVE)


def title_end(text: str) -> int:
    """Return the length of the title, the first line."""
    return text.find("\n") if "\n" in text else len(text)


def named_after_preposition(text: str, reading: Reading) -> float:
    """Return whether each listed name in the title follows a preposition, so that other goods are sold.

    A preposition after a seller or a sale does not count: `supplier of`.
    """
    end = title_end(text)
    starts = [mention.span[0] for mention in reading.offered[:MOST_FORMS] if mention.span[0] < end]
    before = [text[max(0, start - LOOK_BACK) : start].casefold() for start in starts]
    return bool(before) and all(map(_ends_in_preposition, before))


def _ends_in_preposition(before: str) -> bool:
    found = _preposition().search(before)
    sellers = written("title_words.sellers")
    return found is not None and sellers.isdisjoint(PIECE.findall(before[: found.start()])[-1:])


@cache
def _preposition() -> re.Pattern[str]:
    prepositions = sorted(written("title_words.prepositions"))
    chinese = "".join(filter(IS_CJK.match, prepositions))
    others = "|".join(each for each in prepositions if not IS_CJK.match(each))
    return re.compile(rf"(?:(?<![^\W_])(?:{others})[\s:]+|[{chinese}])[\s\"'(]*$")


def is_named_first(text: str, reading: Reading) -> float:
    """Return whether a listed name on offer begins the text."""
    before = (text[: mention.span[0]] for mention in reading.offered[:MOST_FORMS])
    return any(not each.strip(" \t-*#>[()+±\"'") for each in before)


def words_before_name(text: str, reading: Reading) -> float:
    """Return the number of title words before the first listed name on offer, divided by `MOST_BEFORE`.

    Sellers name their goods early. A name after many words often says what other goods are for.
    """
    places = [mention.span[0] for mention in reading.offered if mention.span[0] < title_end(text)]
    return min(MOST_BEFORE, len(PIECE.findall(text[: min(places)]))) / MOST_BEFORE if places else 0.0


def is_measured(_text: str, reading: Reading) -> float:
    """Return whether an amount, a purity or a price by weight is near a listed name on offer."""
    amounts = [sign for sign in reading.trade if sign.kind in AMOUNTS]
    return any(
        amount.span[0] - mention.span[1] < BESIDE and mention.span[0] - amount.span[1] < BESIDE
        for mention in reading.offered[:MOST_FORMS]
        for amount in amounts[:MOST_FORMS]
    )


def is_followed(text: str, reading: Reading) -> float:
    """Return whether a word unrelated to a sale follows each listed name on offer in the title.

    `Acetone pump` sells a pump. The name of goods on sale is followed by a form, a grade, an amount, a
    punctuation mark or a joining word.
    """
    end = title_end(text)
    title = [mention for mention in reading.offered[:MOST_FORMS] if mention.span[0] < end]
    return bool(title) and all(_is_followed_by_other_goods(text[mention.span[1] : end]) for mention in title)


def _is_followed_by_other_goods(after: str) -> bool:
    found = NEXT.match(after)
    if found is None:
        return False
    word, chinese = found.groups()
    return (word.casefold() if word else chinese[0]) not in written("title_words.after_goods")


def named_after_goods(text: str, reading: Reading) -> float:
    """Return whether other goods on sale are named before all listed names of the title."""
    end = title_end(text)
    places = [mention.span[0] for mention in reading.offered if mention.span[0] < end]
    return bool(places) and any(good.span[0] < min(places) for good in reading.goods)


def is_quoted(text: str, reading: Reading) -> float:
    """Return whether each listed name on offer in the title is in quotation marks."""
    end = title_end(text)
    title = [mention.span for mention in reading.offered[:MOST_FORMS] if mention.span[0] < end]
    quoted = [found.span() for found in QUOTED.finditer(text[:end])]
    return bool(title) and all(any(a < start and last < b for a, b in quoted) for start, last in title)


def is_named_below(text: str, reading: Reading) -> float:
    """Return whether listed names are on offer in the description but not in the title."""
    return bool(reading.offered) and all(mention.span[0] >= title_end(text) for mention in reading.offered)


def covered_by_offer(text: str, reading: Reading) -> float:
    """Return the share of the title that consists of listed names, from 0 to 1."""
    end = title_end(text)
    covered = sum(
        min(mention.span[1], end) - mention.span[0] for mention in reading.offered if mention.span[0] < end
    )
    return min(1.0, covered / max(1, end))


def _tier(tier: int) -> Measure:
    return lambda _text, reading: any(mention.substance.tier == tier for mention in reading.offered)


def _how(how: str) -> Measure:
    return lambda _text, reading: any(mention.how == how for mention in reading.offered)


def _trade(kind: str) -> Measure:
    return lambda _text, reading: kind in kinds_of(reading)


def _goods(kind: GoodsKind) -> Measure:
    return lambda _text, reading: any(good.kind == kind for good in reading.goods)


def _mentioned_beside(kind: GoodsKind) -> Measure:
    return lambda _text, reading: bool(reading.mentions) and any(good.kind == kind for good in reading.goods)


def _names_it_in_the_title(text: str, reading: Reading) -> float:
    return covered_by_offer(text, reading) > 0


def _number_offered(_text: str, reading: Reading) -> float:
    return float(np.log2(max(1, len(offered_keys(reading)))))


def _only_mentioned(_text: str, reading: Reading) -> float:
    return bool(reading.mentions and not reading.offered)


def _has_an_unlisted_number(_text: str, reading: Reading) -> float:
    return any(not cas.listed for cas in reading.cas_numbers)


def _is_empty(_text: str, reading: Reading) -> float:
    return reading.is_empty


@dataclass(frozen=True, slots=True)
class Feature:
    """One number of the evidence, with the direction in which it may move a score."""

    measure: Measure
    may: Literal["raise", "lower", "either"]


def raises(measure: Measure) -> Feature:
    """Return a feature that may only raise a score: honest sellers have no use for the signal."""
    return Feature(measure, "raise")


def lowers(measure: Measure) -> Feature:
    """Return a feature that may only lower a score: other goods are sold, or the text has no signals."""
    return Feature(measure, "lower")


def either(measure: Measure) -> Feature:
    """Return a feature whose direction the examples determine."""
    return Feature(measure, "either")


FEATURES: dict[str, Feature] = {
    "offers a tier 1 substance": raises(_tier(1)),
    "offers a tier 2 substance": raises(_tier(2)),
    "offers a tier 3 substance": raises(_tier(3)),
    "listed by CAS number": either(_how("cas")),
    "listed by name": either(_how("name")),
    "listed by abbreviation": either(_how("abbreviation")),
    "listed name in disguise": either(_how("disguised")),
    "offered in the title": either(_names_it_in_the_title),
    "share of the title that names it": either(covered_by_offer),
    "more than one listed substance": either(_number_offered),
    "listed substance only mentioned": lowers(_only_mentioned),
    "another CAS number": either(_has_an_unlisted_number),
    "states a quantity": either(_trade("quantity")),
    "states a purity": either(_trade("purity")),
    "priced by weight": either(_trade("price_per_unit")),
    "promises stealth": raises(_trade("stealth")),
    "promises customs": raises(_trade("customs_promise")),
    "contact off the platform": raises(_trade("off_platform")),
    "takes crypto": raises(_trade("crypto")),
    "names a destination": either(_trade("destination")),
    "hints at control": raises(_trade("controlled_hint")),
    "code in place of a name": raises(_trade("code_number")),
    "evasive trade in a listed substance": raises(evasive_trade_when_named),
    "evasive trade in an unnamed chemical": raises(evasive_trade_unnamed),
    "signs of hiding where nothing is named for sale": raises(hides_without_a_name),
    "a chemical form": either(is_chemical_form),
    "name kept off the page": raises(_trade("name_withheld")),
    "number said in words or in part": raises(_trade("number_spoken")),
    "number in part that may be a listed one": raises(_trade("listed_part")),
    "number in part of an unlisted chemical": lowers(_trade("unlisted_part")),
    "abbreviation spelled by letter names": raises(_trade("spelled_letters")),
    "no papers asked": raises(_trade("no_papers")),
    "stands in for something banned": raises(_trade("stands_in")),
    "a chemical form with its name withheld": raises(unnamed_form(WITHHELD)),
    "a chemical form without papers": raises(unnamed_form(UNDECLARED)),
    "evasive trade in a chemical form": raises(unnamed_form(EVASIVE)),
    "number that may stand for a substance": raises(_trade("bare_code")),
    "called by a letter or small number": raises(_trade("nickname")),
    "tells a substance by what it is like": raises(_trade("riddle")),
    "speaks to those who know": raises(_trade("insiders")),
    "talks of passing customs": raises(_trade("talk_customs")),
    "talks of labels left off": raises(_trade("talk_label")),
    "talks of papers not needed": raises(_trade("talk_papers")),
    "talks of bans and lists": raises(_trade("talk_ban")),
    "talks of a name not written": raises(_trade("talk_name")),
    "talks of a list not shown": raises(_trade("talk_list")),
    "talks of what others no longer sell": raises(_trade("talk_gone")),
    "talks of its own way of sending": raises(_trade("talk_route")),
    "calls what it sells special": raises(_trade("talk_special")),
    "talks of other goods on the papers": raises(_trade("talk_cover")),
    "talks of what is lost on the way": raises(_trade("talk_loss")),
    "talks of buyers who stay unknown": raises(_trade("talk_buyer")),
    "talks of chemistry": either(talks_of_chemistry),
    "names everyday goods": lowers(_goods("everyday")),
    "names a material that is not listed": lowers(_goods("material")),
    "names a service": lowers(_goods("service")),
    "names what tests, holds or explains": lowers(_goods("about")),
    "listed substance beside what tests, holds or explains it": lowers(_mentioned_beside("about")),
    "named after a preposition": lowers(named_after_preposition),
    "named first": either(is_named_first),
    "words of the title before its name": lowers(words_before_name),
    "named beside a quantity, purity or price": either(is_measured),
    "named below the title only": either(is_named_below),
    "another word right after its name": lowers(is_followed),
    "named after other goods": lowers(named_after_goods),
    "named in quotation marks": lowers(is_quoted),
    "listed substance beside everyday goods": lowers(_mentioned_beside("everyday")),
    NOTHING_READ: lowers(_is_empty),
}
"""Features by plain name; values are 0 or 1, shares, or small counts."""


def evidence_matrix(texts: Sequence[str], readings: Sequence[Reading]) -> NDArray[np.float32]:
    """Return float32 of shape (len(texts), len(FEATURES)), in the order of `FEATURES`."""
    matrix = np.empty((len(texts), len(FEATURES)), dtype=np.float32)
    nothing = [float(name == NOTHING_READ) for name in FEATURES]
    for row, (text, reading) in enumerate(zip(texts, readings, strict=True)):
        # Most texts of a crawl have no signals, so the seventy measures are skipped.
        matrix[row] = (
            nothing if reading.is_empty else [each.measure(text, reading) for each in FEATURES.values()]
        )
    return matrix


def read_all(texts: Sequence[str], gazetteer: Gazetteer) -> list[Reading]:
    """Return the reading of each text, with systematic names if the gazetteer recognises them."""
    from classifier.reading import read_texts
    from classifier.reading.read import with_systematic_names

    readings = read_texts(texts, gazetteer)
    return with_systematic_names(texts, readings, gazetteer) if gazetteer.systematic_names else readings


def offered_keys(reading: Reading) -> dict[str, Mention]:
    """Return one mention per substance on offer by substance key, the most strongly controlled first."""
    ordered = sorted(reading.offered, key=lambda mention: (mention.substance.tier, mention.span))
    first: dict[str, Mention] = {}
    for mention in ordered:
        first.setdefault(mention.substance.key, mention)
    return first


def evidence_spans(reading: Reading) -> tuple[Span, ...]:
    """Return all spans of the text that count as evidence, in order, for the reviewer."""
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
    """Return the spans of trade signals, merging overlapping spans with the same note."""
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


def _note_of(sign: TradeSignal) -> str:
    if sign.meant:
        return f"may be part of {' / '.join(sign.meant)}"
    return NOTES.get(sign.kind, sign.kind.replace("_", " "))


def law_note(mention: Mention) -> str:
    """Return the lists that name a substance, e.g. `UN 1988 Convention, Table I since 1988`."""
    return "; ".join(f"{entry.instrument}, {entry.dated}" for entry in mention.substance.entries)


def has_evidence(reading: Reading) -> bool:
    """Return whether a text has enough signals to be scored with the transformer."""
    is_named = bool(reading.mentions) or any(number.listed for number in reading.cas_numbers)
    return is_named or not (reading.goods or {sign.kind for sign in reading.trade} <= WEIGHED)
