"""Read a product from a page's OpenGraph tags and from the JSON state in its scripts.

Shops that render with JavaScript keep their data in `__NEXT_DATA__`, `window.__INITIAL_STATE__` and
similar variables. No script is executed; only plain JSON is read.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from crawler.extract.offer import clean_item_id
from crawler.extract.schema_org import text_of
from store.model import ListingContent
from text.money import read_price

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lxml import etree

    from crawler.extract.document import Document

_ASSIGNMENT = re.compile(r"[\w.$\])]\s*=\s*(?=[{\[])")
_SHORTEST_STATE = 400
_MOST_FAILURES = 2_000
_MOST_OBJECTS = 60_000
_FEWEST_ROWS = 3


def read_opengraph(document: Document) -> ListingContent | None:
    """Read a listing's fields from the OpenGraph tags; None when the page has no such tag."""
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
        shown = read_price(raw, document.place, code)
        values |= {
            "price_text": f"{code} {raw}".strip(),
            "price_amount": shown.amount,
            "currency": shown.currency,
        }
    named = {
        "brand": meta.get("product:brand", "") or meta.get("og:brand", ""),
        "availability": meta.get("product:availability", "") or meta.get("og:availability", ""),
    }
    values["attributes"] = tuple((name, value) for name, value in named.items() if value)
    filled: dict[str, Any] = {
        name: " ".join(value.split()) if isinstance(value, str) else value for name, value in values.items()
    }
    filled = {name: value for name, value in filled.items() if value not in ("", None, ())}
    return ListingContent(**{"title": "", **filled}, provenance=dict.fromkeys(filled, "opengraph"))


def is_product(document: Document) -> bool:
    """Return whether the page's meta tags call it a product."""
    kind = document.meta.get("og:type", "").lower()
    return "product" in kind or "product:price:amount" in document.meta or "og:price:amount" in document.meta


def read_states(document: Document) -> list[Any]:
    """Read every JSON value that a script contains or assigns."""
    states: list[Any] = []
    for script in document.root.iter("script"):
        text = script.text or ""
        if len(text) < _SHORTEST_STATE or "ld+json" in (script.get("type") or ""):
            continue
        states.extend(_json_values(script, text))
    return states


def _json_values(script: etree._Element, text: str) -> Iterator[Any]:
    decoder = json.JSONDecoder(strict=False)
    if "json" in (script.get("type") or "") or script.get("id") == "__NEXT_DATA__":
        starts = [len(text) - len(text.lstrip())]
    else:
        starts = [found.end() for found in _ASSIGNMENT.finditer(text)]
    end = failures = 0
    for start in starts:
        if start < end:
            continue
        try:
            value, end = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            failures += 1
            if failures == _MOST_FAILURES:  # a failure costs time in proportion to its position in the script
                return
            continue
        if end - start >= _SHORTEST_STATE:
            yield value


def state_rows(states: Sequence[Any], document: Document) -> list[tuple[str, ListingContent]]:
    """Return the URL and content of each object in the longest list of product-like objects.

    Empty when no list has three objects with a title, a link and a price.
    """
    best: list[tuple[str, ListingContent]] = []
    for value in _walk(states):
        if isinstance(value, list) and len(value) >= max(_FEWEST_ROWS, len(best) + 1):
            rows = [row for each in value if isinstance(each, Mapping) and (row := _row(each, document))]
            best = max(best, rows, key=len)
    return best if len(best) >= _FEWEST_ROWS else []


def state_product(states: Sequence[Any], title: str, document: Document) -> ListingContent | None:
    """Return the product-like object whose title matches the page's, or None."""
    for value in _walk(states):
        if isinstance(value, Mapping):
            content = _content(value, document)
            if content is not None and content.price_amount is not None and _same(content.title, title):
                return content
    return None


def _same(one: str, other: str) -> bool:
    return (
        bool(one)
        and (one.casefold() in other.casefold() or other.casefold() in one.casefold())
        and len(other) > 5
    )


def _walk(states: Sequence[Any]) -> Iterator[Any]:
    waiting = list(reversed(states))
    for _ in range(_MOST_OBJECTS):
        if not waiting:
            return
        value = waiting.pop()
        yield value
        children = value.values() if isinstance(value, Mapping) else value
        waiting.extend(child for child in reversed(list(children)) if isinstance(child, (dict, list)))


def _row(value: Mapping[str, Any], document: Document) -> tuple[str, ListingContent] | None:
    content = _content(value, document)
    url = document.absolute(_first(_plain(value), "url"))
    return (url, content) if content is not None and content.price_text and url else None


def _content(value: Mapping[str, Any], document: Document) -> ListingContent | None:
    plain = _plain(value)
    title = _first(plain, "title")
    if not title:
        return None
    raw = _first(plain, "price")
    shown = read_price(raw, document.place, _first(plain, "currency")) if any(map(str.isdigit, raw)) else None
    image = document.absolute(_first(plain, "image"))
    values: dict[str, Any] = {
        "title": title,
        "description": _first(plain, "description"),
        "price_text": shown.text if shown else "",
        "price_amount": shown.amount if shown else None,
        "currency": shown.currency if shown else "",
        "seller_name": _first(plain, "seller"),
        "minimum_order_text": _first(plain, "minimum").rpartition(":")[2].strip(),
        "location": _first(plain, "location"),
        "item_id": _first(plain, "id"),
        "images": (image,) if image else (),
    }
    filled = {name: each for name, each in values.items() if each not in ("", None, ())}
    return ListingContent(**filled, provenance=dict.fromkeys(filled, "app-state"))


@cache
def state_keys() -> dict[str, list[str]]:
    """Return the key names of each field in the JSON state of shops."""
    text = files("crawler.extract").joinpath("app_state.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _plain(value: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key.lower().replace("_", "").replace("-", ""): each
        for key, each in value.items()
        if each and isinstance(key, str)
    }


def _first(plain: Mapping[str, Any], name: str) -> str:
    keys = state_keys()[name]
    for key in keys:
        value = plain.get(key)
        if isinstance(value, Mapping) and name == "price":
            value = next((each for inner in keys if (each := _plain(value).get(inner))), None)
        if value is not None and (text := text_of(value)):
            return text
    return ""
