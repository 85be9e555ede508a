"""The words of all texts: how a text is cut into them, and which of those that were met hold what was typed.

A search for part of a word looks the part up among the distinct words, which are few beside the texts, and
then asks the index of texts for these words. Scripts that put no spaces between words are cut into pairs of
neighbouring characters instead, so that any stretch of two or more is found as it stands.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from store.database import Database

MIN_PART = 3
"""A shorter part is looked for at the beginning of words only; the index of words is one of trigrams."""

MAX_LENGTH = 60
"""Characters of a word; what is longer, as no word is, counts as several."""

_ASCII = re.compile(f"[a-z0-9]{{1,{MAX_LENGTH}}}")
_WORD = re.compile(r"[^\W_]+")
_DENSE = re.compile(
    "([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\U00020000-\U0003ffff]+)"
)
"""Thai, Lao, Burmese, Khmer, kana and Han."""


_LAST = "\U0010ffff"
"""Sorts behind every letter."""


class Words(NamedTuple):
    """Words that hold a part."""

    words: tuple[str, ...]
    """The part itself first."""
    is_cut: bool
    """Whether there are more than were asked for."""


def words_in(text: str) -> list[str]:
    """Return the words of a text that `store.review.searching.plain` has read, in their order.

    Of a dense stretch these are its pairs and its last character: `苯乙酸` is `苯乙`, `乙酸`, `酸`.
    """
    if text.isascii():
        found: list[str] = _ASCII.findall(text)
        return found
    stretches = (part for word in _WORD.findall(text) for part in _DENSE.split(word) if part)
    return [piece for part in stretches for piece in (_pairs(part) if is_dense(part) else _cut(part))]


def is_dense(word: str) -> bool:
    """Return whether a word is of a script without spaces."""
    return _DENSE.match(word) is not None


def learn(db: Database, words: Iterable[str]) -> None:
    """Take words into the vocabulary; those that it knows stay as they are."""
    db.execute(
        "INSERT OR IGNORE INTO words (word) SELECT value FROM json_each(?) "
        "WHERE NOT EXISTS (SELECT 1 FROM words WHERE word = value)",
        [json.dumps(list(words))],
    )


def words_with(db: Database, part: str, *, limit: int) -> Words:
    """Return the words that hold a part, or begin with it if it is short, beside the part itself."""
    return words_from(db, part, limit=limit) if len(part) < MIN_PART else _holding(db, part, limit)


def words_from(db: Database, part: str, *, limit: int) -> Words:
    """Return the words that begin with a part, beside the part itself."""
    query = "SELECT word FROM words WHERE word > ? AND word < ? ORDER BY word LIMIT ?"
    found = [row[0] for row in db.execute(query, [part, part + _LAST, limit + 1])]
    return Words((part, *found[:limit]), len(found) > limit)


def _holding(db: Database, part: str, limit: int) -> Words:
    """Of more than `limit`, half are those met first, which are common, half those met last, in new texts."""
    found = _met(db, part, "ASC", limit + 1)
    if len(found) <= limit:
        return Words((part, *found), is_cut=False)
    chosen = dict.fromkeys((part, *found[: limit // 2], *_met(db, part, "DESC", limit // 2)))
    return Words(tuple(chosen), is_cut=True)


def _met(db: Database, part: str, order: str, limit: int) -> list[str]:
    query = f"SELECT word FROM words_fts WHERE words_fts MATCH ? ORDER BY rowid {order} LIMIT ?"  # noqa: S608 (no input)
    return [row[0] for row in db.execute(query, [f'"{part}"', limit])]


def _pairs(stretch: str) -> list[str]:
    return [stretch[at : at + 2] for at in range(len(stretch))]


def _cut(word: str) -> list[str]:
    return [word[at : at + MAX_LENGTH] for at in range(0, len(word), MAX_LENGTH)]
