"""Tests of whole pages: detail pages by each kind of source, list pages, and hostile input."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.extract.page import ExtractedPage, MarketplacePage, extract_page
from store.model import ListingContent, PageOutcome
from tests.crawler.extract.pages import response
from tests.crawler.extract.samples import (
    MICRODATA,
    OPENGRAPH,
    PRODUCT,
    RDFA,
    ROWS,
    SHOWN_IN_SPANISH,
    STATE,
    json_ld,
)

KETTLE = (
    '<div itemscope itemtype="https://schema.org/Product">'
    '<meta itemprop="name" content="Copper kettle, two litres">'
)


def _content(page: str, url: str = "https://shop.example/item/1") -> ListingContent:
    reading = extract_page(response(page, url=url))
    assert reading.outcome is PageOutcome.LISTING, reading.sentence
    assert reading.listing is not None
    return reading.listing.content


@pytest.mark.parametrize(
    ("page", "rule"),
    [(MICRODATA, "microdata"), (RDFA, "rdfa"), (OPENGRAPH, "opengraph"), (STATE, "app-state")],
    ids=["microdata", "rdfa", "opengraph", "app-state"],
)
def test_each_kind_of_data_is_read_with_its_provenance(page: str, rule: str) -> None:
    """Every syntax gives the same price, and says where it came from."""
    content = _content(page)
    assert content.title.startswith("Citric acid")
    assert (content.price_amount, content.currency) == (Decimal("12.50"), "GBP")
    assert content.provenance["price_amount"] == rule


def test_json_ld_numbers_are_for_machines() -> None:
    """In JSON-LD `1.250` is one and a quarter in every language."""
    content = _content(f"<html><body>{json_ld(PRODUCT)}<h1>Citric acid, 25 kg bag</h1></body></html>")
    assert content.price_amount == Decimal("1.250")
    assert (content.item_id, content.seller_name) == ("C-77", "Musterlabor GmbH")
    assert ("availability", "InStock") in content.attributes


def test_page_without_data_is_read_as_shown() -> None:
    """Heading, price, labelled rows, trail and description are read; boxes of other items are not."""
    content = _content(SHOWN_IN_SPANISH, "https://avisos.example.cl/aviso/704211")
    assert content.title == "Ácido cítrico"
    assert (content.price_text, content.price_amount, content.currency) == ("$ 12.500", Decimal(12500), "CLP")
    assert (content.seller_name, content.location) == ("Juana Prueba", "Valparaíso")
    assert content.attributes[0] == ("Pureza", "99 %")
    assert content.category_path == ("Químicos",)
    assert content.description == "Bolsas cerradas de fábrica, retiro en bodega."
    assert content.language == "es"
    assert content.provenance["title"] == "visible:h1"


def test_broken_json_ld_does_not_hide_the_next_block() -> None:
    """One block that is no JSON is passed over."""
    broken = '<script type="application/ld+json">{"@type": </script>'
    page = f"<html><head>{broken}{json_ld(PRODUCT)}</head><body><h1>x</h1></body></html>"
    assert _content(page).item_id == "C-77"


def test_related_items_do_not_make_a_list_of_a_listing() -> None:
    """A detail page with a row of other items stays a listing."""
    cards = "".join(
        f'<div class=card><a href="/i/{n}"><img src=a.png>Other item {n}</a><b>$9{n}</b></div>'
        for n in range(8)
    )
    content = _content(f"<html><body>{json_ld(PRODUCT)}<h1>Citric acid, 25 kg bag</h1>{cards}</body></html>")
    assert content.price_amount == Decimal("1.250")


def _list_page(rows: str, more: str = "") -> ExtractedPage:
    page = f"<html><head><title>Products</title></head><body><h1>Products</h1>{rows}{more}</body></html>"
    return extract_page(response(page, url="https://shop.example/list"))


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
def test_rows_of_a_list_become_listings(row: str) -> None:
    """Each row gives title, URL, price, minimum order and seller."""
    reading = _list_page("<div>" + "".join(row.format(n=n) for n in range(1, 7)) + "</div>")
    assert reading.outcome is PageOutcome.CATEGORY
    assert [listing.url for listing in reading.rows] == [f"https://shop.example/i/{n}" for n in range(1, 7)]
    first = reading.rows[0].content
    assert (first.title, first.price_amount, first.currency) == ("Citric acid lot 1", Decimal(11), "USD")
    assert (first.minimum_order_text, first.seller_name) == ("5 kg", "Orrery Reagents")


def test_table_rows_are_read_by_their_columns() -> None:
    """The headings of a table say what its cells are."""
    head = "<tr><th>产品名称</th><th>CAS号</th><th>价格</th><th>供应商</th><th>地区</th></tr>"
    cells = "<td>77-92-9</td><td>￥{n}.00 元/千克</td><td>青禾湾公司</td><td>云泽省</td>"
    rows = "".join(
        f'<tr><td><a href="/i/{n}">柠檬酸 {n} 号</a></td>{cells.format(n=n)}</tr>' for n in range(1, 5)
    )
    content = _list_page(f"<table>{head}{rows}</table>").rows[0].content
    assert (content.seller_name, content.location, content.price_amount) == (
        "青禾湾公司",
        "云泽省",
        Decimal(1),
    )
    assert ("CAS号", "77-92-9") in content.attributes


MENU = '<a href="/">Home</a> | <a href="/goods">All goods</a> | <a href="/us">Write to us</a>'
BESIDE_TITLE = (
    "<h1>Citric acid, 25 kg bag</h1><table><tr><td>Price</td><td>$90.00 / kg</td></tr>"
    "<tr><td>Purity</td><td>99 %</td></tr>{more}</table>"
)


@pytest.mark.parametrize("beside", ["<td><b>Orrery Market</b></td>", "<th>Orrery Market</th>"])
def test_a_menu_above_the_title_is_neither_property_nor_path(beside: str) -> None:
    """Pages laid out by tables have the site's name beside its menu as a label beside its value."""
    head = f"<table><tr>{beside}<td>{MENU}</td></tr></table>"
    content = _content(f"<html><body>{head}{BESIDE_TITLE.format(more='')}</body></html>")
    assert dict(content.attributes) == {"Purity": "99 %"}
    assert content.category_path == ()


def test_links_below_the_title_are_a_property() -> None:
    """Tags of a listing are a property, even if each tag is a link."""
    tags = '<tr><td>Tags</td><td><a href="/t/1">acids</a> <a href="/t/2">food</a></td></tr>'
    content = _content(f"<html><body>{BESIDE_TITLE.format(more=tags)}</body></html>")
    assert ("Tags", "acids food") in content.attributes


def test_a_trail_parted_by_bars_ends_with_the_page_itself() -> None:
    """Bars separate menus and breadcrumbs; only breadcrumbs end without a link."""
    trail = '<p><a href="/">Home</a> | <a href="/c">Chemicals</a> | Citric acid, 25 kg bag</p>'
    content = _content(f"<html><body>{trail}{BESIDE_TITLE.format(more='')}</body></html>")
    assert content.category_path == ("Chemicals",)


def test_last_page_with_one_row_is_still_a_list() -> None:
    """A pager tells that the only row is a row."""
    row = '<div><div class=row><a href="/i/46">Citric acid, last lot</a><div>$90.00</div></div></div>'
    reading = _list_page(row, '<a href="/list">1</a> <a href="?p=2">2</a> <b>3</b>')
    assert reading.outcome is PageOutcome.CATEGORY
    assert [listing.url for listing in reading.rows] == ["https://shop.example/i/46"]


def test_item_list_of_json_ld_gives_rows() -> None:
    """Structured lists are read without looking at the page."""
    entries = [{"@type": "ListItem", "item": {**PRODUCT, "url": f"/i/{n}"}} for n in range(4)]
    reading = _list_page(json_ld({"@type": "ItemList", "itemListElement": entries}))
    assert [listing.url for listing in reading.rows] == [f"https://shop.example/i/{n}" for n in range(4)]


def test_links_stay_on_the_site() -> None:
    """Other sites, files, log-in pages and links marked nofollow are not followed."""
    links = (
        "/a",
        "https://other.example/b",
        "https://www.shop.example/c",
        "/login",
        "/d.pdf",
        "mailto:a@b.example",
        "/a#x",
    )
    anchors = "".join(f'<a href="{link}">page</a>' for link in links) + '<a rel="nofollow" href="/e">page</a>'
    assert _list_page(anchors).links == ("https://shop.example/a", "https://www.shop.example/c")


def test_page_object_reads_its_response() -> None:
    """The web-poet page object gives what the function gives."""
    page = response(MICRODATA)
    assert asyncio.run(MarketplacePage(response=page).to_item()) == extract_page(page)


@pytest.mark.parametrize(
    "body",
    [
        "<div>" * 100_000,
        "<div itemscope itemprop=a>" * 5_000,
        "<a href=x>" * 20_000,
        "<script type='application/ld+json'>" + "[" * 100_000,
        "<table>" + "<tr><td>" * 5_000,
        '<html><base href="http://[bad"><a href="http://[worse">x</a><a href="?p=2">Next</a>',
        json_ld({"@type": ["Product", 5], "name": ["x", None], "offers": [[{}]], "image": 5}),
    ],
    ids=["divs", "itemscopes", "anchors", "brackets", "tables", "urls", "types"],
)
def test_hostile_page_gets_an_outcome(body: str) -> None:
    """Deep nesting and nonsense end in an outcome, not in an error."""
    assert extract_page(response(body)).sentence


_PIECES = st.lists(
    st.sampled_from(
        [
            *("<div>", "</div>", '<a href="', '">', "<h1>", "<table><tr><td>", "<script>", "<", "{", "}"),
            *("itemscope ", 'itemprop="name"', 'class="price"', '"@type":"Product"', "ld+json", "Next"),
            *("price", "$5", "\x00", "\ud7ff", "名", "&#0;", "&amp;", "1 2 3"),
        ],
    ),
    max_size=60,
)


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.binary(max_size=400), _PIECES.map(lambda pieces: "".join(pieces).encode())))
def test_no_bytes_raise(body: bytes) -> None:
    """Any bytes give an outcome and a sentence."""
    reading = extract_page(response(body))
    assert reading.sentence.endswith(".")


@pytest.mark.parametrize(
    "head",
    [
        "<title>Acme Reagents | Oxalic acid</title>",
        '<meta property="og:site_name" content="Acme Reagents"><title>Oxalic acid » Acme Reagents</title>',
        "<title>Oxalic acid</title>",
    ],
)
def test_the_name_of_the_site_is_no_title(head: str) -> None:
    """Neither where it is the only main heading, nor before or behind the document's title."""
    page = f"<html><head>{head}</head><body><h1>Acme Reagents</h1><p>Price: $12.50</p></body></html>"
    assert _content(page, "https://acmereagents.example/p/7").title == "Oxalic acid"


def test_the_price_that_people_see_wins_over_hidden_data() -> None:
    """Where the amount of the hidden data stands nowhere on the page and another one is marked."""
    hidden = json_ld(PRODUCT)
    shown = '<h1>Citric acid, 25 kg bag</h1><span class="price">€ 19.90</span>'
    assert _content(f"<html><body>{hidden}{shown}</body></html>").price_amount == Decimal("19.90")
    both = f"<html><body>{hidden}{shown}<p>per kg: € 1.25</p></body></html>"
    assert _content(both).price_amount == Decimal("1.250")


def test_entries_of_a_menu_are_no_rows_of_a_list() -> None:
    """Accounts, the start page and counted categories are left out; goods with counts in brackets stay."""
    goods = "".join(
        f'<li><a href="/shop/p{i}">Boric acid, grade {i}</a> <b>$ {i}.50</b></li>' for i in range(2, 8)
    )
    menu = '<li><a href="/">Start page here</a> $1</li><li><a href="/shop/c">Solvents (214)</a></li>'
    page = f"<html><head><title>Acids</title></head><body><ul>{goods}{menu}</ul></body></html>"
    reading = extract_page(response(page, url="https://shop.example/shop/acids"))
    assert reading.outcome is PageOutcome.CATEGORY, reading.sentence
    titles = [each.content.title for each in reading.rows]
    assert titles == [f"Boric acid, grade {i}" for i in range(2, 8)]


@pytest.mark.parametrize(
    "markup",
    [
        f"{KETTLE}<a itemprop='brand' href='/b'>Veltrano</a></div>",
        f"{KETTLE}<a itemprop='brand' href='/b'><img src='v.png' alt='Veltrano'></a></div>",
        f"{KETTLE}<b itemprop='manufacturer'>Veltrano</b></div>",
        "<a class='brand' href='/b'><img src='v.png' alt='Veltrano'></a>",
        "<dl><dt>Hersteller</dt><dd>Veltrano</dd></dl>",
    ],
)
def test_brand_is_a_name_and_no_address(markup: str) -> None:
    """A link or a logo gives the brand by its text; the maker is the brand where no other is named."""
    content = _content(f"<h1>Copper kettle, two litres</h1><p>Price: 49.90 EUR</p>{markup}")
    assert [each.value for each in content.terms if each.name == "brand"] == ["Veltrano"]


def test_a_shop_is_not_the_brand_of_its_goods() -> None:
    """Unless the title names it as such."""
    product = json_ld({"@type": "Product", "name": "Oxalic acid", "brand": "Shop", "offers": {"price": "2"}})
    page = f"<html><body>{product}<h1>Oxalic acid</h1></body></html>"
    assert "brand" not in dict(_content(page).attributes)


def test_an_attribute_for_tests_names_an_item_number() -> None:
    """A shown number beats a hidden one, also where only an attribute for tests says what it is."""
    shown = '<p><span data-qa-qualifier="product-reference">1002/710</span></p>'
    content = _content(f"<html><body>{json_ld(PRODUCT)}<h1>Citric acid, 25 kg bag</h1>{shown}</body></html>")
    assert content.item_id == "1002/710"
    assert content.provenance["item_id"] == "visible:name"
