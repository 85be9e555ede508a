"""How right pages are read: precision, recall and F1 of every field, beside extruct alone on the same pages.

python -m benchmarks.extraction [FOLDER]... [--json] [--errors]

Sites are in two fixed halves, by the hash of their names. Rules may be written after looking at the errors on
`seen` sites, which `--errors` prints; `unseen` sites are for measuring alone.

A folder is measured by what lies in it: `expected.jsonl` and `html/` (product pages), `pagination_truth.csv`
(next-page links), CSV files of price strings, saved list pages, or `truth.jsonl` and `saved/` (an invented
marketplace). Without one, the folders of real pages under `--data` are taken that are there, and the invented
marketplaces.

A row of a list page is no listing if it does not lead to an item, and an item is missed if the page links to
it, wherever, and no row leads to it. Of an invented marketplace all items are known; on the saved list pages,
which state no truth, an item is known by the form of its address, so a side column counts as well.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import re
import sys
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

import web_poet
from price_parser import Price

from benchmarks.extraction_readers import extruct_alone, ours
from benchmarks.extraction_scores import Counts, score
from benchmarks.extraction_truth import (
    is_page,
    read_body,
    read_expectations,
    read_list_pages,
    read_pagers,
    read_price_strings,
)
from benchmarks.rounds import machine
from crawler.archives import open_archive
from crawler.extract.document import parse_document, registrable_host
from crawler.extract.links import next_page
from crawler.extract.page import extract_page
from store.model import ListingContent
from text.money import Place, read_price

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from crawler.extract.document import Document
    from crawler.extract.page import ExtractedPage

DATA = Path("../shared/data")
MARKETPLACES = Path("fixtures/marketplaces")
DEFAULT = (
    "pages/product-extraction-benchmark", "pages/fathom-products", "prices", "pages/autopager",
    "pages/alibaba-search", "pages/alibaba-madeinchina", "pages/mercadolibre",
)  # fmt: skip
ITEM_ADDRESS = re.compile(r"/product-detail/|/product/\w{12}/|/dp/\w{10}\b|//articulo\.mercadolibre\.")
"""Addresses of items at Alibaba, Made-in-China, Amazon and Mercado Libre, and of nothing else there."""
OF_TRUTH = {"title": "title", "price_amount": "price", "seller_name": "seller", "item_id": "sku"}
"""The field of each key of the invented marketplaces' truth."""
PACKAGES = ("extruct", "price-parser", "lxml")


@dataclass(slots=True, kw_only=True)
class Report:
    """What was measured on one folder."""

    folder: Path
    note: str
    """How much of the folder could be measured."""
    scores: dict[str, dict[str, Counts]] = field(default_factory=dict)
    """By field, then by reader: `ours` and `extruct`, or `price-parser` for price strings."""
    rows: list[dict[str, object]] = field(default_factory=list)
    """Of list pages: one record a page."""
    errors: list[str] = field(default_factory=list)
    """Each wrong or missing value, a line for a person."""

    def as_json(self) -> dict[str, object]:
        """Return every figure, for programs."""
        scores = {name: {r: c.as_json() for r, c in each.items()} for name, each in self.scores.items()}
        return {"folder": str(self.folder), "note": self.note, "scores": scores, "rows": self.rows}


def measure(folder: Path) -> Report:
    """Measure one folder by what lies in it.

    Raises:
        ValueError: If nothing in it can be measured.
    """
    if (folder / "expected.jsonl").is_file():
        return _measure_products(folder)
    if (folder / "pagination_truth.csv").is_file():
        return _measure_pagers(folder)
    if (folder / "truth.jsonl").is_file():
        return _measure_marketplace(folder)
    if any(map(is_page, folder.iterdir())):
        return _measure_lists(folder)
    if any(_has_prices(path) for path in folder.glob("*.csv")):
        return _measure_prices(folder)
    raise ValueError(
        f"{folder} holds none of expected.jsonl with html/, truth.jsonl with saved/, pagination_truth.csv, "
        "*.html and price strings in CSV: name a folder that does."
    )


def _measure_products(folder: Path) -> Report:
    expected = read_expectations(folder)
    read = [(page, read_body(page.path)) for page in expected.pages]
    found = {
        "ours": [(page, ours(body, page.url)) for page, body in read],
        "extruct": [(page, extruct_alone(body, page.url)) for page, body in read],
    }
    seen = [each for each in found["ours"] if is_seen(each[0].url)]
    unseen = [each for each in found["ours"] if not is_seen(each[0].url)]
    note = (
        f"{len(read)} pages, {len(seen)} of seen and {len(unseen)} of unseen sites; {expected.without} more "
        "have no readable expectation"
    )
    report = Report(folder=folder, note=note)
    found |= {"ours, seen": seen, "ours, unseen": unseen}
    for name in expected.fields:
        report.scores[name] = {reader: score(pages, name) for reader, pages in found.items()}
        for page, prediction in seen:
            single = score([(page, prediction)], name)
            if single.wrong or single.missed:
                wanted, got = list(page.values[name]), prediction.get(name)
                report.errors.append(
                    f"{name}: {page.path.name[:12]} {page.url[:60]}: {wanted} read as {got!r}"
                )
    return report


def is_seen(url: str) -> bool:
    """Return whether the errors on a site may be looked at by those who write rules; by its name's hash."""
    return hashlib.sha256(registrable_host(url).encode()).digest()[0] % 2 == 0


def _measure_pagers(folder: Path) -> Report:
    counts = Counts()
    report = Report(folder=folder, note="")
    pagers = read_pagers(folder)
    for pager in pagers:
        response = web_poet.HttpResponse(
            url=pager.url,
            body=read_body(pager.path),
            headers={"Content-Type": f"text/html; charset={pager.encoding}"},
        )
        document = parse_document(response)
        wanted = set(marked(document, pager.next_css)) if document else set()
        got = next_page(document) if document else None
        is_right = got is not None and got in wanted
        counts.add(expected=bool(wanted), predicted=got is not None, is_right=is_right)
        if not is_right and (wanted or got):
            report.errors.append(
                f"next page: {pager.path.name} {pager.url[:70]}: {sorted(wanted)} read as {got}"
            )
    report.note = f"{len(pagers)} pages"
    report.scores["next page"] = {"ours": counts}
    return report


def marked(document: Document, css: str) -> Iterator[str]:
    """Yield the addresses of the links that a person's selector marks."""
    for element in document.root.cssselect(css) if css else ():
        for holder in (element, *element.iterancestors("a"), *element.iter("a")):
            if holder.tag in {"a", "link"} and (url := document.absolute(holder.get("href") or "")):
                yield url


def _measure_prices(folder: Path) -> Report:
    strings = read_price_strings(folder)
    report = Report(folder=folder, note=f"{len(strings)} price strings")
    counts = {name: {"ours": Counts(), "price-parser": Counts()} for name in ("amount", "currency sign")}
    for each in strings:
        reading = read_price(each.text, Place(), each.currency_hint)
        parsed = Price.fromstring(each.text, currency_hint=each.currency_hint or None)
        values: tuple[tuple[str, object, object, object], ...] = (
            ("amount", each.amount, reading.amount, parsed.amount),
            ("currency sign", each.sign or None, reading.sign or None, parsed.currency),
        )
        for name, wanted, got, stock in values:
            for reader, value in (("ours", got), ("price-parser", stock)):
                counts[name][reader].add(
                    expected=wanted is not None,
                    predicted=value is not None,
                    is_right=value is not None and value == wanted,
                )
            if got != wanted:
                report.errors.append(f"{name}: {each.text!r} ({each.currency_hint}): {wanted} read as {got}")
    report.scores = counts
    return report


def _measure_marketplace(folder: Path) -> Report:
    rows = map(json.loads, (folder / "truth.jsonl").read_text("utf-8").splitlines())
    truth = {row["url"]: row for row in rows}
    report = Report(folder=folder, note="", scores={name: {"ours": Counts()} for name in OF_TRUTH.values()})
    rows_of_lists = Counts()
    with open_archive(folder / "saved") as archive:
        for url in archive.urls():
            page = archive.fetch(url)
            if page is None or page.fault or page.status != HTTPStatus.OK:
                continue
            response = web_poet.HttpResponse(
                url=url, body=page.body, status=page.status, headers=dict(page.headers)
            )
            reading = extract_page(response)
            if url not in truth:
                count_rows(
                    rows_of_lists, reading, response, lambda address: address if address in truth else ""
                )
                continue
            content = reading.listing.content if reading.listing else ListingContent(title="")
            for key, name in OF_TRUTH.items():
                wanted, got = truth[url][key], getattr(content, key)
                got = "" if got is None else str(got)
                report.scores[name]["ours"].add(
                    expected=bool(wanted), predicted=bool(got), is_right=bool(got) and got == wanted
                )
                if got != wanted:
                    report.errors.append(f"{name}: {url[:70]}: {wanted!r} read as {got!r}")
    report.note = f"{len(truth)} items; {_of_rows(rows_of_lists)}"
    return report


def count_rows(
    counts: Counts, reading: ExtractedPage, response: web_poet.HttpResponse, item_of: Callable[[str], str]
) -> None:
    """Count the rows of a page by the items that the page links to.

    Args:
        counts: Takes rows that lead to an item, rows that do not, and items without a row.
        reading: What was read; an item's own page is left out.
        response: The page.
        item_of: Returns the item of an address, or empty text.
    """
    document = parse_document(response)
    if reading.listing or document is None:
        return
    links = {document.absolute(str(each.get("href"))) for each in document.root.iter("a") if each.get("href")}
    items = {item for link in links if link and (item := item_of(link))}
    of_rows = [item_of(row.url) for row in reading.rows]
    counts.right += sum(map(bool, of_rows))
    counts.wrong += of_rows.count("")
    counts.missed += len(items - set(of_rows))


def _of_rows(counts: Counts) -> str:
    rows, items = counts.right + counts.wrong, counts.right + counts.missed
    return (
        f"{rows} rows of list pages, {counts.wrong} of them no listing ({counts.wrong / max(1, rows):.1%}); "
        f"{counts.missed} of {items} items without a row"
    )


def _measure_lists(folder: Path) -> Report:
    pages = read_list_pages(folder)
    report = Report(folder=folder, note="")
    rows_of_lists = Counts()
    for page in pages:
        url = f"https://{folder.name}.example/{page.path.name}"
        response = web_poet.HttpResponse(url=url, body=read_body(page.path), status=200)
        reading = extract_page(response)
        before = rows_of_lists.missed
        count_rows(rows_of_lists, reading, response, saved_item)
        contents = [row.content for row in reading.rows]
        titles = {_plain(content.title) for content in contents}
        known = {_plain(title) for title in page.titles}
        report.rows.append(
            {
                "page": page.path.name,
                "outcome": str(reading.outcome),
                "rows": len(contents),
                "missed": rows_of_lists.missed - before,
                "with price": sum(bool(content.price_text) for content in contents),
                "with seller": sum(bool(content.seller_name) for content in contents),
                "known titles": len(known),
                "found": len(known & titles),
            }
        )
    report.note = f"{len(pages)} pages; {_of_rows(rows_of_lists)}"
    return report


def saved_item(address: str) -> str:
    """Return the item that an address of a saved list page leads to, by its form, or empty text."""
    bare = re.split(r"[?#]", address)[0]
    return bare if ITEM_ADDRESS.search(bare) else ""


def _plain(title: str) -> str:
    return " ".join(re.findall(r"\w+", title.casefold()))


def _has_prices(path: Path) -> bool:
    with path.open(encoding="utf-8", errors="replace", newline="") as handle:
        return {"price_raw", "currency_raw", "amount"} <= set(csv.DictReader(handle).fieldnames or ())


def _print(report: Report, *, errors: bool) -> None:
    print(f"\n{report.folder}: {report.note}")
    if report.scores:
        print(f"  {'FIELD':<14} {'READER':<13} {'PRECISION':>9} {'RECALL':>7} {'F1':>6} {'SUPPORT':>8}")
    for name, readers in report.scores.items():
        for reader, each in readers.items():
            figures = (
                f"{each.precision:>9.3f} {each.recall:>7.3f} {each.f1:>6.3f} {each.right + each.missed:>8}"
            )
            print(f"  {name:<14} {reader:<13} {figures}")
    for row in report.rows:
        print("  " + ", ".join(f"{name}: {value}" for name, value in row.items()))
    for line in report.errors if errors else ():
        print(f"  ! {line}")


def main() -> None:
    """Read the command line, measure every folder, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.extraction", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    parser.add_argument(
        "--data", type=Path, default=DATA, help="where the usual folders lie [../shared/data]"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument("--errors", action="store_true", help="print every wrong or missing value")
    chosen = parser.parse_args()
    folders = chosen.folders or [
        *(chosen.data / name for name in DEFAULT),
        *sorted(path.parent for path in MARKETPLACES.glob("*/truth.jsonl")),
    ]
    reports = []
    for folder in folders:
        if not folder.is_dir():
            print(f"{folder} is not there; it is left out.", file=sys.stderr)
            continue
        try:
            reports.append(measure(folder))
        except ValueError as error:
            print(error, file=sys.stderr)
    if chosen.json:
        print(json.dumps({"machine": machine(PACKAGES), "folders": [each.as_json() for each in reports]}))
    else:
        print(machine(PACKAGES))
        for report in reports:
            _print(report, errors=chosen.errors)
    sys.exit(0 if reports else 1)


if __name__ == "__main__":
    main()
