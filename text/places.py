"""Find countries in the places that pages name, e.g. `Guangdong, China (Mainland)`."""

from __future__ import annotations

import re
from functools import cache

from text.page_words import key_of_word, mentions
from text.phrases import written

_LANGUAGES = ("en", "es", "pt", "fr", "de", "ru", "zh")
_LONGEST_PLACE = 120


def country_in(text: str) -> str:
    """Return the ISO 3166-1 code of the last country in a text, `worldwide`, or empty text.

    Args:
        text: E.g. `Guangdong, China (Mainland)`, `envíos a todo el mundo` or `Германия`.
    """
    short = text[:_LONGEST_PLACE]
    if mentions(short, "countries.worldwide"):
        return "worldwide"
    found = _country_pattern().findall(short.casefold())
    return _countries()[found[-1]] if found else ""


@cache
def _countries() -> dict[str, str]:
    # Loading seven languages of names takes some hundredths of a second, so it waits for the first use.
    from babel import Locale

    codes = key_of_word("countries", written).copy()
    for language in _LANGUAGES:
        for code, name in Locale(language).territories.items():
            if len(code) == 2 and code.isalpha():
                codes.setdefault(name.casefold(), code)
    return codes


@cache
def _country_pattern() -> re.Pattern[str]:
    names = "|".join(re.escape(name) for name in sorted(_countries(), key=len, reverse=True))
    return re.compile(rf"(?<![a-zа-яё])(?:{names})(?![a-zа-яё])")
