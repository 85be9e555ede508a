"""Cases: listings, sellers and notes under a case number, kept as a journal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from store import rows, times
from store.errors import N_, StoreError, UnknownRow
from store.sqlite import transaction

if TYPE_CHECKING:
    from store.sqlite import Database


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


def write_entry(
    db: Database,
    case_id: int,
    kind: str,
    *,
    listing_id: str | None = None,
    seller: tuple[str, str] | None = None,
    note: str = "",
    written_by: str,
    now: datetime,
) -> None:
    """Add an entry to the journal of a case: an addition, a removal, a note, a closing or a reopening.

    Raises:
        UnknownRow: If there is no such case, listing or source.
        CaseRefused: If the case is closed and the entry does not reopen it, a note is empty, or an entry
            about a
            listing names no listing.
    """
    with transaction(db):
        case = get_case(db, case_id)
        if case.is_closed and kind != "reopened":
            raise CaseRefused(
                N_("Case %(number)s is closed. Reopen it first; nothing was written."), number=case.number
            )
        if kind == "note" and not note.strip():
            raise CaseRefused(N_("The note is empty. Nothing was written."))
        if kind in {"listing", "listing_removed"} and listing_id is None:
            raise CaseRefused(N_("The id of the listing is missing. Nothing was written."))
        if listing_id is not None and not _is_there(db, "listings", "listing_id", listing_id):
            raise UnknownRow("listing", listing_id)
        source_id, seller_name = seller or (None, "")
        if source_id is not None and not _is_there(db, "sources", "source_id", source_id):
            raise UnknownRow("source", source_id)
        values = {
            "case_id": case_id, "kind": kind, "listing_id": listing_id, "source_id": source_id,
            "seller_name": rows.clean(seller_name), "note": rows.clean(note.strip()),
            "written_by": written_by, "written_at": times.to_text(now),
        }  # fmt: skip
        rows.insert(db, "case_entries", values)


def get_case(db: Database, case_id: int) -> Case:
    """Return one case.

    Raises:
        UnknownRow: If there is no such case.
    """
    row = db.execute("SELECT * FROM cases WHERE case_id = ?", [case_id]).fetchone()
    if row is None:
        raise UnknownRow("case", case_id)
    return _case(db, row)


def list_cases(db: Database) -> list[Case]:
    """Return every case, newest first."""
    return [_case(db, row) for row in db.execute("SELECT * FROM cases ORDER BY case_id DESC").fetchall()]


def cases_of(db: Database, listing_id: str) -> list[Case]:
    """Return the cases that contain a listing now."""
    query = """
        SELECT * FROM cases WHERE case_id IN (SELECT case_id FROM case_entries WHERE listing_id = ?)
        ORDER BY case_id
    """
    found = [_case(db, row) for row in db.execute(query, [listing_id]).fetchall()]
    return [case for case in found if listing_id in case.listings]


def _case(db: Database, row: rows.Row) -> Case:
    query = "SELECT * FROM case_entries WHERE case_id = ? ORDER BY entry_id"
    entries = tuple(rows.select(db, CaseEntry, query, [row["case_id"]]))
    held: dict[str, None] = {}
    sellers: dict[tuple[str, str], None] = {}
    is_closed = False
    for entry in entries:
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
    return rows.read(
        Case, row, is_closed=is_closed, listings=tuple(held), sellers=tuple(sellers), entries=entries
    )


def _is_there(db: Database, table: str, key: str, value: str) -> bool:
    return db.execute(f"SELECT 1 FROM {table} WHERE {key} = ?", [value]).fetchone() is not None  # noqa: S608 (ours)
