"""Find the shortest robust selectors that read the marked values on all pages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from crawler.teach.reader import Cleaning, Rule, TaughtField
from crawler.teach.reading import place_text, same

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from lxml import etree

    from crawler.teach.reading import PageFields

CLEANINGS: Mapping[str, tuple[Cleaning, ...]] = {
    TaughtField.TITLE: (Cleaning.TEXT,),
    TaughtField.PRICE: (Cleaning.PRICE,),
    TaughtField.SELLER: (Cleaning.TEXT, Cleaning.NAME, Cleaning.AFTER_COLON),
    TaughtField.LOCATION: (Cleaning.TEXT, Cleaning.AFTER_COLON),
    TaughtField.QUANTITY: (Cleaning.TEXT, Cleaning.AFTER_COLON),
    TaughtField.DESCRIPTION: (Cleaning.TEXT,),
    TaughtField.ITEM_ID: (Cleaning.TEXT, Cleaning.NUMBER, Cleaning.AFTER_COLON),
    TaughtField.NEXT_PAGE: (Cleaning.ADDRESS,),
}
"""The cleanings that are tried for each field, in order."""
_VALUE_ATTRIBUTES = ("content", "value", "datetime", "title", "alt", "href")
_UNREADABLE_TAGS = frozenset({"html", "head", "body", "script", "style", "noscript", "template", "option"})
_DATA_NAME = re.compile(r"data-[a-z-]{2,30}")
_TAG = re.compile(r"[A-Za-z][\w-]{0,39}")
_PLAIN_NAME = re.compile(r"[A-Za-z_][\w-]{1,39}")
_GENERATED_NAME = re.compile(
    r"\d{3}|^(?:css|sc|jss|emotion|svelte)-|[a-z][A-Z][a-z]*\d|(?:\d[a-z]+){2}", re.ASCII
)
_STATE_NAME = re.compile(r"^(?:active|selected|current|open|closed|first|last|odd|even|row|col|js|is|has)\b")
_LEVELS = 6
_MOST_PLACES = 12
_MOST_CANDIDATES = 1_000
_MOST_KEPT = 12
_LABEL_WEIGHT = 3.0
_SEVERAL_WEIGHT = 3.0
_ATTRIBUTE_WEIGHT = 4.0
"""What people see is preferred to hidden data, which sites forget to keep right."""
_CLEANING_WEIGHT = 0.5
_SURPLUS_WEIGHT = 0.05
"""Of each character beside the value: a price is read from a whole box, too, but not as surely."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaughtPage:
    """A page with the values that a person marked."""

    fields: PageFields
    wanted: dict[str, str]
    """By field, the value as a person sees it."""
    elements: dict[str, etree._Element]
    """By field, the element that was pointed at, if one was."""


def induce(name: str, pages: Sequence[TaughtPage], others: Sequence[tuple[PageFields, str]]) -> list[Rule]:
    """Return the rules that read a field right on every taught page, best first.

    Rules are compared by the share of other pages on which they find one value, then by the share on which
    they agree with the general rules, then by their robustness: names for data before ids, ids before
    classes, classes before positions, short before long.

    Args:
        name: The field.
        pages: The taught pages; at least one has a value for the field.
        others: Other pages of the source that show items, each with the field by the general rules, or
            empty text.
    """
    taught = [page for page in pages if name in page.wanted]
    agreeing = islice(_agreeing(name, taught), _MOST_KEPT)
    ranked = sorted(((*_shares(name, rule, others), weight, rule) for weight, rule in agreeing),
                    key=lambda each: (-each[0], -each[1], each[2]))  # fmt: skip
    return [each[3] for each in ranked]


def compare(name: str, rule: Rule, others: Sequence[tuple[PageFields, str]]) -> list[bool]:
    """Return, for each page on which a rule and the general rules read a field, whether they agree."""
    found = [(fields.values(rule), general, fields) for fields, general in others]
    return [
        same(name, values[0], general, fields.document)
        for values, general, fields in found
        if values and general
    ]


def _agreeing(name: str, taught: Sequence[TaughtPage]) -> Iterator[tuple[float, Rule]]:
    """Yield the rules that read the wanted value on every page, roughly best first."""
    candidates: dict[Rule, float] = {}
    for page in taught[:2]:  # a rule that all pages share is found on any two
        for weight, rule in _candidates(name, page):
            candidates[rule] = min(weight, candidates.get(rule, weight))
    ordered = sorted(candidates.items(), key=lambda each: each[1])[:_MOST_CANDIDATES]
    unlike = []
    for rule, weight in ordered:
        counts = [_right(name, rule, page) for page in taught]
        if all(count == 1 for count in counts):
            yield weight, rule
        elif all(counts):
            unlike.append((weight + _SEVERAL_WEIGHT, rule))
    yield from unlike


def _right(name: str, rule: Rule, page: TaughtPage) -> int:
    """Return the number of different values that a rule finds, or 0 if the first is not the wanted one."""
    found = page.fields.values(rule)
    return len(found) if found and same(name, found[0], page.wanted[name], page.fields.document) else 0


def _shares(name: str, rule: Rule, others: Sequence[tuple[PageFields, str]]) -> tuple[float, float]:
    """Return on which share of pages a rule finds one value, and on which it agrees; rounded, best 1."""
    single = [len(fields.values(rule)) == 1 for fields, _ in others]
    return _rounded(single), _rounded(compare(name, rule, others))


def _rounded(successes: Sequence[bool]) -> float:
    return round(sum(successes) / len(successes), 1) if successes else 1.0


def _candidates(name: str, page: TaughtPage) -> Iterator[tuple[float, Rule]]:
    wanted, document = page.wanted[name], page.fields.document
    for extra, clean in enumerate(CLEANINGS[name]):
        for label, values in page.fields.labelled().items():
            cleaned = page.fields.cleaned(values[0], clean)
            if cleaned and same(name, cleaned, wanted, document):
                yield _LABEL_WEIGHT + extra * _CLEANING_WEIGHT, Rule(label=label, clean=clean)
        for element, attribute, length in _places(name, page, clean):
            added = extra * _CLEANING_WEIGHT + _ATTRIBUTE_WEIGHT * bool(attribute)
            added += _SURPLUS_WEIGHT * max(0, length - len(wanted))
            for weight, css in selectors(element):
                yield weight + added, Rule(css=css, attribute=attribute, clean=clean)


def _places(name: str, page: TaughtPage, clean: Cleaning) -> Iterator[tuple[etree._Element, str, int]]:
    """Yield the elements that hold the wanted value, innermost first.

    Each comes with the attribute or empty text, and with the length of its text.
    """
    fields, wanted = page.fields, page.wanted[name]
    pointed = page.elements.get(name)
    room = len(wanted) * 2 + 200
    found: list[tuple[int, etree._Element, str, int]] = []
    for element in fields.document.root.iter("*"):
        if element.tag in _UNREADABLE_TAGS:
            continue
        for attribute in _attributes(name, element):
            text = place_text(element, Rule(css="*", attribute=attribute, clean=clean))
            is_short = len(text) <= room or (name == TaughtField.DESCRIPTION and not attribute)
            if text and is_short and same(name, fields.cleaned(text, clean), wanted, fields.document):
                found.append((len(text) - 1_000_000 * (element is pointed), element, attribute, len(text)))
    found.sort(key=lambda each: each[0])
    for _, element, attribute, length in found[:_MOST_PLACES]:
        yield element, attribute, length


def _attributes(name: str, element: etree._Element) -> Iterable[str]:
    if name == TaughtField.NEXT_PAGE:
        return ("href",) if element.get("href") else ()
    given = [each for each in _VALUE_ATTRIBUTES if each != "href" and element.get(each)]
    given += [each for each in element.attrib if isinstance(each, str) and _DATA_NAME.fullmatch(each)]
    return ("", *given)


def selectors(element: etree._Element) -> Iterator[tuple[float, str]]:
    """Yield selectors that match an element, each with its weight: less is more robust."""
    own = list(_steps(element))
    yield from own
    parent = element.getparent()
    if parent is not None:
        yield from _by_position(element)
    above = element
    for level in range(1, _LEVELS):
        if (holder := above.getparent()) is None or holder.tag in {"html", "body"}:
            return
        above = holder
        for weight, step in _steps(above):
            if step != above.tag:
                for own_weight, own_step in own:
                    yield weight + own_weight + level / 5, f"{step} {own_step}"


def _steps(element: etree._Element) -> Iterator[tuple[float, str]]:
    """Yield the compound selectors of one element with their weights."""
    tag = str(element.tag)
    if not _TAG.fullmatch(tag):
        return
    for attribute, weight in (("itemprop", 1.0), ("property", 1.0), ("name", 1.5), ("rel", 1.5)):
        if (value := element.get(attribute)) and _is_stable(value, extra=":"):
            yield weight, f'[{attribute}="{value}"]'
    if (identity := element.get("id")) and _is_stable(identity):
        yield 2.0, f"#{identity}"
    for attribute, value in element.attrib.items():
        if _DATA_NAME.fullmatch(str(attribute)) and _is_stable(str(value)):
            yield 2.0, f'[{attribute!s}="{value!s}"]'
    for each in (element.get("class") or "").split()[:6]:
        if _is_stable(each):
            yield 2.5 + 2 * bool(_STATE_NAME.match(each)) + len(each) / 100, f".{each}"
            yield 3.0 + len(each) / 100, f"{tag}.{each}"
    yield (2.5 if tag == "h1" else 5.0), tag


def _by_position(element: etree._Element) -> Iterator[tuple[float, str]]:
    """Yield the position of an element below its nearest named ancestors, for want of better names."""
    path = ""
    current = element
    for level in range(1, 5):
        above = current.getparent()
        if above is None or not _TAG.fullmatch(str(current.tag)):
            return
        place = 1 + sum(each.tag == current.tag for each in current.itersiblings(preceding=True))
        path = f" > {current.tag!s}:nth-of-type({place}){path}"
        for weight, step in _steps(above):
            if step != above.tag:
                yield 8.0 + weight + 2 * level, f"{step}{path}"
        current = above


def _is_stable(name: str, extra: str = "") -> bool:
    """Return whether a name looks written by a person, so that other pages have it too."""
    plain = name.replace(extra, "") if extra else name
    return _PLAIN_NAME.fullmatch(plain) is not None and _GENERATED_NAME.search(plain) is None
