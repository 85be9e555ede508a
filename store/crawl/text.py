"""The text of a listing: what is searched, scored and shown, and what every span points into."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from store.model import ListingContent

MAX_TEXT_CHARS = 20_000
"""A listing's text is cut here; the embedder reads far less, and a hostile page can be far longer."""


BREAKS = re.compile("\r\n|[\t-\r\x85\u2028\u2029]")
"""White space that ends a line or moves on in it."""

COMMANDS = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Controls, of which a terminal takes commands, and changes of direction."""


DATE = re.compile(
    r"(?:(?:19|20)\d\d(?:([-/.])\d\d\1\d\d|年(?:\d\d?月(?:\d\d?[日号])?)?)"
    r"|\d\d?[./]\d\d?[./](?:19|20)\d\d)(?:[T ,]+\d\d?:\d\d(?::\d\d)?)?"
)
"""A day or a year written as one, and nothing else. No CAS number is one: its last part is a single digit."""


def listing_text(content: ListingContent) -> str:
    """Return the listing as lines: title, quantity, pack and minimum order, description, then attributes.

    Seller, location and images are left out: they say who sells, and a model that reads them learns
    sites instead of offers. The price is left out because it moves from day to day: a judged listing
    would return to the queue with every move. So are properties that are a date, such as when the
    listing was put up: they move too, and say nothing of what is offered.

    Returns:
        At most `MAX_TEXT_CHARS` characters; the title alone when nothing else was shown.
    """
    lines = [content.title, content.quantity_text, content.pack_text, content.minimum_order_text]
    lines += [
        content.description,
        *(f"{name}: {value}" for name, value in content.attributes if not DATE.fullmatch(value)),
    ]
    return "\n".join(line for line in lines if line)[:MAX_TEXT_CHARS]


def harmless(text: str) -> str:
    """Return `text` as one line that a terminal or a log shows and never obeys.

    White space that breaks or moves the line becomes a space; other controls and changes of writing
    direction become U+FFFD, because hostile text lies by them.
    """
    return COMMANDS.sub("\ufffd", BREAKS.sub(" ", text))


def text_hash(text: str) -> str:
    """Return the SHA-256 of `text` in UTF-8; lone surrogates, which hostile pages hold, are kept apart."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def counted(number: int, one: str, many: str) -> str:
    """Return a number with its words, e.g. `1 run` or `2,000 runs`.

    >>> counted(1, "run", "runs"), counted(2000, "run", "runs")
    ('1 run', '2,000 runs')
    """
    return f"{number:,} {one if number == 1 else many}"
