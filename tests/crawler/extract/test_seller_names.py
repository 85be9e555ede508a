"""The name of a seller, without what pages print beside it."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from crawler.extract.seller_names import clean_seller_name
from store.model import LONGEST_SELLER_NAME

SHOWN = [
    ("acid.world (1,204) Positive feedback: 98.7 % Member since Mar-04-11", "acid.world"),
    ("Visit the Acid World Store", "Acid World"),
    ("Ficticia Chemical Co., Ltd. 12YRS Verified Supplier", "Ficticia Chemical Co., Ltd."),
    ("Sold by: Ficticia OÜ ★★★★☆ (31)", "Ficticia OÜ"),
    ("Ficticia GmbH 99,1% positive Bewertungen", "Ficticia GmbH"),
    ("ООО «Фикция» на сайте с мая 2015", "ООО «Фикция»"),
    ("虚构化工有限公司 第12年 诚信通", "虚构化工有限公司"),
    ("Lab 24 GmbH", "Lab 24 GmbH"),
    ("3 Rivers Reagents", "3 Rivers Reagents"),
    ("100 Percent Acid Ltd", "100 Percent Acid Ltd"),
    ("Member's Choice", "Member's Choice"),
    ("(839)", "(839)"),
    ("Gold Supplier", ""),
    ("Säljare: Fiktiva Kemi AB 4,8 (120 omdömen) Medlem sedan 2014", "Fiktiva Kemi AB"),
    ("Πωλητής: Χημικά Φικτίβα 98% θετικές αξιολογήσεις", "Χημικά Φικτίβα"),
    ("فروشگاه: شیمی خیالی ۴٫۵ (۲۳۱ نظر)", "شیمی خیالی"),
    ("Verkauf durch Ficticia GmbH und Versand durch Marktplatz", "Ficticia GmbH"),
    ("Ficticia Oy jäsen vuodesta 2015", "Ficticia Oy"),
    ("Acid Online Ltd", "Acid Online Ltd"),
    ("Global Sales (1,204)", "Global Sales"),
    ("acid_base online 2 hours ago", "acid_base"),
    ("Ficticia (Trade) Seller rating: 4.9", "Ficticia (Trade)"),
]


@pytest.mark.parametrize(("shown", "name"), SHOWN)
def test_a_name_is_kept_and_its_decoration_is_not(shown: str, name: str) -> None:
    """Ratings, badges, counts and years go; numbers that belong to the name stay."""
    assert clean_seller_name(shown) == name


CORPUS = Path(__file__).with_name("seller_names.tsv")
"""Sellers as pages of marketplaces show them, and the names; where both are equal, nothing is to go."""


@pytest.mark.parametrize(("is_decorated", "floor"), [(True, 0.95), (False, 0.9)])
def test_names_of_the_corpus_are_read_as_well_as_their_floor(*, is_decorated: bool, floor: float) -> None:
    """Furniture goes in every language, and names that contain its words stay whole."""
    with CORPUS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    cases = [row for row in rows if (row["shown"] != row["name"]) is is_decorated]
    read = [(row["shown"], clean_seller_name(row["shown"]), row["name"]) for row in cases]
    wrong = [f"{shown!r} read as {name!r}, not {wanted!r}" for shown, name, wanted in read if name != wanted]
    assert len(cases) - len(wrong) >= floor * len(cases), "\n".join(wrong)


@pytest.mark.parametrize("shown", ["x", "sold by ", "(1", "9 ", "9", "a 9, ", ""])
def test_a_name_has_a_greatest_length(shown: str) -> None:
    """Ten million characters are cut before they are searched; a search of the whole would take hours."""
    assert len(clean_seller_name(shown * 10_000_000)) <= LONGEST_SELLER_NAME
