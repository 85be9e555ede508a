"""A verdict as it comes in, by form or JSON, and the one way it is written."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 (pydantic reads the annotations)
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from review.web.errors import RoleTooLow
from store.accounts.users import Role
from store.database import transaction
from store.model import Decision, ReasonCode
from store.review.claims import HeldByAnother, claim_of, release
from store.review.drafts import KeptDraft
from store.review.verdicts import (
    Circumstances,
    get_verdict,
    give_verdict,
    listing_of,
    redo_verdict,
    undo_verdict,
)

if TYPE_CHECKING:
    from review.accounts.people import Person
    from store.database import Database
    from store.model import Verdict

MAX_NOTE_CHARS = 4_000
"""The form's limit, too."""

MAX_SUBSTANCE_CHARS = 200

MAX_ROW = 2**53 - 1
"""The greatest whole number that every JSON reader, and so the API's description, keeps exactly."""

RowId = Annotated[int, Field(ge=1, le=MAX_ROW)]
"""The number of a row, as SQLite counts."""


def _none_if_empty(value: object) -> object:
    """Return None for the empty text by which a form says *nothing chosen*."""
    return None if value == "" else value


def _as_typed(value: object) -> object:
    """Return a note with each line break as one character, as the form counts it; it is sent as two."""
    return value.replace("\r\n", "\n") if isinstance(value, str) else value


Note = Annotated[str, BeforeValidator(_as_typed), Field(max_length=MAX_NOTE_CHARS)]
Reason = Annotated[ReasonCode | None, BeforeValidator(_none_if_empty)]
Given = Literal[Decision.OFFER, Decision.NOT_OFFER, Decision.UNSURE, Decision.ESCALATE]


class NewVerdict(BaseModel):
    """What a reviewer decided, and what was on the screen."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sighting_id: RowId
    """The sighting that was shown; a later one makes the screen stale."""
    score_id: Annotated[RowId | None, BeforeValidator(_none_if_empty)] = None
    """The score that was shown; None when the listing had none."""
    decision: Given
    reason_code: Reason = None
    note: Note = ""
    substance: Annotated[str, Field(max_length=MAX_SUBSTANCE_CHARS)] = ""
    """What is offered, where the program read it wrongly."""


class Begun(BaseModel):
    """What was begun beside a listing, as a page's form or a program sends it."""

    reason_code: Reason = None
    note: Note = ""
    substance: Annotated[str, Field(max_length=MAX_SUBSTANCE_CHARS)] = ""

    def as_kept(self) -> KeptDraft:
        """Return it as it is kept; an empty text stands for no reason."""
        return KeptDraft(reason_code=self.reason_code or "", note=self.note, substance=self.substance)


class Draft(NewVerdict):
    """A verdict as the page's form sends it."""

    form_token: str = ""
    """Checked by `review.web.forms` before."""
    last_verdict: Annotated[int, Field(ge=0, le=MAX_ROW)] = 0
    """The newest verdict on the listing that the page knew of."""
    shown_at: Annotated[datetime | None, BeforeValidator(_none_if_empty)] = None
    score_hidden: bool = False


def give(db: Database, verdict: NewVerdict, person: Person, *, now: datetime) -> Verdict:
    """Write a verdict, unless the reviewer saw something else than what stands now.

    Raises:
        UnknownRow: If there is no such sighting.
        StaleScreen: If the listing has been seen, scored or judged otherwise since.
        HeldByAnother: If it is on somebody else's screen.
    """
    with transaction(db):
        listing_id = listing_of(db, verdict.sighting_id)
        held = claim_of(db, listing_id, now=now)
        if held and held.reviewer != person.name:
            raise HeldByAnother(held)
        given = give_verdict(
            db,
            verdict.sighting_id,
            verdict.decision,
            score_id=verdict.score_id,
            reason_code=verdict.reason_code,
            note=verdict.note.strip(),
            reviewer=person.name,
            circumstances=_circumstances(verdict, person),
            now=now,
        )
        release(db, listing_id, reviewer=person.name)
    return given


def undo(db: Database, verdict_id: int, person: Person, *, now: datetime) -> Verdict:
    """Take a verdict back; another's only as a lead.

    Raises:
        UnknownRow: If there is no such verdict.
        RoleTooLow: If it is somebody else's.
        AlreadyUndone: If it was taken back before.
    """
    if get_verdict(db, verdict_id).reviewer != person.name and not person.may(Role.LEAD):
        raise RoleTooLow(person.name, person.user.role, Role.LEAD)
    return undo_verdict(db, verdict_id, reviewer=person.name, origin=person.origin, now=now)


def redo(db: Database, verdict_id: int, person: Person, *, now: datetime) -> Verdict:
    """Give one's own verdict, which was taken back, once more.

    Raises:
        UnknownRow: If there is no such verdict.
        RoleTooLow: If it is somebody else's.
        StaleScreen: If the listing has been seen, scored or judged otherwise since.
    """
    if get_verdict(db, verdict_id).reviewer != person.name:
        raise RoleTooLow(person.name, person.user.role, Role.LEAD)
    return redo_verdict(db, verdict_id, reviewer=person.name, origin=person.origin, now=now)


def _circumstances(verdict: NewVerdict, person: Person) -> Circumstances:
    if not isinstance(verdict, Draft):
        return Circumstances(substance=verdict.substance.strip(), origin=person.origin)
    shown_at = verdict.shown_at if verdict.shown_at and verdict.shown_at.tzinfo else None
    return Circumstances(
        substance=verdict.substance.strip(),
        shown_at=shown_at,
        score_hidden=verdict.score_hidden,
        last_verdict=verdict.last_verdict,
        origin=person.origin,
    )
