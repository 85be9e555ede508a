"""Teach a source: turn pages and marked values into a declared reader, and preview it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

import web_poet

from crawler.extract.document import parse_document
from crawler.markets import find_markets
from crawler.teach import CannotTeach
from crawler.teach.following import failing, shares, shares_of, value_of
from crawler.teach.induce import CLEANINGS, TaughtPage, compare, induce
from crawler.teach.reader import AS_READ, Case, DeclaredReader, Rule, TaughtField
from crawler.teach.reading import CONTENT_NAMES, PageFields, place_text, read_taught, same
from crawler.workers.page_parser import PageJob, parse_here
from store.messages import counted
from store.model import PageOutcome

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable, Mapping, Sequence
    from datetime import datetime

    from lxml import etree

    from crawler.extract.page import ExtractedPage
    from crawler.teach.pages import SourcePage

_Result = TypeVar("_Result")
FEWEST_PAGES, MOST_TAUGHT = 2, 10
_EXPECTED_CHARS = 200
"""Characters of a description that a case keeps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointed:
    """A person's statement on one field of one page."""

    value: str = ""
    """As on the page; `AS_READ` for the value that is read now; empty for the text of the element."""
    element: int | None = None
    """The place of an element among the page's elements, from 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewRow:
    """The values of a declared reader on one page."""

    url: str
    values: dict[str, str]
    doubts: tuple[str, ...]
    """Sentences, e.g. that a field is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldCounts:
    """How a taught field reads on the taught and the other pages."""

    pages: int
    """Item pages; for the next page, all other pages."""
    read: int
    compared: int
    """Pages on which the general rules read a value, too."""
    agreed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """The result of teaching; nothing of it is stored yet."""

    reader: DeclaredReader
    unlearned: dict[str, str]
    """By field, why no rule was found, or why the general rules keep the field."""
    counts: dict[str, FieldCounts] = field(default_factory=dict)
    """By taught field."""
    preview: tuple[PreviewRow, ...] = field(default=())
    """The other pages, most doubts first."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Tried:
    """A page on which a reader is tried."""

    page: SourcePage
    fields: PageFields
    general: ExtractedPage


def teach(
    pages: Sequence[tuple[SourcePage, Mapping[str, Pointed]]],
    others: Iterable[SourcePage],
    *,
    before: DeclaredReader | None,
    by: str,
    now: datetime,
) -> Lesson:
    """Induce a declared reader.

    Args:
        pages: Two to ten saved pages, each with what was pointed at, by field.
        others: Other saved pages of the source, on which the reader is tried.
        before: The source's present reader, whose version the new one follows.
        by: The name of the person who teaches.
        now: The present time.

    Raises:
        CannotTeach: If there are too few or too many pages, a page cannot be read, a place is not on its
            page, or nothing can be learned.
    """
    if not FEWEST_PAGES <= len({page.sha256 for page, _ in pages}) <= MOST_TAUGHT:
        raise CannotTeach(
            f"{len(pages)} pages were given; two or three different pages of one layout are needed, "
            f"{MOST_TAUGHT} at most."
        )
    taught = [_taught_page(page, pointed, before) for page, pointed in pages]
    own = {page.sha256 for page, _ in pages}
    generals = [_general(page) for page, _ in pages]
    for (page, _), general in zip(pages, generals, strict=True):
        if general.outcome is PageOutcome.UNREADABLE:
            raise CannotTeach(f"{page.url} cannot be read; choose another page. {general.sentence}")
    tried = [_Tried(page=page, fields=each.fields, general=general)
             for (page, _), each, general in zip(pages, taught, generals, strict=True)]  # fmt: skip
    rest = [_Tried(page=page, fields=fields, general=_general(page)) for page in others
            if page.sha256 not in own and (fields := _fields(page)) is not None]  # fmt: skip
    rules: dict[str, Rule] = {}
    unlearned: dict[str, str] = {}
    for name in TaughtField:
        wanted = [page.wanted[name] for page in taught if name in page.wanted]
        if not wanted:
            continue
        compared = [(each.fields, _general_value(each.general, name)) for each in rest
                    if each.general.listing or name == TaughtField.NEXT_PAGE]  # fmt: skip
        found = induce(name, taught, compared)
        alike = [compare(name, rule, compared) for rule in found]
        if found and _is_known(name, taught, generals):
            found = [rule for rule, each in zip(found, alike, strict=True) if all(each)]
        if found:
            rules[name] = found[0]
        elif alike:
            unlearned[name] = (
                "The general rules keep this field: they read it correctly on the taught pages, and the best "
                f"place found differs from them on {alike[0].count(False)} of "
                f"{counted(len(alike[0]), 'other page', 'other pages')}."
            )
        else:
            shown = "; ".join(repr(each[:60]) for each in wanted)
            unlearned[name] = (
                f"No place reads {shown} on all the pages. Point at another place, or correct the value."
            )
    if not rules:
        raise CannotTeach(
            " ".join(["Nothing was learned.", *(f"{name}: {why}" for name, why in unlearned.items())])
        )
    reader = DeclaredReader(
        version=(before.version if before else 0) + 1,
        taught_by=by,
        taught_at=now,
        found=1.0,
        agreement=1.0,
        fields=rules,
        cases=tuple(
            Case(
                url=page.url,
                sha256=page.sha256,
                expected={name: each.wanted[name] for name in rules if name in each.wanted},
            )
            for (page, _), each in zip(pages, taught, strict=True)
        ),
    )
    return _measured(reader, unlearned, tried, rest)


def check_cases(reader: DeclaredReader, bodies: Mapping[str, bytes]) -> list[str]:
    """Return a sentence for each case that fails; a case whose page is no longer kept is left out.

    Args:
        reader: The reader.
        bodies: By hash, the bodies of the taught pages.
    """
    find_markets()
    kept = [(case, bodies[case.sha256]) for case in reader.cases if case.sha256 in bodies]
    found = [_result(failing(case, body, reader, parse_here)) for case, body in kept]
    return [each for each in found if each]


def read_now(page: SourcePage, reader: DeclaredReader | None) -> dict[str, str]:
    """Return the present fields of a page, without empty values."""
    read = _general(page)
    if reader is not None:
        read = read_taught(read, page_response(page), reader)
    values = {name: _general_value(read, name) for name in TaughtField}
    return {name: value for name, value in values.items() if value}


def _measured(
    reader: DeclaredReader, unlearned: dict[str, str], taught: Sequence[_Tried], rest: Sequence[_Tried]
) -> Lesson:
    """Complete a reader with what it reads on the taught pages, and measure it on all pages."""
    counts: Counter[str] = Counter()
    cases = []
    for case, each in zip(reader.cases, taught, strict=True):
        read = read_taught(each.general, page_response(each.page), reader)
        expected = {name: value for name in case.expected if (value := value_of(read, name))}
        if TaughtField.DESCRIPTION in expected:
            expected[TaughtField.DESCRIPTION] = expected[TaughtField.DESCRIPTION][:_EXPECTED_CHARS]
        cases.append(replace(case, expected=expected))
    reader = replace(reader, cases=tuple(cases))
    rows: list[PreviewRow] = []
    items: list[_Tried] = []
    lists: list[_Tried] = []
    for each in (*taught, *rest):
        read = read_taught(each.general, page_response(each.page), reader)
        (lists if read.listing is None else items).append(each)
        is_item = read.taught is not None and bool(read.taught.found or read.taught.missed)
        if read.taught and is_item:
            counts.update(shares(read.taught))
        has_next = TaughtField.NEXT_PAGE in reader.fields and bool(value_of(read, TaughtField.NEXT_PAGE))
        if each in rest and (is_item or has_next):
            rows.append(_preview(each.page, each.general, read, reader))
    found, agreement = shares_of(counts)
    return Lesson(
        reader=replace(reader, found=round(found, 3), agreement=round(agreement, 3)),
        unlearned=unlearned,
        counts={
            name: _count(name, rule, lists if name == TaughtField.NEXT_PAGE else items)
            for name, rule in reader.fields.items()
        },
        preview=tuple(sorted(rows, key=lambda row: -len(row.doubts))),
    )


def _count(name: str, rule: Rule, pages: Sequence[_Tried]) -> FieldCounts:
    alike = compare(name, rule, [(each.fields, _general_value(each.general, name)) for each in pages])
    read = sum(bool(each.fields.values(rule)) for each in pages)
    return FieldCounts(pages=len(pages), read=read, compared=len(alike), agreed=sum(alike))


def _preview(
    page: SourcePage, general: ExtractedPage, read: ExtractedPage, reader: DeclaredReader
) -> PreviewRow:
    taught = read.taught
    assert taught is not None
    doubts = [f"{name} is missing" for name in taught.missed]
    doubts += [f"{name} has several values" for name in taught.doubtful]
    doubts += [
        f"the general rules read {name} as {_general_value(general, name)[:60]!r}" for name in taught.differed
    ]
    if general.listing is None and read.listing is not None:
        doubts.append("the general rules read no listing here")
    values = {name: value for name in reader.fields if (value := value_of(read, name))}
    return PreviewRow(url=page.url, values=values, doubts=tuple(doubts))


def _taught_page(
    page: SourcePage, pointed: Mapping[str, Pointed], before: DeclaredReader | None
) -> TaughtPage:
    fields = _fields(page)
    if fields is None:
        raise CannotTeach(f"{page.url} is not readable HTML; choose another page.")
    now = read_now(page, before) if any(each.value == AS_READ for each in pointed.values()) else {}
    wanted: dict[str, str] = {}
    elements: dict[str, etree._Element] = {}
    for name, each in pointed.items():
        if each.element is not None:
            elements[name] = _element(fields, each.element, page.url)
        value = now.get(name, "") if each.value == AS_READ else each.value.strip()
        if name in elements and not value:
            value = _value_at(fields, name, elements[name])
        if value:
            wanted[name] = value
    return TaughtPage(fields=fields, wanted=wanted, elements=elements)


def _is_known(name: str, taught: Sequence[TaughtPage], generals: Sequence[ExtractedPage]) -> bool:
    """Return whether the general rules read a field right on every page on which it was taught."""
    return all(
        same(name, _general_value(read, name), page.wanted[name], page.fields.document)
        for page, read in zip(taught, generals, strict=True)
        if name in page.wanted
    )


def _element(fields: PageFields, place: int, url: str) -> etree._Element:
    for number, element in enumerate(fields.document.root.iter("*")):
        if number == place:
            return element
    raise CannotTeach(f"{url} has no element {place}; open the page again and point once more.")


def _value_at(fields: PageFields, name: str, element: etree._Element) -> str:
    clean = CLEANINGS[name][0]
    if name == TaughtField.NEXT_PAGE:
        link = next((each for each in (element, *element.iterancestors("a")) if each.get("href")), element)
        return fields.cleaned(link.get("href") or "", clean)
    return fields.cleaned(place_text(element, Rule(css="*", clean=clean)), clean)


def _fields(page: SourcePage) -> PageFields | None:
    document = parse_document(page_response(page))
    return None if document is None else PageFields(document)


def _general(page: SourcePage) -> ExtractedPage:
    find_markets()
    return _result(parse_here(PageJob(url=page.url, body=page.body, status=200, headers={})))


def _result(parsing: Coroutine[Any, Any, _Result]) -> _Result:
    """Return what a parser returns, without an event loop, for which a confined process has no file left."""
    try:
        parsing.send(None)
    except StopIteration as done:
        result: _Result = done.value
        return result
    parsing.close()
    raise CannotTeach("The page object of this site waits for something, so its pages cannot be taught.")


def _general_value(read: ExtractedPage, name: str) -> str:
    if name == TaughtField.NEXT_PAGE:
        return read.next_page or ""
    return str(getattr(read.listing.content, CONTENT_NAMES[TaughtField(name)])) if read.listing else ""


def page_response(page: SourcePage) -> web_poet.HttpResponse:
    """Return a saved page as the parser takes it."""
    return web_poet.HttpResponse(url=page.url, body=page.body, status=200)
