"""Filling in the pages' forms as a browser without JavaScript would."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi.testclient import TestClient
    from httpx2 import Response


@dataclass
class Form:
    """One form of a page: where it goes, and what it sends if left alone."""

    action: str
    values: dict[str, str] = field(default_factory=dict)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append(Form(action=named["action"]))
        elif tag == "input" and named.get("type") == "hidden":
            self.found[-1].values[named["name"]] = named["value"]


def read_form(page: str, ending: str) -> Form:
    """Return the form of a page whose action's path ends so."""
    parser = _Forms()
    parser.feed(page)
    return next(form for form in parser.found if form.action.partition("?")[0].endswith(ending))


def judge(client: TestClient, page: str, **chosen: str) -> Response:
    """Send the verdict form of a page."""
    form = read_form(page, "/verdict")
    return client.post(form.action, data=form.values | chosen)


def undo(client: TestClient, page: str) -> Response:
    """Send the undo form of a page."""
    form = read_form(page, "/undo")
    return client.post(form.action, data=form.values)
