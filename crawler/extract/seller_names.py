"""The name of a seller without what pages print beside it: labels, ratings, badges, counts, invitations."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from store.model import LONGEST_SELLER_NAME
from text.page_words import is_country, known_label, known_term, spelling, spellings, whole_phrases
from text.phrases import CJK, IS_CJK, folded, keys, words, written

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST_WORDS = 4
"""Words of the longest phrase beside a name."""
_LONG = 6
"""Letters of a word that is looked for at the end of compounds."""
_FIRST_LABEL = re.compile(r"[^\s\d:：|]{2,30}(?:\s?[:：]\s+|(?<=[\u3040-\u9fff])[:：])(?=[^\W\d_])")
"""One word with a colon: whatever the language, it says that a seller follows."""
_POSTCODE = re.compile(r"[^\W\d]\s\d{4,6}$|^\s\d{4,6}\s\w")
_LONG_LABEL = re.compile(r"(?:[^\s:：|]+\s){1,4}(?:[^\s:：|]+\s?)?[:：]\s+(?=[^\W\d_])")
_AROUND_WORD = " .,:：;!?|\"'«»–—-"
_AROUND_NAME = " :：,;–—!¡·-"
_SIGNS = r"|©•·\u25a0-\u25ff⭐\u2600-\u2664\u2667-\u2763\u2765-\u27bf\ufe0f\U0001f000-\U0001faff"
"""Signs that part fields, stars, ticks and emoji, but no hearts, which are words of names."""
_STARS = "★☆⭐"
_FURNITURE = frozenset({"after", "rating", "share", "bracket", "sign"})
"""Kinds that end a name."""


class _Part(NamedTuple):
    """A word, bracket, number, sign or phrase of a text."""

    text: str
    end: int
    kind: str
    """One of `_FURNITURE`, `word`, `legal_form`, `count`, or the lexicon's `beside` or `between`."""
    phrase: str
    """Its words as they are compared."""


def clean_seller_name(shown: str) -> str:
    """Return the name in what a page shows as the seller; empty if it shows only a badge.

    >>> clean_seller_name("Sold by: Amber Solvents 4.8 out of 5 stars (1,204 ratings)")
    'Amber Solvents'
    """
    whole = " ".join(shown[: 10 * LONGEST_SELLER_NAME].split())
    if _kinds().get(spelling(whole)) == "after":
        return ""
    name = _visit().sub(r"\1", whole)
    parts = _parts(name)
    for _ in range(3):  # a badge may be before a label, and a label before a badge
        rest = name[_start(parts) :].lstrip()
        label = _long_label(rest) or _before().match(rest) or _FIRST_LABEL.match(rest)
        rest = rest[label.end() :] if label else rest
        if rest == name:
            break
        name, parts = rest, _parts(rest)
    name = name[: _end(parts)].strip(_AROUND_NAME).rstrip(" (")
    before, comma, place = name.rpartition(",")
    name = before if comma and (is_country(place) or _POSTCODE.search(place)) else name
    return (name if any(map(str.isalnum, name)) else whole)[:LONGEST_SELLER_NAME].strip()


def _long_label(text: str) -> re.Match[str] | None:
    """Return the label of several words before a name, if one of the words names a seller or shop."""
    label = _LONG_LABEL.match(text)
    named = label and any(spelling(word) in _sellers() for word in label[0].split())
    return label if named else None


def _start(parts: Sequence[_Part]) -> int:
    """Return the beginning of a name after ratings and badges of several words; 0 without them."""
    is_furniture, start = False, 0
    is_firm = any(part.kind == "legal_form" for part in parts)
    for part in parts:
        if " " in part.text and part.kind == "rating" and not is_firm:  # `24 Hours Lab`
            return 0
        if part.kind in {"word", "legal_form"}:
            return start if is_furniture else 0
        is_badge = part.kind == "after" and (" " in part.phrase or not part.phrase.isascii())
        is_furniture = is_furniture or is_badge or part.kind in {"rating", "bracket", "sign"}
        start = start if part.kind == "between" else part.end
    return 0


def _end(parts: Sequence[_Part]) -> int:
    """Return the end of the name at the beginning of the parts."""
    if not parts:
        return 0
    kinds = [part.kind for part in parts]
    end = next((i for i in range(1, len(parts)) if _is_cut(parts[i - 1 : i + 2])), len(parts))
    forms = [i for i in range(end) if kinds[i] == "legal_form"]
    if forms:
        return parts[forms[-1]].end
    has_word = has_count = end < len(parts) and kinds[end] not in {"bracket", "sign"}
    kept, spoken = end, set[str]()
    for i in range(end - 1, 0, -1):
        if kinds[i] not in {"beside", "between", "count"}:
            break
        if kinds[i] == "beside" and "en" not in (said := _beside().get(parts[i].phrase, {"en"})):
            spoken = spoken & said if spoken else {*said}
            if not spoken:  # a word of two languages is of the name, as `pont` before `note`
                break
        is_shout = kinds[i] == "beside" and parts[i].text.isupper() and not parts[0].text.isupper()
        has_word = has_word or kinds[i] == "beside"
        has_count = has_count or kinds[i] == "count" or is_shout
        kept = kept if kinds[i] == "between" else i
    end = kept if has_word and has_count else end
    if has_word:  # a name ends in no preposition
        while end > 1 and parts[end - 1].kind == "between" and parts[end - 1].text.islower():
            end -= 1
    return parts[end - 1].end


def _is_cut(window: Sequence[_Part]) -> bool:
    """Return whether the second part ends a name; the others are its neighbours."""
    last, part = window[:2]
    following = window[2] if len(window) > 2 else None
    if last.text[-1] == "," and part.kind in {"word", "between", "beside"} and part.text[:1].islower():
        return True  # a remark, as `, a small shop with …`
    if following is None:
        return part.kind in _FURNITURE
    if part.kind == "after" and following.kind == "word":  # `The Review Lab`
        return not part.phrase.isascii() or " " in part.phrase or part.text[-1] == ":"
    is_starred = part.kind == "count" and following.text[0] in _STARS
    return part.kind in _FURNITURE or {part.kind, following.kind} == {"count", "beside"} or is_starred


def _parts(text: str) -> list[_Part]:
    """Return the parts of a text in order; a phrase is one part."""
    tokens = list(_token().finditer(text))
    words = [spelling(token[0].strip(_AROUND_WORD)) for token in tokens]
    parts, index = list[_Part](), 0
    while index < len(tokens):
        first = tokens[index]
        length, kind = _phrase_at(tokens, words, index) or (1, first.lastgroup or "word")
        if first[0].endswith("»"):
            length, kind = 1, "legal_form"
        if kind == "bracket" and _belongs_to_name(first[0]):
            kind = "word"
        end = tokens[index + length - 1].end()
        parts.append(_Part(text[first.start() : end], end, kind, " ".join(words[index : index + length])))
        index += length
    return parts


def _phrase_at(tokens: Sequence[re.Match[str]], words: Sequence[str], index: int) -> tuple[int, str] | None:
    """Return the number of words and the kind of the longest phrase at an index."""
    for length in range(min(_MOST_WORDS, len(words) - index), 0, -1):
        phrase = " ".join(words[index : index + length])
        is_label = tokens[index + length - 1][0][-1] in ":：" and _signless(phrase) not in _legal_forms()
        if is_label and (length == 1 or known_label(phrase) or known_term(phrase)):
            return length, "after"
        if phrase in _kinds() and not (length == 1 and _has_other_accents(tokens, index, phrase)):
            return length, _kinds()[phrase]
        is_counted = length == 1 < index + 1 and tokens[index - 1].lastgroup in {"count", "share"}
        if is_counted and len(phrase) > _LONG and phrase.endswith(_counted_endings()):
            return length, "beside"
        is_word = tokens[index + length - 1].lastgroup is None
        is_small = len(phrase) < 3 and tokens[index][0].islower()
        if index and is_word and not is_small and _signless(phrase) in _legal_forms():
            return length, "legal_form"
    is_joined = words[index].endswith(_joined_forms()) and words[index] not in _joined_forms()
    return (1, "legal_form") if is_joined else None


def _has_other_accents(tokens: Sequence[re.Match[str]], index: int, phrase: str) -> bool:
    """Return whether a word is another in a text with accents, as `Lạt` is not `lat`."""
    if not phrase.isascii() or all(token[0].isascii() for token in tokens):
        return False
    return _composed(tokens[index][0].strip(_AROUND_WORD)) not in _written()


def _composed(word: str) -> str:
    return unicodedata.normalize("NFC", word.casefold())


def _belongs_to_name(bracket: str) -> bool:
    """Return whether a bracket belongs to a name, as in `Amber (UK)`: without digits, phrases or a remark."""
    inner = bracket[1:-1]
    is_remark = inner[:1].islower() and " " in inner
    is_label = spelling(inner) in spellings("seller_names.before")
    if bracket[0] == "[" or any(map(str.isdigit, inner)) or is_remark or is_label:
        return False
    return not {part.kind for part in _parts(inner)} <= {*_FURNITURE, "beside"}


@cache
def _kinds() -> dict[str, str]:
    """Return the kind of each phrase beside names; labels of company numbers end a name as well."""
    names = {key: [f"seller_names.{key}"] for key in ("between", "beside", "after")}
    names["after"] += [f"company_numbers.{country}" for country in keys("company_numbers")]
    known = {phrase: key for key in names for phrase in spellings(*names[key])}
    shops = spellings("seller_names.shop", "seller_names.shop_noun")
    return dict.fromkeys(_sellers() - shops, "beside") | known


@cache
def _sellers() -> frozenset[str]:
    """Return the single words for sellers and shops, without short ones, such as `by`."""
    phrases = spellings("seller_names.before", "seller_names.shop", "seller_names.shop_noun")
    alone = (phrase for phrase in phrases if " " not in phrase)
    return frozenset(word for word in alone if len(word) > (4 if word.isascii() else 3))


@cache
def _written() -> frozenset[str]:
    """Return the phrases beside names with their accents."""
    keys_of_kinds = ("between", "beside", "after", "before")
    return frozenset(map(_composed, written(*(f"seller_names.{key}" for key in keys_of_kinds))))


@cache
def _beside() -> dict[str, set[str]]:
    """Return the languages of each word beside names."""
    found = dict[str, set[str]]()
    for phrase in words("seller_names.beside"):
        found.setdefault(spelling(phrase.text), set()).add(phrase.language)
    return found


@cache
def _counted_endings() -> tuple[str, ...]:
    """Return words beside counts that end compounds, as in `Kundenbewertungen`."""
    counted = spellings("seller_names.beside", "seller_names.counted")
    return tuple(word for word in counted if len(word) >= _LONG)


@cache
def _legal_forms() -> frozenset[str]:
    forms = spellings("sellers.legal_form", "seller_names.legal_form", "seller_names.joined_legal_form")
    return frozenset(map(_signless, forms))


@cache
def _joined_forms() -> tuple[str, ...]:
    """Return the legal forms at the end of words in scripts without spaces."""
    return tuple(folded("seller_names.joined_legal_form"))


def _signless(phrase: str) -> str:
    """Return a legal form without signs and spaces, since Ltd., S. A. and s.r.o. are written in many ways."""
    return re.sub(r"[\W_]", "", phrase)


@cache
def _token() -> re.Pattern[str]:
    counted = whole_phrases("seller_names.counted", after_digits=True)
    joined = _unspaced("seller_names.after")
    number = r"[+~]?\d[\d.,٫]*"
    kinds = {
        "sign": rf"[{_SIGNS}]+|(?<=\s)»|(?<=\s)[–—-](?=\s.*\d)",
        "bracket": r"[(（][^()（）]*[)）]件?|\[[^\]]*\]|【[^】]*】",
        "rating": rf"\d[.,٫]\d{{1,2}}[分点点점]?(?![^\s{_SIGNS}])|\d(?:[.,]\d)?\s?/\s?(?:5|10)(?!\d)"
        rf"|{number}{counted}|\A{number}\s{counted}|第\s?\d+\s?年",
        "share": rf"{number}\s?[%٪]|[%٪]\s?{number}|\+\s?\d\S*|(?!24/7\b)\d+(?:[.,٫:/-]\d+)+(?!\w)"
        rf"|{number}(?:[^\W\d_]{{0,3}}\+|[kк万萬만](?!\w)|\s{counted})",
        "after": rf"(?<=\S){joined}|{joined}(?![^\W\d_])|{_unspaced('seller_names.beside')}(?=\d)",
        "count": rf"{number}[^\W\d_]{{0,3}}(?![^\s{_SIGNS}()])",
    }
    named = "|".join(f"(?P<{kind}>{pattern})" for kind, pattern in kinds.items())
    return re.compile(rf"{named}|[^\s](?:(?!{joined})[^\s()（）\[【:：{_SIGNS}])*[:：]?", re.IGNORECASE)


def _unspaced(name: str) -> str:
    """Return a pattern for the phrases under a key in scripts without spaces, longest first."""
    phrases = sorted(filter(IS_CJK.search, written(name)), key=len, reverse=True)
    return rf"(?=[{CJK}])(?:{'|'.join(map(re.escape, phrases))})"


@cache
def _before() -> re.Pattern[str]:
    words = whole_phrases("seller_names.before")
    return re.compile(
        rf"\w+\s(?:\w+\s)?(?:{words})\s?[:：]\s*"
        rf"|(?:(?:{words})(?:\s?[:：!]\s*|\s[–—-]\s|\s+(?!of\s)(?:(?:19|20)\d\d\s+)?(?=[^\W\d_])))+",
        re.IGNORECASE,
    )


@cache
def _visit() -> re.Pattern[str]:
    """Return a pattern of an invitation around a name, as in `Visit the Lab Store`."""
    visit, shop = whole_phrases("seller_names.visit"), whole_phrases("seller_names.shop")
    return re.compile(rf"^{visit}\s(.+)[\s-]{shop}$", re.IGNORECASE)
