"""Answer the browser's questions about teaching, in a process of its own: JSON in, JSON out.

The app never parses a hostile page itself; it starts this process and shows its answer.
"""

from __future__ import annotations

import copy
import sys
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from lxml import etree

from crawler.errors import CrawlError
from crawler.extract.document import parse_document
from crawler.extract.elements import visible_lines
from crawler.sources.sources import pick_sources, reader_file
from crawler.teach.pages import CannotTeach, SourcePage, saved_page, saved_pages
from crawler.teach.reader import save_reader
from crawler.teach.teaching import Pointed, page_response, read_now, teach
from store.database import open_database
from store.errors import StoreError
from store.times import utc_now

if TYPE_CHECKING:
    from crawler.sources.sources import DeclaredSource
    from store.database import Database

_MOST_LISTED = 30
_MOST_TEXTS = 300
_LONGEST_TEXT = 200
_KEPT_TAGS = frozenset({"head", "script", "style", "template", "noscript", "iframe", "object", "embed", "svg",
                        "math", "select", "textarea", "title", "audio", "video", "html", "body"})  # fmt: skip
_INLINE_TAGS = frozenset({"a", "font", "button", "label", "strike", "big", "tt", "nobr", "data", "var"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question about one source."""

    sources: str
    """Path of the sources file."""
    database: str
    source_id: str
    action: Literal["list", "open", "try", "keep"]
    pages: list[str] = field(default_factory=list)
    """Addresses of saved pages."""
    pointed: list[dict[str, Pointed]] = field(default_factory=list)
    """What was pointed at on each of them, by field."""
    by: str = ""


def main() -> None:
    """Answer the question on standard input; an expected error is the answer's `error`."""
    question = msgspec.json.decode(sys.stdin.buffer.read(), type=Question)
    try:
        said = answer(question)
    except (CrawlError, StoreError, OSError) as error:
        said = {"error": str(error)}
    sys.stdout.buffer.write(msgspec.json.encode(said))


def answer(question: Question) -> dict[str, Any]:
    """Return the answer to a question, as plain data.

    Raises:
        CrawlError: If the source or a page is missing, or cannot be taught so.
    """
    sources, database = Path(question.sources), Path(question.database)
    (declared,) = pick_sources(sources, (question.source_id,))
    with closing(open_database(database)) as db:
        if question.action == "list":
            found = saved_pages(db, database, declared, most=_MOST_LISTED)
            return {
                "version": declared.reader.version if declared.reader else 0,
                "problem": declared.reader_problem,
                "pages": [{"url": page.url, "read": read_now(page, declared.reader)} for page in found],
            }
        pages = [saved_page(db, database, declared, url) for url in question.pages]
        if question.action == "open":
            return {"pages": [_opened(page, declared) for page in pages]}
        return _taught(question, sources, declared, db, pages)


def _taught(
    question: Question, sources: Path, declared: DeclaredSource, db: Database, pages: list[SourcePage]
) -> dict[str, Any]:
    lesson = teach(
        list(zip(pages, question.pointed, strict=True)),
        saved_pages(db, Path(question.database), declared),
        before=declared.reader,
        by=question.by,
        now=utc_now(),
    )
    if question.action == "keep":
        save_reader(reader_file(sources, question.source_id), lesson.reader)
    said: dict[str, Any] = msgspec.to_builtins(lesson)
    return said | {"places": {name: str(rule) for name, rule in lesson.reader.fields.items()}}


def _opened(page: SourcePage, declared: DeclaredSource) -> dict[str, Any]:
    """Return a page with each element's place in `data-at`, its texts, and what is read on it now."""
    document = parse_document(page_response(page))
    if document is None:
        raise CannotTeach(f"{page.url} is not readable HTML; choose another page.")
    places = {element: place for place, element in enumerate(document.root.iter("*"))}
    texts = [
        (places[line.element], line.text[:_LONGEST_TEXT])
        for line in visible_lines(document.root)
        if line.element in places
    ]
    return {
        "url": page.url,
        "html": numbered(document.root),
        "texts": list(dict.fromkeys(texts))[:_MOST_TEXTS],
        "read": read_now(page, declared.reader),
    }


def numbered(root: etree._Element) -> str:
    """Return a tree as HTML in which each element names its place; links and buttons become plain text."""
    root = copy.deepcopy(root)
    for place, element in enumerate(root.iter("*")):
        if element.tag in _INLINE_TAGS:
            element.tag = "span"
        if element.tag not in _KEPT_TAGS:
            element.set("data-at", str(place))
    text: str = etree.tostring(root, encoding="unicode", method="html")
    return text
