"""Mask contacts in the texts of listings, for roles that may not see contacts."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar, cast

from store.model import MAY_SEE_CONTACTS, Sighting, WordShare

if TYPE_CHECKING:
    from collections.abc import Callable

    from review.web.dependencies import AppContext, Person

T = TypeVar("T")

DOT = "\N{BULLET}"
"""Stands for each character of a contact, so that places in a text stay what they are."""

TEXTS = frozenset({
    "title", "description", "text", "value", "price_text", "quantity_text", "pack_text", "minimum_order_text",
    "seller_name", "seller_url", "shop_url", "location", "city", "category_path", "attributes", "name",
    "note", "sellers", "before", "after", "reason", "decision_reason",
})  # fmt: skip
"""Fields that hold words of sellers, or of reviewers about them."""


def masks_for(context: AppContext, person: Person) -> Masks:
    """Return the function that masks contacts for a person; it changes nothing if they may see contacts."""
    return Masks(None if person.may(MAY_SEE_CONTACTS) else context.reference.contacts)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Around:
    """What is known of the listing around a text."""

    url: str = ""
    location: str = ""
    language: str = ""
    places: tuple[tuple[int, int], ...] = ()
    """Of contacts in the text of the sighting."""
    written: tuple[str, ...] = ()
    """These contacts as written, longest first; they are masked in every field."""


NOTHING_KNOWN = _Around()


class Masks:
    """Masks contacts in any value of the store.

    `find` returns the places of contacts in a text, as `Reference.contacts` does; None masks nothing.
    """

    def __init__(self, find: Callable[[str, str, str, str], list[tuple[int, int]]] | None = None) -> None:
        self.are_on = find is not None
        self._find = find or (lambda *_: [])

    def __call__(self, value: T) -> T:
        """Return a value, or a tuple or list of values, with all contacts in its texts masked."""
        return cast("T", self._masked(value, NOTHING_KNOWN)) if self.are_on else value

    def _masked(self, value: Any, around: _Around) -> Any:
        if isinstance(value, list | tuple):
            masked = [self._masked(each, around) for each in value]
            return masked if isinstance(value, list) else tuple(masked)
        if not dataclasses.is_dataclass(value) or isinstance(value, type):
            return value
        around = self._near(value, around)
        if isinstance(value, WordShare):
            return replace(value, words=self._share(value, around))
        changed = {}
        for field in dataclasses.fields(value):
            held = getattr(value, field.name)
            if field.name in TEXTS:
                changed[field.name] = self._text(held, around)
            elif isinstance(held, tuple | list) or dataclasses.is_dataclass(held):
                changed[field.name] = self._masked(held, around)
        return replace(value, **changed) if changed else value

    def _near(self, value: Any, around: _Around) -> _Around:
        """Return what is known around the fields of a value."""
        url = getattr(getattr(value, "listing", value), "url", "") or around.url
        sightings = getattr(value, "sightings", ())
        sighting = value if isinstance(value, Sighting) else getattr(value, "sighting", None)
        sighting = sightings[0] if sightings else sighting
        if not isinstance(sighting, Sighting):
            return replace(around, url=url) if url != around.url else around
        content, text = sighting.content, sighting.text
        places = self._find(text, content.location, content.language, url)
        written = {text[start:end] for start, end in places}
        return _Around(
            url=url,
            location=content.location,
            language=content.language,
            places=tuple(places),
            written=tuple(sorted(written, key=lambda each: (-len(each), each))),
        )

    def _text(self, held: Any, around: _Around) -> Any:
        if isinstance(held, tuple):
            return tuple(self._text(each, around) for each in held)
        if type(held) is not str or not held:  # a word of an enumeration is no text of a seller
            return held
        masked = held
        for start, end in self._find(held, around.location, around.language, around.url):
            masked = masked[:start] + DOT * (end - start) + masked[end:]
        for written in around.written:
            masked = masked.replace(written, DOT * len(written))
        return masked

    def _share(self, share: WordShare, around: _Around) -> str:
        """Return the words of a share; masked if they are part of a contact, or may be."""
        is_part = any(
            start < last and first < end for start, end in share.spans for first, last in around.places
        )
        may_be = not share.spans and any(each.isdigit() or each in "@." for each in share.words)
        return DOT * len(share.words) if is_part or may_be else str(self._text(share.words, around))


NO_MASKS = Masks()
