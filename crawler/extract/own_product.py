"""Finds the structured product that a page is about, among those of its strips and of its variants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.extract.schema_org import is_offer_node, text_of
from crawler.extract.structured import as_list

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawler.extract.structured import Node, Structured

_SHORTEST_TITLE = 4


def own_product(found: Sequence[Structured], title: str, also_called: str) -> tuple[str, Node] | None:
    """Finds the product by its name, or as the only one.

    Args:
        found: The page's structured data, the most reliable syntax first.
        title: The page's heading or title.
        also_called: What else the page calls itself, such as its `og:title`; may be empty.

    Returns:
        The syntax and the product with the offers of all its variants, or None.
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
    """Adds the offers of products of the same name, as shops write one for each size."""
    name = text_of(node.get("name"))
    variants = [other for other in products if other is not node and text_of(other.get("name")) == name]
    offers = [offer for each in (node, *variants) for offer in as_list(each.get("offers"))]
    return {**node, "offers": offers} if variants and offers else node
