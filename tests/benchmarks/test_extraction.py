"""Tests of the extraction benchmark, on invented pages."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from benchmarks.extraction import measure
from benchmarks.extraction_readers import extruct_alone, ours
from benchmarks.extraction_scores import Counts, titles_agree

if TYPE_CHECKING:
    from pathlib import Path

_PAGE = """<html><head><title>Oak stool | Holzhof</title><script type="application/ld+json">
{"@type": "Product", "name": "Oak stool", "sku": "H-7", "brand": {"@type": "Brand", "name": "Holzhof"},
"offers": {"@type": "Offer", "price": "49.90", "priceCurrency": "EUR", "availability": "OutOfStock"}}
</script></head><body><h1>Oak stool</h1><p>A stool made of oak, with three legs.</p></body></html>"""
_RIGHT = {"price": ["49.90"], "currency": ["€"], "sku": ["H-7"], "availability": ["OutOfStock"]}


def _folder(folder: Path, rows: list[dict[str, object]]) -> Path:
    (folder / "html").mkdir()
    for row in rows:
        (folder / str(row["file"])).write_text(_PAGE, "utf-8")
    lines = "\n".join(json.dumps(row) for row in rows)
    (folder / "expected.jsonl").write_text(f"\0\0\0broken{{\n{lines}\n", "utf-8")
    return folder


def test_right_wrong_and_missing_values_are_told_apart(tmp_path: Path) -> None:
    """A wrong value counts against precision and recall, a missing one against recall alone."""
    right: dict[str, object] = {"file": "html/1.html", "url": "https://a.example/1", **_RIGHT}
    wrong: dict[str, object] = {"file": "html/2.html", "url": "https://a.example/2", **_RIGHT, "price": ["1"]}
    missing: dict[str, object] = {**right, "file": "html/3.html", "gtin": ["4006381333931"]}
    report = measure(_folder(tmp_path, [right, wrong, missing]))
    price, gtin = report.scores["price"]["ours"], report.scores["gtin"]["ours"]
    assert (price.right, price.wrong, price.missed) == (2, 1, 1)
    assert (gtin.right, gtin.wrong, gtin.missed) == (0, 0, 1)
    assert report.scores["sku"]["extruct"].f1 == 1


def test_rows_that_lead_to_no_item_are_counted(tmp_path: Path) -> None:
    """The items are known by the truth: a row that leads elsewhere is no listing, a linked one is missed."""
    saved = tmp_path / "saved"
    saved.mkdir()
    row = '<div class="r"><a href="{n}.html">Oak stool number {n}</a> <b>{n}9.50 EUR</b></div>'
    rows = "".join(row.format(n=n) for n in range(1, 9))
    aside = '<p>Others looked at <a href="9.html">this</a>.</p>'
    (saved / "list.html").write_text(f"<h1>Stools</h1><div>{rows}</div>{aside}", "utf-8")
    (saved / "1.html").write_text(_PAGE, "utf-8")
    base = "https://saved.invalid"
    known = {"title": "Oak stool", "price_amount": "49.90", "seller_name": "Holzhof", "item_id": "H-8"}
    truth = [{"url": f"{base}/{n}.html", **known} for n in (*range(1, 7), 9)]
    (tmp_path / "truth.jsonl").write_text("".join(json.dumps(each) + "\n" for each in truth), "utf-8")
    report = measure(tmp_path)
    assert report.note == (
        "7 items; 8 rows of list pages, 2 of them no listing (25.0%); 1 of 7 items without a row"
    )
    assert report.scores["price"]["ours"].right == 1
    assert report.scores["sku"]["ours"].wrong == 1


def test_unreadable_expectations_are_counted(tmp_path: Path) -> None:
    """A page with a malformed line of expectations is reported as left out."""
    folder = _folder(tmp_path, [{"file": "html/1.html", **_RIGHT}])
    (folder / "html/2.html").write_text(_PAGE, "utf-8")
    assert (
        measure(folder).note
        == "1 pages, 0 of seen and 1 of unseen sites; 1 more have no readable expectation"
    )


def test_both_readers_read_one_page_alike() -> None:
    """Both readers return the fields of the structured data."""
    body = _PAGE.encode()
    for read in (ours, extruct_alone):
        found = read(body, "https://a.example/1")
        assert Decimal(found["price"]) == Decimal("49.90")
        assert (found["sku"], found["brand"], found["availability"]) == ("H-7", "Holzhof", "OutOfStock")


def test_folder_with_nothing_to_measure_is_named(tmp_path: Path) -> None:
    """The error names the folder and the expected files."""
    with pytest.raises(ValueError, match=r"expected\.jsonl"):
        measure(tmp_path)


def test_titles_are_compared_by_words() -> None:
    """Case and signs do not count; loosely, a site's name in one of them does not either."""
    assert titles_agree("Oak  Stool®", "oak stool", loosely=False)
    assert not titles_agree("Oak stool - Holzhof", "Oak stool", loosely=False)
    assert titles_agree("Oak stool - Holzhof", "Oak stool", loosely=True)


def test_nothing_expected_and_nothing_found_is_no_mistake() -> None:
    """Figures of an empty field are 1, not a division by zero."""
    assert (Counts().precision, Counts().recall, Counts().f1) == (1, 1, 1)
