"""Label-and-value rows: tables, definition lists, `Label: value` lines and pairs of elements."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from crawler.extract.elements import squeeze
from text.page_words import Label, known_label

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lxml import etree

    from crawler.extract.elements import Line

_SEPARATED = re.compile(r"(?P<label>[^:：]{1,40})[:：]\s*(?P<value>\S.*)")
_WITHOUT_SEPARATOR = re.compile(r"(?P<label>[^:：]{1,40})[:：]?")
_CELLS = frozenset({"td", "th"})
_LONGEST_VALUE = 400
_MOST_WORDS_OF_NEW_LABEL = 5
_CLOCK_OR_LINK = re.compile(r"\d$|https?$|^www|[.!?;]\s")


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledRow:
    """One property a page shows."""

    name: str
    """Without the final colon."""
    value: str
    label: Label | None
    """The field that the row fills; None for an unknown label."""
    in_table: bool
    """Whether the row is in a table, list or definition list rather than in running text."""
    element: etree._Element
    """The element that holds the value."""

    @property
    def fills_field(self) -> bool:
        """Return whether the row alone fills a field of a listing. Prices need more than the row."""
        return self.label not in {None, Label.PRICE, Label.CATEGORY, Label.ATTRIBUTE}


class _Tables:
    """The cells of a page's table rows, counted once for each row."""

    def __init__(self) -> None:
        self._cells: dict[etree._Element, tuple[dict[etree._Element, int], int]] = {}

    def cells(self, row: etree._Element) -> tuple[dict[etree._Element, int], int]:
        """Return each cell's position in its row, and the row's number of heading cells."""
        if row not in self._cells:
            cells = [cell for cell in row if cell.tag in _CELLS]
            headings = sum(cell.tag == "th" for cell in cells)
            self._cells[row] = {cell: place for place, cell in enumerate(cells)}, headings
        return self._cells[row]


def labelled_rows(lines: Sequence[Line]) -> list[LabelledRow]:
    """Return the label-and-value rows among the lines of `visible_lines`, in page order.

    A known label takes precedence over text that only looks like a label.
    """
    rows: list[LabelledRow] = []
    tables = _Tables()
    at = 0
    while at < len(lines):
        taken, row = _row_at(lines, at, tables)
        if row is not None and len(row.value) <= _LONGEST_VALUE:
            rows.append(row)
        at += taken
    return rows


def _row_at(lines: Sequence[Line], at: int, tables: _Tables) -> tuple[int, LabelledRow | None]:
    """Return how many lines the row at a line takes up, and the row if there is one."""
    line = lines[at]
    following = lines[at + 1] if at + 1 < len(lines) else None
    if following is not None and _is_label_cell(line, following, tables):
        values = [following.text]
        taken = 2
        while at + taken < len(lines) and lines[at + taken].element is following.element:
            values.append(lines[at + taken].text)
            taken += 1
        name = _name(line.text)
        return taken, LabelledRow(
            name=name,
            value=" ".join(values),
            label=known_label(name),
            in_table=True,
            element=following.element,
        )
    if (pair := _pair_in_line(line)) is not None:
        return 1, pair
    if following is not None and len(line.text) <= 40 and _WITHOUT_SEPARATOR.fullmatch(line.text):
        label = known_label(line.text)
        if label is not None and label is not Label.DESCRIPTION and _may_be_value(line, following):
            return 2, LabelledRow(
                name=_name(line.text),
                value=following.text,
                label=label,
                in_table=False,
                element=following.element,
            )
    return 1, None


def column_rows(row: etree._Element, headings: dict[etree._Element, list[str]]) -> list[LabelledRow]:
    """Read a table row by its column headings. Return nothing if the table has none.

    `headings` caches each table's headings for the rows of one page.
    """
    if row.tag != "tr":
        return []
    table = next(row.iterancestors("table"), None)
    header = next(table.iter("tr"), None) if table is not None else None
    if table is None or header is None or header is row:
        return []
    if table not in headings:
        headings[table] = [squeeze("".join(cell.itertext())) for cell in header if cell.tag in _CELLS]
    names = headings[table]
    cells = [cell for cell in row if cell.tag in _CELLS]
    if len(names) != len(cells):
        return []
    pairs = ((name, squeeze("".join(cell.itertext())), cell) for name, cell in zip(names, cells, strict=True))
    return [
        LabelledRow(name=name, value=value, label=known_label(name), in_table=True, element=cell)
        for name, value, cell in pairs
        if name and value and value not in {"-", "–", "—"}
    ]


def _name(text: str) -> str:
    return squeeze(text).rstrip(" :：")


def _is_label_cell(line: Line, following: Line, tables: _Tables) -> bool:
    """Return whether two lines are the label and value of a table or definition list."""
    tag, next_tag = line.element.tag, following.element.tag
    if tag == "dt" and next_tag == "dd":
        return True
    if tag not in {"th", "td"} or next_tag != "td" or len(line.text) > 60:
        return False
    row = line.element.getparent()
    if row is None or line.element.getnext() is not following.element:
        return False
    places, headings = tables.cells(row)
    if headings == len(places) or len(places) % 2 or places[line.element] % 2:
        return False
    return len(places) == 2 or headings * 2 == len(places) or known_label(line.text) is not None


def _pair_in_line(line: Line) -> LabelledRow | None:
    """Read `Label: value`, or a block whose two children are a known label and its value."""
    in_list = line.element.tag in {"li", "dd"}
    has_colon = ":" in line.text or "：" in line.text
    if has_colon and (separated := _SEPARATED.fullmatch(line.text)):
        name, value = _name(separated["label"]), separated["value"]
        label = known_label(name)
        if label is not None or (in_list and _looks_like_label(name)):
            return LabelledRow(name=name, value=value, label=label, in_table=in_list, element=line.element)
        return None
    children = list(islice((child for child in line.element if isinstance(child.tag, str)), 3))
    if len(children) == 2 and len(line.text) <= _LONGEST_VALUE:
        name = squeeze("".join(children[0].itertext()))
        label = known_label(name)
        value = line.text[len(name) :].strip(" :：")
        if label is not None and value and line.text.startswith(name):
            return LabelledRow(
                name=_name(name), value=value, label=label, in_table=True, element=line.element
            )
    return None


def _looks_like_label(name: str) -> bool:
    return len(name.split()) <= _MOST_WORDS_OF_NEW_LABEL and not _CLOCK_OR_LINK.search(name)


def _may_be_value(line: Line, following: Line) -> bool:
    """Return whether the next line can be a label's value: nearby in the tree, short and no label."""
    if known_label(following.text) is not None or len(following.text) > 200:
        return False
    parent = line.element.getparent()
    while parent is not None and parent.tag in {"span", "b", "strong", "label"}:
        parent = parent.getparent()
    return following.element is line.element or parent in _parents(following.element)


def _parents(element: etree._Element) -> Iterator[etree._Element | None]:
    current: etree._Element | None = element
    for _ in range(3):
        current = current.getparent() if current is not None else None
        yield current
