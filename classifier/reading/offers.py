"""Say whether a named substance is for sale, only mentioned, or asked for: `free of acetone`, `Suche Aceton`.

A buy request counts only where it governs the name: between the two stand amounts, packs, grades and a
supplier, nothing else. `Looking for distributors of acetone` sells, and so does `the acetone you are looking
for`. The words stand in the lexicon under `offers` and `buy_requests`.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from text.phrases import CJK, any_of, folded, whole_words

WINDOW = 48
"""Characters looked at on each side of a name."""
SHORT_TEXT = 160
"""Characters of a text in which one word can say what all of it is about."""
BEFORE_ABOUT = 16
"""Characters looked at before such a word."""
BEFORE_REQUEST = 80
"""Characters before a name in which somebody may ask for it."""
MOST_OF_A_SEEKER = 3
"""Words in the name of somebody who seeks."""

MEDICINES = frozenset({"ERGT", "ERGM", "ERGC", "PPA", "NPE"})
"""Listed substances that are medicines as well; medicines with (pseudo)ephedrine are listed, too."""
ASKED_FOR = "asked for with"
"""The reason of a name in a buy request begins so."""

STOP = re.compile(r"[.;!?|。；！？](?:\s|$)|[?!;|]")
"""Ends of a sentence."""
CLAUSE_END = r"(?=\s*(?:$|[.!?,;)|]))"
CJK_SIGN = re.compile(rf"\s*[{CJK}]")
WORD = re.compile(rf"\d+|[{CJK}]+|[^\W\d_{CJK}]+")
PAUSE = re.compile(r"[:,–—|/]|\s-\s")
"""After a pause a phrase no longer governs, unless it begins its sentence: `no permit wanted, acetone`."""
QUESTION = re.compile(r"[^?!;,|]{0,40}?\?")


@cache
def _mention_patterns() -> dict[str, re.Pattern[str]]:
    kind = rf"(?:{any_of('offers.kinds')}\s+|\([^() ]{{1,8}}\)-)*\(?"
    between = rf"(?:\s*[-:,]?\s*(?:{any_of('offers.articles')}|[a-z]+,)?\s*{kind})"
    linking = rf"(?:[\s-]*{any_of('offers.states')}?[\s-]*)"
    article = rf"(?:\s+{any_of('offers.for_articles')})?"
    no_word = r"(?=[\s-]+(?![a-z0-9\u0400-\u052f]))"
    form = rf"(?P<form>{whole_words('offers.dosage_forms')})"
    return {
        "before": re.compile(rf"(?:{whole_words('offers.not_offered_before')}){between}$"),
        "after": re.compile(
            rf"{linking}(?!{whole_words('offers.promises')})(?:{whole_words('offers.not_offered_after')})"
        ),
        "for": re.compile(
            rf"(?P<sale>{whole_words('offers.sold_before_for')})?\s*(?P<for>{whole_words('offers.for')}){article}\s+{kind}$"
        ),
        "drug": re.compile(rf"(?:(?!{whole_words('offers.in_bulk')})[^.;!?|]|\.\d){{0,32}}?{form}"),
        "drug of": re.compile(rf"{form}\s+(?:{any_of('offers.of')}\s*)?$"),
        "about": re.compile(rf"{whole_words('offers.about')}|(?:{whole_words('offers.alone')}){no_word}"),
        "about in title": re.compile(
            rf"{whole_words('offers.about_in_title')}|(?:{whole_words('offers.alone_in_title')}){no_word}"
        ),
        "denied": re.compile(rf"(?:{whole_words('offers.denials')})\s*$"),
    }


def why_not_offered(text: str, start: int, end: int, *, title: str) -> str:
    """Return why the name at `text[start:end]` of a folded text is not for sale, or the empty text.

    Args:
        text: Folded text.
        start: Where the name begins.
        end: Where it ends.
        title: Folded first line of the text: a book's title says what the names below it are.
    """
    patterns = _mention_patterns()
    words_before = text[max(0, start - WINDOW) : start]
    before, goods = patterns["before"].search(words_before), patterns["for"].search(words_before)
    asking, is_sellers = who_asks(text, start, end, title=len(title) if text.startswith(title) else 0)
    if asking and not is_sellers:
        return f'{ASKED_FOR} "{asking}"'
    if before:
        return f'after "{before.group().strip()}"'
    if goods and not goods["sale"] and not is_sellers:
        return f'after "{goods["for"]}"'
    if after := patterns["after"].match(text[end : end + WINDOW]):
        return f'before "{after.group().strip()}"'
    about = _about(text if len(text) <= SHORT_TEXT else title, title)
    return f'the text is about "{about}"' if about else ""


def finished_drug(text: str, start: int, end: int, key: str) -> str:
    """Return why a substance named at `text[start:end]` is a drug ready for use, or the empty text.

    Args:
        text: Folded text.
        start: Where the name begins.
        end: Where the name ends.
        key: Key of the substance.
    """
    if key not in MEDICINES:
        return ""
    found = _mention_patterns()["drug"].match(text, end, end + WINDOW)
    found = found or _mention_patterns()["drug of"].search(text, max(0, start - WINDOW), start)
    return f'a finished drug: "{found["form"]}"' if found else ""


@lru_cache(maxsize=64)
def _about(short: str, title: str) -> str:
    """Return what a short text, or its title, says it is about; the same for each name in it."""
    patterns = _mention_patterns()
    for pattern, said in ((patterns["about"], short), (patterns["about in title"], title)):
        for found in pattern.finditer(said) if len(said) <= SHORT_TEXT else ():
            if not patterns["denied"].search(said[max(0, found.start() - BEFORE_ABOUT) : found.start()]):
                return found.group()
    return ""


# Buy requests.


@cache
def _request_patterns() -> dict[str, re.Pattern[str]]:
    def phrases(key: str) -> str:
        return f"(?:{whole_words(f'buy_requests.{key}')})"

    units = any_of("amounts.units", "amounts.packs", chinese=False)
    in_search_of = (
        rf"(?<![a-z0-9])iso\)?(?:\s*:(?!\s*\d{{4}})|\s+{any_of('buy_requests.iso_amounts')}\s"
        rf"|\s+(?=\d+(?:[.,]\d+)?(?:\s*x\s*\d+)?\s*-?{units}(?![a-z])))"
    )  # `ISO 9001` asks for nothing
    amount = any_of("buy_requests.amounts_between")
    whoever, has = any_of("buy_requests.whoever"), any_of("buy_requests.have")
    whoever_calls = "".join(
        (
            any_of("buy_requests.relative"),
            any_of("buy_requests.whoever_fillers"),
            "*",
            any_of("buy_requests.whoever_calls"),
        )
    )
    before_stop = any_of("buy_requests.wanted_before_stop")
    last = rf"{phrases('wanted_last')}(?=\s*(?:$|[.!;|)\]]))|{before_stop}(?![{CJK}])"
    return {
        "asking": re.compile(
            rf"(?P<who>{phrases('asking_who_sells')})|(?P<always>{phrases('asking')})"
            rf"|(?P<first>{phrases('asking_first')}|{in_search_of})|(?P<seeks>{phrases('seekers_verbs')})"
        ),
        "no seeker": re.compile(phrases("no_seeker")),
        "wish": re.compile(phrases("wish")),
        "wish ends": re.compile(
            rf"(?:(?!{phrases('selling_verbs')})[^.;!?|]){{0,60}}?(?P<verb>{phrases('wish_verbs')})"
        ),
        "else": re.compile(rf"{phrases('somebody_else')}[\s,]*$"),
        "answer": re.compile(rf"[^.;!|]{{0,24}}?[\s,:–—-]{phrases('sellers_answer')}"),
        "reply": re.compile(rf"[^;|]{{0,32}}?{phrases('sellers_reply')}"),
        "invited": re.compile(rf"[\s,，]*{phrases('invited')}"),
        "riddance": re.compile(phrases("riddance_wishes")),
        "rid of": re.compile(
            rf"[^.,;!?|]{{0,32}}?{phrases('riddance_verbs')}(?:{CLAUSE_END}|\s+{phrases('haste')})"
        ),
        "needy": re.compile(phrases("needy")),
        "call us": re.compile(rf"\s*[,:–—-]\s*{phrases('call_us')}{CLAUSE_END}"),
        "sells too": re.compile(
            rf"[^.;!|]{{0,24}}?[\s,–—-]{phrases('sells_too')}(?:{CLAUSE_END}|\s+{phrases('where_to')})"
        ),
        "needed for": re.compile(rf"\s+{phrases('needed_for')}\s[^?!;.|]{{0,40}}?\?"),
        "whoever has": re.compile(rf"(?:^|[\s,.;:!?，。；：！？]|{whoever}){has}(?:\d|{amount})*+\s*$"),
        "whoever calls": re.compile(rf"\s*{whoever_calls}"),
        "buyers": re.compile(phrases("buyers_questions")),
        "buyers only": re.compile(any_of("buy_requests.buyers_only")),
        "traders": re.compile(rf"[\s-]*{phrases('traders')}"),
        "after": re.compile(rf"(?P<gap>[^.;!?|]{{0,24}}?)(?P<asked>{phrases('wanted_after')}|{last})"),
        "aside": re.compile(rf"{phrases('for_ourselves')}\s+[^\W\d_]+|{phrases('those_who_sell')}"),
        "shortened": re.compile(rf"(?<![^\W\d_]){any_of('buy_requests.shortened')}\."),
        "amounts": re.compile(f"{amount}+"),
    }


def who_asks(text: str, start: int, end: int, *, title: int) -> tuple[str, bool]:
    """Return the words that ask for the name at `text[start:end]` of a folded text, and if a seller asks.

    Args:
        text: Folded text.
        start: Where the name begins.
        end: Where it ends.
        title: Where the text's first line ends, which is the end of a sentence.

    Returns:
        The words and False for a buy request, the words and True for a seller's question, or the empty text
        and False.
    """
    last = min(end + WINDOW, title) if end <= title else end + WINDOW
    asked = _asked_before(text, start, end, title) or _wished(text, start, end, last)
    asked = asked or _of_whoever_has(text, start, end, last)
    if asked:
        return asked
    after = _request_patterns()["after"].match(text, end, last)
    if not after or not goes_on(after["gap"]):
        return "", False
    rest = text[after.end() : after.end() + WINDOW]
    return after["asked"], rest.lstrip().startswith("?") or bool(
        _request_patterns()["needed for"].match(rest)
    )


def goes_on(gap: str) -> bool:
    """Say whether only amounts, packs and the like stand between, so that a request governs what follows."""
    if gap.isspace():
        return True
    patterns = _request_patterns()
    gap = patterns["aside"].sub("", patterns["shortened"].sub("", gap).replace(",", ""))
    if STOP.search(gap):
        return False
    between = folded("buy_requests.between")
    return all(
        word.isdigit() or word in between or patterns["amounts"].fullmatch(word) for word in WORD.findall(gap)
    )


def _asked_before(text: str, start: int, end: int, title: int) -> tuple[str, bool] | None:
    first = max(0, start - BEFORE_REQUEST)
    for found in _request_patterns()["asking"].finditer(text, first, start):
        gap = text[found.end() : start]
        if not goes_on(gap):
            continue
        if found["seeks"]:
            governs = _is_seekers(text, found.start(), title)
        else:
            is_sure = bool(found["always"]) and not PAUSE.search(gap)
            governs = is_sure or not _words_before(text, found.start(), title, most=1)
        if governs:
            before, after = text[first : found.start()], text[end : end + WINDOW]
            is_sellers = _is_answered(after) if found["who"] else _is_sellers(found.group(), before, after)
            return found.group().strip(), is_sellers
    return None


def _wished(text: str, start: int, end: int, last: int) -> tuple[str, bool] | None:
    """Return what `who_asks` does of a wish whose verb stands behind the name."""
    patterns = _request_patterns()
    first = max(0, start - BEFORE_REQUEST)
    for found in patterns["wish"].finditer(text, first, start):
        verb = patterns["wish ends"].match(text, end, last) if goes_on(text[found.end() : start]) else None
        if verb:
            words = f"{found.group()} … {verb['verb']}"
            return words, _is_sellers(words, text[first : found.start()], text[end : end + WINDOW])
    return None


def _of_whoever_has(text: str, start: int, end: int, last: int) -> tuple[str, bool] | None:
    """Return what `who_asks` does of those in China who are to call if they have it."""
    if not CJK_SIGN.match(text, end):
        return None
    has = _request_patterns()["whoever has"].search(text, max(0, start - WINDOW), start)
    calls = _request_patterns()["whoever calls"].match(text, end, last)
    return (f"{min(folded('buy_requests.have'))}…{calls.group().strip()}", False) if has and calls else None


def _is_seekers(text: str, start: int, title: int) -> bool:
    """Say whether the sentence begins with somebody's name and the verb at `start`."""
    words = _words_before(text, start, title, most=MOST_OF_A_SEEKER + 1)
    return 0 < len(words) <= MOST_OF_A_SEEKER and not _request_patterns()["no seeker"].search(" ".join(words))


def _words_before(text: str, start: int, title: int, *, most: int) -> list[str]:
    """Return a sentence's words before `start`, greetings apart; `most` empty ones if it begins far off."""
    first = max(0, start - BEFORE_REQUEST)
    before = text[max(first, title) if title <= start else first : start]
    last = max((stop.end() for stop in STOP.finditer(before)), default=-1)
    is_whole = len(before) < start - first or first == 0
    if last < 0 and not is_whole:
        return [""] * most
    greetings = folded("buy_requests.greetings")
    return [word for word in WORD.findall(before, max(0, last)) if word not in greetings]


def _is_sellers(asking: str, before: str, after: str) -> bool:
    """Say whether others are said to ask, traders are asked for, or a question or its answer follows."""
    patterns = _request_patterns()
    if patterns["else"].search(before) or patterns["traders"].match(after):
        return True
    if _is_told_otherwise(asking, after):
        return True
    if patterns["invited"].match(after) and not patterns["buyers only"].search(asking):
        return True
    asked = QUESTION.match(after)
    return bool(asked and not patterns["buyers"].search(asked.group())) or bool(
        patterns["answer"].match(after)
    )


def _is_told_otherwise(asking: str, after: str) -> bool:
    """Say whether what follows the name gets rid of it, sells it as well, or tells who needs it to call."""
    patterns = _request_patterns()
    return bool(
        patterns["sells too"].match(after)
        or (patterns["riddance"].fullmatch(asking) and patterns["rid of"].match(after))
        or (patterns["needy"].fullmatch(asking) and patterns["call us"].match(after))
    )


def _is_answered(after: str) -> bool:
    """Say whether whoever asks who sells it goes on to answer."""
    patterns = _request_patterns()
    return bool(patterns["answer"].match(after) or patterns["reply"].match(after))
