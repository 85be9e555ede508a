"""Read texts against the gazetteer: find the listed substances that they name and offer."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import replace
from functools import cache, lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING

from classifier.gazetteer.structures import looks_systematic, smiles_of
from classifier.reading.boundaries import with_attached
from classifier.reading.deobfuscate import deobfuscate, in_order_shown, joined, moved
from classifier.reading.goods import find_goods
from classifier.reading.matcher import matcher_for
from classifier.reading.model import CasNumber, Goods, Mention, Reading, TradeSignal
from classifier.reading.names import (
    Hit,
    accept,
    find_all_hidden,
    find_all_patterns,
    find_phonetic,
    longest,
    phonetic_names,
)
from classifier.reading.numbers import PARTS_OF_LISTED, known_parts, numbers_meant, without_whole
from classifier.reading.offers import (
    ASKED_FOR,
    announced_at,
    finished_drug,
    is_filler,
    other_number,
    why_not_offered,
)
from classifier.reading.spelled_out import find_spoken, spoken_digits
from classifier.reading.trade_signals import find_cas_numbers, find_trade_signals
from text.normalise import fold, is_disguised, split_words
from text.phrases import any_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from classifier.gazetteer.substances import Gazetteer, Substance
    from classifier.reading.deobfuscate import Deobfuscated
    from classifier.reading.matcher import Matcher
    from classifier.reading.model import GoodsKind, TradeKind
    from classifier.reading.names import Found

    Signal = tuple[TradeKind, int, int]

CHEMICAL_KINDS, NO_CHEMICALS = frozenset({"form", "chemistry", "purity"}), frozenset({"everyday", "service"})
"""Signals of a chemical for sale, and goods that are none; such goods have part and order numbers."""

NOTHING = Reading(mentions=(), cas_numbers=(), trade=())

MOST_MEANT = 3
"""Listed numbers that one part may belong to; a part of more numbers identifies none."""
TOGETHER = 256
"""Texts in one batch: each step runs over the whole batch before the next step."""

CANDIDATE_WORD = re.compile(r"[^\s;|/]+")
EDGES = ".,:;!?\"'"
SHORTEST_SYSTEMATIC = 12
"""Characters from which a name is passed to OPSIN; shorter names are in the gazetteer."""
MOST_SYSTEMATIC_WORDS = 3
"""Words in the longest name passed to OPSIN, as in `N-phenyl propanoic amide`."""
MOST_NAMES = 6
"""Names per title passed to OPSIN."""
KEPT_NAMES = 65_536
"""Names whose substance, or lack of one, is cached."""


def read_text(text: str, gazetteer: Gazetteer) -> Reading:
    """Read a listing's text, in any script and any disguise; all spans of the reading index the text.

    Reuse one gazetteer: the first reading compiles it.
    """
    return read_texts([text], gazetteer)[0]


def read_texts(texts: Sequence[str], gazetteer: Gazetteer) -> list[Reading]:
    """Return the reading of each text, as `read_text` does, in half the time for large batches.

    Each step runs over some hundreds of texts before the next step, so its data stays in the processor's
    cache.
    """
    matcher = matcher_for(gazetteer)
    readings: list[Reading] = []
    for start in range(0, len(texts), TOGETHER):
        readings += _read_together(texts[start : start + TOGETHER], matcher, gazetteer)
    for index, text in enumerate(texts):
        if turned := in_order_shown(text):
            shown = moved(_read_together([turned[0]], matcher, gazetteer)[0], text, turned[1])
            readings[index] = joined(readings[index], shown)
    return readings


def find_mentions(texts: Sequence[str], gazetteer: Gazetteer, *, every_way: bool = False) -> list[list[Hit]]:
    """Return only the listed substances that each text names: the gazetteer's part of `read_texts`.

    Positions index the deobfuscated text. With `every_way`, names are also found by their sound, and CAS
    numbers in words: then no text without a hit has a mention in `read_texts`.
    """
    matcher = matcher_for(gazetteer, names_only=True)
    hits: list[list[Hit]] = []
    for start in range(0, len(texts), TOGETHER):
        deobfuscated = [deobfuscate(text) for text in texts[start : start + TOGETHER]]
        found = find_all_patterns([each.text for each in deobfuscated], matcher, trade=False)
        hidden = find_all_hidden(deobfuscated, matcher)
        heard: list[list[Hit]] = [[]] * len(deobfuscated)
        spoken: list[list[Signal]] = [[]] * len(deobfuscated)
        if every_way:
            names = phonetic_names(gazetteer)
            words = [split_words(each.text) for each in deobfuscated]
            heard = [
                list(find_phonetic(each.text, said, names))
                for each, said in zip(deobfuscated, words, strict=True)
            ]
            spoken = [
                list(find_spoken(each.text, said)) for each, said in zip(deobfuscated, words, strict=True)
            ]
        hits += [
            _all_hits(*each, matcher) for each in zip(deobfuscated, found, hidden, heard, spoken, strict=True)
        ]
    return hits


def _read_together(texts: Sequence[str], matcher: Matcher, gazetteer: Gazetteer) -> list[Reading]:
    deobfuscated = [deobfuscate(text) for text in texts]
    plain = [each.text for each in deobfuscated]
    found = find_all_patterns(plain, matcher)
    numbers = [list(find_cas_numbers(text)) for text in plain]
    known = known_parts(frozenset(gazetteer.by_cas))
    words = [split_words(text) for text in plain]
    signals = [
        find_trade_signals(each.text, each.lined, said, matcher.codes, seen, known)
        for each, said, seen in zip(deobfuscated, words, found, strict=True)
    ]
    names = phonetic_names(gazetteer)
    heard = [list(find_phonetic(text, said, names)) for text, said in zip(plain, words, strict=True)]
    hidden = find_all_hidden(deobfuscated, matcher)
    hits = [
        _all_hits(*each, matcher) for each in zip(deobfuscated, found, hidden, heard, signals, strict=True)
    ]
    signals = [_parts_only(*each) for each in zip(signals, hits, numbers, strict=True)]
    goods = [_goods_of(*each) for each in zip(deobfuscated, signals, hits, strict=True)]
    return [
        _reading(each, hit, number, signal, good, gazetteer) if hit or number or signal or good else NOTHING
        for each, hit, number, signal, good in zip(deobfuscated, hits, numbers, signals, goods, strict=True)
    ]


def _parts_only(signals: list[Signal], hits: list[Hit], numbers: list[tuple[str, int, int]]) -> list[Signal]:
    """Return the signals that are not part of a CAS number given in full."""
    whole = [(hit.start, hit.end) for hit in hits if hit.how == "cas"]
    whole += [(start, end) for _number, start, end in numbers]
    return without_whole(signals, whole) if whole else signals


def _goods_of(
    deobfuscated: Deobfuscated, signals: list[Signal], hits: list[Hit]
) -> list[tuple[GoodsKind, int, int]]:
    """Return the goods that a title names before any chemical form, outside signals and listed names."""
    text = deobfuscated.text
    first_form = min((start for kind, start, _end in signals if kind == "form"), default=len(text))
    taken = [(start, end) for kind, start, end in signals if kind not in {"form", "chemistry"}]
    taken += [(hit.start, hit.end) for hit in hits]
    found = list(find_goods(text, taken, first_form))
    return [good for good in found if good[1] < _title_end(deobfuscated)] if found else found


def _title_end(deobfuscated: Deobfuscated) -> int:
    """Return the end of the first line in the deobfuscated text, which has no line feeds."""
    line_end = deobfuscated.folded.original.find("\n")
    if line_end < 0:
        return len(deobfuscated.text)
    origins = deobfuscated.spans
    return bisect_left(origins, line_end, key=itemgetter(0)) if origins else line_end


def _all_hits(
    deobfuscated: Deobfuscated,
    found: list[Found],
    hidden: list[Hit],
    heard: list[Hit],
    signals: list[Signal],
    matcher: Matcher,
) -> list[Hit]:
    text = deobfuscated.text
    open_hits = [hit for pattern, places in found if (hit := accept(text, pattern, places, deobfuscated))]
    unread = [hit for hit in heard if not any(_is_read(hit, other) for other in open_hits)]
    hits = [*open_hits, *hidden, *unread, *_spoken_numbers(text, signals, matcher)]
    return longest(hits) if hits else hits


def _is_read(heard: Hit, read: Hit) -> bool:
    """Return whether a name found by its sound is also found by its spelling, as in `acetone a granel`."""
    is_same = heard.substance is read.substance and read.how != "disguised"
    return is_same and heard.start < read.end and read.start < heard.end


def _spoken_numbers(text: str, signals: list[Signal], matcher: Matcher) -> Iterator[Hit]:
    """Yield the listed CAS numbers that are written in words."""
    for kind, start, end in signals:
        if kind == "number_spoken" and (said := matcher.numbers.get(spoken_digits(text[start:end]))):
            yield Hit(start=start, end=end, substance=said, how="cas")


def _reading(
    deobfuscated: Deobfuscated,
    hits: list[Hit],
    numbers: list[tuple[str, int, int]],
    signals: list[Signal],
    goods: list[tuple[GoodsKind, int, int]],
    gazetteer: Gazetteer,
) -> Reading:
    text = deobfuscated.folded.original
    origins = deobfuscated.spans

    def span(start: int, end: int) -> tuple[int, int]:
        return (origins[start][0], origins[end - 1][1]) if origins else (start, end)

    is_chemical = any(kind in CHEMICAL_KINDS for kind, _start, _end in signals)
    named = (
        ""
        if is_chemical
        else next((deobfuscated.text[a:b] for kind, a, b in goods if kind in NO_CHEMICALS), "")
    )
    title_end = _title_end(deobfuscated)
    has_amount = any(kind == "quantity" and start < title_end for kind, start, _end in signals)
    return Reading(
        mentions=tuple(_mentions(hits, text, deobfuscated, span, named, has_amount=has_amount))
        if hits
        else (),
        cas_numbers=tuple(
            CasNumber(number=number, span=span(start, end), listed=number in gazetteer.by_cas)
            for number, start, end in numbers
        ),
        trade=tuple(
            TradeSignal(
                kind=kind,
                span=span(start, end),
                text=text[slice(*span(start, end))],
                meant=_meant(deobfuscated.text[start:end], gazetteer) if kind in PARTS_OF_LISTED else (),
            )
            for kind, start, end in signals
        ),
        goods=tuple(Goods(kind=kind, span=span(start, end)) for kind, start, end in goods),
    )


QUOTED = re.compile(r'"(.+)"$')
"""The words of the text in a reason; they are folded, and shown as written."""
WIDEST_BESIDE = 40
"""Characters between two names of a list; on longer runs of punctuation the pattern backtracks too much."""


def _meant(said: str, gazetteer: Gazetteer) -> tuple[str, ...]:
    """Return the listed numbers, with their substances, that a part may belong to; empty if too many."""
    meant = numbers_meant(said, frozenset(gazetteer.by_cas))
    return tuple(f"{cas} {gazetteer.by_cas[cas].name}" for cas in meant if len(meant) <= MOST_MEANT)


def _mentions(
    hits: list[Hit],
    text: str,
    deobfuscated: Deobfuscated,
    span: Callable[[int, int], tuple[int, int]],
    goods: str,
    *,
    has_amount: bool,
) -> Iterator[Mention]:
    """Yield the mentions.

    In a list of names, a name that is not offered decides for the next name. A substance that the title asks
    for is also asked for in the description. If the title states an amount (`has_amount`), the title alone
    says what the text is about: a seller's description also speaks of data sheets, courses and licences.
    """
    folded = deobfuscated.text
    last, why_last = 0, ""
    wanted: dict[str, str] = {}
    title = fold(text.partition("\n")[0]).text
    for hit in hits:
        if hit.substance is None:
            continue
        is_near = 0 < hit.start <= last + WIDEST_BESIDE
        is_beside = is_near and (
            bool(_beside().fullmatch(folded, last, hit.start))
            or (why_last.startswith(ASKED_FOR) and is_filler(folded[last : hit.start]))
        )
        why_not = (why_last if is_beside else "") or wanted.get(hit.substance.key, "")
        begins, ends = with_attached(folded, hit.start, hit.end)
        if hit.how == "cas":
            begins = announced_at(folded, hit.start)
            why_not = why_not or other_number(folded, hit.start, goods)
        why_not = why_not or finished_drug(folded, begins, ends, hit.substance.key)
        why_not = why_not or why_not_offered(
            folded, begins, ends, title=title, whole="" if has_amount else folded
        )
        last, why_last = hit.end, why_not
        if why_not.startswith(ASKED_FOR) and hit.start < len(title):
            wanted[hit.substance.key] = why_not
        if quoted := QUOTED.search(why_not):
            place = folded.find(quoted[1])
            words = text[slice(*span(place, place + len(quoted[1])))] if place >= 0 else quoted[1]
            why_not = why_not.replace(quoted[1], words)
        first, end = span(hit.start, hit.end)
        is_hidden = hit.how != "cas" and (
            is_disguised(text[first:end]) or deobfuscated.is_spelled_out(hit.start, hit.end)
        )
        yield Mention(
            substance=hit.substance,
            span=(first, end),
            how="disguised" if is_hidden else hit.how,
            offered=not why_not,
            why_not=why_not,
        )


@cache
def _beside() -> re.Pattern[str]:
    """Return a pattern for the text between names of one list, as in `test strips for PSE and NPE`."""
    joining = rf"(?<![a-z]){any_of('function_words.joining')}(?![a-z])"
    return re.compile(rf"[ (\[/&+,、-]*(?:{joining})?[ (\[-]*")


# Systematic names that the gazetteer does not list: OPSIN (extra `iupac`, needs Java) parses them, and their
# structures are compared with the lists (extra `chemistry`). A batch with such a name takes some seconds
# longer.


def with_systematic_names(
    texts: Sequence[str], readings: Sequence[Reading], gazetteer: Gazetteer
) -> list[Reading]:
    """Return the readings; a title with no other mention gains one for its systematic name.

    Raises:
        IupacMissing: If py2opsin or Java is not installed.
        ChemistryMissing: If RDKit is not installed.
    """
    found = list(readings)
    asked = {
        index: list(systematic_names_in(text.partition("\n")[0]))
        for index, text in enumerate(texts)
        if not readings[index].mentions
    }
    meant = _substances_of({name for names in asked.values() for name, _span in names}, gazetteer)
    for index, names in asked.items():
        for name, span in names:
            if substance := meant.get(name):
                found[index] = replace(found[index], mentions=(_systematic(texts[index], span, substance),))
                break
    return found


def systematic_names_in(title: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield spans of up to three words that look like a systematic name, longest first."""
    words = [found.span() for found in CANDIDATE_WORD.finditer(title)]
    stretches = [
        (words[first][0], words[first + many - 1][1])
        for many in range(MOST_SYSTEMATIC_WORDS, 0, -1)
        for first in range(len(words) - many + 1)
    ]
    count = 0
    for start, end in stretches:
        name = title[start:end].strip(EDGES)
        if len(name) >= SHORTEST_SYSTEMATIC and count < MOST_NAMES and looks_systematic(name):
            count += 1
            begin = title.index(name, start)
            yield name, (begin, begin + len(name))


def _substances_of(names: set[str], gazetteer: Gazetteer) -> dict[str, Substance | None]:
    from classifier.gazetteer.structures import Compound

    known = _known_to(gazetteer)
    if len(known) > KEPT_NAMES:
        known.clear()
    fresh = sorted(names - known.keys())
    for name, smiles in zip(fresh, smiles_of(fresh) if fresh else [], strict=True):
        listed = Compound(name=name, smiles=smiles).listed_in(gazetteer) if smiles else {}
        known[name] = next((substance for substance, _ in listed.values()), None)
    return known


@lru_cache(maxsize=8)
def _known_to(_gazetteer: Gazetteer) -> dict[str, Substance | None]:
    """Return the cache of names looked up in a gazetteer."""
    return {}


def _systematic(text: str, span: tuple[int, int], substance: Substance) -> Mention:
    why_not = why_name_not_offered(text, span)
    return Mention(substance=substance, span=span, how="name", offered=not why_not, why_not=why_not)


def why_name_not_offered(text: str, span: tuple[int, int]) -> str:
    """Return why a systematic name at a place of a title is not on offer; empty if it is."""
    title = text.partition("\n")[0]
    before, name, after = (fold(part).text for part in (text[: span[0]], text[slice(*span)], text[span[1] :]))
    start = len(before)
    return why_not_offered(before + name + after, start, start + len(name), title=fold(title).text, whole="")
