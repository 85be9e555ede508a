"""A verdict as it comes in, by form or JSON, and the one way it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from listings.model import Decision, ReasonCode  # noqa: TC001 (pydantic reads the annotations)
from listings.verdicts import Circumstances, give_verdict

if TYPE_CHECKING:
    from datetime import datetime

    from listings.database import Database
    from listings.model import Verdict
    from review.security.people import Person

MAX_NOTE_CHARS = 4_000
"""The form's limit, too."""

RowId = Annotated[int, Field(ge=1, lt=2**63)]
"""The number of a row, as SQLite counts."""


def _none_if_empty(value: object) -> object:
    """Return None for the empty text by which a form says *nothing chosen*."""
    return None if value == "" else value


def _as_typed(value: object) -> object:
    """Return a note with each line break as one character, as the form counts it; it is sent as two."""
    return value.replace("\r\n", "\n") if isinstance(value, str) else value


class NewVerdict(BaseModel):
    """What a reviewer decided, and what was on the screen."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sighting_id: RowId
    """The sighting that was shown; a later one makes the screen stale."""
    score_id: Annotated[RowId | None, BeforeValidator(_none_if_empty)] = None
    """The score that was shown; None when the listing had none."""
    decision: Literal[Decision.OFFER, Decision.NOT_OFFER, Decision.UNSURE, Decision.ESCALATE]
    reason_code: Annotated[ReasonCode | None, BeforeValidator(_none_if_empty)] = None
    note: Annotated[str, BeforeValidator(_as_typed), Field(max_length=MAX_NOTE_CHARS)] = ""


class Draft(NewVerdict):
    """A verdict as the page's form sends it."""

    form_token: str = ""
    """Checked by `review.security.forms` before."""


def give(db: Database, verdict: NewVerdict, person: Person, *, now: datetime) -> Verdict:
    """Write a verdict, unless the reviewer saw something else than what stands now.

    Raises:
        UnknownRow: If there is no such sighting.
        StaleScreen: If the listing has been seen or scored otherwise since.
    """
    return give_verdict(
        db,
        verdict.sighting_id,
        verdict.decision,
        score_id=verdict.score_id,
        reason_code=verdict.reason_code,
        note=verdict.note.strip(),
        reviewer=person.name,
        circumstances=Circumstances(origin=person.origin),
        now=now,
    )
