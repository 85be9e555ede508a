"""Show the page of one listing beside the list, with every action except the verdict."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, Response

from review.listing.item import content_changes, flagged_by, read_item
from review.listing.masking import masks_for
from review.listing.safe_text import sanitize_page
from review.queue.blinding import hidden_from, hide_scores, hides_verdicts, waits_for
from review.queue.lists import TheList, done_today, read_list
from review.web.charts import price_line
from review.web.dependencies import (
    TheContactViewer,
    TheContext,
    TheDatabase,
    TheReviewer,
    TheViewer,
    answer_page,
    cases_with,
    context_of,
    go,
    open_cases_for,
    with_done,
)
from review.web.fields import MAX_ROW, DraftForm
from review.web.languages import gettext as _
from review.web.languages import ngettext
from store.accounts.users import Role
from store.audit import audit
from store.audit.audit import AuditAction
from store.crawl.pages import drawing_of
from store.crawl.pictures import same_pictures, shown_picture
from store.database import transaction
from store.model import MAY_SEE_CONTACTS
from store.review import listings, workspace
from store.review.item_query import Filter, State
from store.review.listings import listing_file
from store.review.queue import facet_counts, item_of, title_of, worth_of
from store.review.verdicts import (
    last_verdict_id,
    latest_undo,
    latest_undoable,
    standing_in_batch,
)
from store.review.watchlists import look_at, saved_views
from store.review.workspace import KeptDraft, draft_of, keep_draft, review_settings
from store.suppliers.contacts import states_contacts, view_contacts
from store.suppliers.suppliers import supplier_of_listing

if TYPE_CHECKING:
    from review.listing.item import Changed, Item
    from review.queue.lists import ListPage, Selection
    from review.web.dependencies import Person
    from store.database import Database
    from store.model import Verdict
    from store.review.listings import ListingFile
    from store.review.queue import ListedItem


pages = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@pages.get("/listings/{listing_id}")
def show_listing(
    request: Request,
    db: TheDatabase,
    where: TheList,
    person: TheViewer,
    listing_id: str,
    done: str = "",
    count: Annotated[int, Query(ge=0, le=MAX_ROW)] = 0,
) -> Response:
    """Show one listing beside the list."""
    return answer_item(request, db, person, where, listing_id, Message(said=said_of(done, count)))


def said_of(done: str, count: int = 0) -> str:
    """Return the sentence that confirms an action; empty for none."""
    numbered = {
        "decided": lambda: ngettext("%(num)s verdict given.", "%(num)s verdicts given.", count),
        "all_undone": lambda: ngettext(
            "%(num)s verdict undone. The listing is waiting again.",
            "%(num)s verdicts undone. The listings are waiting again.",
            count,
        ),
        "all_assigned": lambda: ngettext("%(num)s listing assigned.", "%(num)s listings assigned.", count),
        "unassigned": lambda: ngettext("%(num)s assignment removed.", "%(num)s assignments removed.", count),
        "all_filed": lambda: ngettext(
            "%(num)s listing filed. What the case held already stays as it was.",
            "%(num)s listings filed. What the case held already stays as it was.",
            count,
        ),
        "assigned_back": lambda: ngettext("%(num)s assignment undone.", "%(num)s assignments undone.", count),
        "taken_out": lambda: ngettext(
            "%(num)s listing taken out of the case. Its journal keeps the filing.",
            "%(num)s listings taken out of the case. Its journal keeps the filings.",
            count,
        ),
    }
    if done in numbered:
        return numbered[done]() % {"num": f"{count:,}"}
    return {
        "undone": _("Verdict undone. The listing is waiting again, and the history keeps the verdict."),
        "redone": _("Verdict given again."),
        "taken": _("You have taken over this listing."),
        "filed": _("Added to the case."),
        "assigned": _("Assigned."),
        "followed": _("You now follow this list. New listings in it are counted under Lists."),
    }.get(done, "")


@pages.post("/listings/{listing_id}/draft", status_code=204)
def take_draft(
    db: TheDatabase,
    context: TheContext,
    person: TheReviewer,
    listing_id: str,
    begun: Annotated[DraftForm, Form()],
) -> Response:
    """Save the draft, so that a reload loses nothing."""
    keep_draft(db, listing_id, person.name, begun.as_kept(), now=context.clock())
    return Response(status_code=204)


@pages.post("/listings/{listing_id}/claim")
def take_over(
    db: TheDatabase, context: TheContext, where: TheList, person: TheReviewer, listing_id: str
) -> Response:
    """Take over a listing that somebody else has open, and log it."""
    now = context.clock()
    file = listing_file(db, listing_id)
    with transaction(db):
        held = workspace.claim_of(db, listing_id, now=now)
        lasts = timedelta(minutes=review_settings(db).claim_minutes)
        workspace.claim(db, listing_id, reviewer=person.name, lasts=lasts, now=now, take_over=True)
        person.log(
            db,
            AuditAction.CLAIMED,
            f"listing:{file.listing.listing_id}",
            {"from": held.reviewer if held else None},
            now=now,
        )
    return go(with_done(where.address(listing_id), "taken"))


@pages.get("/listings/{listing_id}/near")
def show_near(
    request: Request, db: TheDatabase, context: TheContext, person: TheViewer, listing_id: str
) -> Response:
    """Show near-duplicates, as a part of the item's page."""
    newest = listing_file(db, listing_id).sightings[0]
    near = hide_scores(db, listings.near_duplicates(db, newest), person.name, listing_id)
    return answer_page(request, "near.html", {"near": masks_for(context, person)(near)})


@pages.get("/listings/{listing_id}/contacts")
def show_contacts(
    request: Request, db: TheDatabase, context: TheContext, person: TheContactViewer, listing_id: str
) -> Response:
    """Show the contacts in the latest version of a listing, as a part of the item's page; log the view."""
    listing_file(db, listing_id)
    shown = view_contacts(
        db, listing_id=listing_id, actor=person.name, origin=person.origin, now=context.clock()
    )
    return answer_page(request, "contacts.html", {"contacts": shown})


@pages.get("/listings/{listing_id}/page")
def show_kept_page(
    request: Request,
    db: TheDatabase,
    context: TheContext,
    where: TheList,
    person: TheContactViewer,
    listing_id: str,
) -> Response:
    """Show the sanitized saved page in a sandboxed frame, to users who may see its contacts."""
    file = listing_file(db, listing_id)
    newest = file.sightings[0]
    kept = context.reference.page(db, newest.page_id)
    person.log(
        db,
        AuditAction.PAGE_VIEWED,
        f"listing:{listing_id}",
        {"page_id": newest.page_id, "evidence_sha256": file.payload_sha256},
        now=context.clock(),
    )
    shown = {
        "file": file,
        "back": where.address(listing_id),
        "inert": sanitize_page(kept.html) if kept else "",
        "sha256": kept.sha256 if kept else "",
    }
    return answer_page(request, "kept_page.html", shown)


@pages.get("/pictures/{sha256}")
def show_picture(db: TheDatabase, person: TheContactViewer, sha256: str) -> Response:
    """Return the copy of a picture, encoded anew without metadata, to users who may see contacts."""
    shown = shown_picture(db, sha256)
    return Response(shown, media_type="image/webp") if shown else Response(status_code=404)


@dataclass(frozen=True, slots=True, kw_only=True)
class LastVerdict:
    """The reviewer's newest verdict that can be undone or given again."""

    verdict: Verdict
    title: str
    is_undone: bool
    count: int
    """Of the verdicts given at once with it that still stand, itself among them; 1 for a single one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """The message above the item."""

    said: str = ""
    warned: str = ""
    draft: KeptDraft | None = None
    """The draft, if the form was refused."""
    status: int = 200
    more: dict[str, object] = field(default_factory=dict)


SILENT = Message()


def answer_item(
    request: Request,
    db: Database,
    person: Person,
    where: Selection,
    listing_id: str,
    message: Message = SILENT,
    page: ListPage | None = None,
) -> Response:
    """Answer with one listing beside the list; claim it for a reviewer, and log the view.

    `page` is the list's page that holds the listing, if it has been read already.

    Raises:
        UnknownRow: If there is no such listing.
    """
    now, masks = context_of(request).clock(), masks_for(context_of(request), person)
    kept = listing_file(db, listing_id)
    file = masks(kept)
    held = _note_view(db, file, person, now=now)
    rows = page or read_list(db, where, reviewer=person.name, listing_id=listing_id)
    around = around_item(request, db, person, rows)
    row = item_of(db, listing_id)
    hidden = bool(row and around["hides"](row))  # type: ignore[operator]
    item = read_item(file)
    shown = {
        "item": item,
        "draw": context_of(request).reference.draw,
        "since": changes_since_verdict(item),
        "row": masks(row),
        "score_hidden": hidden,
        "worth": worth_of(db, listing_id),
        "flagged_by": flagged_by(file, review_settings(db)),
        "has_contacts": states_contacts(db, file.sightings[0].sighting_id),
        "verdicts": _verdicts_shown(file, row, person.name),
        "waits": row is not None and waits_for(row, person.name),
        "held": held if held and held.reviewer != person.name else None,
        "claim": held,
        "last_verdict": last_verdict_id(db, listing_id),
        "shown_at": now,
        "kept_draft": message.draft or draft_of(db, listing_id, person.name) or KeptDraft(),
        "said": message.said,
        "warned": message.warned,
        "is_draft_kept": message.draft is not None,
        "same_pictures": masks(same_pictures(db, listing_id, [each.sha256 for each in kept.pictures])),
        "are_blurred": review_settings(db).blur_pictures > 0,
        **_near(request, db, kept, person),
    }
    return answer_page(request, "item.html", around | shown, status=message.status)


def changes_since_verdict(item: Item) -> tuple[Changed, ...]:
    """Return how the listing differs from the version that the last verdict was about."""
    judged = item.standing and next(
        each for each in item.file.sightings if each.sighting_id == item.standing.sighting_id
    )
    if not judged or judged.text_hash == item.file.sightings[0].text_hash:
        return ()
    return content_changes(judged.content, item.content)


def around_item(request: Request, db: Database, person: Person, rows: ListPage) -> dict[str, object]:
    """Return the values that every page with a list shows around the item."""
    now = context_of(request).clock()
    rows = masks_for(context_of(request), person)(rows)
    return {
        "list": replace(rows, new_after=look_at(db, person.name, rows.where.query, now=now)),
        "done_today": done_today(db, person.name, now),
        "last": _last_verdict(db, person.name),
        "last_batch": workspace.latest_batch(db, person.name),
        "hides": hidden_from(db, person.name),
        "hides_verdicts": lambda item: hides_verdicts(item, reviewer=person.name),
        "holders": workspace.claims_on(db, [row.listing_id for row in rows.rows], now=now),
        "facets": facet_counts(db, _states(rows.where.wanted)),
        "views": saved_views(db, person.name),
        "may_decide": person.may(Role.REVIEWER),
        "may_lead": person.may(Role.LEAD),
        "may_see_contacts": person.may(MAY_SEE_CONTACTS),
    }


def _note_view(db: Database, file: ListingFile, person: Person, *, now: datetime) -> workspace.Claim | None:
    """Log the view, claim the listing for a reviewer, and return the claim."""
    listing_id = file.listing.listing_id
    with transaction(db):
        audit.record_view(
            db,
            sighting_id=file.sightings[0].sighting_id,
            score_id=file.score_id,
            actor=person.name,
            origin=person.origin,
            is_masked=not person.may(MAY_SEE_CONTACTS),
            now=now,
        )
        if not person.may(Role.REVIEWER):
            return workspace.claim_of(db, listing_id, now=now)
        before = workspace.claim_of(db, listing_id, now=now)
        lasts = timedelta(minutes=review_settings(db).claim_minutes)
        held = workspace.claim(db, listing_id, reviewer=person.name, lasts=lasts, now=now)
        if before is None:  # a claim renewed is no news
            person.log(db, AuditAction.CLAIMED, f"listing:{listing_id}", now=now)
        return held


def _near(request: Request, db: Database, file: ListingFile, person: Person) -> dict[str, object]:
    newest, listing_id = file.sightings[0], file.listing.listing_id
    reviewer, masks = person.name, masks_for(context_of(request), person)
    of_seller = listings.others_of_seller(db, newest, file.listing.source_id)
    substances = file.score.reasons.substances if file.score else ()
    spans = file.score.reasons.spans if file.score else ()
    named = dict.fromkeys([*substances, *(span.substance for span in spans if span.substance)])
    return {
        "law": context_of(request).reference.jurisdictions(named),
        "provenance": listings.provenance(db, newest.page_id),
        "boxes": drawing.boxes if (drawing := drawing_of(db, newest.page_id)) else {},
        "price_line": price_line(listings.prices(file.sightings)),
        "prices": listings.prices(file.sightings),
        "same_text": masks(hide_scores(db, listings.same_text(db, newest), reviewer, listing_id)),
        "of_seller": masks(hide_scores(db, of_seller, reviewer, listing_id)),
        "supplier_id": supplier_of_listing(db, listing_id),
        "cases": cases_with(db, listing_id, person),
        "open_cases": open_cases_for(db, person),
    }


def _verdicts_shown(file: ListingFile, row: ListedItem | None, reviewer: str) -> tuple[Verdict, ...]:
    """Return the verdicts that are not hidden from this reviewer."""
    if not hides_verdicts(row, reviewer=reviewer):
        return file.verdicts
    return tuple(verdict for verdict in file.verdicts if verdict.reviewer == reviewer)


def _states(wanted: Filter) -> list[State]:
    if wanted.state in {"", "all", "every"}:
        return [State.WAITING, State.SECOND] if not wanted.state else list(State)
    return [State(wanted.state)]


def _last_verdict(db: Database, reviewer: str) -> LastVerdict | None:
    undone = latest_undo(db, reviewer)
    verdict = undone or latest_undoable(db, reviewer)
    if verdict is None:
        return None
    count = len(standing_in_batch(db, verdict.batch)) if verdict.batch and not undone else 1
    return LastVerdict(
        verdict=verdict, title=title_of(db, verdict.sighting_id), is_undone=bool(undone), count=count
    )
