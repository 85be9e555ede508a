"""Tests of finding the page object of an address; each page object's own cases lie in `fixtures`."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest
import tldextract.tldextract

import crawler.markets
from crawler.extract.page import MarketplacePage
from crawler.markets import find_markets, page_class_for
from crawler.markets.alibaba import AlibabaPage

CASES = Path(__file__).parent / "fixtures"
NO_MARKETS = {"cases"}


@pytest.mark.parametrize(
    ("url", "page_class"),
    [
        ("https://www.alibaba.com/product-detail/x_16.html", AlibabaPage),
        ("https://willowmere.en.alibaba.com/product/16.html", AlibabaPage),
        ("https://alibaba.com.example.org/x", MarketplacePage),
        ("https://shop.example/x", MarketplacePage),
    ],
)
def test_page_object_is_found_by_its_host(url: str, page_class: type[MarketplacePage]) -> None:
    """Subdomains belong to their domain; a name that merely begins alike does not."""
    find_markets()
    assert page_class_for(url) is page_class


def test_finding_a_page_object_asks_nobody() -> None:
    """The list of suffixes is the one installed; none is fetched over the network."""
    find_markets()
    extractor = tldextract.tldextract.TLD_EXTRACTOR
    assert extractor.suffix_list_urls == ()
    page_class_for(f"https://{urlsplit('https://never-seen.example').netloc}/x")


def test_every_page_object_has_a_case() -> None:
    """Every page object needs a saved page with its expected fields."""
    modules = {path.stem for path in Path(crawler.markets.__file__).parent.glob("[!_]*.py")} - NO_MARKETS
    assert {folder.name.split(".")[2] for folder in CASES.iterdir()} == modules
