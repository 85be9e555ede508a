"""Teach a source by pointing, for administrators: choose saved pages, point at each field, try, keep."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field

from review.listing.safe_text import sanitize_page
from review.web.dependencies import TheAdmin, TheContext, TheDatabase, TheServiceApi, answer_page
from review.web.languages import gettext as _
from review.web.languages import spoken
from store.audit.audit import AuditAction
from store.errors import N_
from store.operations.service import SourcesUnreadable

pages = APIRouter(prefix="/service/sources", include_in_schema=False, default_response_class=HTMLResponse)

FIELDS = {
    "title": N_("Title"),
    "price": N_("Price"),
    "seller": N_("Seller"),
    "location": N_("Location"),
    "quantity": N_("Quantity"),
    "description": N_("Description"),
    "item_id": N_("Item number"),
    "next_page": N_("Next page of a list"),
}
"""The fields that can be taught, in the order of the form, with their words."""

MOST_PAGES = 5
MAX_URL_CHARS = 2_000
MAX_VALUE_CHARS = 20_000

SourceId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,62}$")]
PageUrl = Annotated[str, Field(max_length=MAX_URL_CHARS)]


class Pointing(BaseModel):
    """The form of the pages with the marked values: for each page, in order, each field in order."""

    page: Annotated[list[PageUrl], Field(min_length=1, max_length=MOST_PAGES)]
    value: Annotated[
        list[Annotated[str, Field(max_length=MAX_VALUE_CHARS)]], Field(max_length=MOST_PAGES * len(FIELDS))
    ]
    at: Annotated[
        list[Annotated[str, Field(pattern=r"^\d{0,7}$")]], Field(max_length=MOST_PAGES * len(FIELDS))
    ]
    """The place of the element that was pointed at, or empty text."""
    wish: Literal["try", "keep"] = "try"

    def pointed(self) -> list[dict[str, dict[str, Any]]]:
        """Return the marked values of each page, by field, without empty fields."""
        cells = list(zip(self.value, self.at, strict=False))
        found = []
        for first in range(0, len(self.page) * len(FIELDS), len(FIELDS)):
            each = zip(FIELDS, cells[first : first + len(FIELDS)], strict=False)
            found.append(
                {
                    name: {"value": "" if at else value, "element": int(at) if at else None}
                    for name, (value, at) in each
                    if value.strip() or at
                }
            )
        return found


@pages.get("/{source_id}/teach")
def show_pages(
    request: Request,
    db: TheDatabase,
    context: TheContext,
    service_api: TheServiceApi,
    person: TheAdmin,
    source_id: SourceId,
    page: Annotated[list[PageUrl] | None, Query(max_length=MOST_PAGES)] = None,
) -> Response:
    """Show the saved pages of a source, or the chosen pages with their fields to mark."""
    action = "open" if page else "list"
    asked = {"source_id": source_id, "action": action, "pages": page or []}
    try:
        found = service_api.teach(asked)
    except SourcesUnreadable as error:
        shown = {"source_id": source_id, "found": {"version": 0, "pages": []}, "warned": spoken(error)}
        return answer_page(request, "teach_choose.html", shown, status=409)
    if not page:
        return answer_page(
            request, "teach_choose.html", {"source_id": source_id, "found": found, "warned": found["problem"]}
        )
    for each in found["pages"]:
        person.log(
            db, AuditAction.PAGE_VIEWED, f"source:{source_id}", {"url": each["url"]}, now=context.clock()
        )
        each["html"] = sanitize_page(each["html"], with_places=True)
    return answer_page(
        request, "teach_point.html", {"source_id": source_id, "pages": found["pages"], "fields": FIELDS}
    )


@pages.post("/{source_id}/teach")
def take_pointing(
    request: Request,
    db: TheDatabase,
    context: TheContext,
    service_api: TheServiceApi,
    person: TheAdmin,
    source_id: SourceId,
    typed: Annotated[Pointing, Form()],
) -> Response:
    """Show the values of the marked places on the other pages of the source, or save the reader."""
    shown: dict[str, Any] = {
        "source_id": source_id,
        "typed": typed,
        "fields": FIELDS,
        "warned": "",
        "said": "",
    }
    asked = {
        "source_id": source_id,
        "action": typed.wish,
        "pages": typed.page,
        "pointed": typed.pointed(),
        "by": person.name,
    }
    try:
        lesson = service_api.teach(asked)
    except SourcesUnreadable as error:
        return answer_page(
            request, "teach_preview.html", shown | {"lesson": None, "warned": spoken(error)}, status=409
        )
    if typed.wish == "keep":
        said = {"version": lesson["reader"]["version"], "fields": ", ".join(lesson["places"])}
        person.log(db, AuditAction.SETTING_CHANGED, f"reader:{source_id}", said, now=context.clock())
        shown["said"] = _("The reader was saved. The next crawl uses it.")
    return answer_page(request, "teach_preview.html", shown | {"lesson": lesson})
