"""The name of a seller, without what pages print beside it."""

from __future__ import annotations

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


@pytest.mark.parametrize("shown", ["x", "sold by ", "(1", "9 ", "9", "a 9, ", ""])
def test_a_name_has_a_greatest_length(shown: str) -> None:
    """Ten million characters are cut before they are searched; a search of the whole would take hours."""
    assert len(clean_seller_name(shown * 10_000_000)) <= LONGEST_SELLER_NAME
