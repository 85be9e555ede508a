"""Read the contacts that only the markup of a page states: targets of links, and schema.org properties.

A link counts if it stands in the page's own part, not in its head, foot or menu, nor beside another listing,
where the contacts of the marketplace stand. A schema.org property counts if it is the seller's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import unquote

from crawler.extract.schema_org import as_list, sellers_of, text_of
from store.model import Term, TermName
from text.phrases import keys, words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lxml import etree

    from crawler.extract.schema_org import Node

MOST_CONTACTS = 20
_LONGEST = 200
_PROPERTIES = {"telephone": "phone", "faxNumber": "phone", "email": "email"}


def markup_contacts(
    root: etree._Element, is_outside: Callable[[etree._Element], bool], product: tuple[str, Node] | None
) -> list[Term]:
    """Return the contacts in the markup of a listing's page, each with the rule that found it.

    Args:
        root: The page.
        is_outside: Whether an element is not part of the listing.
        product: The syntax and node of the page's own product, if there is one.
    """
    found = [*_of_seller(*product)] if product else []
    found += islice(_of_links(root, is_outside), MOST_CONTACTS)
    return list({(each.value, each.text): each for each in found}.values())[:MOST_CONTACTS]


def _of_seller(rule: str, product: Node) -> Iterator[Term]:
    for seller in sellers_of(product):
        points = [each for each in as_list(seller.get("contactPoint")) if isinstance(each, Mapping)]
        for holder in (seller, *points):
            for name, kind in _PROPERTIES.items():
                for each in as_list(holder.get(name)):
                    yield from _term(kind, text_of(each).removeprefix("mailto:"), f"{rule}:{name}")
        for each in as_list(seller.get("sameAs")):
            yield from _link(text_of(each), f"{rule}:sameAs")


def _of_links(root: etree._Element, is_outside: Callable[[etree._Element], bool]) -> Iterator[Term]:
    for element in root.iter("a", "area"):
        target = (element.get("href") or "").strip()
        if target and (found := list(_link(target[:_LONGEST], "link"))) and not is_outside(element):
            yield from found


def _link(target: str, rule: str) -> Iterator[Term]:
    """Yield the contact that a link leads to."""
    scheme, _, rest = target.partition(":")
    match scheme.lower():
        case "tel" | "callto" | "sms":
            yield from _term("phone", rest.split("?")[0].split(";")[0], rule)
        case "mailto":
            for address in rest.split("?")[0].split(","):
                yield from _term("email", address, rule)
        case "skype":
            yield from _term("skype", rest.split("?")[0], rule)
        case _:
            if kind := _messengers().match(unquote(target)):
                yield from _term(str(kind.lastgroup), target, rule)


def _term(kind: str, written: str, rule: str) -> Iterator[Term]:
    """Yield a contact, with its label in front unless it is a link, so that it is read like one in a text."""
    address = " ".join(unquote(written).split())[:_LONGEST]
    if address:
        label = {"phone": "tel: ", "skype": "skype: "}.get(kind, "")
        yield Term(name=TermName.CONTACT_CHANNEL, text=f"{label}{address}", value=kind, rule=rule)


@cache
def _messengers() -> re.Pattern[str]:
    """Return a pattern of links to messengers, whose groups are the kinds of contact."""
    hosts = (
        f"(?P<{key}>{'|'.join(re.escape(phrase.text) for phrase in words(f'messenger_links.{key}'))})"
        for key in keys("messenger_links")
    )
    return re.compile(
        rf"(?:https?://)?(?:www\.)?(?:{'|'.join(hosts)})(?:/|(?<==))(?!share/)[\w+~@]", re.IGNORECASE
    )
