"""Read a listing from a schema.org product node, and find the node that describes the page's own item."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from crawler.extract.offer import clean_item_id
from crawler.extract.structured import as_list, types_of
from store.model import ListingContent
from text.money import read_price

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from crawler.extract.document import Document
    from crawler.extract.structured import Node, Structured

_DEEPEST_NAME = 4
_TAG = re.compile(r"<[^<>]+>")
_LONGEST_TEXT = 100_000
"""Longest property text that is read, in characters."""
_PLAIN_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_PROPERTIES = ("brand", "mpn", "model", "casNumber", "cas", "molecularFormula", "material", "color")
_GTINS = ("gtin", "gtin8", "gtin12", "gtin13", "gtin14")
_ITEM_IDS = ("sku", "productID", "productId", "identifier")  # mpn is the maker's number, not the site's
_SHORTEST_TITLE = 4


def content_of_product(node: Node, rule: str, document: Document) -> ListingContent:
    """Read the listing in a product or offer node; `rule` is the provenance of every filled field."""
    offer = _main_offer(node)
    price_text, amount, currency = _price(offer, document)
    seller = next(_sellers(node, offer), None)
    values: dict[str, Any] = {
        "title": text_of(node.get("name")),
        "description": text_of(node.get("description")),
        "price_text": price_text,
        "price_amount": amount,
        "currency": currency,
        "quantity_text": _quantity(offer.get("inventoryLevel")),
        "minimum_order_text": _quantity(offer.get("eligibleQuantity")),
        "seller_name": text_of(seller),
        "seller_url": document.absolute(_link(seller)),
        "location": _location(offer, node, seller),
        "item_id": next(
            (
                text
                for name in _ITEM_IDS
                if (text := clean_item_id(text_of(node.get(name) or offer.get(name))))
            ),
            "",
        ),
        "category_path": _category(node.get("category")),
        "attributes": _attributes(node, offer),
        "images": _images(node, document),
    }
    filled = {name: value for name, value in values.items() if value not in ("", None, ())}
    return ListingContent(**{"title": "", **filled}, provenance=dict.fromkeys(filled, rule))


def sellers_of(node: Node) -> list[Node]:
    """Return the nodes of who offers a product; a seller given by name alone has none."""
    return [each for each in _sellers(node, _main_offer(node)) if isinstance(each, Mapping)]


def _sellers(node: Node, offer: Node) -> Iterator[Any]:
    for holder in (offer, node):
        for name in ("seller", "offeredBy", "provider"):
            yield from as_list(holder.get(name))


def product_url(node: Node, document: Document) -> str:
    """Return the absolute URL of a product's own page, or empty text."""
    offer = _main_offer(node)
    return document.absolute(
        _link(node) or _link(offer) or (text_of(node.get("@id")) if "://" in text_of(node.get("@id")) else "")
    )


def text_of(value: object) -> str:
    """Return a property's first value as text, without markup and with white space collapsed."""
    for _ in range(_DEEPEST_NAME):
        value = as_list(value)[0] if as_list(value) else ""
        if not isinstance(value, Mapping):
            break
        value = value.get("name") or value.get("@value") or value.get("value")
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return ""
    text = str(value)[:_LONGEST_TEXT]
    if "&" in text:
        text = html.unescape(text)
    return " ".join((_TAG.sub(" ", text) if "<" in text else text).split())


def _main_offer(node: Node) -> Node:
    offers = [each for each in as_list(node.get("offers")) if isinstance(each, Mapping)]
    for offer in list(offers):
        offers.extend(each for each in as_list(offer.get("offers")) if isinstance(each, Mapping))
    return next((each for each in offers if _raw_price(each)), offers[0] if offers else {})


def _raw_price(offer: Node) -> str:
    for name in ("lowPrice", "price", "minPrice"):
        if text := text_of(offer.get(name)):
            return text
    for each in as_list(offer.get("priceSpecification")):
        if isinstance(each, Mapping) and (text := text_of(each.get("price") or each.get("minPrice"))):
            return text
    return ""


def _price(offer: Node, document: Document) -> tuple[str, Decimal | None, str]:
    raw = _raw_price(offer)
    specification = next((s for s in as_list(offer.get("priceSpecification")) if isinstance(s, Mapping)), {})
    code = text_of(offer.get("priceCurrency") or specification.get("priceCurrency"))
    if not raw:
        return "", None, ""
    shown = read_price(raw, document.place, code)
    amount = shown.amount
    if _PLAIN_NUMBER.fullmatch(raw):
        # schema.org numbers always have a decimal point: `1.250` is one and a quarter.
        try:
            amount = Decimal(raw)
        except InvalidOperation:
            amount = shown.amount
    if not amount:  # shops write 0 when they show no price
        return ("", None, "") if amount == 0 else (raw, None, "")
    return f"{code} {raw}".strip() if code not in raw else raw, amount, shown.currency


def _quantity(value: object) -> str:
    value = as_list(value)[0] if as_list(value) else ""
    if not isinstance(value, Mapping):
        return text_of(value)
    number = text_of(value.get("minValue") or value.get("value"))
    return f"{number} {text_of(value.get('unitText') or value.get('unitCode'))}".strip() if number else ""


def _link(value: object) -> str:
    if isinstance(value, Mapping):
        return text_of(value.get("url") or value.get("sameAs"))
    return ""


def _location(offer: Node, node: Node, seller: object) -> str:
    holders = [
        offer.get("availableAtOrFrom"),
        node.get("availableAtOrFrom"),
        node.get("location"),
        offer.get("areaServed"),
    ]
    for place in [each for holder in [*holders, seller] for each in as_list(holder)]:
        address = (
            place.get("address") if isinstance(place, Mapping) else place if place is not seller else None
        )
        if isinstance(address, Mapping):
            names = ("addressLocality", "addressRegion", "addressCountry")
            parts = [text for name in names if (text := text_of(address.get(name)))]
            if parts:
                return ", ".join(dict.fromkeys(parts))
        elif text := text_of(address) or (text_of(place) if place is not seller else ""):
            return text
    return ""


def _category(value: object) -> tuple[str, ...]:
    text = text_of(value)
    if len(as_list(value)) > 1:
        return tuple(part for each in as_list(value) if (part := text_of(each)))
    return tuple(part.strip() for part in re.split(r"\s*[>»›/|]\s+|\s*>\s*", text) if part.strip())


def _attributes(node: Node, offer: Node) -> tuple[tuple[str, str], ...]:
    rows = []
    for each in as_list(node.get("additionalProperty")):
        if isinstance(each, Mapping):
            value = text_of(each.get("value"))
            unit = text_of(each.get("unitText"))
            rows.append((text_of(each.get("name") or each.get("propertyID")), f"{value} {unit}".strip()))
    rows.extend((name, text_of(node.get(name))) for name in _PROPERTIES)
    rows.append(
        ("gtin", next((text for name in _GTINS if (text := text_of(node.get(name) or offer.get(name)))), ""))
    )
    rows.append(("availability", _availability(node, offer)))
    rows.append(
        ("condition", text_of(offer.get("itemCondition") or node.get("itemCondition")).rpartition("/")[2])
    )
    return tuple((name, value) for name, value in rows if name and value)


def _availability(node: Node, main: Node) -> str:
    """Return `InStock` if any variant is in stock, else the main offer's availability."""
    offers = [main, *(each for each in as_list(node.get("offers")) if isinstance(each, Mapping))]
    said = [text_of(offer.get("availability")).rpartition("/")[2] for offer in offers]
    return "InStock" if "InStock" in said else said[0]


def _images(node: Node, document: Document) -> tuple[str, ...]:
    links = []
    for each in as_list(node.get("image")):
        link = (
            text_of(each.get("url") or each.get("contentUrl")) if isinstance(each, Mapping) else text_of(each)
        )
        links.append(document.absolute(link))
    return tuple(dict.fromkeys(link for link in links if link))


def is_offer_node(node: Node) -> bool:
    """Return whether the node has a price, which distinguishes a product page from a mention."""
    return bool(_raw_price(_main_offer(node))) or "Offer" in types_of(node)


def own_product(found: Sequence[Structured], title: str, also_called: str) -> tuple[str, Node] | None:
    """Find the page's own product, with its syntax: the one with a name of the page, or the only one.

    The product has the offers of all its variants. The most reliable syntax counts first.
    """
    shown = f"{title} {also_called}".casefold()
    for each in found:
        for node in each.products:
            name = text_of(node.get("name")).casefold()
            if name and (name in shown or (len(title) >= _SHORTEST_TITLE and title.casefold() in name)):
                return each.rule, _with_variants(node, each.products)
        priced = [node for node in each.products if is_offer_node(node)]
        names = {text_of(node.get("name")) for node in priced or each.products}
        if len(names) == 1 and not each.listed:
            return each.rule, _with_variants((priced or each.products)[0], each.products)
    return None


def _with_variants(node: Node, products: Sequence[Node]) -> Node:
    """Add the offers of products of the same name, since shops may list one product for each size."""
    name = text_of(node.get("name"))
    variants = [other for other in products if other is not node and text_of(other.get("name")) == name]
    offers = [offer for each in (node, *variants) for offer in as_list(each.get("offers"))]
    return {**node, "offers": offers} if variants and offers else node
