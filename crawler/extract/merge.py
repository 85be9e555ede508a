"""Puts what several sources say about one listing together, field by field."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from store.model import ListingContent

if TYPE_CHECKING:
    from collections.abc import Sequence

_PRICE = ("price_text", "price_amount", "currency")
_APART = frozenset({*_PRICE, "provenance", "language", "attributes", "terms"})
_SINGLE = tuple(field.name for field in fields(ListingContent) if field.name not in _APART)


def merge(sources: Sequence[ListingContent], language: str) -> ListingContent:
    """Merges sources by precedence.

    Each field is the first source's that has it. A price is taken whole, so that an amount never meets
    another source's currency; its text is the visible one where that shows the same amount. Attributes are
    added up, the page's own table first.

    Args:
        sources: Most reliable first; the visible page last.
        language: ISO 639-1 code of the text, or empty text.

    Returns:
        One content with the provenance of every field.
    """
    values: dict[str, Any] = {"title": ""}
    provenance: dict[str, str] = {}
    for name in _SINGLE:
        for source in sources:
            if value := getattr(source, name):
                values[name] = value
                provenance[name] = source.provenance.get(name, "")
                break
    _merge_price(sources, values, provenance)
    attributes = dict.fromkeys(row for source in reversed(sources) for row in source.attributes)
    if attributes:
        values["attributes"] = tuple(attributes)
        rules = [source.provenance.get("attributes", "") for source in reversed(sources) if source.attributes]
        provenance["attributes"] = " + ".join(dict.fromkeys(rules))
    if language:
        values["language"] = language
        provenance["language"] = "text"
    return ListingContent(**values, provenance=provenance)


def _merge_price(
    sources: Sequence[ListingContent], values: dict[str, Any], provenance: dict[str, str]
) -> None:
    priced = next((source for source in sources if source.price_amount), None)
    if priced is None:
        priced = next((source for source in sources if source.price_text), None)
    if priced is None:
        return
    agreeing = [
        source for source in sources if source.price_amount == priced.price_amount and source.price_text
    ]
    shown = agreeing[-1] if agreeing else priced
    currency = priced.currency or next((source.currency for source in agreeing if source.currency), "")
    for name, value, source in (
        ("price_text", shown.price_text, shown),
        ("price_amount", priced.price_amount, priced),
        ("currency", currency, priced if priced.currency else shown),
    ):
        if value not in ("", None):
            values[name] = value
            provenance[name] = source.provenance.get(name, "")
