"""The name of a seller without what pages print beside it: ratings, badges, counts, years on the site."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from store.model import LONGEST_SELLER_NAME
from text.page_words import spelling, spellings, whole_phrases
from text.phrases import any_of

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST_WORDS = 4
"""Words of the longest phrase beside a name."""
_DECORATED = re.compile(
    r"\s*(?:[★☆⭐✓✔|•·]|(?<=\s)»|[(\[（]\s*[+~]?\d[^()\[\]]*[)\]）件]|[(\[（][^()\[\]]*[%٪]\s*[)\]）]|(?<!\S)\d+(?:[.,٫]\d+)?\s?[%٪]"
    r"|(?<!\S)\d[.,٫]\d{1,2}(?![^\s★☆⭐])|\d(?:[.,]\d)?\s?/\s?(?:5|10)(?!\d)|第\s?\d+\s?年|(?<=\s)\+\s?\d|\[|\s[-–—]\s(?=.*\d)).*"
)
_BRACKETS = re.compile(r"\s*\(\s*\)\s*$")
_FIRST_LABEL = re.compile(r"^[^\s\d:：|]{2,20}(?:\s?[:：]\s+|(?<=[\u3040-\u9fff])[:：])(?=[^\W\d_])")
"""One word with a colon: whatever the language, it says that a seller follows."""
_TOKEN = re.compile(r"[()\[\]{}|]|[^\s()\[\]{}|]+")
_COUNT = re.compile(r"[+~]?\d[\d.,٫:/]*(?:[^\W\d_]{0,3}|[%٪])\+?")
_AROUND_WORD = " .,:;!?()[]{}|·•★☆⭐✓✔\"'«»–—-"


def clean_seller_name(shown: str) -> str:
    """Return the name in what a page shows as the seller; empty if it shows only a badge.

    >>> clean_seller_name("Sold by: Amber Solvents 4.8 out of 5 stars (1,204 ratings)")
    'Amber Solvents'
    """
    whole = " ".join(shown[: 10 * LONGEST_SELLER_NAME].split())
    if spelling(whole) in _phrases("after"):
        return ""
    name = _before().sub("", whole)
    name = _shop().sub("", name) if name != whole else _FIRST_LABEL.sub("", whole)
    for _ in range(3):  # one cut may end at the next decoration
        cut = _DECORATED.sub("", _without_phrases(name), count=1)
        cut = _BRACKETS.sub("", _counted().sub("", cut, count=1)).strip(" :：,;-–—(!¡·")
        if cut == name or not cut:
            break
        name = cut
    return (name if any(map(str.isalnum, name)) else whole)[:LONGEST_SELLER_NAME].strip()


def _without_phrases(name: str) -> str:
    """Return a name without the phrases after it, and without counts at its end and the words beside them."""
    places = [match.span() for match in _TOKEN.finditer(name)]
    tokens = [spelling(name[start:end].strip(_AROUND_WORD)) for start, end in places]
    lengths = range(_MOST_WORDS, 0, -1)
    kept = min(1, len(tokens))
    while kept < len(tokens) and not _longest((tokens[kept : kept + n] for n in lengths), _phrases("after")):
        kept += 1
    has_word = has_count = kept < len(tokens)
    end = last = kept
    while end > 1:
        length = _longest((tokens[end - n : end] for n in lengths if n < end), _decorations())
        is_count = _COUNT.fullmatch(tokens[end - 1]) is not None
        is_between = not tokens[end - 1] or tokens[end - 1] in _phrases("between")
        if not (length or is_count or is_between):
            break
        end -= length or 1
        if length or is_count:
            last, has_word, has_count = end, has_word or length > 0, has_count or is_count
    kept = last if has_word and has_count else kept
    return name[: places[kept - 1][1]] if kept else name


def _longest(candidates: Iterable[list[str]], phrases: frozenset[str]) -> int:
    """Return the number of words of the first candidate that is a phrase, or 0."""
    return next((len(words) for words in candidates if " ".join(words) in phrases), 0)


@cache
def _phrases(key: str) -> frozenset[str]:
    return spellings(f"seller_names.{key}")


@cache
def _decorations() -> frozenset[str]:
    return _phrases("after") | _phrases("beside")


@cache
def _before() -> re.Pattern[str]:
    words = whole_phrases("seller_names.before")
    return re.compile(
        rf"^(?:(?:{words})(?:\s?[:：!]\s*|\s+(?:(?:19|20)\d\d\s+)?(?=[^\W\d_])|(?=[:：])))+", re.IGNORECASE
    )


@cache
def _shop() -> re.Pattern[str]:
    """Return a pattern of the word for a shop that ends an invitation, as in `Visit the Lab Store`."""
    return re.compile(rf"\s(?:{whole_phrases('seller_names.shop')})$", re.IGNORECASE)


@cache
def _counted() -> re.Pattern[str]:
    """Return a pattern of counts, and of phrases in scripts without spaces, with all that follows."""
    counted = whole_phrases("seller_names.counted", after_digits=True)
    joined = any_of("seller_names.after", chinese=True)
    return re.compile(rf"(?<=\S)\s*(?:(?<![^\W_])[+]?\d[\d.,\s]*\s?(?:{counted})|{joined}).*", re.IGNORECASE)
