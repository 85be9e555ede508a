"""Full-text search: the words of a text, their index, and the condition for a search.

Three tables serve a search. `words` is the vocabulary: every distinct word, indexed by trigrams, so that
parts of words are found. `said_fts` has the normalised words of every sighting; `named_fts` has those of
sightings in which substances were found, with the names of the substances, or whose pictures hold text, with
that text. SQL cannot normalise like `plain`,
so no trigger fills these tables; `index_missing` indexes sightings that another program wrote.
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from store import rows
from store.sqlite import transaction
from text.characters import SEEN_AS_LATIN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from store.model import Reasons
    from store.sqlite import Database


MIN_PART = 3
"""Shortest part that matches inside a word (the index has trigrams); shorter parts match beginnings."""

MAX_LENGTH = 60
"""Longest word in characters; a longer run is cut into several words."""

_ASCII = re.compile(f"[a-z0-9]{{1,{MAX_LENGTH}}}")

_WORD = re.compile(r"[^\W_]+")

_DENSE = re.compile(
    "([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\U00020000-\U0003ffff]+)"
)
"""Thai, Lao, Burmese, Khmer, kana and Han."""

_LAST = "\U0010ffff"
"""Sorts after every letter."""


class Words(NamedTuple):
    """Words of the vocabulary that contain a part."""

    words: tuple[str, ...]
    """Words, beginning with the part itself."""
    is_cut: bool
    """Whether there are more words than the limit."""


def words_in(text: str) -> list[str]:
    """Return the words of a text normalised by `plain`, in order.

    A run of a script without spaces is cut into its pairs of characters and its last character, so that a
    search finds any part of it: `苯乙酸` gives `苯乙`, `乙酸`, `酸`.
    """
    if text.isascii():
        found: list[str] = _ASCII.findall(text)
        return found
    stretches = (part for word in _WORD.findall(text) for part in _DENSE.split(word) if part)
    return [piece for part in stretches for piece in (_pairs(part) if is_dense(part) else _cut(part))]


def is_dense(word: str) -> bool:
    """Return whether a word belongs to a script without spaces."""
    return _DENSE.match(word) is not None


def learn(db: Database, words: Iterable[str]) -> None:
    """Add words to the vocabulary."""
    db.execute(
        "INSERT OR IGNORE INTO words (word) SELECT value FROM json_each(?) "
        "WHERE NOT EXISTS (SELECT 1 FROM words WHERE word = value)",
        [json.dumps(list(words))],
    )


def words_with(db: Database, part: str, *, limit: int) -> Words:
    """Return the part and the words that contain it; a short part matches only beginnings."""
    return words_from(db, part, limit=limit) if len(part) < MIN_PART else _holding(db, part, limit)


def words_from(db: Database, part: str, *, limit: int) -> Words:
    """Return the part and the words that begin with it."""
    query = "SELECT word FROM words WHERE word > ? AND word < ? ORDER BY word LIMIT ?"
    found = [row[0] for row in db.execute(query, [part, part + _LAST, limit + 1])]
    return Words((part, *found[:limit]), len(found) > limit)


def _holding(db: Database, part: str, limit: int) -> Words:
    """Return the words that contain a part.

    Of more than `limit` words, return the oldest half, which are common, and the newest half.
    """
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


MAX_TYPED = 200
"""Longest search in characters; the rest is ignored."""

MAX_WORDS = 300
"""Most words of the vocabulary in one search; each costs about 40 microseconds."""

LEAST_WORDS = 20
"""Fewest words of the vocabulary for each typed word."""

ENDINGS = 10
"""Most words that end in the first piece of a hyphenated term."""

ALL, NAMED = "said_fts", "named_fts"

_LATIN = str.maketrans(SEEN_AS_LATIN)

_SMALL = str.maketrans(
    {each.casefold(): latin.lower() for each, latin in SEEN_AS_LATIN.items()} | SEEN_AS_LATIN
)
"""Table for folded text: lookalike capitals become lower-case Latin letters."""


class _Unseen(dict[int, int | None]):
    """A cached `str.translate` table that drops marks and zero-width characters."""

    def __missing__(self, code: int) -> int | None:
        is_unseen = unicodedata.category(chr(code)) in {"Mn", "Cf", "Me"}
        self[code] = None if is_unseen else code
        return self[code]


_UNSEEN = _Unseen()


def plain(text: str) -> str:
    """Return a text in lower case, without accents and invisible characters.

    Full-width, circled and superscript characters become plain, and lookalikes from other scripts become
    Latin. Search terms are normalised the same way, so a Russian word still matches itself.
    """
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.translate(_LATIN)).translate(_LATIN)
    return decomposed.translate(_UNSEEN).casefold().translate(_SMALL)


@dataclass(frozen=True, slots=True)
class Asked:
    """The full-text queries of a search."""

    queries: Mapping[str, str]
    """Queries by the name of the index; empty if the terms contain no word."""
    is_cut: bool = False
    """Whether a limit left out words, so that there may be more matches."""


def asked_of(db: Database, terms: str, names: Mapping[str, str]) -> Asked:
    """Return the queries that match every word of `terms`.

    `names` are names of substances by the word of `terms`, or all of `terms`, that means each.
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


def seller_query(db: Database, name: str) -> Asked:
    """Return the query that matches every word of `name` in the seller's name, ignoring case and accents."""
    typed = [pieces for word in typed_words(name) if (pieces := words_in(plain(word)))]
    if not typed:
        return Asked({})
    limit = max(LEAST_WORDS, MAX_WORDS // len(typed))
    each = [_match(db, pieces, limit) for pieces in typed]
    said = " AND ".join(f"({match})" for match, _ in each)
    return Asked({ALL: f"seller_name : ({said})"}, any(is_cut for _, is_cut in each))


def matching(db: Database, terms: str, column: str, names: Mapping[str, str]) -> tuple[str, list[object]]:
    """Return an SQL condition on a column of sighting ids, and its arguments.

    Words are split at white space. Each word has to match part of a word in title, text, seller or the names
    of found substances, ignoring case. Without words the condition is false.
    """
    queries = asked_of(db, terms, names).queries
    if not queries:
        return "false", []
    within = " UNION ALL ".join(f"SELECT rowid FROM {index} WHERE {index} MATCH ?" for index in queries)  # noqa: S608 (no input)
    return f"{column} IN ({within})", list(queries.values())


def typed_words(terms: str) -> list[str]:
    """Return the words of a search."""
    return rows.clean(terms[:MAX_TYPED].replace("\0", " ")).split()


def phrase(words: Iterable[str]) -> str:
    """Return the query for consecutive words."""
    return _quoted(" ".join(words))


def _match(db: Database, pieces: list[str], limit: int) -> tuple[str, bool]:
    """Return the query for one typed word, and whether the limit left out matching words.

    Hyphens and similar characters split the word into consecutive pieces. The first piece may be the end of a
    word, and the last may be the beginning of a word, unless too many words begin with it.
    """
    if len(pieces) > 1 and is_dense(pieces[-2]) and pieces[-1] == pieces[-2][1:]:
        pieces = pieces[:-1]  # the pair before contains the last character
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


BETWEEN = "\n"


def index_text(db: Database, sighting_id: int, title: str, text: str, seller_name: str) -> None:
    """Index a new sighting by the words of its text."""
    read = [words_in(plain(each)) for each in (title, text, seller_name)]
    db.execute(
        "INSERT INTO said_fts (rowid, title, text, seller_name) VALUES (?, ?, ?, ?)",
        [sighting_id, *map(" ".join, read)],
    )
    learn(db, set().union(*read))


def index_substances(db: Database, sighting_id: int, names: Iterable[str]) -> None:
    """Add found substances to the index of a sighting."""
    wanted = {_read(name) for name in names} - {""}
    if not wanted:
        return
    said, substances = _named(db, sighting_id)
    known = set(substances.split(BETWEEN)) - {""}
    if not wanted <= known:
        _name(db, sighting_id, said, BETWEEN.join(sorted(known | wanted)))
        learn(db, {word for name in wanted for word in name.split()})


def _named(db: Database, sighting_id: int) -> tuple[str, str]:
    """Return the words of a sighting and of the substances found in it, as they are indexed or would be."""
    row = db.execute("SELECT said, substances FROM named_fts WHERE rowid = ?", [sighting_id]).fetchone()
    return (_own_words(db, sighting_id), "") if row is None else (row["said"], row["substances"])


def _own_words(db: Database, sighting_id: int) -> str:
    query = "SELECT title, text, seller_name FROM sightings WHERE sighting_id = ?"
    return BETWEEN.join(map(_read, db.execute(query, [sighting_id]).fetchone()))


def _name(db: Database, sighting_id: int, said: str, substances: str) -> None:
    db.execute("DELETE FROM named_fts WHERE rowid = ?", [sighting_id])
    values = {"rowid": sighting_id, "said": said, "substances": substances}
    rows.insert(db, "named_fts", values)


def index_beside(db: Database, sighting_id: int, texts: Iterable[str]) -> None:
    """Index a sighting by the texts in its pictures; this replaces earlier texts of pictures."""
    before, substances = _named(db, sighting_id)
    beside = dict.fromkeys(filter(None, map(_read, texts)))
    said = BETWEEN.join([_own_words(db, sighting_id), *beside])
    if said != before:
        _name(db, sighting_id, said, substances)
        learn(db, set(said.split()) - set(before.split()))
        _unlearn(db, set(before.split()) - set(said.split()))


def _unlearn(db: Database, words: Iterable[str]) -> None:
    """Remove words from the vocabulary that stand in no indexed text any more."""
    for word in words:
        query = f"SELECT 1 FROM {ALL}(?1) UNION ALL SELECT 1 FROM {NAMED}(?1) LIMIT 1"  # noqa: S608 (no input)
        if not db.execute(query, [_quoted(word)]).fetchone():
            of_word = "FROM words WHERE word = ?"
            db.execute(
                f"INSERT INTO words_fts (words_fts, rowid, word) SELECT 'delete', word_id, word {of_word}",
                [word],
            )
            db.execute(f"DELETE {of_word}", [word])


def names_in(reasons: Reasons) -> set[str]:
    """Return the substances named in the reasons of a score."""
    return {*reasons.substances, *(span.substance for span in reasons.spans)} - {""}


def missing(db: Database) -> list[int]:
    """Return the sightings that are missing in the index."""
    query = "SELECT sighting_id FROM sightings EXCEPT SELECT id FROM said_fts_docsize"
    return [row[0] for row in db.execute(query)]


def index_missing(db: Database) -> int:
    """Index the missing sightings, which other programs wrote, and return their number."""
    with transaction(db):
        lacking = missing(db)
        for sighting_id in lacking:
            query = "SELECT title, text, seller_name FROM sightings WHERE sighting_id = ?"
            index_text(db, sighting_id, *db.execute(query, [sighting_id]).fetchone())
    return len(lacking)


def _read(text: str) -> str:
    return " ".join(words_in(plain(text)))
