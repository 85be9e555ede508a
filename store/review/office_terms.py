"""Store office terms: names, code words and product numbers that flag listings.

A lead adds a term with a reason; a term is retired, never deleted or edited. After each scoring
`record_hits` looks for the terms in the newest sightings, and in stored ones for a term that is new. A hit
makes a listing a review item whatever its score says (migration m025); the score itself does not change.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from store import rows, times
from store.audit import audit
from store.audit.audit import BY_HAND, AuditAction, Origin
from store.errors import N_, StoreError, UnknownRow
from store.review.item_query import newest_sighting
from store.review.search import is_dense, phrase, plain, words_in
from store.sqlite import transaction
from text.normalise import comparable
from text.phrases import find_phrase

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from store.sqlite import Database

SHORTEST, SHORTEST_DENSE = 4, 2
"""Fewest letters and digits of a term; fewer suffice in a script without spaces."""

LONGEST = 100
"""Most characters of a term."""

COMMON = 100
"""A term that names more stored listings than this has to be confirmed."""

COUNTED = 1_000
"""Most stored listings that are counted before a term is added."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeTerm:
    """An office term."""

    office_term_id: int
    term: str
    substance: str
    """The substance that the office takes the term to mean, or empty."""
    why: str
    added_by: str
    added_at: datetime
    retired_by: str | None = None
    retired_at: datetime | None = None
    retired_why: str | None = None
    hits: int = 0
    """Number of sightings found so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeHit:
    """A term in one sighting, with the author, time and reason of the term."""

    office_term_id: int
    term: str
    substance: str
    why: str
    added_by: str
    added_at: datetime
    found_at: datetime
    retired_at: datetime | None
    spans: tuple[tuple[int, int], ...]
    """Start and end in the text; empty if the term is in the name of the seller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """The stored listings that a term would put before a person."""

    count: int
    """At most `COUNTED`."""
    titles: tuple[str, ...]
    """Titles of the newest ones."""

    @property
    def is_common(self) -> bool:
        """Whether the term has to be confirmed."""
        return self.count > COMMON


class OfficeTermRefused(StoreError):
    """The term cannot be added or retired."""


class OfficeTermCommon(OfficeTermRefused):
    """The term names many stored listings and was not confirmed."""

    def __init__(self, term: str, count: int) -> None:
        super().__init__(
            N_(
                "At least %(count)s stored listings contain the term %(term)s, and all of them would wait "
                "for a verdict. Nothing was written. Choose a longer term, or confirm this one."
            ),
            term=term,
            count=count,
        )


def check_term(db: Database, term: str) -> str:
    """Return a term without superfluous spaces.

    Raises:
        OfficeTermRefused: If it is too short or too long, or exists already.
    """
    term = " ".join(rows.clean(term).split())
    letters = re.sub(r"[\W_]", "", term)
    is_short = len(letters) < (SHORTEST_DENSE if any(map(is_dense, letters)) else SHORTEST)
    if is_short or len(term) > LONGEST:
        raise OfficeTermRefused(
            N_(
                "The term %(term)s has %(count)s letters and digits; a term needs at least %(least)s "
                "(%(dense)s in Chinese, Japanese or Thai) and at most %(most)s characters. Nothing was "
                "written."
            ),
            term=term,
            count=len(letters),
            least=SHORTEST,
            dense=SHORTEST_DENSE,
            most=LONGEST,
        )
    if any(comparable(each.term) == comparable(term) for each in list_terms(db, is_retired=False)):
        raise OfficeTermRefused(N_("The term %(term)s already exists. Nothing was written."), term=term)
    return term


def reach_of(db: Database, term: str) -> Reach:
    """Return how many stored listings a term would put before a person."""
    titles = [row["title"] for row, _spans in _found(db, term, after=0, limit=COUNTED, is_newest_first=True)]
    return Reach(count=len(titles), titles=tuple(titles[:5]))


def add_term(
    db: Database,
    term: str,
    *,
    why: str,
    substance: str = "",
    is_confirmed: bool = False,
    by: str,
    origin: Origin = BY_HAND,
    now: datetime,
) -> OfficeTerm:
    """Add a term; it counts from the next scoring on.

    Raises:
        OfficeTermRefused: If the term is unfit or there is no reason.
        OfficeTermCommon: If it names more than `COMMON` stored listings and is not confirmed.
    """
    with transaction(db):
        term, why = check_term(db, term), _reason(why)
        reach = reach_of(db, term)
        if reach.is_common and not is_confirmed:
            raise OfficeTermCommon(term, reach.count)
        values = {"term": term, "substance": rows.clean(substance.strip()), "why": why, "added_by": by}
        new_id = int(rows.insert(db, "office_terms", values | {"added_at": times.to_text(now)}) or 0)
        audit.record(
            db,
            AuditAction.OFFICE_TERM_ADDED,
            actor=by,
            origin=origin,
            subject=f"office_term:{new_id}",
            details={"term": term, "substance": substance.strip(), "why": why, "listings": reach.count},
            rows=[("office_terms", new_id)],
            now=now,
        )
    return get_term(db, new_id)


def retire_term(
    db: Database, office_term_id: int, *, why: str, by: str, origin: Origin = BY_HAND, now: datetime
) -> OfficeTerm:
    """Retire a term, so that it is no longer looked for and no listing waits for it.

    Raises:
        UnknownRow: If there is no such term.
        OfficeTermRefused: If it was retired before, or there is no reason.
    """
    with transaction(db):
        term = get_term(db, office_term_id)
        if term.retired_at:
            raise OfficeTermRefused(N_("The term %(term)s has already been retired."), term=term.term)
        values = {"office_term_id": office_term_id, "why": _reason(why), "retired_by": by}
        rows.insert(db, "office_term_retirements", values | {"retired_at": times.to_text(now)})
        audit.record(
            db,
            AuditAction.OFFICE_TERM_RETIRED,
            actor=by,
            origin=origin,
            subject=f"office_term:{office_term_id}",
            details={"term": term.term, "why": why.strip()},
            rows=[("office_term_retirements", office_term_id)],
            now=now,
        )
    return get_term(db, office_term_id)


def list_terms(db: Database, *, is_retired: bool | None = None) -> list[OfficeTerm]:
    """Return the terms, newest first.

    `is_retired` returns only retired ones, or only the others; None returns all.
    """
    narrow = {None: "", True: "WHERE retired_at IS NOT NULL", False: "WHERE retired_at IS NULL"}[is_retired]
    return rows.select(db, OfficeTerm, f"{_TERMS} {narrow} ORDER BY office_term_id DESC")


def get_term(db: Database, office_term_id: int) -> OfficeTerm:
    """Return one term.

    Raises:
        UnknownRow: If there is no such term.
    """
    found = rows.find(db, OfficeTerm, f"{_TERMS} WHERE office_term_id = ?", [office_term_id])
    if found is None:
        raise UnknownRow("office term", office_term_id)
    return found


def hits_of(db: Database, sighting_id: int) -> list[OfficeHit]:
    """Return the terms that were found in a sighting, oldest first; retired ones too."""
    query = """
        SELECT office_terms.*, spans, found_at, retired_at FROM office_term_hits
        JOIN office_terms USING (office_term_id) LEFT JOIN office_term_retirements USING (office_term_id)
        WHERE sighting_id = ? ORDER BY office_term_id
    """
    return rows.select(db, OfficeHit, query, [sighting_id])


def terms_in(terms: Iterable[OfficeTerm], text: str) -> list[dict[str, object]]:
    """Return the terms that a text names, with their places, for a text that is not in the store."""
    found = ((each, find_phrase(each.term, text)) for each in terms)
    return [
        {"term": each.term, "substance": each.substance, "why": each.why, "spans": spans}
        for each, spans in found
        if spans
    ]


def are_terms_due(db: Database) -> bool:
    """Return whether a term has not yet been looked for in every stored sighting."""
    query = f"SELECT EXISTS (SELECT 1 FROM ({_STANDING}) WHERE searched_to < ?)"  # noqa: S608 (no input)
    return bool(db.execute(query, [newest_sighting(db)]).fetchone()[0])


def record_hits(db: Database, *, run_id: int | None, now: datetime) -> int:
    """Look for every standing term in sightings where it was not yet looked for; return the number of hits.

    Only the newest sighting of a listing counts.
    """
    count = 0
    for office_term_id, term, searched_to in db.execute(_STANDING).fetchall():
        with transaction(db):
            newest = newest_sighting(db)
            for row, spans in _found(db, term, after=searched_to, limit=-1):
                values = {"office_term_id": office_term_id, "sighting_id": row["sighting_id"]}
                values |= {"spans": rows.to_json(spans), "run_id": run_id, "found_at": times.to_text(now)}
                count += rows.insert(db, "office_term_hits", values, ignore=True) is not None
            db.execute(
                "INSERT INTO office_term_progress VALUES (?, ?) "
                "ON CONFLICT DO UPDATE SET sighting_id = excluded.sighting_id",
                [office_term_id, newest],
            )
    return count


_TERMS = """
    SELECT office_terms.*, retired_by, retired_at, retired.why AS retired_why,
           (
               SELECT count(*) FROM office_term_hits AS hit
               WHERE hit.office_term_id = office_terms.office_term_id
           ) AS hits
    FROM office_terms LEFT JOIN office_term_retirements AS retired USING (office_term_id)
"""

_STANDING = """
    SELECT office_terms.office_term_id, term, ifnull(sighting_id, 0) AS searched_to FROM office_terms
    LEFT JOIN office_term_progress USING (office_term_id)
    WHERE office_term_id NOT IN (SELECT office_term_id FROM office_term_retirements)
"""


def _found(
    db: Database, term: str, *, after: int, limit: int, is_newest_first: bool = False
) -> Iterator[tuple[rows.Row, list[tuple[int, int]]]]:
    """Yield the newest sightings of listings that name a term, each with the places in its text.

    The index of words finds them, and the phrase engine confirms them.
    """
    pieces = words_in(plain(term))
    if len(pieces) > 1 and is_dense(pieces[-2]) and pieces[-1] == pieces[-2][1:]:
        pieces = pieces[:-1]  # the pair before contains the last character
    order = "DESC" if is_newest_first else "ASC"
    query = f"""
        SELECT sightings.sighting_id, sightings.title, sightings.text, sightings.seller_name FROM said_fts
        JOIN sightings ON sightings.sighting_id = said_fts.rowid
        WHERE said_fts MATCH ? AND said_fts.rowid > ? AND NOT EXISTS (
            SELECT 1 FROM sightings AS later WHERE later.listing_id = sightings.listing_id
              AND later.sighting_id > sightings.sighting_id
        )
        ORDER BY said_fts.rowid {order} LIMIT ?
    """  # noqa: S608 (no input)
    for row in db.execute(query, [phrase(pieces), after, limit]).fetchall():
        spans = find_phrase(term, row["text"])
        if spans or find_phrase(term, row["seller_name"]) or find_phrase(term, row["title"]):
            yield row, spans


def _reason(why: str) -> str:
    if not (why := rows.clean(why.strip())):
        raise OfficeTermRefused(N_("A reason is missing: say why. Nothing was written."))
    return why


def import_terms(
    db: Database, found: Iterable[tuple[str, str, str]], *, is_confirmed: bool, by: str, now: datetime
) -> list[OfficeTerm]:
    """Add terms with substance and reason, all or none; skip terms that stand already.

    Raises:
        OfficeTermRefused: If one of them is unfit.
    """
    with transaction(db):
        standing = {comparable(each.term) for each in list_terms(db, is_retired=False)}
        added = []
        for term, substance, why in found:
            if comparable(term) in standing:
                continue
            standing.add(comparable(term))
            added.append(
                add_term(db, term, why=why, substance=substance, is_confirmed=is_confirmed, by=by, now=now)
            )
    return added
