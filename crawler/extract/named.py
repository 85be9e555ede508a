"""Finds elements by what their class, id or test id calls them, in several languages, in one pass."""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

from crawler.extract.names import name_test

if TYPE_CHECKING:
    from lxml import etree


class Role(StrEnum):
    """What a name says an element is."""

    PRICE = "price"
    SELLER = "seller"
    BREADCRUMBS = "breadcrumbs"
    DESCRIPTION = "description"


_ROLE_NAMES = {
    Role.PRICE: r"price|precio|preco|preço|prix|preis|цена|cena(?![a-z])|tsena|价格|jiage",
    Role.SELLER: (
        r"seller(?!s-?rank)|supplier|vendor|company-?name|store-?name|shop-?name|vendedor|prodav|merchant|"
        r"anunciante|postav"
    ),
    Role.BREADCRUMBS: r"bread-?_?crumb|crumbs|migas|kroshki|mianbaoxie",
    Role.DESCRIPTION: (
        r"description|descripcion|descricao|beschreibung|opisanie|prod(?:uct)?-?desc|item-?desc|goods-?desc"
    ),
}
_TESTS = {role: name_test(pattern) for role, pattern in _ROLE_NAMES.items()}
_NOT_SHOWN = frozenset(
    {"html", "body", "head", "meta", "script", "style", "link", "input", "form", "svg", "template"}
)


def named_elements(root: etree._Element) -> dict[Role, list[etree._Element]]:
    """Collects the shown elements of each role.

    Args:
        root: The page.

    Returns:
        For every role, its elements in page order.
    """
    found: dict[Role, list[etree._Element]] = {role: [] for role in Role}
    for element in root.iter():
        if element.tag in _NOT_SHOWN:
            continue
        for attribute in ("class", "id", "data-testid"):
            name = element.get(attribute)
            if name:
                for role in _roles(name):
                    if not found[role] or found[role][-1] is not element:
                        found[role].append(element)
    return found


@lru_cache(maxsize=16384)
def _roles(name: str) -> tuple[Role, ...]:
    return tuple(role for role, has_role in _TESTS.items() if has_role(name))
