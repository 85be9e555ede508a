"""The description of the API (OpenAPI), for those who may use it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from review.accounts.people import TheViewer  # noqa: TC001 (FastAPI reads the annotations)

router = APIRouter(include_in_schema=False)


@router.get("/openapi.json")
def describe(request: Request, person: TheViewer) -> dict[str, Any]:  # noqa: ARG001 (who asks must be logged in)
    """Return the OpenAPI document."""
    document: dict[str, Any] = request.app.openapi()
    return document
