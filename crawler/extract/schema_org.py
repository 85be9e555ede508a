"""The schema.org data of a page: find its nodes, the page's own product, and the listing in a product.

A node is a JSON-LD dict, with `@type` and properties. extruct reads JSON-LD from the parsed tree.
Microdata and RDFa Lite differ only in their attribute names, and one walk in this module reads both:
extruct's time grows with the cube of the nesting of scopes (400 nested ones take seconds), and its use of
rdflib costs many times the rest of a page. `itemref` is not followed.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urljoin

from extruct.jsonld import JsonLdExtractor
from lxml import etree

from crawler.extract.offer import clean_item_id
from store.model import ListingContent
from text.money import read_price

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from crawler.extract.document import Document

Node: TypeAlias = Mapping[str, Any]
_PRODUCTS = frozenset(
    {
        "Product",
        "IndividualProduct",
        "ProductModel",
        "ProductGroup",
        "SomeProducts",
        "Vehicle",
        "Car",
        "Book",
        "ChemicalSubstance",
        "MolecularEntity",
        "Drug",
        "SoftwareApplication",
        "Service",
    },
)
_LISTS = frozenset({"ItemList", "OfferCatalog"})
_OTHER_ITEMS = frozenset(
    {
        "itemReviewed",
        "isRelatedTo",
        "isSimilarTo",
        "isAccessoryOrSparePartFor",
        "isConsumableFor",
        "review",
        "author",
    },
)
_MOST_NODES = 5000
_JSON_ERRORS = (ValueError, RecursionError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Syntax:
    """The attributes with which a syntax marks scopes, their types and their properties."""

    scope: str
    kind: str
    name: str


MICRODATA = Syntax(scope="itemscope", kind="itemtype", name="itemprop")
RDFA_LITE = Syntax(scope="typeof", kind="typeof", name="property")
_DEEPEST_SCOPE = 12
_MOST_PROPERTIES = 5000
_MOST_TEXTS = 400
_LINK_ATTRIBUTES = {
    "a": "href",
    "area": "href",
    "link": "href",
    "img": "src",
    "source": "src",
    "video": "src",
    "iframe": "src",
    "object": "data",
    "data": "value",
    "meter": "value",
    "time": "datetime",
}
_NOT_RESOLVED = frozenset({"data", "meter", "time"})
_META_PREFIXES = ("og:", "product:", "article:", "fb:", "twitter:")


@dataclass(slots=True, kw_only=True)
class Structured:
    """The data of a page in one syntax."""

    rule: str
    """`json-ld`, `microdata` or `rdfa`."""
    products: list[Node] = field(default_factory=list)
    """Products and standalone offers."""
    listed: list[Node] = field(default_factory=list)
    """Members of an item list, in order."""
    breadcrumbs: tuple[str, ...] = ()


def read_structured(document: Document) -> list[Structured]:
    """Return one entry for each syntax with data, the most reliable first.

    RDFa Lite is read only if the others have no product.
    """
    found = []
    if "ld+json" in document.text:
        found.append(_classify_nodes("json-ld", _json_ld(document.root)))
    if "itemscope" in document.text:
        found.append(_classify_nodes("microdata", read_scoped(document.root, document.base_url, MICRODATA)))
    if "typeof=" in document.text and not any(each.products or each.listed for each in found):
        found.append(_classify_nodes("rdfa", read_scoped(document.root, document.base_url, RDFA_LITE)))
    return [each for each in found if each.products or each.listed or each.breadcrumbs]


def types_of(node: Node) -> list[str]:
    """Return a node's types without their vocabulary prefix, e.g. `Product`."""
    types = node.get("@type") or ()
    named = [types] if isinstance(types, str) else types if isinstance(types, list) else []
    return [
        each.rpartition("/")[2].rpartition(":")[2].rpartition("#")[2]
        for each in named
        if isinstance(each, str)
    ]


def as_list(value: object) -> list[Any]:
    """Return a property's values as a list, which may be empty."""
    if value is None or value == "":
        return []
    return value if isinstance(value, list) else [value]


def _json_ld(root: etree._Element) -> Iterator[Node]:
    for script in root.iter("script"):
        if "ld+json" not in (script.get("type") or ""):
            continue
        script.set("type", "application/ld+json")
        try:
            yield from (node for node in JsonLdExtractor().extract_items(script) if isinstance(node, dict))
        except _JSON_ERRORS:
            # The other blocks may still be valid.
            continue


def _classify_nodes(rule: str, nodes: Iterable[Node]) -> Structured:
    """Separate products, list members and breadcrumbs, without descending into products."""
    found = Structured(rule=rule)
    waiting: list[tuple[object, bool]] = [(list(nodes), False)]
    for _ in range(_MOST_NODES):
        if not waiting:
            break
        value, in_list = waiting.pop()
        if isinstance(value, list):
            waiting.extend((each, in_list) for each in reversed(value))
        elif isinstance(value, Mapping):
            _classify_node(value, found, waiting, in_list=in_list)
    return found


def _classify_node(
    node: Node, found: Structured, waiting: list[tuple[object, bool]], *, in_list: bool
) -> None:
    types = types_of(node)
    among = found.listed if in_list else found.products
    if "BreadcrumbList" in types:
        found.breadcrumbs = found.breadcrumbs or _breadcrumbs(node)
    elif _PRODUCTS.intersection(types) and node.get("name"):
        among.append(node)
    elif "Offer" in types and isinstance(node.get("itemOffered"), Mapping):
        product = {"@type": "Product", **node["itemOffered"], "offers": node}
        among.append(product)
    elif "Offer" in types and node.get("name"):
        among.append({**node, "offers": node})
    elif in_list and "ListItem" in types and not isinstance(node.get("item"), Mapping) and node.get("name"):
        found.listed.append({**node, "url": node.get("url") or node.get("item") or ""})
    else:
        inside = in_list or bool(_LISTS.intersection(types))
        waiting.extend(
            (value, inside)
            for name, value in reversed(list(node.items()))
            if isinstance(value, (dict, list)) and name not in _OTHER_ITEMS
        )


def _breadcrumbs(node: Node) -> tuple[str, ...]:
    def position(entry: Node) -> float:
        try:
            return float(entry.get("position") or 0)
        except (TypeError, ValueError):
            return 0

    entries = [each for each in as_list(node.get("itemListElement")) if isinstance(each, Mapping)]
    names = []
    for entry in sorted(entries, key=position):
        item = entry.get("item")
        name = entry.get("name") or (item.get("name") if isinstance(item, Mapping) else "")
        if isinstance(name, str) and name.strip():
            names.append(" ".join(name.split()))
    return tuple(names)


def read_scoped(root: etree._Element, base_url: str, syntax: Syntax) -> list[dict[str, Any]]:
    """Return every outermost scope of a page as a JSON-LD node: `@type` and the values of each property."""
    outermost: list[dict[str, Any]] = []
    open_scopes: list[tuple[etree._Element, dict[str, Any]]] = []
    properties = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if event == "end":
            if open_scopes and open_scopes[-1][0] is element:
                open_scopes.pop()
            continue
        names = _property_names(element.get(syntax.name))
        opens = element.get(syntax.scope) is not None and len(open_scopes) < _DEEPEST_SCOPE
        if not opens and not (names and open_scopes):
            continue
        properties += 1
        if properties > _MOST_PROPERTIES:
            break
        value = (
            {"@type": (element.get(syntax.kind) or "").split()} if opens else _value(element, base_url, names)
        )
        if names and open_scopes:
            for name in names:
                _add(open_scopes[-1][1], name, value)
        elif isinstance(value, dict):
            outermost.append(value)
        if isinstance(value, dict):
            open_scopes.append((element, value))
    return outermost


def _property_names(attribute: str | None) -> list[str]:
    if not attribute or attribute.startswith(_META_PREFIXES):
        return []
    return [name.rpartition(":")[2].rpartition("/")[2] for name in attribute.split()]


def _value(element: etree._Element, base_url: str, names: Sequence[str]) -> str:
    content = element.get("content")
    if content is not None:
        return content
    if not _MAKERS.isdisjoint(names):  # many pages mark the link to the brand's own list
        alternatives = (each.get("alt") or "" for each in element.iter("img"))
        return " ".join("".join(element.itertext()).split()) or next(alternatives, "").strip()
    attribute = _LINK_ATTRIBUTES.get(str(element.tag))
    linked = element.get(attribute) if attribute else None
    if linked is None:
        return " ".join(" ".join(islice(element.itertext(), _MOST_TEXTS)).split())
    if element.tag in _NOT_RESOLVED:
        return linked
    try:
        return urljoin(base_url, linked.strip())
    except ValueError:
        return ""


def _add(node: dict[str, Any], name: str, value: str | Mapping[str, Any]) -> None:
    if name not in node:
        node[name] = value
    elif isinstance(node[name], list):
        node[name].append(value)
    else:
        node[name] = [node[name], value]


_DEEPEST_NAME = 4
_TAG = re.compile(r"<[^<>]+>")
_LONGEST_TEXT = 100_000
"""Longest property text that is read, in characters."""
_PLAIN_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_MAKERS = frozenset({"brand", "manufacturer"})
_PROPERTIES = ("mpn", "model", "casNumber", "cas", "molecularFormula", "material", "color")
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
    rows.append(("brand", text_of(node.get("brand")) or text_of(node.get("manufacturer"))))
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
