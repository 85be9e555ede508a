"""Measure the position of a listed name in the title: sellers name their goods first, alone, with an amount.

No list of words covers all titles for a pump for acetone, a book about it or a test of it. The position of
the name helps with any wording.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from text.phrases import IS_CJK, written

if TYPE_CHECKING:
    from classifier.reading import Reading

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
