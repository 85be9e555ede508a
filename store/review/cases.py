"""Cases: listings, sellers and notes under a case number, kept as a journal.

Filing pins what a case is about: the sighting, its score, the hash of its page, and the law as it stood. All
of these rows are append-only, so a pin is their numbers. What the crawls see later stands beside the pin.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from store import rows, times
from store.errors import N_, StoreError, UnknownRow
from store.model import Score, Sighting
from store.scores.scores import current_score
from store.sqlite import transaction

if TYPE_CHECKING:
    from store.sqlite import Database


_OF_MEMBER = """(:member IS NULL OR ifnull((
    SELECT kind <> 'member_removed' OR handed_to <> :member FROM case_entries
    WHERE case_entries.case_id = cases.case_id AND :member IN (written_by, handed_to)
    ORDER BY entry_id DESC LIMIT 1
), opened_by = :member))"""
"""SQL for whether a user is among `Case.members`; true for everybody's if no user is named."""


class CaseRefused(StoreError):
    """A case cannot be opened or changed as requested."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case with its current contents."""

    case_id: int
    number: str
    title: str
    opened_by: str
    opened_at: datetime
    is_closed: bool
    kept_by: str
    """Who has the case now."""
    members: tuple[str, ...]
    """Who may see the case: who opened, keeps or wrote in it, or was added, and was not removed since."""
    listings: tuple[str, ...]
    """Listing ids, in the order of addition."""
    sellers: tuple[tuple[str, str], ...]
    """Source id and seller name."""
    entries: tuple[CaseEntry, ...]
    """The journal, oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseEntry:
    """One entry of the journal of a case."""

    entry_id: int
    kind: str
    listing_id: str | None
    source_id: str | None
    seller_name: str
    note: str
    written_by: str
    written_at: datetime
    sighting_id: int | None = None
    """For a filed listing, the sighting that was pinned; None in entries of older versions."""
    score_id: int | None = None
    payload_sha256: str = ""
    law: tuple[Mapping[str, str], ...] = ()
    """The entries of its substances in the law at that time."""
    handed_to: str = ""
    """Who keeps the case from now on, or joins or leaves its members."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A listing at one time: its sighting, page and score."""

    sighting: Sighting
    page_id: int
    page_url: str
    payload_sha256: str
    fetched_at: datetime
    captured_at: datetime | None
    score_id: int | None
    score: Score | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """A listing of a case: the pinned version, and the newest one if it differs."""

    listing_id: str
    source_id: str
    url: str
    first_seen_at: datetime
    entry: CaseEntry
    """The entry that filed it, the last one if there are several."""
    pinned: Version
    newest: Version | None
    """What a later crawl saw; None if the listing has not changed since it was filed."""
    rescored: Version | None
    """The pinned sighting with its present score; None if the score is the pinned one."""

    @property
    def is_changed(self) -> bool:
        """Whether the listing reads otherwise than when it was filed."""
        return self.newest is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseChange:
    """A change of a filed listing that a crawl saw: a line of the journal that nobody wrote."""

    listing_id: str
    sighting_id: int
    run_id: int
    seen_at: datetime


def open_case(db: Database, number: str, title: str, *, opened_by: str, now: datetime) -> int:
    """Open a case and return its id.

    Raises:
        CaseRefused: If the number is empty or taken.
    """
    number = rows.clean(number.strip())
    if not number:
        raise CaseRefused(N_("A case needs a number. No case was opened."))
    values = {
        "number": number, "title": rows.clean(title.strip()), "opened_by": opened_by,
        "opened_at": times.to_text(now),
    }  # fmt: skip
    with transaction(db):
        case_id = rows.insert(db, "cases", values, ignore=True)
    if case_id is None:
        raise CaseRefused(
            N_("Case %(number)s exists already. Open it, or give another number."), number=number
        )
    return case_id


def write_entry(  # noqa: PLR0913 (the columns of a line)
    db: Database,
    case_id: int,
    kind: str,
    *,
    listing_id: str | None = None,
    seller: tuple[str, str] | None = None,
    note: str = "",
    law: Iterable[object] = (),
    handed_to: str = "",
    written_by: str,
    now: datetime,
) -> None:
    """Add an entry to the journal of a case. Filing a listing pins its newest sighting and its score.

    `kind` is an addition, a removal, a note, a closing, a reopening, `handed_over`, `member` or
    `member_removed`. `law` are the entries of the listing's substances in the law, as dataclasses or mappings
    of texts. `handed_to` keeps the case from now on, or joins or leaves its members.

    Raises:
        UnknownRow: If there is no such case, listing or source.
        CaseRefused: If the case is closed and the entry does not reopen it, a note is empty, an entry about a
            listing names no listing, the listing is filed as it reads now already, nobody is named who is to
            keep, join or leave the case, or who keeps it is to leave it.
    """
    with transaction(db):
        case = get_case(db, case_id)
        _check_entry(case, kind, listing_id, note.strip(), handed_to.strip())
        if listing_id is not None and not _is_there(db, "listings", "listing_id", listing_id):
            raise UnknownRow("listing", listing_id)
        source_id, seller_name = seller or (None, "")
        if source_id is not None and not _is_there(db, "sources", "source_id", source_id):
            raise UnknownRow("source", source_id)
        values = {
            "case_id": case_id, "kind": kind, "listing_id": listing_id, "source_id": source_id,
            "seller_name": rows.clean(seller_name), "note": rows.clean(note.strip()),
            "written_by": written_by, "written_at": times.to_text(now),
            "handed_to": rows.clean(handed_to.strip()) or None,
        }  # fmt: skip
        if kind == "listing" and listing_id is not None:
            pin = _pin(db, listing_id)
            if _holds(case, listing_id, pin["sighting_id"]):
                raise CaseRefused(
                    N_("Case %(number)s holds this version of the listing already. Nothing was written."),
                    number=case.number,
                )
            values |= pin | {"law": rows.clean(rows.to_json(list(law)))}
        rows.insert(db, "case_entries", values)


def _check_entry(case: Case, kind: str, listing_id: str | None, note: str, handed_to: str) -> None:
    """Refuse an entry that the case takes not, or that lacks what its kind needs."""
    if case.is_closed and kind != "reopened":
        raise CaseRefused(
            N_("Case %(number)s is closed. Reopen it first; nothing was written."), number=case.number
        )
    if kind == "note" and not note:
        raise CaseRefused(N_("The note is empty. Nothing was written."))
    if kind == "handed_over" and not handed_to:
        raise CaseRefused(N_("Say who is to keep the case. Nothing was written."))
    if kind in {"member", "member_removed"} and not handed_to:
        raise CaseRefused(N_("Say who is to join or leave the case. Nothing was written."))
    if kind == "member_removed" and handed_to == case.kept_by:
        raise CaseRefused(
            N_("%(name)s keeps the case. Hand it over first; nothing was written."), name=case.kept_by
        )
    if kind in {"listing", "listing_removed"} and listing_id is None:
        raise CaseRefused(N_("The id of the listing is missing. Nothing was written."))


def get_case(db: Database, case_id: int) -> Case:
    """Return one case.

    Raises:
        UnknownRow: If there is no such case.
    """
    row = db.execute("SELECT * FROM cases WHERE case_id = ?", [case_id]).fetchone()
    if row is None:
        raise UnknownRow("case", case_id)
    return _case(db, row)


def list_cases(db: Database, member: str | None = None) -> list[Case]:
    """Return every case, newest first; with `member` only the cases of that user."""
    query = f"SELECT * FROM cases WHERE {_OF_MEMBER} ORDER BY case_id DESC"  # noqa: S608 (ours)
    return [_case(db, row) for row in db.execute(query, {"member": member}).fetchall()]


def open_cases(db: Database, member: str | None = None) -> list[tuple[int, str]]:
    """Return id and number of every case that is not closed, newest first, without reading journals.

    With `member` only the cases of that user.
    """
    query = f"""
        SELECT case_id, number FROM cases WHERE {_OF_MEMBER} AND ifnull((
            SELECT kind FROM case_entries
            WHERE case_entries.case_id = cases.case_id AND kind IN ('closed', 'reopened')
            ORDER BY entry_id DESC LIMIT 1
        ), '') <> 'closed' ORDER BY case_id DESC
    """  # noqa: S608 (ours)
    return [(row["case_id"], row["number"]) for row in db.execute(query, {"member": member})]


def holds_version(db: Database, case_id: int, listing_id: str, sighting_id: int) -> bool:
    """Return whether a case holds a listing with this sighting pinned.

    Raises:
        UnknownRow: If there is no such case.
    """
    return _holds(get_case(db, case_id), listing_id, sighting_id)


def cases_of(db: Database, listing_id: str, member: str | None = None) -> list[Case]:
    """Return the cases that contain a listing now; with `member` only the cases of that user."""
    query = """
        SELECT * FROM cases WHERE case_id IN (SELECT case_id FROM case_entries WHERE listing_id = ?)
        ORDER BY case_id
    """
    found = [_case(db, row) for row in db.execute(query, [listing_id]).fetchall()]
    return [case for case in found if listing_id in case.listings and member in (None, *case.members)]


def filed_listings(db: Database, case: Case) -> list[Filed]:
    """Return the listings of a case in the order of addition, each as pinned and as it reads now."""
    return [_filed(db, case, listing_id) for listing_id in case.listings]


def changes_since_filing(db: Database, case: Case) -> list[CaseChange]:
    """Return the changes of the listings of a case that crawls saw while it held them, oldest first."""
    query = """
        SELECT listing_id, sighting_id, run_id, seen_at FROM sightings
        WHERE listing_id = ? AND sighting_id > ? ORDER BY sighting_id
    """
    found = []
    for listing_id in case.listings:
        first = next(
            entry for entry in case.entries if entry.kind == "listing" and entry.listing_id == listing_id
        )
        found += rows.select(db, CaseChange, query, [listing_id, _pinned_sighting(db, first)])
    return sorted(found, key=lambda change: (change.seen_at, change.sighting_id))


def _filed(db: Database, case: Case, listing_id: str) -> Filed:
    listing = db.execute("SELECT * FROM listings WHERE listing_id = ?", [listing_id]).fetchone()
    entry = _filing(case, listing_id)
    sighting_id = _pinned_sighting(db, entry)
    query = "SELECT max(sighting_id) FROM sightings WHERE listing_id = ?"
    newest_id = int(db.execute(query, [listing_id]).fetchone()[0])
    scored = current_score(db, newest_id)
    score_id = scored[0] if scored else None
    is_old = entry.sighting_id is None  # before scores were pinned
    pinned = _version(db, sighting_id, _score_at(db, sighting_id, entry) if is_old else entry.score_id)
    is_same = newest_id == sighting_id
    return Filed(
        listing_id=listing_id,
        source_id=listing["source_id"],
        url=listing["url"],
        first_seen_at=times.from_text(listing["first_seen_at"]),
        entry=entry,
        pinned=pinned,
        newest=None if is_same else _version(db, newest_id, score_id),
        rescored=_version(db, newest_id, score_id) if is_same and score_id != pinned.score_id else None,
    )


def _holds(case: Case, listing_id: str, sighting_id: object) -> bool:
    return listing_id in case.listings and _filing(case, listing_id).sighting_id == sighting_id


def _filing(case: Case, listing_id: str) -> CaseEntry:
    """Return the last entry that filed a listing."""
    return next(
        entry
        for entry in reversed(case.entries)
        if entry.kind == "listing" and entry.listing_id == listing_id
    )


def _pin(db: Database, listing_id: str) -> dict[str, object]:
    query = """
        SELECT sighting_id, payload_sha256 FROM sightings JOIN pages USING (page_id)
        WHERE listing_id = ? ORDER BY sighting_id DESC LIMIT 1
    """
    row = db.execute(query, [listing_id]).fetchone()
    scored = current_score(db, row["sighting_id"])
    return {
        "sighting_id": row["sighting_id"],
        "score_id": scored[0] if scored else None,
        "payload_sha256": row["payload_sha256"],
    }


def _pinned_sighting(db: Database, entry: CaseEntry) -> int:
    """Return the sighting that an entry pinned; for an older entry, the newest one at that time."""
    if entry.sighting_id is not None:
        return entry.sighting_id
    query = """
        SELECT sighting_id FROM sightings WHERE listing_id = ?
        ORDER BY seen_at <= ? DESC, CASE WHEN seen_at <= ? THEN -sighting_id ELSE sighting_id END LIMIT 1
    """
    at = times.to_text(entry.written_at)
    return int(db.execute(query, [entry.listing_id, at, at]).fetchone()[0])


def _score_at(db: Database, sighting_id: int, entry: CaseEntry) -> int | None:
    query = "SELECT max(score_id) FROM scores WHERE sighting_id = ? AND scored_at <= ?"
    found = db.execute(query, [sighting_id, times.to_text(entry.written_at)]).fetchone()[0]
    return None if found is None else int(found)


def _version(db: Database, sighting_id: int, score_id: int | None) -> Version:
    row = db.execute("SELECT * FROM sightings WHERE sighting_id = ?", [sighting_id]).fetchone()
    page = db.execute(
        "SELECT url, payload_sha256, fetched_at, captured_at FROM pages WHERE page_id = ?", [row["page_id"]]
    ).fetchone()
    return Version(
        sighting=rows.sighting_from(row),
        page_id=row["page_id"],
        page_url=page["url"],
        payload_sha256=page["payload_sha256"],
        fetched_at=times.from_text(page["fetched_at"]),
        captured_at=times.from_text(page["captured_at"]) if page["captured_at"] else None,
        score_id=score_id,
        score=rows.find(db, Score, "SELECT * FROM scores WHERE score_id = ?", [score_id]),
    )


def _case(db: Database, row: rows.Row) -> Case:
    query = "SELECT * FROM case_entries WHERE case_id = ? ORDER BY entry_id"
    entries = tuple(rows.select(db, CaseEntry, query, [row["case_id"]]))
    held: dict[str, None] = {}
    sellers: dict[tuple[str, str], None] = {}
    is_closed, kept_by = False, row["opened_by"]
    members = {kept_by: None}
    for entry in entries:
        members.setdefault(entry.written_by)
        seller = (entry.source_id or "", entry.seller_name)
        match entry.kind:
            case "listing" if entry.listing_id:
                held.setdefault(entry.listing_id)
            case "listing_removed" if entry.listing_id:
                held.pop(entry.listing_id, None)
            case "seller":
                sellers.setdefault(seller)
            case "seller_removed":
                sellers.pop(seller, None)
            case "closed" | "reopened":
                is_closed = entry.kind == "closed"
            case "handed_over":
                kept_by = entry.handed_to
                members.setdefault(kept_by)
            case "member":
                members.setdefault(entry.handed_to)
            case "member_removed":
                members.pop(entry.handed_to, None)
    return rows.read(
        Case,
        row,
        is_closed=is_closed,
        kept_by=kept_by,
        members=tuple(members),
        listings=tuple(held),
        sellers=tuple(sellers),
        entries=entries,
    )


def _is_there(db: Database, table: str, key: str, value: str) -> bool:
    return db.execute(f"SELECT 1 FROM {table} WHERE {key} = ?", [value]).fetchone() is not None  # noqa: S608 (ours)
