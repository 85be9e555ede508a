"""Finds the country that a text about shipping names, in any of the languages read."""

from __future__ import annotations

import re
from functools import cache

_LANGUAGES = ("en", "es", "pt", "fr", "de", "ru", "zh")
_ALSO_CALLED = {
    "usa": "US", "u.s.a.": "US", "uk": "GB", "england": "GB", "england, uk": "GB", "holland": "NL", "mainland china": "CN",
    "p.r. china": "CN", "prc": "CN", "中国大陆": "CN", "россия, рф": "RU", "рф": "RU", "eeuu": "US", "ee.uu.": "US",
}  # fmt: skip
_WORLDWIDE = re.compile(
    r"world-?wide|all countries|anywhere|global(?:ly)?|todo el mundo|mundial|worldwide|tout pays|monde entier|"
    r"weltweit|по всему миру|весь мир|全球|世界各地",
    re.IGNORECASE,
)
_LONGEST_PLACE = 120


def country_in(text: str) -> str:
    """Returns the ISO 3166-1 code of the last country named, `worldwide`, or empty text.

    Args:
        text: E.g. `Guangdong, China (Mainland)`, `envíos a todo el mundo` or `Германия`.
    """
    short = text[:_LONGEST_PLACE]
    if _WORLDWIDE.search(short):
        return "worldwide"
    found = _pattern().findall(short.casefold())
    return _codes()[found[-1]] if found else ""


@cache
def _codes() -> dict[str, str]:
    # Loaded on first need: seven languages of names take a few hundredths of a second.
    from babel import Locale

    codes = dict(_ALSO_CALLED)
    for language in _LANGUAGES:
        for code, name in Locale(language).territories.items():
            if len(code) == 2 and code.isalpha():
                codes.setdefault(name.casefold(), code)
    return codes


@cache
def _pattern() -> re.Pattern[str]:
    names = "|".join(re.escape(name) for name in sorted(_codes(), key=len, reverse=True))
    return re.compile(rf"(?<![a-zа-яё])(?:{names})(?![a-zа-яё])")
