"""Find the schema.org data of a page: JSON-LD, microdata and RDFa Lite, as one kind of node.

A node is a JSON-LD dict, with `@type` and properties. extruct reads JSON-LD from the parsed tree.
Microdata and RDFa Lite differ only in their attribute names, and one walk in this module reads both:
extruct's time grows with the cube of the nesting of scopes (400 nested ones take seconds), and its use of
rdflib costs many times the rest of a page. `itemref` is not followed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urljoin

from extruct.jsonld import JsonLdExtractor
from lxml import etree

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

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
        value = {"@type": (element.get(syntax.kind) or "").split()} if opens else _value(element, base_url)
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


def _value(element: etree._Element, base_url: str) -> str:
    content = element.get("content")
    if content is not None:
        return content
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
