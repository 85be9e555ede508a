"""Full-text search: how typed words become a condition. There is no query syntax to get wrong.

Two indexes of words are asked. `said_fts` holds each text as a careful reader would make of it; `named_fts`
holds those in which substances were found, with the names of these. What is typed is looked for in the
vocabulary first (`store/review/vocabulary.py`), so that parts of words are found too.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from store import rows
from store.review.vocabulary import is_dense, words_from, words_in, words_with
from text.lookalikes import LOOKALIKES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from store.database import Database

MAX_TYPED = 200
"""Of a search, so many characters are read."""

MAX_WORDS = 300
"""Words of the vocabulary that a search asks for; each costs the index some 40 microseconds."""

LEAST_WORDS = 20
"""So many at least for each word that was typed."""

ENDINGS = 10
"""Words that end in the first piece of what was typed with a hyphen or the like, beside the piece itself."""

ALL, NAMED = "said_fts", "named_fts"

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


@dataclass(frozen=True, slots=True)
class Asked:
    """What each index is asked."""

    queries: Mapping[str, str]
    """By the name of the index; none if nothing typed is a word."""
    is_cut: bool = False
    """Whether part of a word is held by more words than were asked for, so that there may be more to find."""


def asked_of(db: Database, terms: str, names: Mapping[str, str]) -> Asked:
    """Return what each index is asked, so that every word of `terms` is there.

    Args:
        db: The store, for its vocabulary.
        terms: As typed.
        names: Names of substances by the word, or the whole of the words, that stands for each.
    """
    typed = [(word, pieces) for word in typed_words(terms) if (pieces := words_in(plain(word)))]
    if not typed:
        return Asked({})
    limit = max(LEAST_WORDS, MAX_WORDS // len(typed))
    each = [_match(db, pieces, limit) for _, pieces in typed]
    said = " AND ".join(f"({match})" for match, _ in each)
    meant = (_or_named(names.get(word, "")) for word, _ in typed)
    named = " AND ".join(f"({match}{or_named})" for (match, _), or_named in zip(each, meant, strict=True))
    if len(typed) > 1:
        named = f"({named}){_or_named(names.get(' '.join(typed_words(terms)), ''))}"
    return Asked({ALL: said, NAMED: named}, any(is_cut for _, is_cut in each))


def matching(db: Database, terms: str, column: str, names: Mapping[str, str]) -> tuple[str, list[object]]:
    """Return an SQL condition on a column of sighting ids, and its arguments: every word of `terms` is there.

    Words are split at white space and matched as parts of words, whatever their case, in title, text, seller
    and the names of substances found. Of no words at all the condition is false.
    """
    queries = asked_of(db, terms, names).queries
    if not queries:
        return "false", []
    within = " UNION ALL ".join(f"SELECT rowid FROM {index} WHERE {index} MATCH ?" for index in queries)  # noqa: S608 (no input)
    return f"{column} IN ({within})", list(queries.values())


def typed_words(terms: str) -> list[str]:
    """Return the words that were typed."""
    return rows.clean(terms[:MAX_TYPED].replace("\0", " ")).split()


def phrase(words: Iterable[str]) -> str:
    """Return the query for words that follow each other."""
    return _quoted(" ".join(words))


def _match(db: Database, pieces: list[str], limit: int) -> tuple[str, bool]:
    """Return the query for one typed word, and whether it leaves words out that hold it.

    Typed with a hyphen or the like, it is in several pieces, which follow each other; the first may be the
    end of a word and the last the beginning of one, unless too many words begin with it.
    """
    if len(pieces) > 1 and is_dense(pieces[-2]) and pieces[-1] == pieces[-2][1:]:
        pieces = pieces[:-1]  # the last character stands in the pair before it
    first, *others = pieces
    held = words_with(db, first, limit=limit)
    if not others:
        return " OR ".join(map(_quoted, held.words)), held.is_cut
    is_open = not words_from(db, others[-1], limit=limit).is_cut
    endings = [word for word in held.words[1:] if word.endswith(first)][:ENDINGS]
    phrases = (phrase([word, *others]) for word in (first, *endings))
    return " OR ".join(f"{each} *" if is_open else each for each in phrases), False


def _or_named(name: str) -> str:
    words = words_in(plain(name))
    return f" OR substances : {phrase(words)}" if words else ""


def _quoted(words: str) -> str:
    return f'"{words}"'
