"""What several routes answer, and the errors that any of them may."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel


class Problem(BaseModel):
    """Why a request was refused, in one sentence."""

    detail: str


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the description of refusals: these, and those that every route has.

    400 it is no HTTP of ours (another host's name, a body that is no text), 401 nobody is logged in, 403 the
    role is too low, 422 the request was not understood.
    """
    return {status: {"model": Problem} for status in sorted({400, 401, 403, 422, *statuses})}
