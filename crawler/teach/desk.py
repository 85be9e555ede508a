"""Answer the questions of `crawler.teach.ask`, in a process of its own: JSON in, JSON out.

It reads the pages from the store or the archive first; then it is confined like a worker of a crawl
(`crawler.workers`), and parses them.
"""

from __future__ import annotations

import copy
import sys
from contextlib import closing, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from lxml import etree

from crawler.errors import CrawlError
from crawler.extract.document import parse_document
from crawler.extract.elements import visible_lines
from crawler.markets import find_markets
from crawler.sources.sources import pick_sources
from crawler.teach import CannotTeach
from crawler.teach.pages import body_of_case, saved_page, saved_pages
from crawler.teach.teaching import Pointed, check_cases, page_response, read_now, teach
from crawler.workers import CrawlSettings
from crawler.workers.confinement import confine
from crawler.workers.page_parser import bound_memory, load_everything
from store.database import open_database
from store.errors import StoreError
from store.times import utc_now

if TYPE_CHECKING:
    from crawler.sources.sources import DeclaredSource
    from crawler.teach.pages import SourcePage

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
    """Path of the store, which need not exist."""
    source_id: str
    action: Literal["list", "open", "try", "keep", "check"]
    pages: list[str] = field(default_factory=list)
    """Addresses of saved pages."""
    pointed: list[dict[str, Pointed]] = field(default_factory=list)
    """What was pointed at on each of them, by field."""
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Files:
    """What a question needs of the disk."""

    declared: DeclaredSource
    pages: list[SourcePage]
    """The pages of the question."""
    others: list[SourcePage]
    cases: dict[str, bytes | None]
    """By hash, the bodies of the pages that the reader was taught on; None if a page is no longer kept."""


def main() -> None:
    """Answer the question on standard input; an expected error is the answer's `error`."""
    question = msgspec.json.decode(sys.stdin.buffer.read(), type=Question)
    try:
        files = _read(question)
        find_markets()
        load_everything()
        bound_memory(CrawlSettings().page_memory_mb * 2**20)
        confine()
        said = _answer(question, files)
    except MemoryError:
        said = {"error": "Reading its pages needs more memory than pages may have."}
    except (CrawlError, StoreError, OSError) as error:
        said = {"error": str(error)}
    sys.stdout.buffer.write(msgspec.json.encode(said))


def _read(question: Question) -> _Files:
    """Read everything that a question needs of the disk.

    Raises:
        CrawlError: If the source or a page is missing, or its archive cannot be opened.
    """
    database, action = Path(question.database), question.action
    (declared,) = pick_sources(Path(question.sources), (question.source_id,))
    with closing(open_database(database)) if database.exists() else nullcontext() as db:
        others = (
            []
            if action in ("open", "check")
            else saved_pages(db, database, declared, **({"most": _MOST_LISTED} if action == "list" else {}))
        )
        cases = declared.reader.cases if declared.reader and action == "check" else ()
        return _Files(
            declared=declared,
            pages=[saved_page(db, database, declared, url) for url in question.pages],
            others=list(others),
            cases={case.sha256: body_of_case(db, database, declared, case) for case in cases},
        )


def _answer(question: Question, files: _Files) -> dict[str, Any]:
    """Return the answer to a question, as plain data.

    Raises:
        CannotTeach: If the source cannot be taught so.
    """
    declared, reader = files.declared, files.declared.reader
    if question.action == "list":
        return {
            "version": reader.version if reader else 0,
            "problem": declared.reader_problem,
            "pages": [{"url": page.url, "read": read_now(page, reader)} for page in files.others],
        }
    if question.action == "open":
        return {"pages": [_opened(page, declared) for page in files.pages]}
    if question.action == "check":
        if reader is None:
            name = declared.source.source_id
            raise CannotTeach(
                declared.reader_problem or f"{name} has no declared reader; teach the source first."
            )
        kept = {sha256: body for sha256, body in files.cases.items() if body is not None}
        return {
            "version": reader.version,
            "problems": check_cases(reader, kept),
            "kept": len(kept),
            "missing": len(files.cases) - len(kept),
        }
    lesson = teach(
        list(zip(files.pages, question.pointed, strict=True)),
        files.others,
        before=reader,
        by=question.by,
        now=utc_now(),
    )
    said: dict[str, Any] = msgspec.to_builtins(lesson)
    places = {name: str(rule) for name, rule in lesson.reader.fields.items()}
    return said | {"places": places, "problem": declared.reader_problem}


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
