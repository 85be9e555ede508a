"""Measure how contacts and names of sellers are read, with precision and recall by kind.

Run: `python -m benchmarks.contacts [FILE ...] [--misses] [--pages FOLDER]`

The file has the form of `fixtures/evaluation/contacts.jsonl`. A contact counts as found if kind and
normalised value are right. With `--pages`, every saved page in a folder is read, and its sellers are searched
for ratings, badges and counts, by patterns that the product does not use.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import web_poet

from crawler.extract.page import extract_page
from crawler.extract.seller_names import clean_seller_name
from store.suppliers.contacts import ContactKind
from suppliers.contacts import Context, read_contacts
from suppliers.update import regions_of

if TYPE_CHECKING:
    from collections.abc import Iterable

EVALUATION = Path(__file__).parents[1] / "fixtures" / "evaluation" / "contacts.jsonl"
_DECORATED = re.compile(
    r"\(\s*[\d.,]+\s*\)|%|★|☆|\d\s*(?:yrs?|years?|ratings?|reviews?|stars?)\b|member since|feedback|verified"
    r"|gold supplier|\bsold\b|\d[.,]\d\s*/\s*5",
    re.IGNORECASE,
)
WALLETS = frozenset({"bitcoin", "ethereum", "tron", "monero", "litecoin"})
NUMBERS = frozenset({"vat", "uscc", "gstin", "lei", "eori", "company"})
GROUPS = {
    "phones": lambda kind: kind == ContactKind.PHONE,
    "e-mail": lambda kind: kind == ContactKind.EMAIL,
    "wallets": WALLETS.__contains__,
    "handles": lambda kind: kind not in {"phone", "email", "website", *WALLETS, *NUMBERS},
    "sites": lambda kind: kind == ContactKind.WEBSITE,
    "company numbers": NUMBERS.__contains__,
}


def main() -> None:
    """Print precision and recall for each group and kind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, default=[EVALUATION])
    parser.add_argument("--misses", action="store_true", help="Print what was missed and what was wrong.")
    parser.add_argument("--pages", type=Path, help="A folder of saved pages.")
    arguments = parser.parse_args()
    for file in arguments.files:
        rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        texts = [row for row in rows if "text" in row]
        print(f"{file.name}: {len(texts)} texts")
        report(texts, show_misses=arguments.misses)
        report_names([row for row in rows if "seller_shown" in row], show_misses=arguments.misses)
    if arguments.pages:
        report_pages(arguments.pages)


def report_names(rows: list[dict[str, Any]], *, show_misses: bool) -> None:
    """Print how many sellers are shown by their name alone."""
    wrong = [row for row in rows if clean_seller_name(row["seller_shown"]) != row["seller_name"]]
    print(f"{'names of sellers':<18} {len(rows):>6} {1 - len(wrong) / max(1, len(rows)):>9.3f} right")
    if show_misses:
        for row in wrong:
            print(row["id"], row["seller_shown"], "\n   read", clean_seller_name(row["seller_shown"]))


def report_pages(folder: Path) -> None:
    """Print how many sellers on saved pages have a rating, badge or count in their name."""
    pages, names = 0, list[str]()
    for path in sorted([*folder.rglob("*.html"), *folder.rglob("*.html.gz")]):
        body = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        response = web_poet.HttpResponse(url=f"https://saved.example/{path.name}", body=body, status=200)
        read = extract_page(response)
        listings = [read.listing] if read.listing else list(read.rows)
        pages += 1
        names += [each.content.seller_name for each in listings if each.content.seller_name]
    decorated = [name for name in names if _DECORATED.search(name)]
    print(f"{folder}: {pages} pages, {len(names)} sellers ({len(set(names))} names)")
    print(f"with a rating, badge or count: {len(decorated)} {sorted(set(decorated))[:10]}")


def report(texts: Iterable[dict[str, Any]], *, show_misses: bool) -> None:
    """Print a table of the contacts of some texts."""
    right, missed, wrong = Counter[str](), Counter[str](), Counter[str]()
    for row in texts:
        wanted = {(contact["kind"], contact["value"]) for contact in row["contacts"]}
        context = Context(regions=regions_of(row["country"], row["lang"], ""))
        found = {(str(each.kind), each.value) for each in read_contacts(row["text"], "text", context)}
        right.update(kind for kind, _value in wanted & found)
        missed.update(kind for kind, _value in wanted - found)
        wrong.update(kind for kind, _value in found - wanted)
        if show_misses and wanted != found:
            print(row["id"], row["text"], "\n   missed", wanted - found, "\n   wrong ", found - wanted)
    print(f"{'':<18} {'stated':>6} {'precision':>9} {'recall':>7}")
    kinds = sorted({*right, *missed, *wrong})
    for name, is_in in GROUPS.items():
        _line(name, [kind for kind in kinds if is_in(kind)], right, missed, wrong)
    for kind in kinds:
        _line(f"  {kind}", [kind], right, missed, wrong)


def _line(
    name: str, kinds: list[str], right: Counter[str], missed: Counter[str], wrong: Counter[str]
) -> None:
    hit, miss, false = (sum(count[kind] for kind in kinds) for count in (right, missed, wrong))
    precision = hit / (hit + false) if hit + false else 1.0
    recall = hit / (hit + miss) if hit + miss else 1.0
    print(f"{name:<18} {hit + miss:>6} {precision:>9.3f} {recall:>7.3f}")


if __name__ == "__main__":
    main()
