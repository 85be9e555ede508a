"""Reads the OpenGraph and product meta tags of a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crawler.extract.item_id import clean_item_id
from store.model import ListingContent
from text.price import read_price

if TYPE_CHECKING:
    from crawler.extract.document import Document

_RULE = "opengraph"


def read_opengraph(document: Document) -> ListingContent | None:
    """Reads the meta tags.

    Args:
        document: The page, whose `<meta>` tags are read already.

    Returns:
        What they say, or None when the page has none.
    """
    meta = document.meta
    if not any(name.startswith(("og:", "product:")) for name in meta):
        return None
    values: dict[str, Any] = {
        "title": meta.get("og:title", ""),
        "description": meta.get("og:description", ""),
        "images": tuple(link for link in (document.absolute(meta.get("og:image", "")),) if link),
        "item_id": clean_item_id(meta.get("product:retailer_item_id") or meta.get("product:sku", "")),
        "category_path": tuple(
            part.strip() for part in meta.get("product:category", "").split(">") if part.strip()
        ),
    }
    raw = (
        meta.get("product:price:amount")
        or meta.get("og:price:amount")
        or meta.get("product:sale_price:amount")
        or ""
    )
    if raw:
        code = meta.get("product:price:currency") or meta.get("og:price:currency") or ""
        reading = read_price(raw, document.place, code)
        values |= {
            "price_text": f"{code} {raw}".strip(),
            "price_amount": reading.amount,
            "currency": reading.currency,
        }
    named = {
        "brand": meta.get("product:brand", ""),
        "availability": meta.get("product:availability", "") or meta.get("og:availability", ""),
    }
    values["attributes"] = tuple((name, value) for name, value in named.items() if value)
    filled: dict[str, Any] = {
        name: " ".join(value.split()) if isinstance(value, str) else value for name, value in values.items()
    }
    filled = {name: value for name, value in filled.items() if value not in ("", None, ())}
    return ListingContent(**{"title": "", **filled}, provenance=dict.fromkeys(filled, _RULE))


def is_product(document: Document) -> bool:
    """Whether the page calls itself a product."""
    kind = document.meta.get("og:type", "").lower()
    return "product" in kind or "product:price:amount" in document.meta or "og:price:amount" in document.meta
