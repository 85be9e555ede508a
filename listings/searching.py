"""Full-text search: how typed words become a condition. There is no query syntax to get wrong.

Two indexes are asked. `sightings_fts` holds each text as it is written; `plain_fts` holds what a careful
reader would make of it, where that is something else, and the names of the substances found in it.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from listings import rows
from listings.lookalikes import LOOKALIKES

if TYPE_CHECKING:
    from collections.abc import Mapping

MIN_TRIGRAM = 3
"""The indexes are of trigrams; a shorter word is looked for in the text itself."""

MAX_TYPED = 200
"""Of a search, so many characters are read."""

AS_WRITTEN, AS_READ = "sightings_fts", "plain_fts"

_LATIN = str.maketrans(LOOKALIKES)
_SMALL = str.maketrans({each.casefold(): latin.lower() for each, latin in LOOKALIKES.items()} | LOOKALIKES)
"""For what is small by then: a capital is read as its small letter, whichever of the two is a lookalike."""


class _Unseen(dict[int, int | None]):
    """For `str.translate`: leaves out marks and what has no width; each character is looked up once."""

    def __missing__(self, code: int) -> int | None:
        is_unseen = unicodedata.category(chr(code)) in {"Mn", "Cf", "Me"}
        self[code] = None if is_unseen else code
        return self[code]


_UNSEEN = _Unseen()


def plain(text: str) -> str:
    """Return a text as a careful reader would type it: small letters, no accents, nothing that hides.

    Full-width, circled and superscript characters become plain ones, letters of other scripts the Latin ones
    they imitate. What is searched for is read in the same way, so a Russian word is still found by itself.
    """
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.translate(_LATIN)).translate(_LATIN)
    return apart.translate(_UNSEEN).casefold().translate(_SMALL)


def is_indexed(terms: str) -> bool:
    """Return whether any word is long enough for the full-text index."""
    return any(len(word) >= MIN_TRIGRAM for word in words_of(terms))


def asked_of(terms: str, names: Mapping[str, str]) -> dict[str, str]:
    """Return what each index is asked, so that every word of `terms` long enough for it is there.

    Args:
        terms: As typed.
        names: Names of substances by the word, or the whole of the words, that stands for each.
    """
    typed = [word for word in words_of(terms) if len(word) >= MIN_TRIGRAM]
    if not typed:
        return {}
    each_read = [_as_read(word, names.get(word, "")) for word in typed]
    read = " AND ".join(f"({each})" for each in each_read if each)
    whole = " ".join(words_of(terms))
    if len(typed) > 1 and whole in names:
        read = " OR ".join(f"({each})" for each in (read, _named(names[whole])) if each)
    asked = {AS_WRITTEN: " ".join(map(_quoted, typed)), AS_READ: read}
    return {index: query for index, query in asked.items() if query}


def matching(terms: str, column: str, names: Mapping[str, str]) -> tuple[str, list[object]]:
    """Return an SQL condition on a column of sighting ids, and its arguments: every word of `terms` is there.

    Words are split at white space and matched as parts of words, whatever their case, in title, text, seller
    and the names of substances found. Of no words at all the condition is false.
    """
    asked = asked_of(terms, names)
    condition, arguments = short_words(terms, column)
    if not asked:
        return condition or "false", arguments
    within = " UNION ALL ".join(f"SELECT rowid FROM {index} WHERE {index} MATCH ?" for index in asked)  # noqa: S608 (no input)
    found = f"{column} IN ({within})"
    return " AND ".join(each for each in (found, condition) if each), [*asked.values(), *arguments]


def short_words(terms: str, column: str) -> tuple[str, list[object]]:
    """Return the condition, and its arguments, that words too short for the indexes are in the text."""
    short = [word for word in words_of(terms) if len(word) < MIN_TRIGRAM]
    condition = (
        f"EXISTS (SELECT 1 FROM sightings AS said WHERE said.sighting_id = {column} AND "  # noqa: S608 (no input)
        "instr(lower(said.title || ' ' || said.text || ' ' || said.seller_name), lower(?)) > 0)"
    )
    return " AND ".join([condition] * len(short)), list(short)


def words_of(terms: str) -> list[str]:
    """Return the words that were typed."""
    return rows.clean(terms[:MAX_TYPED].replace("\0", " ")).split()


def _as_read(word: str, name: str) -> str:
    parts = [part for part in plain(word).split() if len(part) >= MIN_TRIGRAM]
    read = " AND ".join(map(_quoted, parts))
    return " OR ".join(f"({each})" for each in (read, _named(name) if name else "") if each)


def _named(name: str) -> str:
    return f"substances : {_quoted(plain(name))}"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
