"""Finds CAS numbers that are written plainly; disguised ones are for the classifier's reading."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_CAS = re.compile(r"(?<![\d-])([1-9]\d{1,6})[-‐‑‒–—−]\s?(\d{2})[-‐‑‒–—−]\s?(\d)(?![\d-])")


def cas_numbers(text: str) -> Iterator[tuple[str, str]]:
    """Yields each number as shown and in plain form, e.g. `７７–92–9` and `77-92-9`; the check digit must be right."""
    if text.isascii() and "-" not in text:
        return
    for found in _CAS.finditer(unicodedata.normalize("NFKC", text)):
        number = f"{found[1]}-{found[2]}-{found[3]}"
        if is_cas_number(number):
            yield found[0], number


def is_cas_number(number: str) -> bool:
    """Whether the last digit is the check digit of those before it.

    Counted from the right, each digit times its place, modulo 10 (https://www.cas.org/support/documentation/chemical-substances/checkdig).
    """
    digits = [int(each) for each in number if each.isdigit()]
    weighted = (place * digit for place, digit in enumerate(reversed(digits[:-1]), start=1))
    return sum(weighted) % 10 == digits[-1]
