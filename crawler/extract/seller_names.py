"""The name of a seller without what pages print beside it: ratings, badges, counts, years on the site."""

from __future__ import annotations

import re
from functools import cache

from text.page_words import whole_phrases

LONGEST_NAME = 200
"""Characters kept of a name; a longer text is no name."""

_DECORATED = re.compile(
    r"\s*(?:[★☆⭐✓✔|•·]|(?<=\s)»|[(\[（]\s*[\d.,\s]+[%)\]）件]|(?<!\S)\d+(?:[.,]\d+)?\s?%|(?<!\S)\d[.,]\d{1,2}(?!\S)"
    r"|\d(?:[.,]\d)?\s?/\s?(?:5|10)(?!\d)|第\s?\d+\s?年|(?<=\s)\+\s?\d|\[|\s[-–—]\s(?=.*\d)).*"
)
_BRACKETS = re.compile(r"\s*\(\s*\)\s*$")


def clean_seller_name(shown: str) -> str:
    """Return the name in what a page shows as the seller; empty if it shows only a badge.

    >>> clean_seller_name("Sold by: Amber Solvents 4.8 out of 5 stars (1,204 ratings)")
    'Amber Solvents'
    """
    whole = " ".join(shown[: 10 * LONGEST_NAME].split())
    if _badge().fullmatch(whole):
        return ""
    name = _before().sub("", whole)
    if name != whole:
        name = _shop().sub("", name)
    for _ in range(3):  # one cut may end at the next decoration
        cut = _after().sub("", _DECORATED.sub("", name, count=1), count=1)
        cut = _BRACKETS.sub("", cut).strip(" :：,;-–—(!¡·")
        if cut == name or not cut:
            break
        name = cut
    return (name if any(map(str.isalnum, name)) else whole)[:LONGEST_NAME].strip()


@cache
def _before() -> re.Pattern[str]:
    words = whole_phrases("seller_names.before")
    return re.compile(
        rf"^(?:(?:{words})(?:\s?[:：!]\s*|\s+(?:(?:19|20)\d\d\s+)?(?=[^\W\d_])|(?=[:：])))+", re.IGNORECASE
    )


@cache
def _badge() -> re.Pattern[str]:
    return re.compile(f"(?:{whole_phrases('seller_names.after')})", re.IGNORECASE)


@cache
def _shop() -> re.Pattern[str]:
    """Return a pattern of the word for a shop that ends an invitation, as in `Visit the Lab Store`."""
    return re.compile(rf"\s(?:{whole_phrases('seller_names.shop')})$", re.IGNORECASE)


@cache
def _after() -> re.Pattern[str]:
    counted, after = (
        whole_phrases("seller_names.counted", after_digits=True),
        whole_phrases("seller_names.after"),
    )
    return re.compile(
        rf"(?<=\S)\s*(?:(?<![^\W_])[+]?\d[\d.,\s]{{0,20}}(?:{counted})|(?:{after})).*", re.IGNORECASE
    )
