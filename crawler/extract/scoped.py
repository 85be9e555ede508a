"""Reads microdata and RDFa Lite, which say the same with other attribute names, in one walk over the tree.

Own code where extruct has readers, because extruct's time grows with the cube of the nesting of scopes (400
nested ones take seconds) and its way through rdflib costs many times the rest of a page. `itemref` is not
followed.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from lxml import etree

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Syntax:
    """The attributes by which a syntax marks scopes, their types and properties."""

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


def read_scoped(root: etree._Element, base_url: str, syntax: Syntax) -> list[dict[str, Any]]:
    """Reads every outermost scope of a page.

    Args:
        root: The page.
        base_url: What relative links are relative to.
        syntax: `MICRODATA` or `RDFA_LITE`.

    Returns:
        Nodes as JSON-LD writes them: `@type` and properties, each a value or a list of values.
    """
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
