"""Read the contacts that a text states: phones, e-mail, messengers, sites, wallets, company numbers.

`read_contacts` returns each contact with its normalised value, its span, and the rule that found it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import phonenumbers

from store.suppliers.contacts import ContactKind, FoundContact

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_READ = 50_000
"""Characters read of one text; the rest is left out."""
MOST_CONTACTS = 200
"""Contacts read from one text; a text with more is a directory, not an offer."""

_EMAIL = re.compile(
    r"(?<![\w.+-])[\w.+-]{1,64}@(?:[a-z0-9-]{1,63}\.){1,4}[a-z]{2,24}(?![\w-])", re.IGNORECASE
)
_PHONE = re.compile(r"(?<![\w+])\+\d[\d ().-]{6,20}\d(?!\w)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What is known of the seller before the text is read."""

    regions: tuple[str, ...] = ()
    """Countries whose national phone numbers are read, likeliest first; ISO 3166-1 alpha-2."""
    site: str = ""
    """Registered domain of the marketplace, whose own addresses are no contacts of the seller."""


def read_contacts(text: str, field: str, context: Context) -> list[FoundContact]:
    """Return the contacts that a text states, in the order of the text, without repetitions.

    Args:
        text: Any string; at most `LONGEST_READ` characters are read.
        field: Name of the field that the text is from, for the results.
        context: What is known of the seller.

    Returns:
        At most `MOST_CONTACTS` contacts.
    """
    found = sorted(_read(text[:LONGEST_READ], field, context), key=_place)
    first = {(contact.kind, contact.value): contact for contact in reversed(found)}
    return sorted(first.values(), key=_place)[:MOST_CONTACTS]


def _place(contact: FoundContact) -> tuple[int, str]:
    return contact.start, contact.kind


def _read(text: str, field: str, context: Context) -> Iterator[FoundContact]:
    for match in _EMAIL.finditer(text):
        yield _found(ContactKind.EMAIL, match[0].lower(), match, field, "address")
    for match in _PHONE.finditer(text):
        try:
            number = phonenumbers.parse(match[0], next(iter(context.regions), None))
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            value = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
            yield _found(ContactKind.PHONE, value, match, field, "international")


def _found(kind: ContactKind, value: str, match: re.Match[str], field: str, rule: str) -> FoundContact:
    return FoundContact(
        kind=kind,
        value=value,
        raw=match[0],
        field=field,
        start=match.start(),
        end=match.end(),
        rule=rule,
        confidence=0.95,
    )
