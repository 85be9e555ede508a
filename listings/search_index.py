"""The index of what careful readers would find: written beside sightings and scores, never by hand.

A row stands for each sighting whose text hides something or names a substance; the others need none, because
`sightings_fts` holds them as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from listings.searching import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from listings.database import Database
    from listings.model import Reasons

BETWEEN = "\n"
"""No search crosses a line."""


def index_text(db: Database, sighting_id: int, *texts: str) -> None:
    """Index a new sighting by what its texts are read as, if that is not what is written."""
    said = BETWEEN.join(texts)
    read = plain(said)
    if read != said.lower():
        _write(db, sighting_id, read, ())


def index_substances(db: Database, sighting_id: int, names: Iterable[str]) -> None:
    """Index a sighting by the substances found in it, beside those that were found before."""
    wanted = {plain(name) for name in names if name}
    if not wanted:
        return
    row = db.execute("SELECT said, substances FROM plain_fts WHERE rowid = ?", [sighting_id]).fetchone()
    known = set(row["substances"].split(BETWEEN)) - {""} if row else set()
    if wanted <= known:
        return
    if row is None:
        query = "SELECT title, text, seller_name FROM sightings WHERE sighting_id = ?"
        said = plain(BETWEEN.join(db.execute(query, [sighting_id]).fetchone()))
    else:
        said = row["said"]
        db.execute("DELETE FROM plain_fts WHERE rowid = ?", [sighting_id])
    _write(db, sighting_id, said, sorted(known | wanted))


def names_in(reasons: Reasons) -> set[str]:
    """Return the substances that a score's reasons name."""
    return {*reasons.substances, *(span.substance for span in reasons.spans)} - {""}


def _write(db: Database, sighting_id: int, said: str, substances: Iterable[str]) -> None:
    db.execute(
        "INSERT INTO plain_fts (rowid, said, substances) VALUES (?, ?, ?)",
        [sighting_id, said, BETWEEN.join(substances)],
    )
