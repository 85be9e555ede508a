"""Tests of the address under which a listing is kept."""

from __future__ import annotations

import pytest

from crawler.extract.links import own_address
from crawler.extract.page import extract_page
from tests.crawler.extract.pages import response

SHOP = "https://shop.example"
BELIEVED = [
    ("/item/1", "/item/1"),
    ("/item/1/", "/item/1"),
    ("/item/1?utm_source=mail", "/item/1"),
    ("/red-kettle", "https://www.shop.example/red-kettle"),
    ("/collections/tea/products/red-kettle", "/products/red-kettle"),
    ("/dp/12345678?pos=3", "/red-kettle/dp/12345678"),
    ("/item.php?id=7", "/item.php?id=7"),
    ("/item.php?id=7&from=list", "/item/7"),
    ("/item.php?id=123456", "/red-kettle-123456.html"),
    ("/kettles/red/index.html", "/kettles/red/"),
    ("/чайник", "/%D1%87%D0%B0%D0%B9%D0%BD%D0%B8%D0%BA"),
]
REFUSED = [
    ("/item/1", "/"),
    ("/item/1", ""),
    ("/item/1", "/index.html"),
    ("/kettles/index.html", "/index.html"),
    ("/?p=7", "/"),
    ("/item/1", "/item/2"),
    ("/item/1", "/item"),
    ("/item/12345678", "/item/12345679"),
    ("/c/10001/lantern", "/c/10001"),
    ("/item.php?id=7", "/item.php"),
    ("/item.php?lot=lantern", "/item.php"),
    ("/tea/detail", "/detail"),
    ("/item/1", "https://other.example/item/1"),
    ("/item/1", "ftp://shop.example/item/1"),
    ("/item/1", "https://[bad/item/1"),
    ("/item/1", "javascript:alert(1)"),
]


def absolute(link: str) -> str:
    """Return a link of the table as an address of the shop."""
    return SHOP + link if link.startswith("/") else link


@pytest.mark.parametrize(("read_at", "claimed"), BELIEVED)
def test_a_claim_about_the_same_item_is_believed(read_at: str, claimed: str) -> None:
    """The canonical address counts when it has the item's number or name and loses nothing of it."""
    assert own_address(absolute(read_at), absolute(claimed)) == absolute(claimed)


@pytest.mark.parametrize(("read_at", "claimed"), REFUSED)
def test_a_claim_about_something_else_is_not_believed(read_at: str, claimed: str) -> None:
    """The start page, another site, another item or the one script behind all items is no item's address."""
    assert own_address(absolute(read_at), absolute(claimed)) == absolute(read_at)


def test_items_that_all_name_the_start_page_stay_apart() -> None:
    """Three item pages with the site's root as canonical are three listings, each at its own address."""
    urls = [f"{SHOP}/item/{number}" for number in range(3)]
    page = '<html><head><link rel=canonical href="{}/"></head><body><h1>Kettle {}</h1><p class=price>$5</p>'
    readings = [extract_page(response(page.format(SHOP, url[-1]), url=url)) for url in urls]
    assert [reading.listing and reading.listing.url for reading in readings] == urls
