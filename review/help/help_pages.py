"""The labelling guide, the glossary, the first-day tour and the API's reference, without a network."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from markdown_it import MarkdownIt
from markupsafe import Markup

from review.web.dependencies import TheDatabase, TheViewer, answer_page
from review.web.languages import ASKED
from store.review.workspace import prefer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

pages = APIRouter(prefix="/help", include_in_schema=False, default_response_class=HTMLResponse)

INSTALLED = Path(__file__).parent
CHECKOUT = Path(__file__).parents[2] / "docs"

_ROW = re.compile(r"^\| \*\*(?P<word>[^*]+)\*\* \| (?P<meaning>.+) \|$", re.MULTILINE)
_LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")


@pages.get("")
def show_guide(request: Request, person: TheViewer) -> Response:
    """Show the labelling guide."""
    return _answer_text(request, "labelling-guide", "guide")


@pages.get("/glossary")
def show_glossary(request: Request, person: TheViewer) -> Response:
    """Show the words of the field."""
    shown = {"words": glossary(_read("glossary")[1]), "lang": _read("glossary")[0]}
    return answer_page(request, "glossary.html", shown)


@pages.get("/api")
def show_api(request: Request, person: TheViewer) -> Response:
    """Show the JSON API as a page, drawn from its OpenAPI document."""
    document = request.app.openapi()
    return answer_page(request, "api.html", {"groups": _operations(document), "schemas": _schemas(document)})


@pages.post("/tour", status_code=204)
def end_tour(db: TheDatabase, person: TheViewer) -> Response:
    """Note that a person has seen or skipped the tour, so that it does not begin by itself again."""
    prefer(db, person.name, "tour", "seen")
    return Response(status_code=204)


@cache
def glossary(text: str) -> dict[str, str]:
    """Return the meaning of each word of the glossary's first table, in plain text and in its order."""
    head = text.partition("\n## ")[0]
    return {row["word"]: _plain(row["meaning"]) for row in _ROW.finditer(head)}


def meaning(word: str) -> str:
    """Return the meaning of a word of the glossary, in the page's language.

    Raises:
        KeyError: If the glossary has no such word.
    """
    return glossary(_read("glossary")[1]).get(word) or glossary(_text("glossary", "en"))[word]


def _plain(markdown: str) -> str:
    return re.sub(r"[`*]", "", _LINK.sub(r"\1", markdown))


def _answer_text(request: Request, name: str, kind: str) -> Response:
    language, text = _read(name)
    return answer_page(request, "guide.html", {"body": _html(text), "lang": language, "kind": kind})


def _read(name: str) -> tuple[str, str]:
    """Return a page of the documentation in the language of the page, else in English, with its language."""
    language = ASKED.get()
    try:
        return language, _text(name, language)
    except FileNotFoundError:
        return "en", _text(name, "en")


@cache
def _text(name: str, language: str) -> str:
    file = f"{name}.md" if language == "en" else f"{name}.{language}.md"
    installed = INSTALLED / file  # pyproject.toml puts a copy there
    return (installed if installed.exists() else CHECKOUT / file).read_text(encoding="utf-8")


@cache
def _html(text: str) -> Markup:
    """Return a page of our own documentation as HTML; links between its pages become plain text."""
    html = MarkdownIt("commonmark", {"html": False}).enable("table").render(_LINK.sub(r"\1", text))
    return Markup(html.replace("<table>", '<table class="rows titled">'))  # noqa: S704 (its HTML is escaped)


def _operations(document: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return what the API can be asked for, by its groups."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, methods in document["paths"].items():
        for method, said in methods.items():
            body = said.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
            answers = {
                code: _kind(answer.get("content", {}).get("application/json", {}).get("schema", {}))
                for code, answer in said["responses"].items()
            }
            one = {
                "method": method.upper(),
                "path": path,
                "said": said.get("description") or said.get("summary", ""),
                "parameters": [
                    {**each, "kind": _kind(each["schema"]), "default": each["schema"].get("default")}
                    for each in said.get("parameters", ())
                ],
                "body": _kind(body) if body else "",
                "answers": answers,
            }
            groups.setdefault((said.get("tags") or ["other"])[0], []).append(one)
    return groups


def _schemas(document: Mapping[str, Any]) -> dict[str, list[tuple[str, str, bool, str]]]:
    """Return the fields of each schema: name, kind, whether it is required, and what it is."""
    return {
        name: [
            (each, _kind(field), each in schema.get("required", ()), field.get("description", ""))
            for each, field in schema.get("properties", {}).items()
        ]
        or [("", _kind(schema), True, schema.get("description", ""))]
        for name, schema in sorted(document["components"]["schemas"].items())
    }


def _kind(schema: Mapping[str, Any]) -> str:
    """Return a schema in a few words, e.g. `list of Item or null`."""
    return " ".join(_kinds(schema))


def _kinds(schema: Mapping[str, Any]) -> Iterator[str]:
    if "$ref" in schema:
        yield schema["$ref"].rpartition("/")[2]
    elif choices := schema.get("anyOf") or schema.get("oneOf"):
        yield " or ".join(_kind(each) for each in choices)
    elif "enum" in schema:
        yield " | ".join(map(str, schema["enum"]))
    elif schema.get("type") == "array":
        yield f"list of {_kind(schema.get('items', {}))}"
    else:
        yield str(schema.get("format") or schema.get("type") or "")
