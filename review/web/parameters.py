"""A query holds only what the API's description names, each once.

A misspelt filter would otherwise be passed over, and the list would be longer than whoever asks believes.
"""

from __future__ import annotations

from typing import Any

from fastapi import Request  # noqa: TC002 (FastAPI reads the annotation)
from fastapi.exceptions import RequestValidationError


async def check_query(request: Request) -> None:
    """Refuse a query with a parameter that this route does not have, or has twice.

    Raises:
        RequestValidationError: If it is so.
    """
    paths: dict[str, Any] = request.app.openapi()["paths"]
    described = paths.get(request.scope["route"].path_format, {}).get(request.method.lower())
    if described is None:
        return
    known = {each["name"] for each in described.get("parameters", ()) if each["in"] == "query"}
    names = [name for name, _value in request.query_params.multi_items()]
    wrong = [
        {"loc": ("query", name), "msg": "found more than once" if name in known else "no such parameter here"}
        for name in dict.fromkeys(names)
        if name not in known or names.count(name) > 1
    ]
    if wrong:
        raise RequestValidationError(wrong)
