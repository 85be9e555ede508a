"""What an offer says of itself in typed form: each term beside the text it was read from."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class TermName(StrEnum):
    """What a term is about. The value is the same word in SQL, JSON and pages."""

    CAS_NUMBER = "cas_number"
    """`value` is the number with plain hyphens, its check digit right, e.g. `77-92-9`."""
    PURITY = "purity"
    """`amount` in percent; `value` is `min` where the text says at least."""
    GRADE = "grade"
    """`value` is e.g. `food`, `pharmaceutical`, `industrial`, `reagent`."""
    PACK_SIZE = "pack_size"
    """`amount` and `unit`; `value` is the container, e.g. `drum`."""
    MINIMUM_ORDER = "minimum_order"
    """`amount` and `unit`."""
    UNIT_PRICE = "unit_price"
    """`amount` for one `unit`; `value` is the currency, ISO 4217."""
    SHIPS_FROM = "ships_from"
    """`value` is the country, ISO 3166-1, where the text names one."""
    SHIPS_TO = "ships_to"
    """`value` is the country, ISO 3166-1, or `worldwide`."""
    PAYMENT = "payment"
    """`value` is e.g. `bank_transfer`, `letter_of_credit`, `cryptocurrency`."""
    SUPPLIER_TYPE = "supplier_type"
    """`value` is e.g. `manufacturer`, `trading_company`, `private`."""
    SUPPLIER_YEARS = "supplier_years"
    """`amount` in years on the site or in business; or `value` is the year it began."""
    CERTIFICATE = "certificate"
    """`value` is e.g. `iso_9001`, `gmp`, `coa`; what is claimed, not what is true."""
    CONTACT_CHANNEL = "contact_channel"
    """`value` is the kind alone, e.g. `whatsapp`; `text` is empty: the address stays in the evidence."""
    AVAILABILITY = "availability"
    """`value` is `in_stock`, `out_of_stock` or `preorder`."""
    BRAND = "brand"
    GTIN = "gtin"
    """`value` is the digits, with a right check digit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One term. Several of a name are kept apart, in page order."""

    name: TermName
    text: str = ""
    """As the page shows it, white space collapsed."""
    value: str = ""
    """In the form that `TermName` gives; empty where the text could not be brought to it."""
    amount: Decimal | None = None
    unit: str = ""
    """Symbol of the unit, e.g. `kg`, `L`, `pcs`, `%`."""
    rule: str = ""
    """What found it, e.g. `visible:label Purity`, `text`, `json-ld`."""


def in_words(term: Term) -> str:
    """Return what a term was understood as, for a person, e.g. `25 kg, drum`; empty when it was not.

    >>> in_words(Term(name=TermName.PACK_SIZE, amount=Decimal(25), unit="kg", value="drum"))
    '25 kg, drum'
    """
    amount = "" if term.amount is None else f"{term.amount:f} {term.unit}".strip()
    if term.name is TermName.UNIT_PRICE and term.amount is not None:
        return f"{term.amount:f} {term.value} / {term.unit}".replace("  ", " ")
    return ", ".join(part for part in (amount, term.value.replace("_", " ")) if part)


def term_row(term: Term) -> dict[str, str]:
    """Return a term as it is kept in JSON: all texts, what is empty left out."""
    amount = None if term.amount is None else f"{term.amount:f}"
    row = {
        "name": str(term.name),
        "text": term.text,
        "value": term.value,
        "amount": amount,
        "unit": term.unit,
        "rule": term.rule,
    }
    return {key: value for key, value in row.items() if value}


def term_from(row: Mapping[str, Any]) -> Term:
    """Read back what `term_row` wrote."""
    amount = row.get("amount")
    return Term(
        name=TermName(row["name"]),
        text=row.get("text", ""),
        value=row.get("value", ""),
        amount=None if amount is None else Decimal(amount),
        unit=row.get("unit", ""),
        rule=row.get("rule", ""),
    )
