"""Types, checks and answers that many routes share, and the problems of a request's fields."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from review.web.languages import N_, gettext
from review.web.translations import word_tables
from store.model import Decision, ReasonCode
from store.review.workspace import KeptDraft

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


MAX_NOTE_CHARS = 4_000
"""The form has the same limit."""

MAX_SUBSTANCE_CHARS = 200

MAX_ROW = 2**53 - 1
"""The greatest whole number that every JSON reader, and so the API's description, keeps exactly."""

RowId = Annotated[int, Field(ge=1, le=MAX_ROW)]
"""The number of a row, as SQLite counts."""


def none_if_empty(value: object) -> object:
    """Return None for the empty text of a field that was left empty."""
    return None if value == "" else value


def _as_typed(value: object) -> object:
    """Return a note with line breaks of one character, as the form counts them; browsers send two."""
    return value.replace("\r\n", "\n") if isinstance(value, str) else value


def _describe_empty(schema: dict[str, Any]) -> None:
    schema["anyOf"].append({"type": "string", "maxLength": 0})


T = TypeVar("T")
OrEmpty = Annotated[T | None, BeforeValidator(none_if_empty), Field(json_schema_extra=_describe_empty)]
"""A value that a form or an address may leave empty, which means None."""

Note = Annotated[str, BeforeValidator(_as_typed), Field(max_length=MAX_NOTE_CHARS)]

Reason = Annotated[ReasonCode | None, BeforeValidator(none_if_empty)]

Given = Literal[Decision.OFFER, Decision.NOT_OFFER, Decision.UNSURE, Decision.ESCALATE]


def _in_range(moment: datetime) -> datetime:
    """Refuse a time whose form in UTC has no year of four digits, or that no clock of ours has shown."""
    if not 1970 < moment.year < 9999:
        raise PydanticCustomError("datetime_parsing", "the year is out of range")
    return moment


Moment = Annotated[datetime, AfterValidator(_in_range)]
"""A time that can be kept."""


class DraftForm(BaseModel):
    """The draft of a verdict: reason, note and corrected substance."""

    reason_code: Reason = None
    note: Note = ""
    substance: Annotated[str, Field(max_length=MAX_SUBSTANCE_CHARS)] = ""

    def as_kept(self) -> KeptDraft:
        """Return the draft in the store's form, where an empty text means no reason."""
        return KeptDraft(reason_code=self.reason_code or "", note=self.note, substance=self.substance)


class Problem(BaseModel):
    """Why a request was refused, in one sentence."""

    detail: str


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI description of these refusals and of the refusals of every route.

    400: wrong host name or undecodable body; 401: not logged in; 403: role too low; 422: request not
    understood.
    """
    return {status: {"model": Problem} for status in sorted({400, 401, 403, 422, *statuses})}


async def check_query(request: Request) -> None:
    """Refuse a query with an unknown or repeated parameter, which would silently widen a list.

    Raises:
        RequestValidationError: If there is one.
    """
    paths: dict[str, Any] = request.app.openapi()["paths"]
    described = paths.get(request.scope["route"].path_format, {}).get(request.method.lower())
    if described is None:
        return
    known = {each["name"] for each in described.get("parameters", ()) if each["in"] == "query"}
    names = [name for name, _value in request.query_params.multi_items()]
    wrong = [
        {"loc": ("query", name), "type": "repeated" if name in known else "unknown"}
        for name in dict.fromkeys(names)
        if name not in known or names.count(name) > 1
    ]
    if wrong:
        raise RequestValidationError(wrong)


_NO_CHOICE, _UNFIT = N_("is none of the choices offered"), N_("cannot be used as it was sent")

_CHOICES = ("literal_error", "enum")

_DAYS = {"since", "until"}


def name_problems(errors: Iterable[Mapping[str, Any]], *, for_program: bool) -> str:
    """Return what is wrong with each field, e.g. `Score to must be at most 1; Note has more than 4,000 ...`.

    `for_program` keeps the names that a program sends.
    """
    return "; ".join(dict.fromkeys(_problem(each, for_program=for_program) for each in errors))


def _problem(error: Mapping[str, Any], *, for_program: bool) -> str:
    name = str(error["loc"][-1])
    if error.get("type") in _CHOICES:  # the kinds of a union, as `literal['','all']`, follow the field's name
        name = next(str(part) for part in reversed(error["loc"]) if "[" not in str(part))
    tables = word_tables()
    label = tables["narrowings"].get(name) or tables["labels"].get(name)
    if label and not for_program:
        name = f"“{gettext(label)}”"
    kind, values = str(error.get("type", "")), dict(error.get("ctx") or {})
    values = {key: f"{value:g}" if isinstance(value, float) else value for key, value in values.items()}
    if isinstance(error.get("input"), str):  # a text whose length is checked after it was changed
        kind = {"too_long": "string_too_long", "too_short": "string_too_short"}.get(kind, kind)
    if kind in _CHOICES:
        return f"{name}: {gettext(_NO_CHOICE)}"
    if kind == "string_pattern_mismatch" and error["loc"][-1] in _DAYS:
        kind = "date_parsing"
    if kind not in tables["problems"]:
        return f"{name}: {gettext(_UNFIT)}"
    return f"{name}: {gettext(tables['problems'][kind]) % values}"
