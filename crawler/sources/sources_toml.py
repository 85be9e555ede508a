"""Reading the sources file as TOML; what is no TOML is told by source, field and value."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

_PLACE = re.compile(r"^(?P<what>.*) \(at line (?P<line>\d+), column \d+\)$")
_FIELD = re.compile(r"\s*(?P<key>[\w-]+)\s*=\s*(?P<value>[^#]*[^#\s])")
_TABLE = re.compile(r"\s*\[(?P<name>[^\[\]]+)\]")
_LIKE_A_DATE = re.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}.*")


def read_toml(path: Path) -> dict[str, Any]:
    """Return what is in a TOML file.

    Raises:
        ValueError: If it cannot be read, or is no TOML; the message is the middle of a sentence.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        message = f"{error.strerror}; see the README for an example"
        raise ValueError(message) from error
    except UnicodeDecodeError as error:
        message = f"it is not text in UTF-8 (byte {error.start + 1:,})"
        raise ValueError(message) from error
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(_told(text, str(error))) from error


def _told(text: str, found: str) -> str:
    place = _PLACE.match(found)
    lines = text.split("\n")
    if place is None or (number := int(place["line"])) > len(lines):
        return f"it is no whole TOML ({found})"
    line = lines[number - 1]
    field = _FIELD.match(line)
    if field is None:
        return f"line {number} is no TOML: {line.strip()!r} ({place['what']})"
    table = next((named["name"] for each in reversed(lines[:number]) if (named := _TABLE.match(each))), "")
    where = f"{table}.{field['key']}" if table else field["key"]
    if _LIKE_A_DATE.fullmatch(field["value"]):
        return (
            f"{where} (line {number}) is {field['value']}, not a date of the calendar written as 2026-11-02 "
            "(year, month, day)"
        )
    return (
        f"{where} (line {number}) is {field['value']}, which is no value in TOML ({place['what']}); a text "
        'stands in "quotes", a date is written as 2026-11-02'
    )
