"""Find trade signals: amounts, prices, phrases, topics, and parts of the CAS numbers of listed substances.

*Phrases* are in the lexicon under `trade_signals`. No list of phrases is complete, so there are also *topics*
(under `topics`): a word for the border and a word for a promise in one sentence are a promise about the
border.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import compress, pairwise
from typing import TYPE_CHECKING, cast

from classifier.reading.boundaries import is_piece_of_spelled_word
from classifier.reading.goods import is_other_form
from classifier.reading.numbers import find_number_parts
from classifier.reading.spelled_out import find_joined, find_spoken, is_beside_number, numbers_beside
from text.cas import is_cas_number
from text.normalise import WORD, WordTable, fold, split_words
from text.phrases import CJK, IS_CJK, any_of, keys, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from classifier.reading.matcher import Pattern
    from classifier.reading.model import TradeKind
    from classifier.reading.numbers import KnownParts
    from text.phrases import Phrase

    Signal = tuple[TradeKind, int, int]
    """Kind, start and end."""

SPELLED_ON = r"(?P<gap>[ ._*·-])[a-z](?P=gap)[a-z](?![a-z])"
"""The letters after the first in a word spelled with separators, as in `5 l_a_r_g_e`."""
LONG_CODE = re.compile(r"\d{5}")
"""A code number long enough to count without a chemical context."""
TWO_PARTS = re.compile(r"(?<![\w.,/-])(?P<code>\d{2,7}-\d{2})(?P<left_out>-[x?*_.…]{1,3})?(?![\w-]|[.,]\d)")
"""A CAS number without its last digit."""
PLAIN_CAS = re.compile(r"\d(?<![\w.-]\d)\d{1,6}-\d{2}-\d(?![\w-])")
CAS_WORD_BEFORE = re.compile(r"cas[\s\w.:#№-]{0,12}$")
DISGUISED_CAS_WORD_BEFORE = re.compile(r"(?<![a-z0-9])c[a4@][s5$][\s.:#-]{0,3}$")
DIGIT_BEFORE = re.compile(r"\d[ .,/-]?$|(?<!cas)(?<!no)(?<!rn)[a-z]$")
DIGIT_OR_LETTER_AFTER = re.compile(r"[.,/-]?\d|[a-z]")
SPACED_DIGIT_AFTER = re.compile(r" \d")
HAS_DIGIT = re.compile(r"\d")
FOUR_DIGITS = re.compile(r"\d{4}")
WINDOW = 24
"""Characters before a number that are searched for the word CAS."""
WIDEST_GAP = 4
"""Most characters between two digits: an emoji with its spaces."""
LONG_NUMBER = 8
"""Digits from which a number with spaces is unlikely to be a date or telephone number."""
DATE_LIKE = re.compile(r"(?:19|20)\d\d-(?:0[1-9]|1[0-2])-\d")

TOPIC_CHARS = 1_000
"""Characters searched for topics: every page footer mentions papers and parcels."""
WITHIN, WITHIN_CJK = 32, 6
"""Characters between a topic and its statement; fewer in Chinese, where a character is half a word."""
STOP = re.compile(r"[.;!?|]\s|[。；！？\n]")
"""Ends of a sentence; a topic and its statement are in one sentence."""
WORD_REST = re.compile(rf"[^\W_{CJK}]+")
CYRILLIC_ONLY = "ж"
"""A letter without a Latin look-alike."""
KEY = 2
"""Letters in the lookup key of a topic's first word; no topic is shorter."""


def find_trade_signals(
    text: str,
    lined: str,
    words_of_text: Sequence[str],
    codes: frozenset[str],
    found: list[tuple[Pattern, list[int]]],
    known: KnownParts,
) -> list[Signal]:
    """Return the kind, start and end of each trade signal in a folded text, in text order.

    Args:
        text: Folded text.
        lined: The same text with its line feeds, which end sentences.
        words_of_text: Words of the text, from `split_words`.
        codes: Partial CAS numbers that sellers use as names of listed substances: the first part, e.g.
            `28578`, or the first two, e.g. `28578-16`.
        found: Patterns found in the text, with the positions of their characters.
        known: The listed CAS numbers.
    """
    signals = set(_find_patterns(lined, codes)) if HAS_DIGIT.search(text) else set()
    signals.update(find_spoken(lined, words_of_text))
    signals.update(_find_topics(lined, words_of_text))
    signals.update(("spelled_letters", start, end) for start, end in find_joined(text, words_of_text))
    for pattern, places in found:
        if pattern.trade and _is_whole_phrase(text, pattern, places):
            start, end = places[0], places[-1] + 1
            if pattern.trade != "number_spoken" or is_beside_number(text, start, end):
                signals.add((pattern.trade, start, end))
    signals.update(_find_listed_parts(text, signals, codes))
    signals.update(find_number_parts(text, words_of_text, known))
    signals = {signal for signal in signals if signal[0] != "form" or not is_other_form(text, *signal[1:])}
    if not any(kind in {"form", "chemistry"} for kind, _start, _end in signals):
        signals = {each for each in signals if each[0] != "bare_code" or LONG_CODE.search(text, *each[1:])}
    return sorted(signals, key=lambda signal: (signal[1], signal[2], signal[0]))


@cache
def _amounts() -> tuple[tuple[TradeKind, re.Pattern[str], re.Pattern[str]], ...]:
    """Return, for each kind, its pattern and a fast precondition of the pattern."""
    unit, money = any_of("amounts.units"), any_of("amounts.money")
    ends = r"(?![a-z\u0400-\u052f]"
    purity, percent = any_of("amounts.purity"), any_of("amounts.percent")
    after = any_of("amounts.purity_after")
    each = rf"\s?(?:/|{any_of('amounts.each')})\s?(?:1\s?)?{unit}{ends})"
    return (
        (
            "price_per_unit",
            re.compile(rf"(?:{money}\s?\d[\d.,]{{0,14}}|(?<![\d.,])\d[\d.,]{{0,14}}\s?{money}){each}"),
            re.compile(money),
        ),
        (
            "quantity",
            re.compile(rf"\d(?<![\w.,]\d)(?<!-\d\d-\d)[\d., ]{{0,8}}\s?{unit}{ends}|{SPELLED_ON})"),
            HAS_DIGIT,
        ),
        (
            "purity",
            re.compile(
                rf"(?<![\w.,])\d{{2,3}}(?:[.,]\d{{1,3}})?\s?(?:%|{percent})(?: ?{after}(?![a-z]))?|{purity}"
            ),
            re.compile(rf"%|{percent}|{purity}"),
        ),
    )


@cache
def _codes() -> tuple[re.Pattern[str], ...]:
    """Return patterns for the first part of a CAS number used as the name of a substance."""
    form = rf"(?:{any_of('codes.forms')}|{any_of('codes.short_forms')}(?![a-z]))"
    announced = any_of("codes.announced")
    return (
        re.compile(rf"(?<![\d-])(?P<code>\d{{5,7}})(?:-\d{{2}}(?:-\d)?)?(?![\d-])\s?{form}"),
        re.compile(rf"(?:^|[^\w\s]\s*|new\s+)(?:{form}|{announced})\s?(?P<code>\d{{5,7}})(?![\d-])"),
        re.compile(r"cas\W{0,3}(?P<code>\d{4,7})(?![\d-]|,\d)"),
        re.compile(r"(?<![\d-])(?P<code>\d{4,7})-[x*]{1,2}-[x*](?!\w)"),
    )


@cache
def _bare_codes() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return patterns for the first part of a CAS number, plain or separated, as in `28 578`."""
    counted = rf"{any_of('codes.counted')}|[.,]\d|\s?(?:%|{any_of('codes.measured')})(?!\w)"
    letter = r"a-z\u0370-\u052f\d_"
    return (
        re.compile(rf"\d(?<![{letter}.,/-]\d)\d{{3,6}}(?![{letter}/]|-\d{{3}}|{counted})"),
        re.compile(rf"(?<![\w.,/-])\d(?:[ .-]?\d){{4,5}}(?![\w/-]|{counted})"),
    )


def _find_patterns(text: str, codes: frozenset[str]) -> Iterator[Signal]:
    for kind, pattern, needed in _amounts():
        for found in pattern.finditer(text) if needed.search(text) else ():
            yield kind, found.start(), found.end()
    yield from _find_codes(text, codes)


def _find_codes(text: str, codes: frozenset[str]) -> Iterator[Signal]:
    """Yield each number that may be part of a listed CAS number."""
    bare_code, parted_code = _bare_codes()
    if FOUR_DIGITS.search(text):
        for found in (one for shape in _codes() for one in shape.finditer(text)):
            if found["code"] in codes:
                yield "code_number", found.start(), found.end()
        for found in bare_code.finditer(text):
            if found.group() in codes:
                yield "bare_code", found.start(), found.end()
    for found in parted_code.finditer(text):
        if not found.group().isdigit() and "".join(filter(str.isdigit, found.group())) in codes:
            yield "bare_code", found.start(), found.end()
    for found in TWO_PARTS.finditer(text) if "-" in text else ():
        if found["code"] in codes:
            yield "code_number" if found["left_out"] else "bare_code", found.start(), found.end()


def _find_listed_parts(text: str, signals: Iterable[Signal], codes: frozenset[str]) -> list[Signal]:
    """Return each spoken number that may be part of a listed CAS number."""
    said = [(start, end) for kind, start, end in signals if kind == "number_spoken"]
    known = _without_hyphens(codes) if said else frozenset()
    return [
        ("listed_part", start, end)
        for start, end in said
        if not known.isdisjoint(numbers_beside(text, start, end))
    ]


@lru_cache(maxsize=8)
def _without_hyphens(codes: frozenset[str]) -> frozenset[str]:
    return frozenset(code.replace("-", "") for code in codes)


def _is_whole_phrase(text: str, pattern: Pattern, places: list[int]) -> bool:
    """Return whether a phrase consists of whole words, plain or with every letter separated."""
    start, end = places[0], places[-1] + 1
    if end - start > 2 * len(places) + 4:
        return False
    if IS_CJK.match(text[start]):
        return True
    before, after = text[max(0, start - 1) : start], text[end : end + 1]
    gaps = [i for i, (a, b) in enumerate(pairwise(places), start=1) if b - a > 1]
    is_spaced = all(i in pattern.splits for i in gaps) or len(gaps) >= max(2, len(places) - 2)
    if gaps and is_spaced and is_piece_of_spelled_word(text, places):
        return False
    return is_spaced and not any(c.isalnum() and not IS_CJK.match(c) for c in (before, after) if c)


# CAS numbers.


def find_cas_numbers(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield the number, start and end of each plainly written CAS number with a correct check digit."""
    for found in PLAIN_CAS.finditer(text) if "-" in text else ():
        number = found.group()
        is_date = DATE_LIKE.fullmatch(number) and not CAS_WORD_BEFORE.search(
            text[max(0, found.start() - WINDOW) : found.start()]
        )
        if is_cas_number(number) and not is_date:
            yield number, found.start(), found.end()


def is_cas_spelling(text: str, digits: list[int]) -> bool:
    """Return whether digits of a listed CAS number, at these places of a folded text, are that number."""
    before, after = text[max(0, digits[0] - WINDOW) : digits[0]], text[digits[-1] + 1 : digits[-1] + 4]
    is_announced = DISGUISED_CAS_WORD_BEFORE.search(before) is not None
    if (DIGIT_BEFORE.search(before) and not is_announced) or DIGIT_OR_LETTER_AFTER.match(after):
        return False
    gaps = [text[a + 1 : b] for a, b in pairwise(digits)]
    if any(len(gap) > WIDEST_GAP or any(c.isalnum() for c in gap) for gap in gaps):
        return False
    *inner, middle, between, last = gaps
    inner.append(between)
    is_hyphened = "-" in middle and "-" in last and len(set(inner)) == 1 and "-" not in inner[0]
    if is_hyphened or CAS_WORD_BEFORE.search(before):
        return True
    if SPACED_DIGIT_AFTER.match(after):
        return False
    if middle and last and not any(inner):
        return bool(set(middle + last) - set(" .-/,:")) or len(digits) >= LONG_NUMBER
    return all(gaps) and len(digits) >= LONG_NUMBER - 1


# Topics.


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """The words of one kind of signal, as patterns over folded text."""

    kind: TradeKind
    said: re.Pattern[str] | None
    """None where the topic is a signal by itself."""
    topic_cjk: re.Pattern[str]
    beginnings_cjk: frozenset[str]
    """First characters of `topic_cjk`; a text without them cannot match it."""
    said_cjk: re.Pattern[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stem:
    """A word of a topic, or the beginning of one."""

    text: str
    first_word: str
    """The text up to its first space or hyphen."""
    is_whole: bool
    """Whether the stem must be a whole word."""
    topic: Topic

    def may_begin(self, word: str) -> bool:
        """Return whether the stem may match at this word of a text."""
        if self.is_whole or self.first_word != self.text:
            return word == self.first_word
        return word.startswith(self.text)


def _find_topics(text: str, words_of_text: Sequence[str]) -> Iterator[Signal]:
    """Yield each topic of a folded text with its statement, in whole words."""
    topics, stems = _topics()
    if len(text) > TOPIC_CHARS:
        text = text[:TOPIC_CHARS]
        words_of_text = split_words(text)
    beginning = stems.of(words_of_text)
    for word in compress(WORD.finditer(text), beginning) if any(beginning) else ():
        start = word.start()
        for stem in stems[word.group()]:
            end = start + len(stem.text)
            if text.startswith(stem.text, start) and not (stem.is_whole and text[end : end + 1].isalnum()):
                for kind, first, last in _said(text, stem.topic.kind, start, end, stem.topic.said, WITHIN):
                    yield kind, first, _word_end(text, last)
    if IS_CJK.search(text):
        signs = set(text)
        for topic in topics:
            if not topic.beginnings_cjk.isdisjoint(signs):
                for found in topic.topic_cjk.finditer(text):
                    yield from _said(text, topic.kind, *found.span(), topic.said_cjk, WITHIN_CJK)


def _said(
    text: str, kind: TradeKind, start: int, end: int, said: re.Pattern[str] | None, within: int
) -> Iterator[Signal]:
    """Yield the topic at `text[start:end]` if its sentence has a statement after or before it."""
    if said is None:
        yield kind, start, end
        return
    after = STOP.split(text[end : end + within], maxsplit=1)[0]
    if right := said.search(text, end, end + len(after)):
        yield kind, start, right.end()
        return
    before = STOP.split(text[max(0, start - within) : start])[-1]
    if left := said.search(text, start - len(before), start):
        yield kind, left.start(), end


def _word_end(text: str, end: int) -> int:
    """Return the end of the word that continues at `end`."""
    rest = WORD_REST.match(text, end) if end and text[end - 1].isalnum() else None
    return rest.end() if rest else end


@cache
def _topics() -> tuple[tuple[Topic, ...], WordTable[tuple[Stem, ...]]]:
    """Return the topics, and their stems by the words of a text."""
    topics: list[Topic] = []
    stems: defaultdict[str, list[Stem]] = defaultdict(list)
    for name in keys("topics"):
        is_said = "said" in keys(f"topics.{name}")
        topic_words = words(f"topics.{name}.topic")
        topic = Topic(
            kind=cast("TradeKind", name.partition("-")[0]),
            said=_spaced(words(f"topics.{name}.said")) if is_said else None,
            topic_cjk=re.compile(any_of(f"topics.{name}.topic", chinese=True)),
            beginnings_cjk=frozenset(word.folded[0] for word in topic_words if IS_CJK.search(word.folded)),
            said_cjk=re.compile(any_of(f"topics.{name}.said", chinese=True)) if is_said else None,
        )
        topics.append(topic)
        for word, text in _spellings(topic_words):
            first = WORD.match(text)
            stem = Stem(
                text=text,
                first_word=first.group() if first else text,
                is_whole=not word.is_beginning,
                topic=topic,
            )
            stems[stem.first_word[:KEY]].append(stem)
    known = dict(stems)  # unlike the defaultdict, not changed by lookups
    return tuple(topics), WordTable(
        lambda word: tuple(one for one in known.get(word[:KEY], ()) if one.may_begin(word))
    )


def _spaced(phrases: Iterable[Phrase]) -> re.Pattern[str]:
    """Return a pattern for the phrases of languages that separate words by spaces."""
    shapes = {
        re.escape(text) + ("" if word.is_beginning else r"(?![^\W_])") for word, text in _spellings(phrases)
    }
    return re.compile(rf"(?<![^\W_])(?:{'|'.join(sorted(shapes, key=len, reverse=True))})")


def _spellings(phrases: Iterable[Phrase]) -> Iterator[tuple[Phrase, str]]:
    """Yield each phrase that is not Chinese with its folded spellings, each spelling once.

    A Cyrillic word folds to Latin letters only if all its letters are look-alikes. The beginning of a word
    may continue with other letters, so it has both spellings.
    """
    seen: set[tuple[str, bool]] = set()
    for phrase in phrases:
        texts = {phrase.folded}
        if phrase.is_beginning:
            texts.add(fold(phrase.text + CYRILLIC_ONLY).text.removesuffix(CYRILLIC_ONLY))
        for text in texts:
            if not IS_CJK.search(text) and (text, phrase.is_beginning) not in seen:
                seen.add((text, phrase.is_beginning))
                yield phrase, text
