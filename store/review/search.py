"""Full-text search: the words of a text, the index of them, and how typed words become a condition."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from store import rows
from store.sqlite import transaction
from text.lookalikes import LOOKALIKES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from store.model import Reasons, Sighting
    from store.sqlite import Database


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
    """Return the words of a text that `store.review.search.plain` has read, in their order.

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


BETWEEN = "\n"


def index_text(db: Database, sighting_id: int, title: str, text: str, seller_name: str) -> None:
    """Index a new sighting by the words of its texts."""
    read = [words_in(plain(each)) for each in (title, text, seller_name)]
    db.execute(
        "INSERT INTO said_fts (rowid, title, text, seller_name) VALUES (?, ?, ?, ?)",
        [sighting_id, *map(" ".join, read)],
    )
    learn(db, set().union(*read))


def index_substances(db: Database, sighting_id: int, names: Iterable[str]) -> None:
    """Index a sighting by the substances found in it, beside those that were found before."""
    wanted = {_read(name) for name in names} - {""}
    if not wanted:
        return
    row = db.execute("SELECT said, substances FROM named_fts WHERE rowid = ?", [sighting_id]).fetchone()
    known = set(row["substances"].split(BETWEEN)) if row else set()
    if wanted <= known:
        return
    if row is None:
        query = "SELECT title, text, seller_name FROM sightings WHERE sighting_id = ?"
        said = BETWEEN.join(map(_read, db.execute(query, [sighting_id]).fetchone()))
    else:
        said = row["said"]
        db.execute("DELETE FROM named_fts WHERE rowid = ?", [sighting_id])
    db.execute(
        "INSERT INTO named_fts (rowid, said, substances) VALUES (?, ?, ?)",
        [sighting_id, said, BETWEEN.join(sorted(known | wanted))],
    )
    learn(db, {word for name in wanted for word in name.split()})


def names_in(reasons: Reasons) -> set[str]:
    """Return the substances that a score's reasons name."""
    return {*reasons.substances, *(span.substance for span in reasons.spans)} - {""}


def missing(db: Database) -> list[int]:
    """Return the sightings that the index does not hold."""
    query = "SELECT sighting_id FROM sightings EXCEPT SELECT id FROM said_fts_docsize"
    return [row[0] for row in db.execute(query)]


def index_missing(db: Database) -> int:
    """Index what was written by other means than this program, and return how many sightings that were."""
    with transaction(db):
        lacking = missing(db)
        for sighting_id in lacking:
            query = "SELECT title, text, seller_name FROM sightings WHERE sighting_id = ?"
            index_text(db, sighting_id, *db.execute(query, [sighting_id]).fetchone())
    return len(lacking)


def _read(text: str) -> str:
    return " ".join(words_in(plain(text)))


def search(db: Database, terms: str, *, limit: int = 50) -> list[Sighting]:
    """Return the newest sightings of listings whose title, text or seller holds every term.

    Terms are split at white space and matched as parts of words, whatever their case, so `103-79` and
    `苯乙酸` are found. Anything a person types is a plain term; there is no query syntax to get wrong.
    """
    condition, arguments = matching(db, terms, "latest_sightings.sighting_id", {})
    query = f"SELECT * FROM latest_sightings WHERE {condition} ORDER BY sighting_id DESC LIMIT ?"  # noqa: S608 (no input in it)
    return [rows.sighting_from(row) for row in db.execute(query, [*arguments, limit])]
