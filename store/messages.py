"""Format counts, durations and hostile text for messages."""

from __future__ import annotations

import re
from datetime import timedelta

BREAKS = re.compile("\r\n|[\t-\r\x85\u2028\u2029]")
"""White space that ends a line or moves the cursor."""

COMMANDS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Control characters, which command a terminal, and changes of writing direction."""


def harmless(text: str) -> str:
    """Return `text` as one line that is safe to print on a terminal or in a log.

    White space that ends a line or moves the cursor becomes a space. Other control characters, and changes of
    writing direction, become U+FFFD, because they can hide hostile text.
    """
    return COMMANDS.sub("\ufffd", BREAKS.sub(" ", text))


FORMULA = re.compile("'*(?:[\t\r\n]|[ \u00a0\u3000]*[=+\\-@\t\r\uff1d\uff0b\uff0d\uff20])")
"""Beginning of a cell that a spreadsheet may run as a formula, or split (OWASP, CSV injection)."""


def guard_cell(text: str) -> str:
    """Return a cell that no spreadsheet runs: an apostrophe precedes a formula. `unguard_cell` removes it."""
    return f"'{text}" if FORMULA.match(text) else text


def unguard_cell(text: str) -> str:
    """Return the text that `guard_cell` was given."""
    return text[1:] if text.startswith("'") and FORMULA.match(text) else text


def reason_of(error: Exception) -> str:
    """Return why a file could not be read or written, without error numbers and paths.

    >>> reason_of(OSError(2, "No such file or directory", "x")), reason_of(ValueError("it is empty"))
    ('No such file or directory', 'it is empty')
    """
    if isinstance(error, UnicodeDecodeError):
        return f"it is not {error.encoding.upper()} text (byte {error.start + 1:,})"
    return (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__


def counted(number: int, one: str, many: str) -> str:
    """Return a number with its noun, e.g. `1 run` or `2,000 runs`.

    >>> counted(1, "run", "runs"), counted(2000, "run", "runs")
    ('1 run', '2,000 runs')
    """
    return f"{number:,} {one if number == 1 else many}"


def spoken_age(span: timedelta) -> str:
    """Return a duration in its largest whole unit, e.g. `3 h`; a negative duration is `0 s`.

    >>> from datetime import timedelta
    >>> spoken_age(timedelta(minutes=200))
    '3 h'
    """
    seconds = max(0, int(span.total_seconds()))
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
