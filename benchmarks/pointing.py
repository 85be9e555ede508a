"""What pointing adds: teach a site on some of its saved pages, and read its other pages before and after.

    python -m benchmarks.pointing [--data FOLDER] [--json] [--quick]

Sites of the saved real pages with at least three pages that state a truth are taught on each choice of two
neighbouring pages (as a person would: price, item number or next page by value) and measured on the others.
They are measured again as layouts that no rule knows: without data for machines (scripts, meta tags,
microdata) and with classes and ids renamed. The invented marketplaces of `fixtures/` are taught on three
pages once; they have titles and sellers too, and the rules were written with them in sight. Nothing of the
real pages is written anywhere.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import web_poet
from lxml import etree

from benchmarks.extraction import marked
from benchmarks.extraction_scores import Counts
from benchmarks.extraction_truth import read_body, read_expectations, read_pagers
from benchmarks.rounds import Ratio, report
from crawler.extract.document import parse_document
from crawler.sources.sources import load_sources
from crawler.teach import CannotTeach
from crawler.teach.pages import SourcePage, saved_pages
from crawler.teach.reading import PageFields, same
from crawler.teach.teaching import Pointed, read_now, teach

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

DATA = Path("../shared/data/pages")
MARKETPLACES = Path("fixtures/marketplaces")
PACKAGES = ("lxml", "cssselect")
OF_TRUTH = {"title": "title", "price_amount": "price", "seller_name": "seller", "location": "location",
            "item_id": "item_id"}  # fmt: skip
"""The field of each key of the marketplaces' truth."""
_FEWEST = 3
_MOST_OF_MARKETPLACE = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A saved page with the accepted values of its fields."""

    page: SourcePage
    values: Mapping[str, tuple[str, ...]]


def real_sites(data: Path) -> dict[str, list[Known]]:
    """Return the pages of each site of the saved real pages that has three with a truth."""
    sites: dict[str, list[Known]] = defaultdict(list)
    folder = data / "product-extraction-benchmark"
    for each in read_expectations(folder).pages if folder.is_dir() else ():
        values = {"price": each.values["price"], "item_id": each.values["sku"]}
        known = Known(page=SourcePage(url=each.url, body=read_body(each.path)), values=values)
        sites[urlsplit(each.url).hostname or ""].append(known)
    folder = data / "autopager"
    for pager in read_pagers(folder) if folder.is_dir() else ():
        body = read_body(pager.path)
        document = parse_document(web_poet.HttpResponse(url=pager.url, body=body))
        if document is not None and (wanted := tuple(marked(document, pager.next_css))):
            known = Known(page=SourcePage(url=pager.url, body=body), values={"next_page": wanted[:1]})
            sites[f"{urlsplit(pager.url).hostname} (lists)"].append(known)
    return {name: pages for name, pages in sites.items() if len(pages) >= _FEWEST}


def marketplaces() -> dict[str, list[Known]]:
    """Return the item pages of each invented marketplace with their truth."""
    sites = {}
    for name, declared in load_sources(Path("sources.toml")).items():
        rows = (MARKETPLACES / name / "truth.jsonl").read_text("utf-8").splitlines()
        truth = {row["url"]: row for row in map(json.loads, rows)}
        sites[name] = [
            Known(
                page=page,
                values={
                    field: (str(truth[page.url][key]),)
                    for key, field in OF_TRUTH.items()
                    if truth[page.url].get(key)
                },
            )
            for page in saved_pages(None, Path("none.db"), declared, most=_MOST_OF_MARKETPLACE)
            if page.url in truth
        ]
    return {name: pages for name, pages in sites.items() if len(pages) > _FEWEST}


def renamed(sites: Mapping[str, list[Known]]) -> dict[str, list[Known]]:
    """Return the pages without data for machines, their names replaced by words that say nothing."""
    return {
        name: [replace(each, page=replace(each.page, body=_renamed(each.page))) for each in pages]
        for name, pages in sites.items()
    }


def _renamed(page: SourcePage) -> bytes:
    document = parse_document(web_poet.HttpResponse(url=page.url, body=page.body))
    if document is None:
        return page.body
    for element in document.root.xpath("//script | //meta | //link"):
        element.clear(keep_tail=True)
    for element in document.root.iter("*"):
        for name, value in element.items():
            if name in {"class", "id"} or name.startswith("data-"):
                element.set(name, " ".join(map(_word, value.split())))
            elif name in {"itemprop", "itemscope", "itemtype", "property", "typeof"}:
                del element.attrib[name]
    whole: bytes = etree.tostring(document.root, encoding="utf-8", method="html")
    return whole


def _word(name: str) -> str:
    """Return a word of letters that stands for a name; a name keeps its digits, as generated ones do."""
    letters = "".join(chr(ord("k") + byte % 12) for byte in hashlib.sha256(name.encode()).digest()[:8])
    return letters + "".join(filter(str.isdigit, name))


def choices(pages: Sequence[Known], taught: int, *, every: bool) -> Iterator[tuple[list[Known], list[Known]]]:
    """Yield the pages to teach on and the others: each choice of neighbours, or the first."""
    for first in range(len(pages) if every else 1):
        places = {(first + step) % len(pages) for step in range(taught)}
        yield [pages[place] for place in places], [each for at, each in enumerate(pages) if at not in places]


def measure(taught: Sequence[Known], others: Sequence[Known], totals: dict[str, dict[str, Counts]]) -> str:
    """Teach on some pages, count the others before and after, and return why nothing was learned, if so."""
    pointed = [
        {name: Pointed(value=values[0]) for name, values in each.values.items() if values} for each in taught
    ]
    reader, why = None, ""
    try:
        reader = teach(
            [(each.page, fields) for each, fields in zip(taught, pointed, strict=True)],
            [each.page for each in others],
            before=None,
            by="the benchmark",
            now=datetime.now(UTC),
        ).reader
    except CannotTeach as error:
        why = str(error)
    for each in others:
        document = parse_document(web_poet.HttpResponse(url=each.page.url, body=each.page.body))
        if document is None:
            continue
        for when, read in (("before", read_now(each.page, None)), ("after", read_now(each.page, reader))):
            for name, accepted in each.values.items():
                got = read.get(name, "")
                is_right = any(same(name, got, value, PageFields(document).document) for value in accepted)
                totals[name][when].add(
                    expected=bool(accepted), predicted=bool(got), is_right=bool(got) and is_right
                )
    return why


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pointing", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument("--data", type=Path, default=DATA, help=f"folder of the saved pages [{DATA}]")
    parser.add_argument("--json", action="store_true", help="one line of JSON")
    parser.add_argument("--quick", action="store_true", help="one choice of pages a site")
    chosen = parser.parse_args()
    rows, more = [], {}
    real = real_sites(chosen.data)
    for kind, sites, taught in (
        ("real", real, 2),
        ("renamed", renamed(real), 2),
        ("invented", marketplaces(), 3),
    ):
        totals: dict[str, dict[str, Counts]] = defaultdict(lambda: {"before": Counts(), "after": Counts()})
        tries = failed = 0
        for pages in sites.values():
            for own, others in choices(pages, taught, every=kind != "invented" and not chosen.quick):
                tries += 1
                failed += bool(measure(own, others, totals))
        more[f"{kind} sites"] = f"{len(sites)}, taught {tries} times, of which {failed} taught nothing"
        for name, counts in totals.items():
            before, after = counts["before"], counts["after"]
            support = after.right + after.missed
            rows.append(
                Ratio(
                    name=f"{kind}: {name}, {support} values",
                    unit="F1",
                    target=1.0,
                    ours=(after.f1,),
                    stock=(max(before.f1, 0.001),),
                )
            )
    report(rows, PACKAGES, as_json=chosen.json, more=more)


if __name__ == "__main__":
    main()
