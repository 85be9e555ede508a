"""The readers that are compared: this product, and extruct with price-parser as one would write it first."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import extruct
import web_poet
from price_parser import Price

from crawler.extract.document import decode_page
from crawler.extract.page import extract_page
from store.model import TermName

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from benchmarks.extraction_scores import Prediction
    from store.model import ListingContent

IN_STOCK, OUT_OF_STOCK = "InStock", "OutOfStock"
_IN_STOCK = re.compile(r"(?:in ?stock|limited ?availability|pre ?(?:sale|order)|in ?store ?only)$")
_OUT_OF_STOCK = re.compile(r"(?:out ?of ?stock|sold ?out|discontinued)$")


def ours(body: bytes, url: str) -> Prediction:
    """Read a page as a crawl does."""
    reading = extract_page(web_poet.HttpResponse(url=url, body=body, status=200))
    found: dict[str, str | None] = {"availability": IN_STOCK}
    if reading.listing is not None:
        found |= _of_content(reading.listing.content)
    return {name: value for name, value in found.items() if value}


def _of_content(content: ListingContent) -> dict[str, str | None]:
    terms = {term.name: term.value for term in reversed(content.terms)}
    return {
        "price": None if content.price_amount is None else str(content.price_amount),
        "currency": content.currency,
        "sku": content.item_id,
        "brand": terms.get(TermName.BRAND),
        "gtin": terms.get(TermName.GTIN),
        "availability": OUT_OF_STOCK if terms.get(TermName.AVAILABILITY) == "out_of_stock" else IN_STOCK,
        "title": content.title,
    }


def extruct_alone(body: bytes, url: str) -> Prediction:
    """Read a page's OpenGraph, JSON-LD and microdata; what a later one says replaces what an earlier did."""
    syntaxes = ["opengraph", "json-ld", "microdata"]
    data = extruct.extract(decode_page(body), base_url=url, uniform=True, syntaxes=syntaxes, errors="ignore")
    found: dict[str, str] = {"availability": IN_STOCK}
    for node in data["opengraph"][:1]:
        found |= _filled(_of_meta(node))
    for syntax in syntaxes[1:]:
        for node in _products(data[syntax]):
            found |= _filled(_of_product(node))
            break
    return found


def _of_meta(node: Mapping[str, Any]) -> dict[str, str | None]:
    def first(*names: str) -> str:
        return next(
            (str(node[f"{p}:{n}"]) for n in names for p in ("product", "og") if f"{p}:{n}" in node), ""
        )

    price = Price.fromstring(first("price:amount"), currency_hint=first("price:currency"))
    return {
        "price": None if price.amount is None else str(price.amount),
        "currency": first("price:currency"),
        "sku": first("sku", "retailer_item_id"),
        "brand": first("brand"),
        "availability": _availability(first("availability")),
        "title": first("title"),
    }


def _products(nodes: list[Any]) -> Iterator[Mapping[str, Any]]:
    for node in nodes:
        if isinstance(node, dict) and "Product" in str(node.get("@type")):
            yield node


def _of_product(node: Mapping[str, Any]) -> dict[str, str | None]:
    offers = node.get("offers")
    offer = offers[0] if isinstance(offers, list) and offers else offers
    offer = offer if isinstance(offer, dict) else {}
    raw = next((offer[name] for name in ("price", "highPrice", "lowPrice") if offer.get(name)), None)
    price = Price.fromstring(None if raw is None else str(raw), currency_hint=str(offer.get("priceCurrency")))
    brand = node.get("brand")
    gtins = (node.get(name) or offer.get(name) for name in ("gtin13", "gtin12", "gtin14", "gtin8", "gtin"))
    return {
        "price": None if price.amount is None else str(price.amount),
        "currency": str(offer.get("priceCurrency") or ""),
        "sku": str(node.get("sku") or node.get("productID") or ""),
        "brand": str(brand.get("name") or "") if isinstance(brand, dict) else str(brand or ""),
        "gtin": str(next(filter(None, gtins), "")),
        "availability": _availability(str(offer.get("availability") or "")),
        "title": str(node.get("name") or ""),
    }


def _filled(found: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in found.items() if value}


def _availability(said: str) -> str | None:
    plain = said.lower().replace("_", " ").replace("-", " ").strip()
    if _OUT_OF_STOCK.search(plain):
        return OUT_OF_STOCK
    return IN_STOCK if _IN_STOCK.search(plain) else None
