"""Decide whether a substance is for sale, only mentioned, or asked for: `free of acetone`, `Suche Aceton`.

A buy request counts only if it governs the name: only amounts, packs, grades and a supplier may be between
the two. `Looking for distributors of acetone` is an offer, and so is `the acetone you are looking for`. The
words are in the lexicon under `offers` and `buy_requests`.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from text.phrases import CJK, any_of, folded, whole_words

WINDOW = 48
"""Characters examined on each side of a name."""
SHORT_TEXT = 160
"""Characters up to which one word can give the subject of the whole text."""
BEFORE_ABOUT = 16
"""Characters examined before such a word."""
BEFORE_REQUEST = 80
"""Characters before a name that are searched for a buy request."""
MOST_OF_A_SEEKER = 3
"""Most words in the name of a buyer, as in `Acme Ltd seeks`."""

MEDICINES = frozenset({"ERGT", "ERGM", "ERGC", "PPA", "NPE"})
"""Listed substances that are also medicines, without (pseudo)ephedrine, whose medicines are listed too."""
ASKED_FOR = "asked for with"
"""Prefix of the reason for a name in a buy request."""

STOP = re.compile(r"[.;!?|。；！？](?:\s|$)|[?!;|]")
"""Ends of a sentence."""
CLAUSE_END = r"(?=\s*(?:$|[.!?,;)|]))"
CJK_SIGN = re.compile(rf"\s*[{CJK}]")
WORD = re.compile(rf"\d+|[{CJK}]+|[^\W\d_{CJK}]+")
CAS_WORD = re.compile(r"(?<![a-z])cas[^\d]{0,24}$")
PAUSE = re.compile(r"[:,–—|/]|\s-\s")
"""A phrase governs words after a pause only if it begins its sentence: `no permit wanted, acetone`."""
QUESTION = re.compile(r"[^?!;,|]{0,40}?\?")
ONLY_QUESTIONED = re.compile(r"\s*([?？]{2,})\s*")
"""All that follows a name in a title that asks for it; with one question mark, as many sellers ask."""


@cache
def _mention_patterns() -> dict[str, re.Pattern[str]]:
    kind = rf"(?:{any_of('offers.kinds')}\s+|\([^() ]{{1,8}}\)-)*\(?"
    between = rf"(?:\s*[-:,]?\s*(?:{any_of('offers.articles')}|[a-z]+,)?\s*{kind})"
    linking = rf"(?:[\s-]*{any_of('offers.states')}?[\s-]*)"
    article = rf"(?:\s+{any_of('offers.for_articles')})?"
    no_word = r"(?=[\s-]+(?![a-z0-9\u0400-\u052f]))"
    form = rf"(?P<form>{whole_words('offers.dosage_forms')})"
    other = whole_words("offers.other_numbers", "contact_words.phone")
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
        "other number": re.compile(rf"({other})[^a-z0-9]{{0,4}}$"),
    }


def why_not_offered(text: str, start: int, end: int, *, title: str, whole: str) -> str:
    """Return why the name at `text[start:end]` of a folded text is not for sale, or an empty string.

    The title is the folded first line: the title of a book explains the names below it. `whole` is the folded
    text if its description may say what the text is about, otherwise empty.
    """
    patterns = _mention_patterns()
    words_before = text[max(0, start - WINDOW) : start]
    before, goods = patterns["before"].search(words_before), patterns["for"].search(words_before)
    asking, is_sellers = find_request(text, start, end, title=len(title) if text.startswith(title) else 0)
    if asking and not is_sellers:
        return f'{ASKED_FOR} "{asking}"'
    if before:
        return f'after "{before.group().strip()}"'
    if goods and not goods["sale"] and not is_sellers:
        return f'after "{goods["for"]}"'
    if after := patterns["after"].match(text[end : end + WINDOW]):
        return f'before "{after.group().strip()}"'
    about = _about(whole if 0 < len(whole) <= SHORT_TEXT else title, title)
    return f'the text is about "{about}"' if about else ""


def announced_at(text: str, start: int) -> int:
    """Return where the words that announce a CAS number begin, as in `cas no 67-64-1`, or `start`."""
    found = CAS_WORD.search(text, max(0, start - WINDOW), start)
    return found.start() if found else start


def other_number(text: str, start: int, goods: str) -> str:
    """Return why a CAS number in a folded text numbers a part, an order or a phone, or an empty string.

    `goods` are those that the title names, unless a chemical is for sale too; or an empty string.
    """
    if announced_at(text, start) < start:
        return ""
    before = text[max(0, start - WINDOW) : start]
    found = _mention_patterns()["other number"].search(before)
    return f'after "{found[1]}"' if found else f'the number of "{goods}"' if goods else ""


def finished_drug(text: str, start: int, end: int, key: str) -> str:
    """Return why a substance at `text[start:end]` of a folded text is a finished drug, or an empty string."""
    if key not in MEDICINES:
        return ""
    found = _mention_patterns()["drug"].match(text, end, end + WINDOW)
    found = found or _mention_patterns()["drug of"].search(text, max(0, start - WINDOW), start)
    return f'a finished drug: "{found["form"]}"' if found else ""


@lru_cache(maxsize=64)
def _about(short: str, title: str) -> str:
    """Return the words that give the subject of a short text or its title."""
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
    )  # `ISO 9001` is not "in search of"
    amount = any_of("buy_requests.amounts_between")
    holders, has = any_of("buy_requests.whoever"), any_of("buy_requests.have")
    call = "".join(
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
        "holder has": re.compile(rf"(?:^|[\s,.;:!?，。；：！？]|{holders}){has}(?:\d|{amount})*+\s*$"),
        "holder calls": re.compile(rf"\s*{call}"),
        "buyers": re.compile(phrases("buyers_questions")),
        "buyers only": re.compile(any_of("buy_requests.buyers_only")),
        "traders": re.compile(rf"[\s-]*{phrases('traders')}"),
        "after": re.compile(rf"(?P<gap>[^.;!?|]{{0,24}}?)(?P<asked>{phrases('wanted_after')}|{last})"),
        "aside": re.compile(rf"{phrases('for_ourselves')}\s+[^\W\d_]+|{phrases('those_who_sell')}"),
        "shortened": re.compile(rf"(?<![^\W\d_]){any_of('buy_requests.shortened')}\."),
        "amounts": re.compile(f"{amount}+"),
    }


def find_request(text: str, start: int, end: int, *, title: int) -> tuple[str, bool]:
    """Return the words that ask for the name at `text[start:end]`, and whether a seller asks.

    The words are empty without a request. `title` is the end of the folded text's first line, which ends a
    sentence.
    """
    if not text[:start].strip() and (questioned := ONLY_QUESTIONED.fullmatch(text, end, title or len(text))):
        return questioned[1], False
    last = min(end + WINDOW, title) if end <= title else end + WINDOW
    asked = _asked_before(text, start, end, title) or _wished(text, start, end, last)
    asked = asked or _call_to_holders(text, start, end, last)
    if asked:
        return asked
    after = _request_patterns()["after"].match(text, end, last)
    if not after or not is_filler(after["gap"]):
        return "", False
    rest = text[after.end() : after.end() + WINDOW]
    is_question = rest.lstrip().startswith("?") and not _request_patterns()["buyers"].search(after["asked"])
    return after["asked"], is_question or bool(_request_patterns()["needed for"].match(rest))


def is_filler(gap: str) -> bool:
    """Return whether a gap has only amounts, packs and the like, so that a request governs the next words."""
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
        if not is_filler(gap):
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
    """Return the result of `find_request` for a wish with its verb after the name."""
    patterns = _request_patterns()
    first = max(0, start - BEFORE_REQUEST)
    for found in patterns["wish"].finditer(text, first, start):
        verb = patterns["wish ends"].match(text, end, last) if is_filler(text[found.end() : start]) else None
        if verb:
            words = f"{found.group()} … {verb['verb']}"
            return words, _is_sellers(words, text[first : found.start()], text[end : end + WINDOW])
    return None


def _call_to_holders(text: str, start: int, end: int, last: int) -> tuple[str, bool] | None:
    """Return the result of `find_request` for a Chinese call to anyone who has the goods."""
    if not CJK_SIGN.match(text, end):
        return None
    has = _request_patterns()["holder has"].search(text, max(0, start - WINDOW), start)
    calls = _request_patterns()["holder calls"].match(text, end, last)
    return (f"{min(folded('buy_requests.have'))}…{calls.group().strip()}", False) if has and calls else None


def _is_seekers(text: str, start: int, title: int) -> bool:
    """Return whether the sentence begins with a buyer's name and the verb at `start`."""
    words = _words_before(text, start, title, most=MOST_OF_A_SEEKER + 1)
    return 0 < len(words) <= MOST_OF_A_SEEKER and not _request_patterns()["no seeker"].search(" ".join(words))


def _words_before(text: str, start: int, title: int, *, most: int) -> list[str]:
    """Return a sentence's words before `start`, without greetings.

    If the sentence begins too far away, the result is `most` empty words.
    """
    first = max(0, start - BEFORE_REQUEST)
    before = text[max(first, title) if title <= start else first : start]
    last = max((stop.end() for stop in STOP.finditer(before)), default=-1)
    is_whole = len(before) < start - first or first == 0
    if last < 0 and not is_whole:
        return [""] * most
    greetings = folded("buy_requests.greetings")
    return [word for word in WORD.findall(before, max(0, last)) if word not in greetings]


def _is_sellers(asking: str, before: str, after: str) -> bool:
    """Return whether a seller asks: others are said to ask, traders are sought, or a question follows."""
    patterns = _request_patterns()
    if patterns["else"].search(before) or patterns["traders"].match(after):
        return True
    if _is_offer_after_all(asking, after):
        return True
    if patterns["invited"].match(after) and not patterns["buyers only"].search(asking):
        return True
    asked = QUESTION.match(after)
    return bool(asked and not patterns["buyers"].search(asked.group())) or bool(
        patterns["answer"].match(after)
    )


def _is_offer_after_all(asking: str, after: str) -> bool:
    """Return whether the words after the name dispose of it, also sell it, or invite buyers to call."""
    patterns = _request_patterns()
    return bool(
        patterns["sells too"].match(after)
        or (patterns["riddance"].fullmatch(asking) and patterns["rid of"].match(after))
        or (patterns["needy"].fullmatch(asking) and patterns["call us"].match(after))
    )


def _is_answered(after: str) -> bool:
    """Return whether the question "who sells it?" is followed by its answer."""
    patterns = _request_patterns()
    return bool(patterns["answer"].match(after) or patterns["reply"].match(after))
