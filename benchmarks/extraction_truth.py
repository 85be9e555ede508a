"""What people read on saved pages: expected fields, next-page links, prices and rows of lists.

Files with holes are read as far as they go; what could not be read is counted, never guessed.
"""

from __future__ import annotations

import csv
import gzip
import html
import json
import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from price_parser import Price

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

FIELDS = ("price", "currency", "sku", "availability", "brand", "gtin", "title")
"""Every field that is scored, in the order of the table."""
_TAG = re.compile(r"<[^<>]*>")
_SUFFIXES = (".html", ".htm", ".html.gz", ".htm.gz")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """One page with the values a person accepts."""

    path: Path
    url: str
    values: Mapping[str, tuple[str, ...]]
    """By field, every value that is right; a field the set knows and the page does not show is empty."""
    loose_title: bool = False
    """Whether the title is the document's, so that either may hold the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectations:
    """A folder's readable expectations, and how much of it there is without one."""

    pages: tuple[Expected, ...] = ()
    fields: tuple[str, ...] = ()
    """The fields that the folder says something about."""
    without: int = 0
    """Pages whose expectation is missing or cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pager:
    """One page of which a person marked the link to the next."""

    path: Path
    url: str
    encoding: str
    next_css: str
    """Empty on a last page, or one that has no pager."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceString:
    """One price as shown, and as a person read it."""

    text: str
    currency_hint: str
    amount: Decimal | None
    sign: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPage:
    """One saved list page, and the titles that another reader found on it, if that is known."""

    path: Path
    titles: tuple[str, ...] = field(default=())


def is_page(path: Path) -> bool:
    """Whether a file is a saved page by its name."""
    return path.name.lower().endswith(_SUFFIXES)


def read_body(path: Path) -> bytes:
    """Read a saved page, unpacked."""
    body = path.read_bytes()
    return gzip.decompress(body) if path.name.lower().endswith(".gz") else body


def read_expectations(folder: Path) -> Expectations:
    """Read `expected.jsonl`; lines that are no JSON are left out and their pages counted."""
    rows = [row for row in _json_rows(folder / "expected.jsonl") if (folder / str(row.get("file"))).is_file()]
    is_loose = any("expected_title" in row for row in rows)
    names = ("price", "title") if is_loose else tuple(n for n in FIELDS if any(n in row for row in rows))
    pages = tuple(
        Expected(
            path=folder / str(row["file"]),
            url=str(row.get("url") or f"https://{row.get('site', 'page')}.example/"),
            values=_loose_values(row) if is_loose else {name: _texts(row.get(name)) for name in names},
            loose_title=is_loose,
        )
        for row in rows
    )
    saved = {path for path in (folder / "html").iterdir() if is_page(path)} if pages else set()
    return Expectations(pages=pages, fields=names, without=len(saved - {page.path for page in pages}))


def read_pagers(folder: Path) -> list[Pager]:
    """Read `pagination_truth.csv`: the pages that were captured whole."""
    with (folder / "pagination_truth.csv").open(encoding="utf-8", errors="replace", newline="") as handle:
        rows = list(csv.DictReader(handle))
    return [
        Pager(
            path=folder / row["file"],
            url=row["url"],
            encoding=row["encoding"] or "utf-8",
            next_css=(row["next_css"] or "").strip(),
        )
        for row in rows
        if not (row.get("failed") or "").strip() and (folder / (row["file"] or "-")).is_file()
    ]


def read_price_strings(folder: Path) -> list[PriceString]:
    """Read every `*.csv` of price strings."""
    found = []
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as handle:
            found += [
                PriceString(
                    text=row["price_raw"],
                    currency_hint=row["currency_raw"],
                    amount=Decimal(row["amount"]) if row["amount"] else None,
                    sign=row["currency"],
                )
                for row in csv.DictReader(handle)
            ]
    return found


def read_list_pages(folder: Path) -> list[ListPage]:
    """Find the saved pages of a folder, each with the titles of a JSON file of the same name."""
    pages = []
    for path in sorted(folder.iterdir()):
        if is_page(path):
            beside = path.with_suffix(".json")
            titles = tuple(_titles_in(json.loads(beside.read_bytes()))) if beside.is_file() else ()
            pages.append(ListPage(path=path, titles=titles))
    return pages


def _json_rows(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_bytes().splitlines():
        try:
            row = json.loads(line.strip(b"\0 \t"))
        except ValueError:
            continue
        if isinstance(row, dict):
            yield row


def _texts(value: object) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    return tuple(str(each) for each in values if each not in (None, ""))


def _loose_values(row: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    shown = str(row.get("expected_price_text") or "")
    # A price set in three boxes, `$ 31 57`, is read from its markup by the one who made the set.
    split = re.fullmatch(r"\D*(\d+) (\d\d)", shown.strip())
    amount = Decimal(f"{split[1]}.{split[2]}") if split else Price.fromstring(shown).amount
    return {"price": () if amount is None else (str(amount),), "title": _texts(row.get("expected_title"))}


def _titles_in(value: Any) -> Iterator[str]:
    offers = value.get("offers") if isinstance(value, dict) else None
    for offer in offers or ():
        if isinstance(offer, dict) and offer.get("title"):
            yield " ".join(html.unescape(_TAG.sub(" ", str(offer["title"]))).split())
