"""Tests of reading the terms of an offer in typed form, in seven languages."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.extract.page import extract_page
from crawler.extract.terms import (
    cas_numbers,
    is_gtin,
    read_number,
    read_quantity,
    read_terms,
    stock_value,
    unit_after_slash,
)
from store.model import ListingContent, Term, TermName, in_words
from tests.crawler.extract.pages import response
from text.cas import is_cas_number
from text.page_words import country_in


def _terms(**said: object) -> list[Term]:
    return list(read_terms(ListingContent(**{"title": "Offer", **said})))  # type: ignore[arg-type]


def _labelled(label: str, value: str) -> list[Term]:
    return _terms(attributes=((label, value),), provenance={"attributes": "visible:labels"})


@pytest.mark.parametrize(
    ("label", "value", "name", "understood"),
    [
        ("CAS No.", "77-92-9", TermName.CAS_NUMBER, "77-92-9"),
        ("Purity", "≥ 99.5 %", TermName.PURITY, "99.5 %, min"),
        ("Pureza", "98,5%", TermName.PURITY, "98.5 %"),
        ("Чистота", "не менее 99%", TermName.PURITY, "99 %, min"),
        ("含量", "99%", TermName.PURITY, "99 %"),
        ("Grado", "grado alimenticio", TermName.GRADE, "food"),
        ("级别", "工业级", TermName.GRADE, "industrial"),
        ("Ships from", "Wuhan, China", TermName.SHIPS_FROM, "CN"),
        ("Versand nach", "weltweit", TermName.SHIPS_TO, "worldwide"),
        ("Отправка из", "Казахстан", TermName.SHIPS_FROM, "KZ"),
        ("Payment Terms", "L/C, T/T, Western Union", TermName.PAYMENT, "bank transfer"),
        ("付款方式", "信用证", TermName.PAYMENT, "letter of credit"),
        ("Forma de pago", "Bitcoin", TermName.PAYMENT, "cryptocurrency"),
        ("Business Type", "Manufacturer", TermName.SUPPLIER_TYPE, "manufacturer"),
        ("Тип продавца", "частное лицо", TermName.SUPPLIER_TYPE, "private"),
        ("Years in business", "12 years", TermName.SUPPLIER_YEARS, "12 years"),
        ("成立时间", "2009年", TermName.SUPPLIER_YEARS, "2009"),
        ("Certification", "ISO9001:2015, GMP", TermName.CERTIFICATE, "iso 9001"),
        ("Verfügbarkeit", "out of stock", TermName.AVAILABILITY, "out of stock"),
        ("Marke", "Holzhof", TermName.BRAND, "Holzhof"),
        ("EAN", "4006381333931", TermName.GTIN, "4006381333931"),
    ],
)
def test_labelled_term_is_understood(label: str, value: str, name: TermName, understood: str) -> None:
    """The value of a known label is normalised, in every language."""
    found = [term for term in _labelled(label, value) if term.name is name]
    assert found[0].text
    assert in_words(found[0]) == understood


def test_every_payment_of_a_row_is_a_term() -> None:
    """Each payment method in a row becomes a term."""
    found = {term.value for term in _labelled("Payment", "T/T, L/C, PayPal, Bitcoin")}
    assert found == {"bank_transfer", "letter_of_credit", "paypal", "cryptocurrency"}


def test_what_is_not_understood_keeps_its_text() -> None:
    """A label that is known with a value that is not is still shown."""
    (term,) = _labelled("Payment terms", "as agreed")
    assert (term.text, term.value) == ("as agreed", "")


def test_fields_of_a_listing_become_quantities() -> None:
    """Pack, minimum order and the price's unit are read from their texts."""
    found = _terms(
        pack_text="25kg/drum",
        minimum_order_text="1.000 kg",
        price_text="US $ 12,50 / kg",
        price_amount=Decimal("12.50"),
        currency="USD",
    )
    said = {term.name: in_words(term) for term in found}
    assert said[TermName.PACK_SIZE] == "25 kg, drum"
    assert said[TermName.MINIMUM_ORDER] == "1000 kg"
    assert said[TermName.UNIT_PRICE] == "12.50 USD / kg"


def test_running_text_gives_terms() -> None:
    """CAS numbers, purity, packs, certificates and contacts are found in a description."""
    found = _terms(
        title="Citric acid 77-92-9, purity 99.5% min",
        description="Food grade, 25 kg/bag, COA available. WhatsApp +1 555 0100, sales@orrery.example.",
    )
    said = {(term.name, term.value or str(term.amount)) for term in found}
    assert (TermName.CAS_NUMBER, "77-92-9") in said
    assert (TermName.GRADE, "food") in said
    assert (TermName.PACK_SIZE, "bag") in said
    assert (TermName.CERTIFICATE, "coa") in said
    assert (TermName.CONTACT_CHANNEL, "whatsapp") in said
    assert (TermName.CONTACT_CHANNEL, "email") in said


def test_contacts_are_kept_as_kinds_alone() -> None:
    """Terms hold the kinds of contact; numbers and addresses stay in the evidence."""
    found = _terms(description="Telegram: t.me/orrery, +49 30 555 0100, anna@orrery.example")
    contacts = [term for term in found if term.name is TermName.CONTACT_CHANNEL]
    assert {term.value for term in contacts} == {"telegram", "phone", "email"}
    assert all(term.text == "" for term in contacts)


@pytest.mark.parametrize("text", ["Now 20% off", "Save 15 % today", "Rabatt 10%", "4.5% vol, pure taste"])
def test_a_discount_is_no_purity(text: str) -> None:
    """Percentages that speak of money or drink are left."""
    assert not [term for term in _terms(title=text) if term.name is TermName.PURITY]


def test_cas_number_needs_its_check_digit() -> None:
    """A telephone-like number that fails the check is none; odd hyphens and wide digits are read."""
    assert is_cas_number("77-92-9")
    assert list(cas_numbers("７７–92–9, 77-92-8 and 555-01-00")) == [("77–92–9", "77-92-9")]


@pytest.mark.parametrize(
    ("text", "amount", "unit", "container"),
    [
        ("25 кг/мешок", "25", "kg", "bag"),
        ("起订量 5 千克", "5", "kg", ""),
        ("1 tonelada", "1", "t", ""),
        ("200 L drum", "200", "L", "drum"),
        ("2,5 Liter Kanister", "2.5", "L", "canister"),
        ("500 grammes", "500", "g", ""),
        ("100 Pieces", "100", "pcs", ""),
    ],
)
def test_quantity_is_read(text: str, amount: str, unit: str, container: str) -> None:
    """Amount, unit and container in any of the languages."""
    quantity = read_quantity(text)
    assert quantity is not None
    assert (quantity.amount, quantity.unit, quantity.container) == (Decimal(amount), unit, container)


PACKS = [  # text, what is said of the pack: written here, from what a newcomer met
    ("Iodine 0.25 kg bottle", "0.25 kg, bottle"),
    ("1,5 kg bag", "1.5 kg, bag"),
    ("12.5 kg drums", "12.5 kg, drum"),
    ("2.5 L and drum", "2.5 L, drum"),
    ("Iodine .25 kg bottle", "0.25 kg, bottle"),
    ("0.125 kg bottle", "0.125 kg, bottle"),
    ("1.000 kg bag", "1000 kg, bag"),
    ("1 000 kg bag", "1000 kg, bag"),
    ("1\u00a0000 kg bag", "1000 kg, bag"),
    ("1'000 kg bag", "1000 kg, bag"),
    ("1,250.5 kg bag", "1250.5 kg, bag"),
    ("25x1kg bag", "1 kg, bag"),
    ("25 x 1 kg bag", "1 kg, bag"),
    ("12×1,5 L bottle", "1.5 L, bottle"),
    ("25x1kg/bag", "1 kg, bag"),
    ("0.25 kg/bottle", "0.25 kg, bottle"),
    ("1 000 kg/ibc", "1000 kg, ibc"),
    ("12,5 kg por saco", "12.5 kg, bag"),
    ("12,5 кг мешки", "12.5 kg, bag"),
    ("0.5公斤/瓶", "0.5 kg, bottle"),
    ("规格25公斤/桶", "25 kg, drum"),
    ("规格2.5升装瓶", "2.5 L, bottle"),
    ("iodine,99%,25kg drum", "25 kg, drum"),
    ("Iodine-25kg drum", "25 kg, drum"),
    ("CAS 7553-56-2 500 g bottle", "500 g, bottle"),
    ("1/2 kg bag", ""),  # a fraction or a range is no size of a pack
    ("5-10 kg bag", ""),
    ("5–10 kg bag", ""),
    ("AX225 kg bag", ""),
    ("1.2.25 kg bag", ""),
]


@pytest.mark.parametrize(("text", "said"), PACKS)
def test_pack_in_a_text_has_its_whole_number(text: str, said: str) -> None:
    """The pack size is the whole number before its unit, in every notation."""
    for title in (text, f"Offer: {text}, in stock", f"供应{text}" if text[0].isdigit() else text):
        packs = [term for term in _terms(title=title) if term.name is TermName.PACK_SIZE]
        assert [in_words(term).partition(" (")[0] for term in packs] == ([said] if said else [])


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1.000", "1000"),
        ("1,5", "1.5"),
        ("1 250,75", "1250.75"),
        ("1.250.000", "1250000"),
        ("0.25", "0.25"),
        ("1.000.00", "1000"),
        ("7,422,2", "7422.2"),
        ("0,500.00", "500"),
    ],
)
def test_number_is_read_as_written_there(text: str, number: str) -> None:
    """Three digits after the last separator are thousands, and only the last separator is ever decimal."""
    assert read_number(text) == Decimal(number)


@pytest.mark.parametrize(
    ("text", "unit"),
    [("$40 / kg", "kg"), ("40 €/Stück", "pcs"), ("40 руб. за кг", "kg"), ("40元/千克", "kg"), ("$40", "")],
)
def test_unit_of_a_price(text: str, unit: str) -> None:
    """The unit follows a slash or *per*."""
    assert unit_after_slash(text) == unit


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Guangdong, China (Mainland)", "CN"),
        ("Berlin, Deutschland", "DE"),
        ("envíos a todo el mundo", "worldwide"),
        ("Россия", "RU"),
        ("Lima, Perú", "PE"),
        ("warehouse 4", ""),
    ],
)
def test_country_is_named(text: str, code: str) -> None:
    """Country names of seven languages give their code."""
    assert country_in(text) == code


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("https://schema.org/InStock", "in_stock"),
        ("http://schema.org/OutOfStock", "out_of_stock"),
        ("SoldOut", "out_of_stock"),
        ("oos", "out_of_stock"),
        ("PreOrder", "preorder"),
        ("in stock", "in_stock"),
        ("maybe", ""),
    ],
)
def test_what_data_say_of_stock(said: str, value: str) -> None:
    """The words of schema.org and of OpenGraph."""
    assert stock_value(said) == value


@pytest.mark.parametrize(
    "words",
    ["Out of stock", "Agotado", "Esgotado", "Rupture de stock", "Ausverkauft", "Нет в наличии", "缺货"],
)
def test_page_that_says_sold_out_is_believed(words: str) -> None:
    """A short line beside the price says it in any of the languages."""
    page = f"<html><body><h1>Citric acid</h1><div class=price>$12.50</div><p>{words}</p></body></html>"
    reading = extract_page(response(page))
    assert reading.listing is not None
    stock = [term for term in reading.listing.content.terms if term.name is TermName.AVAILABILITY]
    assert [term.value for term in stock] == ["out_of_stock"]


def test_hidden_and_contradicting_words_of_stock_do_not_count() -> None:
    """Templates contain the words for every variant; only one shown alone counts."""
    both = "<p>In stock</p><p>Out of stock</p>"
    hidden = '<p style="display:none">Out of stock</p>'
    for words in (both, hidden):
        page = f"<html><body><h1>Citric acid</h1><div class=price>$12.50</div>{words}</body></html>"
        reading = extract_page(response(page))
        assert reading.listing is not None
        assert not [t for t in reading.listing.content.terms if t.name is TermName.AVAILABILITY]


def test_gtin_needs_its_check_digit() -> None:
    """GS1's sum; a row of zeros is none."""
    assert is_gtin("4006381333931")
    assert not is_gtin("4006381333932")
    assert not is_gtin("0000000000000")


@given(st.text(max_size=300), st.text(max_size=60))
def test_any_text_is_read_without_an_error(text: str, label: str) -> None:
    """Offers are written by strangers."""
    _terms(title=text, description=label, attributes=((label, text),), pack_text=text)
