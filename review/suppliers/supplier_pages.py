"""Show suppliers and the page of one; take decisions on links, and file listings."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from fastapi.encoders import jsonable_encoder
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from review.listing.masking import masks_for
from review.suppliers.dossier import dossier_html, read_dossier, write_dossier, zipped
from review.suppliers.supplier import Profile, read_profile
from review.web.dependencies import (
    Person,
    TheContext,
    TheDatabase,
    TheReviewer,
    TheViewer,
    answer_page,
    case_for,
    go,
    open_cases_for,
    with_done,
)
from review.web.errors import RoleTooLow
from review.web.fields import MAX_ROW, RowId, refusals
from review.web.languages import gettext as _
from review.web.languages import ngettext
from store.audit.audit import AuditAction
from store.database import transaction
from store.model import MAY_SEE_CONTACTS
from store.review.cases import holds_version, write_entry
from store.review.notices import machines_of_supplier
from store.review.watchlists import save_view
from store.suppliers.contacts import ShownContact, view_contacts
from store.suppliers.grouping import LinkDecision, decide_link
from store.suppliers.profile import ListedSupplier, SupplierSort, find_suppliers, score_suppliers
from store.suppliers.suppliers import (
    MOST_SHOWN,
    accounts_of,
    count_suppliers,
    get_supplier,
    listings_of,
    supplier_of_listing,
)

if TYPE_CHECKING:
    from review.web.dependencies import AppContext
    from store.database import Database

pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
api = APIRouter(prefix="/api", tags=["suppliers"])

PAGE_SIZE = 50
MAX_FILED = 200
"""Listings that one press files in a case; pressed again, the next ones follow."""
MAX_WORDS = 200
MAX_REASON = 1_000

Words = Annotated[str, Query(max_length=MAX_WORDS)]
Offset = Annotated[int, Query(ge=0, le=MAX_ROW)]
Reason = Annotated[str, Form(max_length=MAX_REASON)]


@pages.get("/suppliers")
def show_suppliers(
    request: Request,
    db: TheDatabase,
    context: TheContext,
    person: TheViewer,
    q: Words = "",
    contact: Words = "",
    sort: SupplierSort = SupplierSort.SCORE,
    start: Offset = 0,
) -> Response:
    """Show suppliers by score, size or time: all, or the results of a search."""
    _check_search(db, context, person, contact)
    found, total = find_suppliers(
        db, words=q.strip(), contact=contact.strip(), sort=sort, limit=PAGE_SIZE, offset=start
    )
    shown = {
        "suppliers": masks_for(context, person)(found),
        "total": total,
        "counts": count_suppliers(db),
        "q": q,
        "contact": contact,
        "sort": sort,
        "start": start,
        "page_size": PAGE_SIZE,
        "may_see_contacts": person.may(MAY_SEE_CONTACTS),
    }
    return answer_page(request, "suppliers.html", shown)


@pages.get("/suppliers/{supplier_id}")
def show_supplier(
    request: Request,
    db: TheDatabase,
    context: TheContext,
    person: TheViewer,
    supplier_id: RowId,
    contacts: Literal["", "shown"] = "",
    done: str = "",
    count: Annotated[int, Query(ge=0, le=MAX_ROW)] = 0,
) -> Response:
    """Show one supplier, with the values of its contacts on request, and log the view."""
    number = get_supplier(db, supplier_id).supplier_id
    if number != supplier_id:
        return go(f"/suppliers/{number}?done=merged&count={supplier_id}")
    profile = _viewed(db, context, person, number, with_contacts=contacts == "shown")
    shown = {
        "profile": profile,
        "machines": masks_for(context, person)(machines_of_supplier(db, number)),
        "names": {each.seller_account_id: each.name for each in profile.accounts},
        "said": _said(done, count),
        "may_decide": person.may(MAY_SEE_CONTACTS),
        "open_cases": open_cases_for(db, person),
        "most_shown": MOST_SHOWN,
        "now": context.clock(),
    }
    return answer_page(request, "supplier.html", shown)


@pages.get("/listings/{listing_id}/supplier")
def lead_to_supplier(db: TheDatabase, person: TheViewer, listing_id: str) -> RedirectResponse:
    """Lead from a listing to its supplier; to the list, if the listing is not linked."""
    number = supplier_of_listing(db, listing_id)
    return go(f"/suppliers/{number}" if number else "/suppliers")


@pages.post("/suppliers/{supplier_id}/links")
def decide(
    db: TheDatabase,
    context: TheContext,
    person: TheReviewer,
    supplier_id: RowId,
    one: Annotated[RowId, Form()],
    other: Annotated[RowId, Form()],
    decision: Annotated[LinkDecision, Form()],
    reason: Reason = "",
) -> Response:
    """Confirm the link of two accounts, cut it, or withdraw such a decision."""
    get_supplier(db, supplier_id)
    _decide(db, context, person, LinkChoice(one=one, other=other, decision=decision, reason=reason))
    return go(f"/suppliers/{supplier_id}?done={decision}#links")


@pages.post("/suppliers/{supplier_id}/follow")
def follow(db: TheDatabase, context: TheContext, person: TheViewer, supplier_id: RowId) -> Response:
    """Follow the listings of all accounts of a supplier, now and later, as one watch-list."""
    found = masks_for(context, person)(get_supplier(db, supplier_id))
    number = found.supplier_id
    query, name = urlencode({"supplier": number}), f"{found.name[:48]} ({number})"
    save_view(db, person.name, name, query, is_followed=True, now=context.clock())
    return go(with_done(f"/suppliers/{number}", "followed"))


@pages.post("/suppliers/{supplier_id}/file")
def file_all(
    db: TheDatabase,
    context: TheContext,
    person: TheReviewer,
    supplier_id: RowId,
    case_id: Annotated[RowId, Form()],
    only: Annotated[Literal["", "flagged"], Form()] = "",
) -> Response:
    """File all or the flagged listings of a supplier in a case, except listings that it holds."""
    number = get_supplier(db, supplier_id).supplier_id
    count = file_listings(db, context, person, number, case_id, only_flagged=only == "flagged")
    return go(with_done(f"/suppliers/{number}", "filed", count))


@pages.get("/suppliers/{supplier_id}/dossier")
def show_dossier(db: TheDatabase, context: TheContext, person: TheViewer, supplier_id: RowId) -> Response:
    """Show the dossier of a supplier without its contacts, as a page to print, and log the view."""
    number = get_supplier(db, supplier_id).supplier_id
    now = context.clock()
    dossier = read_dossier(db, number, by=person.name, masks=masks_for(context, person), now=now)
    seen = {"listings": [each.sighting.sighting_id for each in dossier.listings]}
    person.log(db, AuditAction.SUPPLIER_VIEWED, f"supplier:{number}", seen, now=now)
    return HTMLResponse(dossier_html(dossier, context.templates))


@pages.post("/suppliers/{supplier_id}/dossier")
def send_dossier(
    db: TheDatabase,
    context: TheContext,
    person: TheReviewer,
    supplier_id: RowId,
    contacts: Annotated[Literal["", "shown"], Form()] = "",
) -> Response:
    """Send the dossier of a supplier as a ZIP, with its contacts if asked for, and log it."""
    number = get_supplier(db, supplier_id).supplier_id
    now = context.clock()
    shown = look_at_contacts(db, context, person, number) if contacts else []
    dossier = read_dossier(db, number, by=person.name, contacts=shown, now=now)
    files, _missing = write_dossier(db, dossier, context.reference, context.templates, origin=person.origin)
    name = f"supplier-{number}-{now:%Y%m%dT%H%M%SZ}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(zipped(files), media_type="application/zip", headers=headers)


def file_listings(
    db: Database, context: AppContext, person: Person, supplier_id: int, case_id: int, *, only_flagged: bool
) -> int:
    """File listings of a supplier in a case, at most `MAX_FILED`; return how many it did not hold before.

    Raises:
        UnknownRow: If there is no such case.
        CaseRefused: If the case is closed.
    """
    now, count, offset = context.clock(), 0, 0
    with transaction(db):
        case_for(db, case_id, person, now=now)
        while count < MAX_FILED:
            found = listings_of(
                db, supplier_id, limit=MOST_SHOWN, offset=offset, is_flagged=True if only_flagged else None
            )
            for each in found:
                if count == MAX_FILED or holds_version(db, case_id, each.listing_id, each.sighting_id):
                    continue
                law = context.reference.law(each.substances)
                write_entry(
                    db,
                    case_id,
                    "listing",
                    listing_id=each.listing_id,
                    law=law,
                    written_by=person.name,
                    now=now,
                )
                said = {"kind": "listing", "listing_id": each.listing_id, "supplier_id": supplier_id}
                person.log(db, AuditAction.CASE_CHANGED, f"case:{case_id}", said, now=now)
                count += 1
            if len(found) < MOST_SHOWN:
                break
            offset += MOST_SHOWN
    return count


def _viewed(
    db: Database, context: AppContext, person: Person, supplier_id: int, *, with_contacts: bool
) -> Profile:
    """Return a supplier as the person may see it, and log what they see."""
    now = context.clock()
    shown: list[ShownContact] = []
    if with_contacts:
        shown = look_at_contacts(db, context, person, supplier_id)
    masks = masks_for(context, person)
    profile = read_profile(db, supplier_id, reader=person.name, shown=shown, masks=masks, now=now)
    seen = {"listings": [each.listing.sighting_id for each in profile.listings]}
    person.log(db, AuditAction.SUPPLIER_VIEWED, f"supplier:{supplier_id}", seen, now=now)
    return profile


def look_at_contacts(
    db: Database,
    context: AppContext,
    person: Person,
    supplier_id: int,
    *,
    start: int = 0,
    limit: int | None = None,
) -> list[ShownContact]:
    """Return the contacts of a supplier with their values, and log that the person saw them.

    Raises:
        RoleTooLow: If the person may not see contacts; the audit log records the refusal.
    """
    _check_contacts(db, context, person, f"supplier:{supplier_id}")
    ids = [each.seller_account_id for each in accounts_of(db, supplier_id)]
    return view_contacts(
        db, account_ids=ids, start=start, limit=limit,
        actor=person.name, origin=person.origin, now=context.clock(),
    )  # fmt: skip


def _check_search(db: Database, context: AppContext, person: Person, contact: str) -> None:
    """Log a search for a contact, without the contact."""
    if contact.strip():
        _check_contacts(db, context, person, "suppliers")
        person.log(db, AuditAction.SEARCHED, "suppliers", {"by": "contact"}, now=context.clock())


def _check_contacts(db: Database, context: AppContext, person: Person, subject: str) -> None:
    if not person.may(MAY_SEE_CONTACTS):
        details = {"needs": MAY_SEE_CONTACTS, "has": person.user.role}
        person.log(db, AuditAction.ACCESS_REFUSED, subject, details, now=context.clock())
        raise RoleTooLow(person.name, person.user.role, MAY_SEE_CONTACTS)


def _said(done: str, count: int) -> str:
    counted = {
        "filed": lambda: ngettext(
            "%(num)s listing filed. What the case held already stays as it was.",
            "%(num)s listings filed. What the case held already stays as it was.",
            count,
        ) % {"num": f"{count:,}"},
        "merged": lambda: _("Supplier %(number)s was merged into this supplier.") % {"number": count},
    }  # fmt: skip
    if done in counted:
        return counted[done]()
    return {
        "followed": _(
            "You now follow this supplier. Its new offers appear under Lists, including those from "
            "accounts linked later."
        ),
        "confirmed": _("Link confirmed."),
        "cut": _("Link cut. The accounts stay separate, whatever evidence they share."),
        "withdrawn": _("Decision withdrawn. The evidence alone decides again."),
    }.get(done, "")


class LinkChoice(BaseModel):
    """A decision on two accounts."""

    model_config = ConfigDict(extra="forbid")

    one: RowId
    other: RowId
    decision: LinkDecision
    reason: Annotated[str, Field(max_length=MAX_REASON)]


def _decide(db: Database, context: AppContext, person: Person, choice: LinkChoice) -> list[int]:
    """Record a decision and return the suppliers that accounts came to or left."""
    now = context.clock()
    with transaction(db):
        regrouped = decide_link(
            db, choice.one, choice.other, choice.decision, reason=choice.reason, decided_by=person.name,
            origin=person.origin, now=now,
        )  # fmt: skip
        score_suppliers(db, now=now, supplier_ids=regrouped.suppliers)
    return list(regrouped.suppliers)


class SupplierList(BaseModel):
    """A page of the list of suppliers."""

    total: int
    suppliers: list[ListedSupplier]


class SupplierRecord(BaseModel):
    """A supplier. Verdicts and scores that are hidden from the reader are null; contacts have no values."""

    supplier: dict[str, Any]
    score: float
    points: dict[str, float]
    """Parts of the score."""
    accounts: list[dict[str, Any]]
    contacts: list[dict[str, Any]]
    links: list[dict[str, Any]]
    """Pairs of accounts with their evidence and the decision of a person."""
    listings: list[dict[str, Any]]
    timeline: list[dict[str, Any]]


class ContactRecord(BaseModel):
    """A contact with its value."""

    model_config = ConfigDict(from_attributes=True)

    contact_id: int
    kind: str
    value: str | None
    """Null if only its hash is kept."""
    listing_id: str
    seen_at: datetime


class Decided(BaseModel):
    """The suppliers that accounts came to or left."""

    suppliers: list[int]


@api.get("/suppliers", responses=refusals())
def list_suppliers(
    db: TheDatabase,
    context: TheContext,
    person: TheViewer,
    q: Words = "",
    contact: Words = "",
    sort: SupplierSort = SupplierSort.SCORE,
    start: Offset = 0,
    limit: Annotated[int, Query(ge=1, le=MOST_SHOWN)] = PAGE_SIZE,
) -> SupplierList:
    """Return suppliers by name or contact. A search by contact needs the role that may see contacts."""
    _check_search(db, context, person, contact)
    found, total = find_suppliers(
        db, words=q.strip(), contact=contact.strip(), sort=sort, limit=limit, offset=start
    )
    return SupplierList(total=total, suppliers=masks_for(context, person)(found))


@api.get("/suppliers/{supplier_id}", responses=refusals(404))
def get_one(db: TheDatabase, context: TheContext, person: TheViewer, supplier_id: RowId) -> SupplierRecord:
    """Return a supplier; for one that was merged, the supplier that it was merged into. Logs the view."""
    number = get_supplier(db, supplier_id).supplier_id
    return SupplierRecord(**profile_record(_viewed(db, context, person, number, with_contacts=False)))


def profile_record(profile: Profile) -> dict[str, Any]:
    """Return a supplier as JSON values, without the values of its contacts."""
    whole: dict[str, Any] = jsonable_encoder(
        {
            "supplier": asdict(profile.supplier),
            "score": profile.score,
            "points": dict(profile.points),
            "accounts": [asdict(each) for each in profile.accounts],
            "contacts": [asdict(each) for each in profile.contacts],
            "links": [asdict(each) | {"standing": each.standing} for each in profile.pairs],
            "listings": [_listing_record(each) for each in profile.listings],
            "timeline": [asdict(each) for each in profile.changes],
        }
    )
    return whole


def _listing_record(each: Any) -> dict[str, Any]:
    listing = asdict(each.listing)
    if each.score_hidden:
        listing |= {"p_offer": None, "is_flagged": None}
    return listing | {
        "decision": each.decision, "state": each.state, "verdict_hidden": each.is_blind,
        "score_hidden": each.score_hidden,
    }  # fmt: skip


@api.get("/suppliers/{supplier_id}/contacts", responses=refusals(404))
def get_contacts(
    db: TheDatabase,
    context: TheContext,
    person: TheReviewer,
    supplier_id: RowId,
    start: Offset = 0,
    limit: Annotated[int, Query(ge=1, le=MOST_SHOWN)] = MOST_SHOWN,
) -> list[ContactRecord]:
    """Return contacts of a supplier with their values, newest first, and log that these were seen."""
    number = get_supplier(db, supplier_id).supplier_id
    shown = look_at_contacts(db, context, person, number, start=start, limit=limit)
    return [ContactRecord.model_validate(each) for each in shown]


@api.post("/links", responses=refusals(404, 409))
def post_decision(db: TheDatabase, context: TheContext, person: TheReviewer, choice: LinkChoice) -> Decided:
    """Confirm the link of two accounts, cut it, or withdraw such a decision."""
    return Decided(suppliers=_decide(db, context, person, choice))
