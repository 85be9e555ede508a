"""The cron lines that a schedule may have, told from a sentence what is wrong with one that is none."""

from __future__ import annotations

WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
"""In the order in which cron numbers them: 0 is Sunday, and so is 7."""
_MONTHS = ("", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_FIELDS: tuple[tuple[str, int, int, tuple[str, ...]], ...] = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of the month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of the week", 0, 7, WEEKDAYS),
)
"""Name, least, most, and the words that stand for numbers."""


def problem_of(cron: str) -> str:
    """Say what is wrong with a cron line, or nothing if it can be used.

    Where a line restricts the day of the month and of the week, cron takes either and APScheduler both: so
    none may.

    >>> problem_of("99 3 * * *")
    "its minute is '99', not *, or 0 to 59"
    """
    fields = cron.lower().split()
    if len(fields) != len(_FIELDS):
        return f"it has {len(fields)} fields, not five like '30 3 * * *'"
    for text, (name, least, most, words) in zip(fields, _FIELDS, strict=True):
        for part in text.split(","):
            if why := _problem(part, least, most, words):
                return f"its {name} is {text!r}, {why}"
    if fields[2] != "*" and fields[4] != "*":
        return "it restricts the day of the month and of the week; leave one of them *"
    return ""


def _problem(part: str, least: int, most: int, words: tuple[str, ...]) -> str:
    span, slash, step = part.partition("/")
    first, dash, last = (str(least), "-", str(most)) if span == "*" else span.partition("-")
    begin = _number(first, least, most, words)
    end = _number(last, least, most, words) if dash else most if slash else begin
    if begin is None or end is None:
        named = f", or {words[words[0] == '']} to {words[-1]}" if words else ""
        return f"not *, or {least} to {most}{named}"
    if dash and first.isdecimal() != last.isdecimal():
        return f"whose range {span!r} mixes a word and a number"
    if end < begin and words != WEEKDAYS:
        return f"whose range {span!r} runs backwards"
    if slash and not (step.isascii() and step.isdecimal() and 0 < int(step) <= max(1, most - least)):
        return f"whose step {step!r} is no number above zero and below {most - least + 1}"
    if slash and words != WEEKDAYS and int(step) > end - begin:
        return f"whose step {step!r} is longer than its range"
    return ""


def _number(text: str, least: int, most: int, words: tuple[str, ...]) -> int | None:
    if text and text in words:
        return words.index(text)
    is_number = text.isascii() and text.isdecimal() and least <= int(text) <= most
    return int(text) if is_number else None
