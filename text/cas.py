"""CAS Registry Numbers: their spellings and check digits."""

from __future__ import annotations

import re

from text.normalise import fold

CAS_SHAPE = re.compile(r"\d{2,7}-\d{2}-\d")
DRESSED = re.compile(r"\W*(?:cas(?:[^\W\d]|[\s.:,;#№/()\[\]-])*)?(?P<digits>\d(?:[\W_]{0,4}\d){4,9})\W*")
"""A number after the word CAS, e.g. `CAS No.:`, or with any separators between its digits."""


def is_cas_number(text: str) -> bool:
    """Return whether `text` has the form of a CAS number and a correct check digit.

    The check digit is the sum of the other digits, each multiplied by its position from the right,
    modulo 10 (CAS, "Check Digit Verification of CAS Registry Numbers").
    """
    if not CAS_SHAPE.fullmatch(text):
        return False
    *digits, check = (int(c) for c in text if c.isdigit())
    return sum(place * digit for place, digit in enumerate(reversed(digits), start=1)) % 10 == check


def cas_in(query: str) -> str:
    """Return a query's CAS number with plain hyphens, without testing its check digit; otherwise empty.

    A query is `103-79-7`, `CAS No. 103 79 7`, `１０３－７９－７` or `103797`.
    """
    dressed = DRESSED.fullmatch(fold(query).text)
    digits = re.sub(r"\D", "", dressed["digits"]) if dressed else ""
    return f"{digits[:-3]}-{digits[-3:-1]}-{digits[-1]}" if digits else ""
