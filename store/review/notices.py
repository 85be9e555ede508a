"""Store notices, the findings that stand beside a listing's score.

Five kinds: `watch` (a substance on a list of surveillance), `equipment` (a machine that a law names), `rule`
(a broken rule of the listing's own marketplace), `class` (a compound on no list that the words of a law
cover) and `picture` (a listed substance, or signs of an offer, in a picture of the listing). A notice changes
no score. It makes a listing a review item if its kind is chosen (`class` is, until a lead says otherwise),
and never if it is weak. Notices are read after each scoring; those of texts for newest sightings only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from store import rows, times
from store.crawl.pictures import PICTURE_STEP, pictured_sightings, read_up_to
from store.review.search import index_substances
from store.sqlite import transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from store.crawl.pictures import Pictured
    from store.sqlite import Database

BATCH = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """How a compound is related to the parent of the class rule that covers it."""

    parent: str
    """Name of the parent substance."""
    parent_smiles: str
    smiles: str
    forms: tuple[str, ...]
    """What the compound is of the parent, e.g. `ester`, `salt`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing that a sighting shows."""

    kind: str
    """One of `store.model.NOTICE_KINDS`."""
    code: str
    """The substance, the machine, the marketplace's rule, or the rule of the law."""
    name: str
    """What was found, for people."""
    why: str
    """The law or rule that names it; each of several laws, or the breach and the rule, on its own line."""
    is_weak: bool = False
    """Whether these are ordinary goods, which never flag."""
    spans: tuple[tuple[int, int], ...] = ()
    """Start and end of each place in the text; of a `picture`, in the joined texts of the pictures."""
    relation: Relation | None = None
    """For kind `class`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noticed:
    """The parts of a sighting that notices are read from."""

    sighting_id: int
    url: str
    text: str
    substances: tuple[str, ...]
    """Names of the substances on offer, by the score of the model in use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeCount:
    """How many listings show one thing."""

    kind: str
    code: str
    name: str
    why: str
    is_weak: bool
    listings: int
    names_differ: bool
    """Whether `name` is an example: one class rule covers several compounds."""
    reasons_differ: bool
    """Whether `why` is an example: listings break one rule by several substances."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticedListing:
    """One notice of one listing, for export."""

    kind: str
    code: str
    name: str
    why: str
    listing_id: str
    source_id: str
    url: str
    title: str
    seller_name: str
    found_at: datetime


def record_notices(
    db: Database,
    read: Callable[[Sequence[Noticed]], Sequence[Sequence[Notice]]],
    *,
    read_with: str,
    run_id: int | None,
    now: datetime,
) -> int:
    """Read the notices of the newest sightings that were not yet read with these rules and model.

    `read_with` names the rules and lists; with another name, or after another model, whose substances the
    rules of marketplaces ask for, all newest sightings are read anew. Return the number of notices found.
    """
    in_use = db.execute("SELECT model_id FROM model_in_use").fetchone()
    read_with = f"{read_with} {in_use[0] if in_use else ''}"
    query = "SELECT sighting_id FROM notice_progress WHERE read_with = ?"
    done = db.execute(query, [read_with]).fetchone()
    last, count = (done[0] if done else 0), 0
    while batch := rows.select(db, Noticed, _NEWEST, [last, BATCH]):
        found = read(batch)
        last = batch[-1].sighting_id
        with transaction(db):
            changed = [
                each.sighting_id
                for each, notices in zip(batch, found, strict=True)
                if _replace(db, each.sighting_id, notices, run_id, now)
            ]
            _refresh(db, "SELECT listing_id FROM sightings WHERE sighting_id = ?", changed)
            _note_progress(db, read_with, last)
        count += sum(map(len, found))
    return count


def _note_progress(db: Database, read_with: str, last: int) -> None:
    """Note how far these rules came; other rules begin anew if they return, as their notices are gone."""
    of_pictures = f"{PICTURE_STEP} %"
    db.execute(
        "DELETE FROM notice_progress WHERE read_with <> ? AND (read_with LIKE ?) = (? LIKE ?)",
        [read_with, of_pictures, read_with, of_pictures],
    )
    db.execute(
        "INSERT INTO notice_progress VALUES (?, ?) "
        "ON CONFLICT DO UPDATE SET sighting_id = excluded.sighting_id",
        [read_with, last],
    )


def are_pictures_due(db: Database, model_id: str) -> bool:
    """Return whether pictures were read whose notices this model has not given."""
    return _pictures_done(db, model_id) < read_up_to(db)


def record_picture_notices(
    db: Database,
    read: Callable[[Sequence[Pictured]], Sequence[Sequence[Notice]]],
    *,
    model_id: str,
    run_id: int | None,
    now: datetime,
) -> int:
    """Read the notices of sightings whose pictures were read since the last time.

    After another model, all sightings with pictures are read anew. Return the number of notices found.
    """
    last, count = _pictures_done(db, model_id), 0
    while batch := pictured_sightings(db, after=last, limit=BATCH):
        found = read(batch)
        last = batch[-1].newest_picture
        with transaction(db):
            changed = []
            for each, notices in zip(batch, found, strict=True):
                if _replace(db, each.sighting_id, notices, run_id, now, of_pictures=True):
                    changed.append(each.sighting_id)
                    index_substances(db, each.sighting_id, [notice.name for notice in notices])
            _refresh(db, "SELECT listing_id FROM sightings WHERE sighting_id = ?", changed)
            _note_progress(db, f"{PICTURE_STEP} {model_id}", last)
        count += sum(map(len, found))
    return count


def _pictures_done(db: Database, model_id: str) -> int:
    query = "SELECT sighting_id FROM notice_progress WHERE read_with = ?"
    done = db.execute(query, [f"{PICTURE_STEP} {model_id}"]).fetchone()
    return int(done[0]) if done else 0


def refresh_flags(db: Database, kind: str) -> None:
    """Bring the queue in line after a change of whether a kind of notice flags listings."""
    query = "SELECT DISTINCT listing_id FROM notices JOIN sightings USING (sighting_id) WHERE kind = ?"
    _refresh(db, query, [kind])


def notices_of(db: Database, sighting_id: int) -> list[Notice]:
    """Return the notices of a sighting, by kind."""
    query = "SELECT * FROM notices WHERE sighting_id = ? ORDER BY kind, is_weak, name"
    return rows.select(db, Notice, query, [sighting_id])


def count_notices(db: Database, kind: str = "") -> list[NoticeCount]:
    """Return the number of listings for each notice, by kind, the commonest first."""
    query = """
        SELECT kind, code, min(name) AS name, min(why) AS why, min(is_weak) AS is_weak, count(*) AS listings,
               min(name) <> max(name) AS names_differ, min(why) <> max(why) AS reasons_differ
        FROM notices JOIN latest_sightings USING (sighting_id)
        WHERE ? IN ('', kind) GROUP BY kind, code ORDER BY kind, listings DESC, code
    """
    return rows.select(db, NoticeCount, query, [kind])


def noticed_listings(db: Database, kind: str = "", code: str = "") -> list[NoticedListing]:
    """Return the notices of all listings, of one kind or code if given."""
    query = """
        SELECT kind, code, name, why, listings.listing_id, listings.source_id, listings.url, latest.title,
               latest.seller_name, found_at
        FROM notices JOIN latest_sightings AS latest USING (sighting_id)
        JOIN listings ON listings.listing_id = latest.listing_id
        WHERE ? IN ('', kind) AND ? IN ('', code) ORDER BY kind, code, latest.sighting_id
    """
    return rows.select(db, NoticedListing, query, [kind, code])


def machines_of_supplier(db: Database, supplier_id: int) -> list[NoticedListing]:
    """Return the machines that a supplier's listings offer; weak ones are left out."""
    query = """
        SELECT kind, code, name, why, listings.listing_id, listings.source_id, listings.url, latest.title,
               latest.seller_name, found_at
        FROM supplier_accounts CROSS JOIN listing_accounts USING (seller_account_id)
        CROSS JOIN listings USING (listing_id)
        JOIN latest_sightings AS latest ON latest.listing_id = listings.listing_id
        JOIN notices ON notices.sighting_id = latest.sighting_id
        WHERE supplier_id = ? AND kind = 'equipment' AND NOT is_weak
        GROUP BY latest.sighting_id, code ORDER BY code, latest.sighting_id
    """
    return rows.select(db, NoticedListing, query, [supplier_id])


_NEWEST = """
    SELECT latest_sightings.sighting_id, listings.url, latest_sightings.text,
           ifnull(scores.substances, '[]') AS substances
    FROM latest_sightings JOIN listings USING (listing_id)
    LEFT JOIN scores ON scores.sighting_id = latest_sightings.sighting_id
        AND scores.model_id = (SELECT model_id FROM model_in_use)
    WHERE latest_sightings.sighting_id > ? ORDER BY latest_sightings.sighting_id LIMIT ?
"""


def _replace(
    db: Database,
    sighting_id: int,
    notices: Sequence[Notice],
    run_id: int | None,
    now: datetime,
    *,
    of_pictures: bool = False,
) -> bool:
    """Store the notices of a text, or of pictures, and return whether they differ from the earlier ones."""
    before = [each for each in notices_of(db, sighting_id) if (each.kind == "picture") == of_pictures]
    if sorted(before, key=repr) == sorted(notices, key=repr):
        return False
    db.execute(
        "DELETE FROM notices WHERE sighting_id = ? AND (kind = 'picture') = ?", [sighting_id, of_pictures]
    )
    for notice in notices:
        values = rows.columns_of(notice) | {"sighting_id": sighting_id, "run_id": run_id}
        rows.insert(db, "notices", values | {"found_at": times.to_text(now)})
    return True


def _refresh(db: Database, query: str, asked: Sequence[object]) -> None:
    with transaction(db):
        found = {row[0] for each in asked for row in db.execute(query, [each])}
        for listing_id in found:
            db.execute("DELETE FROM review_items WHERE listing_id = ?", [listing_id])
            db.execute(
                "INSERT INTO review_items SELECT * FROM review_items_now WHERE listing_id = ?", [listing_id]
            )
