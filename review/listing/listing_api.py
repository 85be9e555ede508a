"""Serve one listing as JSON: its data, nearby listings, claim and draft."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from fastapi.encoders import jsonable_encoder
from pydantic import BaseModel, ConfigDict, Field

from review.listing.item import flagged_by, picture_spans
from review.listing.masking import masks_for
from review.queue.blinding import hide_scores, hides_verdicts
from review.queue.bulk import assign_to
from review.queue.lists import record_maker
from review.web.dependencies import (
    TheContactViewer,
    TheContext,
    TheDatabase,
    TheLead,
    TheReviewer,
    TheViewer,
)
from review.web.fields import MAX_NOTE_CHARS, MAX_SUBSTANCE_CHARS, refusals
from store.audit import audit
from store.audit.audit import AuditAction
from store.crawl.pictures import SamePicture, same_pictures
from store.database import transaction
from store.model import MAY_SEE_CONTACTS, ReasonCode
from store.review import listings, workspace
from store.review.listings import Neighbour, Price, Provenance, listing_file
from store.review.queue import item_of
from store.review.workspace import Claim, KeptDraft, draft_of, keep_draft, review_settings
from store.suppliers.contacts import ShownContact, view_contacts

api = APIRouter(prefix="/api/listings/{listing_id}", tags=["review"])

ListingId = Annotated[str, Path(min_length=1, max_length=64)]


class Near(BaseModel):
    """The provenance, prices and similar listings of a listing, and others with the same picture."""

    provenance: Provenance
    prices: list[Price]
    of_seller: list[Neighbour]
    same_text: list[Neighbour]
    near_duplicates: list[Neighbour]
    same_pictures: list[SamePicture]


class ClaimWish(BaseModel):
    """A request for a claim."""

    model_config = ConfigDict(extra="forbid")

    take_over: bool = False
    """Whether to take the listing over from its holder; the log records it."""


class DraftRecord(BaseModel):
    """A draft; an empty draft is deleted."""

    model_config = ConfigDict(from_attributes=True, extra="forbid")

    reason_code: ReasonCode | None = None
    note: Annotated[str, Field(max_length=MAX_NOTE_CHARS)] = ""
    substance: Annotated[str, Field(max_length=MAX_SUBSTANCE_CHARS)] = ""


class Assignment(BaseModel):
    """The assignee; an empty name removes the assignment."""

    model_config = ConfigDict(extra="forbid")

    assignee: Annotated[str, Field(max_length=64)]


@api.get("", responses=refusals(404))
def get_listing(
    db: TheDatabase, context: TheContext, person: TheViewer, listing_id: ListingId
) -> dict[str, Any]:
    """Return everything kept about one listing: sightings, score with reasons, verdicts, evidence.

    `score_hidden` says that the score is kept from who asks until they decide; `verdict_hidden` that verdicts
    of others are, which they are to check blind. `flagged_by` names what puts the listing into the queue
    apart from the score: kinds of notices, and `office` for an office term. Each picture has what
    was read in it, and as `evidence` the places in its `text` that notices name. Contacts are masked for
    roles that may not see them. The log notes the view.
    """
    file = listing_file(db, listing_id)
    row = item_of(db, listing_id)
    audit.record_view(
        db,
        sighting_id=file.sightings[0].sighting_id,
        score_id=file.score_id,
        actor=person.name,
        origin=person.origin,
        is_masked=not person.may(MAY_SEE_CONTACTS),
        now=context.clock(),
    )
    is_hidden = record_maker(db, person).hides(row)
    is_blind = hides_verdicts(row, reviewer=person.name)
    if is_blind:
        own = tuple(verdict for verdict in file.verdicts if verdict.reviewer == person.name)
        file = replace(file, verdicts=own)
    if is_hidden:
        file = replace(file, score=None)
    whole: dict[str, Any] = jsonable_encoder(asdict(masks_for(context, person)(file)))
    for picture, spans in zip(whole["pictures"], picture_spans(file), strict=True):
        picture["evidence"] = jsonable_encoder(spans)
    return whole | {
        "flagged_by": flagged_by(file, review_settings(db)),
        "score_hidden": is_hidden,
        "verdict_hidden": is_blind,
    }


@api.get("/near", responses=refusals(404))
def get_near(db: TheDatabase, context: TheContext, person: TheViewer, listing_id: ListingId) -> Near:
    """Return provenance, prices, and listings of the seller, with a similar text or with the same picture.

    Scores that are kept from who asks until they decide are null.
    """
    file = listing_file(db, listing_id)
    newest, masks = file.sightings[0], masks_for(context, person)

    def seen(found: list[Neighbour]) -> list[Neighbour]:
        return masks(hide_scores(db, found, person.name, listing_id))

    return Near(
        provenance=listings.provenance(db, newest.page_id),
        prices=listings.prices(file.sightings),
        of_seller=seen(listings.others_of_seller(db, newest, file.listing.source_id)),
        same_text=seen(listings.same_text(db, newest)),
        near_duplicates=seen(listings.near_duplicates(db, newest)),
        same_pictures=masks(same_pictures(db, listing_id, [each.sha256 for each in file.pictures])),
    )


@api.get("/contacts", responses=refusals(404))
def get_contacts(
    db: TheDatabase, context: TheContext, person: TheContactViewer, listing_id: ListingId
) -> list[ShownContact]:
    """Return the contacts in the latest version of a listing; the audit log records the view.

    `value` and `raw` are null where only hashes are kept.
    """
    listing_file(db, listing_id)
    return view_contacts(
        db, listing_id=listing_id, actor=person.name, origin=person.origin, now=context.clock()
    )


@api.get("/claim", responses=refusals(404))
def get_claim(db: TheDatabase, context: TheContext, person: TheViewer, listing_id: ListingId) -> Claim | None:
    """Return the current claim; null for none."""
    listing_file(db, listing_id)
    return workspace.claim_of(db, listing_id, now=context.clock())


@api.post("/claim", responses=refusals(404, 409))
def claim_listing(
    db: TheDatabase, context: TheContext, person: TheReviewer, listing_id: ListingId, wish: ClaimWish
) -> Claim:
    """Claim a listing or renew the claim; another's claim holds unless `take_over` is set."""
    now = context.clock()
    with transaction(db):
        listing_file(db, listing_id)
        before = workspace.claim_of(db, listing_id, now=now)
        lasts = timedelta(minutes=review_settings(db).claim_minutes)
        held = workspace.claim(
            db, listing_id, reviewer=person.name, lasts=lasts, now=now, take_over=wish.take_over
        )
        if held.reviewer != person.name:
            raise workspace.HeldByAnother(held)
        person.log(
            db,
            AuditAction.CLAIMED,
            f"listing:{listing_id}",
            {"from": before.reviewer if before else None},
            now=now,
        )
    return held


@api.delete("/claim", status_code=204, responses=refusals(404))
def release_claim(
    db: TheDatabase, context: TheContext, person: TheReviewer, listing_id: ListingId
) -> Response:
    """Release one's own claim."""
    now = context.clock()
    with transaction(db):
        listing_file(db, listing_id)
        held = workspace.claim_of(db, listing_id, now=now)
        if held and held.reviewer == person.name:
            workspace.release(db, listing_id, reviewer=person.name)
            subject = f"listing:{listing_id}"
            person.log(db, AuditAction.RELEASED, subject, now=now)
    return Response(status_code=204)


@api.get("/draft", responses=refusals(404))
def get_draft(db: TheDatabase, person: TheReviewer, listing_id: ListingId) -> DraftRecord:
    """Return one's draft."""
    listing_file(db, listing_id)
    kept = draft_of(db, listing_id, person.name) or KeptDraft()
    return DraftRecord.model_validate(asdict(kept) | {"reason_code": kept.reason_code or None})


@api.put("/draft", status_code=204, responses=refusals(404))
def put_draft(
    db: TheDatabase, context: TheContext, person: TheReviewer, listing_id: ListingId, draft: DraftRecord
) -> Response:
    """Save one's draft."""
    kept = KeptDraft(reason_code=draft.reason_code or "", note=draft.note, substance=draft.substance)
    keep_draft(db, listing_id, person.name, kept, now=context.clock())
    return Response(status_code=204)


@api.put("/assignee", status_code=204, responses=refusals(404))
def assign(
    db: TheDatabase, context: TheContext, person: TheLead, listing_id: ListingId, wanted: Assignment
) -> Response:
    """Assign the listing."""
    listing_file(db, listing_id)
    assign_to(db, [listing_id], wanted.assignee, person, context.clock())
    return Response(status_code=204)
