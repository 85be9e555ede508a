"""Find signs of trade by what is talked of and what is said of it, however it is worded.

`trade_phrases.toml` lists phrases; nobody can list them all. Here a word for the border and a word for a
promise in one sentence are a promise about the border. The words stand in `topics.toml`.
"""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import compress
from typing import TYPE_CHECKING, cast

from text.normalise import fold
from text.tokens import WORD, WordTable, split_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from classifier.reading.model import TradeKind

WITHIN = 32
"""Characters between what is talked of and what is said of it."""
WITHIN_CJK = 6
"""The same where words are written together: a character there is half a word."""
MOST_CHARS = 1_000
"""Offers come to the point; the foot of a page talks of papers and parcels whatever it sells."""
STOP = re.compile(r"[.;!?|]\s|[。；！？\n]")
"""Ends of a sentence, over which nothing is said of anything."""
CJK = re.compile(r"[\u3400-\u9fff]")
WORD_REST = re.compile(rf"[^\W_{CJK.pattern[1:-1]}]+")
CYRILLIC_ONLY = "ж"
"""A letter that looks like no Latin one."""
KEY = 2
"""Letters by which the topics that a new word may begin are looked up; no topic is shorter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """The words of one kind of sign, as patterns over folded text."""

    kind: TradeKind
    said: re.Pattern[str] | None
    """None where the topic is a sign by itself."""
    topic_cjk: re.Pattern[str]
    beginnings_cjk: frozenset[str]
    """The signs with which `topic_cjk` begins: most topics are none of a text's, which they tell at once."""
    said_cjk: re.Pattern[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stem:
    """One beginning of a word of a topic."""

    text: str
    first_word: str
    """All of it, unless it goes on over a space or a hyphen."""
    is_whole: bool
    """Whether the word must end where it ends."""
    topic: Topic

    def may_begin(self, word: str) -> bool:
        """Say whether it may stand where a text has this word."""
        if self.is_whole or self.first_word != self.text:
            return word == self.first_word
        return word.startswith(self.text)


def find_topics(text: str, words: Sequence[str]) -> Iterator[tuple[TradeKind, int, int]]:
    """Yield kind, start and end of each topic of a folded text with what is said of it, in whole words.

    Args:
        text: Folded text with its line ends.
        words: As `split_words` finds them in it.
    """
    topics, stems = _topics()
    if len(text) > MOST_CHARS:
        text = text[:MOST_CHARS]
        words = split_words(text)
    beginning = stems.of(words)
    for word in compress(WORD.finditer(text), beginning) if any(beginning) else ():
        start = word.start()
        for stem in stems[word.group()]:
            end = start + len(stem.text)
            if text.startswith(stem.text, start) and not (stem.is_whole and text[end : end + 1].isalnum()):
                for kind, first, last in _said(text, stem.topic.kind, start, end, stem.topic.said, WITHIN):
                    yield kind, first, _word_end(text, last)
    if CJK.search(text):
        signs = set(text)
        for topic in topics:
            if topic.beginnings_cjk.isdisjoint(signs):
                continue
            for found in topic.topic_cjk.finditer(text):
                yield from _said(text, topic.kind, *found.span(), topic.said_cjk, WITHIN_CJK)


def _said(
    text: str, kind: TradeKind, start: int, end: int, said: re.Pattern[str] | None, within: int
) -> Iterator[tuple[TradeKind, int, int]]:
    """Yield the topic at `text[start:end]` if something is said of it after or before, in its sentence."""
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
    """Return where the word ends that a stem or what is said of it begins."""
    rest = WORD_REST.match(text, end) if end and text[end - 1].isalnum() else None
    return rest.end() if rest else end


@cache
def _topics() -> tuple[tuple[Topic, ...], WordTable[tuple[Stem, ...]]]:
    """Return the topics, and their stems by the words of a text."""
    table = tomllib.loads((files("classifier.reading") / "topics.toml").read_text(encoding="utf-8"))
    topics: list[Topic] = []
    stems: defaultdict[str, list[Stem]] = defaultdict(list)
    for name, words in table.items():
        topic = Topic(
            kind=cast("TradeKind", name.partition("-")[0]),
            said=_words(words["said"]) if words["said"] else None,
            topic_cjk=_parts(words["topic"]),
            beginnings_cjk=frozenset(part[0] for part in _cjk(words["topic"])),
            said_cjk=_parts(words["said"]) if words["said"] else None,
        )
        topics.append(topic)
        for stem in _stems(topic, words["topic"]):
            stems[stem.first_word[:KEY]].append(stem)
    known = dict(stems)  # to ask it for what it lacks adds nothing
    return tuple(topics), WordTable(
        lambda word: tuple(one for one in known.get(word[:KEY], ()) if one.may_begin(word))
    )


def _stems(topic: Topic, words: Iterable[str]) -> Iterator[Stem]:
    for word in dict.fromkeys(words):
        for text in () if CJK.search(word) else _folded(word):
            first = WORD.match(text)
            yield Stem(
                text=text,
                first_word=first.group() if first else text,
                is_whole=word.endswith("$"),
                topic=topic,
            )


def _words(words: Iterable[str]) -> re.Pattern[str]:
    """Return what finds the words that are parted by spaces, at their beginning."""
    shapes = {
        re.escape(text) + (r"(?![^\W_])" if word.endswith("$") else "")
        for word in words
        if not CJK.search(word)
        for text in _folded(word)
    }
    return re.compile(rf"(?<![^\W_])(?:{'|'.join(sorted(shapes, key=len, reverse=True))})")


def _folded(word: str) -> set[str]:
    """Return the folded word, as a word of its own and as the beginning of a longer one.

    A Cyrillic word of look-alikes only folds to Latin letters, and one that goes on with any other does not.
    """
    plain = word.rstrip("$")
    longer = fold(plain + CYRILLIC_ONLY).text.removesuffix(CYRILLIC_ONLY)
    return {fold(plain).text} if word.endswith("$") else {fold(plain).text, longer}


def _parts(words: Iterable[str]) -> re.Pattern[str]:
    """Return what finds the words that are written together."""
    return re.compile("|".join(map(re.escape, sorted(_cjk(words), key=len, reverse=True))))


def _cjk(words: Iterable[str]) -> set[str]:
    return {fold(word.rstrip("$")).text for word in words if CJK.search(word)}
