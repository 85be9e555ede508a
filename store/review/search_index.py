"""The index of what careful readers would find: written beside sightings and scores, never by hand.

SQL cannot read as `store.review.searching.plain` does, so no trigger keeps it; `index_missing` takes in
what was
written by other means.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from store.database import transaction
from store.review.searching import plain
from store.review.vocabulary import learn, words_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from store.database import Database
    from store.model import Reasons

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
