"""Say whether somebody asks for what is named, in seven languages: `Suche 20 L Aceton`, `acetone wanted`.

Only what governs the name counts: between the two stand amounts, packs, grades and a supplier, nothing else.
`Looking for distributors of acetone` sells, and so does `the acetone you are looking for`. The words stand in
`classifier.reading.asking`.
"""

from __future__ import annotations

import re
from functools import cache

from classifier.reading.asking import (
    ASKING,
    ASKING_FIRST,
    ASKING_WHO,
    BETWEEN,
    BUYERS_QUESTION,
    FOR_OURSELVES,
    GREETINGS,
    INVITED,
    ISO_ASKS,
    NO_SEEKER,
    SEEKERS_VERBS,
    SELLERS_ANSWER,
    SELLERS_REPLY,
    SELLING_VERBS,
    SOMEBODY_ELSE,
    TRADERS,
    WANTED_AFTER,
    WANTED_LAST,
    WANTED_LAST_CJK,
    WHO_SELLS,
    WHOEVER_HAS,
    WHOEVER_HAS_CALLS,
    WISH,
    WISH_ENDS,
)
from classifier.reading.asking_sellers import (
    CALL_US,
    HASTE,
    NEEDY,
    RID_OF,
    SELLERS_TOO,
    WHERE_TO,
    WISHES,
)
from text.normalise import fold
from text.phrases import CJK, alternatives, whole_words_of

BEFORE = 80
"""Characters before a name in which somebody asks for it."""
AFTER = 48
"""Characters after it in which its sentence goes on."""

BETWEEN_CJK = re.compile(
    r"(?:公斤|千克|毫升|升|吨|克|桶|瓶|袋|箱|罐|一批|少量|大量|长期|工业级|工业|试剂级|分析纯|高纯|纯|级|急|各种|一些|点|的|和|或"
    r"|[一二两三四五六七八九十百千几])+"
)
SHORTENED = re.compile(r"(?<![^\W\d_])(?:ca|approx|aprox|env|max|min|no|nr|l|lt|ltr|kg|gal)\.")
"""Words whose stop ends no sentence."""
STOP = re.compile(r"[.;!?|。；！？](?:\s|$)|[?!;|]")
"""Ends of a sentence."""
END = r"(?=\s*(?:$|[.!?,;)|]))"
"""Where a clause ends, in a pattern."""
CJK_SIGN = re.compile(rf"\s*[{CJK}]")
WORD = re.compile(rf"\d+|[{CJK}]+|[^\W\d_{CJK}]+")
PAUSE = re.compile(r"[:,–—|/]|\s-\s")
"""After it a phrase no longer governs, unless it begins its sentence: `no permit wanted, acetone`."""
QUESTION = re.compile(r"[^?!;,|]{0,40}?\?")
FOR_WHAT = ("for", "para", "pour", "fur", "для")
"""After what is needed, in a seller's question: `acetone needed for nails?`"""
BUYERS_ONLY = re.compile("[求收诚寻急我本]")
"""Signs of what only Chinese buyers say: `求购`, `收购`, `我想买`."""
MOST_OF_A_SEEKER = 3
"""Words of the name of who seeks."""


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    asking = rf"(?P<who>{_whole(ASKING_WHO)})|(?P<always>{_whole(ASKING)})"
    first = rf"(?P<first>{_whole(ASKING_FIRST)}|{ISO_ASKS})|(?P<seeks>{_whole(SEEKERS_VERBS)})"
    last = rf"(?:{_whole(WANTED_LAST)})(?=\s*(?:$|[.!;|)\]]))|{WANTED_LAST_CJK}(?![{CJK}])"
    return {
        "asking": re.compile(rf"{asking}|{first}"),
        "no seeker": re.compile(_whole(NO_SEEKER)),
        "wish": re.compile(_whole(WISH)),
        "wish ends": re.compile(
            rf"(?:(?!{_whole(SELLING_VERBS)})[^.;!?|]){{0,60}}?(?P<verb>{_whole(WISH_ENDS)})"
        ),
        "else": re.compile(rf"(?:{_whole(SOMEBODY_ELSE)})[\s,]*$"),
        "answer": re.compile(rf"[^.;!|]{{0,24}}?[\s,:–—-](?:{_whole(SELLERS_ANSWER)})"),
        "reply": re.compile(rf"[^;|]{{0,32}}?(?:{_whole(SELLERS_REPLY)})"),
        "invited": re.compile(rf"[\s,，]*(?:{_whole(INVITED)})"),
        "wishes": re.compile(_whole(WISHES)),
        "rid of": re.compile(rf"[^.,;!?|]{{0,32}}?(?:{_whole(RID_OF)})(?:{END}|\s+(?:{_whole(HASTE)}))"),
        "needy": re.compile(_whole(NEEDY)),
        "call us": re.compile(rf"\s*[,:–—-]\s*(?:{_whole(CALL_US)}){END}"),
        "sells too": re.compile(
            rf"[^.;!|]{{0,24}}?[\s,–—-](?:{_whole(SELLERS_TOO)})(?:{END}|\s+(?:{_whole(WHERE_TO)}))"
        ),
        "for whom": re.compile(rf"\s+(?:{_whole(FOR_WHAT)})\s[^?!;.|]{{0,40}}?\?"),
        "whoever has": re.compile(rf"{WHOEVER_HAS}(?:\d|{BETWEEN_CJK.pattern[:-1]})*+\s*$"),
        "whoever calls": re.compile(rf"\s*{WHOEVER_HAS_CALLS}"),
        "buyers": re.compile(_whole(BUYERS_QUESTION)),
        "traders": re.compile(rf"[\s-]*(?:{_whole(TRADERS)})"),
        "after": re.compile(rf"(?P<gap>[^.;!?|]{{0,24}}?)(?P<asked>{_whole(WANTED_AFTER)}|{last})"),
        "aside": re.compile(rf"(?:{_whole(FOR_OURSELVES)})\s+[^\W\d_]+|{_whole(WHO_SELLS)}"),
    }


@cache
def _between() -> frozenset[str]:
    return frozenset(fold(word).text for word in BETWEEN.split())


@cache
def _greetings() -> frozenset[str]:
    return frozenset(fold(word).text for word in GREETINGS.split())


def who_asks(text: str, start: int, end: int, *, title: int) -> tuple[str, bool]:
    """Return the words that ask for the name at `text[start:end]` of a folded text, and if it is a seller.

    Args:
        text: Folded text.
        start: Where the name begins.
        end: Where it ends.
        title: Where the text's first line ends, which is the end of a sentence.

    Returns:
        The words and False of a wanted advertisement, the words and True of a seller's question, or the empty
        text and False.
    """
    last = min(end + AFTER, title) if end <= title else end + AFTER
    asked = _asked_before(text, start, end, title) or _wished(text, start, end, last)
    asked = asked or _of_whoever_has(text, start, end, last)
    if asked:
        return asked
    after = _patterns()["after"].match(text, end, last)
    if not after or not goes_on(after["gap"]):
        return "", False
    rest = text[after.end() : after.end() + AFTER]
    return after["asked"], rest.lstrip().startswith("?") or bool(_patterns()["for whom"].match(rest))


def _asked_before(text: str, start: int, end: int, title: int) -> tuple[str, bool] | None:
    first = max(0, start - BEFORE)
    for found in _patterns()["asking"].finditer(text, first, start):
        gap = text[found.end() : start]
        if not goes_on(gap):
            continue
        if found["seeks"]:
            governs = _is_seekers(text, found.start(), title)
        else:
            is_sure = bool(found["always"]) and not PAUSE.search(gap)
            governs = is_sure or not _words_before(text, found.start(), title, most=1)
        if governs:
            before, after = text[first : found.start()], text[end : end + AFTER]
            is_sellers = _is_answered(after) if found["who"] else _is_sellers(found.group(), before, after)
            return found.group().strip(), is_sellers
    return None


def _wished(text: str, start: int, end: int, last: int) -> tuple[str, bool] | None:
    """Return what `who_asks` does of a wish whose verb stands behind the name."""
    first = max(0, start - BEFORE)
    for found in _patterns()["wish"].finditer(text, first, start):
        verb = _patterns()["wish ends"].match(text, end, last) if goes_on(text[found.end() : start]) else None
        if verb:
            words = f"{found.group()} … {verb['verb']}"
            return words, _is_sellers(words, text[first : found.start()], text[end : end + AFTER])
    return None


def _of_whoever_has(text: str, start: int, end: int, last: int) -> tuple[str, bool] | None:
    """Return what `who_asks` does of those in China who are to call if they have it."""
    if not CJK_SIGN.match(text, end):
        return None
    has = _patterns()["whoever has"].search(text, max(0, start - AFTER), start)
    calls = _patterns()["whoever calls"].match(text, end, last)
    return (f"有…{calls.group().strip()}", False) if has and calls else None


def goes_on(gap: str) -> bool:
    """Say whether only amounts, packs and the like stand between, so that what is asked for follows."""
    if gap.isspace():
        return True
    gap = _patterns()["aside"].sub("", SHORTENED.sub("", gap).replace(",", ""))
    if STOP.search(gap):
        return False
    return all(
        word.isdigit() or word in _between() or BETWEEN_CJK.fullmatch(word) for word in WORD.findall(gap)
    )


def _is_seekers(text: str, start: int, title: int) -> bool:
    """Say whether the sentence begins with somebody's name and the verb at `start`."""
    words = _words_before(text, start, title, most=MOST_OF_A_SEEKER + 1)
    return 0 < len(words) <= MOST_OF_A_SEEKER and not _patterns()["no seeker"].search(" ".join(words))


def _words_before(text: str, start: int, title: int, *, most: int) -> list[str]:
    """Return a sentence's words before `start`, greetings apart; `most` empty ones if it begins far off."""
    first = max(0, start - BEFORE)
    before = text[max(first, title) if title <= start else first : start]
    last = max((stop.end() for stop in STOP.finditer(before)), default=-1)
    is_whole = len(before) < start - first or first == 0
    if last < 0 and not is_whole:
        return [""] * most
    return [word for word in WORD.findall(before, max(0, last)) if word not in _greetings()]


def _is_sellers(asking: str, before: str, after: str) -> bool:
    """Say whether others are said to ask, traders are asked for, or a question or its answer follows."""
    patterns = _patterns()
    if patterns["else"].search(before) or patterns["traders"].match(after):
        return True
    if _is_told_otherwise(asking, after):
        return True
    if patterns["invited"].match(after) and not BUYERS_ONLY.search(asking):
        return True
    asked = QUESTION.match(after)
    return bool(asked and not patterns["buyers"].search(asked.group())) or bool(
        patterns["answer"].match(after)
    )


def _is_told_otherwise(asking: str, after: str) -> bool:
    """Say whether what follows the name gets rid of it, sells it as well, or tells who needs it to call."""
    patterns = _patterns()
    return bool(
        patterns["sells too"].match(after)
        or (patterns["wishes"].fullmatch(asking) and patterns["rid of"].match(after))
        or (patterns["needy"].fullmatch(asking) and patterns["call us"].match(after))
    )


def _is_answered(after: str) -> bool:
    """Say whether whoever asks who sells it goes on to answer."""
    return bool(_patterns()["answer"].match(after) or _patterns()["reply"].match(after))


def _whole(phrases: tuple[str, ...]) -> str:
    return whole_words_of({fold(one).text for choices in phrases for one in alternatives(choices)})
