"""Tests of reading prices."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from text.money import Place, read_price, says_negotiable


@pytest.mark.parametrize(
    ("text", "country", "language", "amount", "currency"),
    [
        ("38.17 - 48.27", "", "en", "38.17", ""),
        ("US $38.00 - 52.00 / kg", "", "en", "38.00", "USD"),
        ("$1.50-$2.80 / Piece", "", "en", "1.50", "USD"),
        ("1.250,00 €", "", "de", "1250.00", "EUR"),
        ("1 250,00 €", "", "fr", "1250.00", "EUR"),
        ("R$ 1.299,90", "br", "pt", "1299.90", "BRL"),
        ("¥12.5万", "", "zh", "125000.0", "CNY"),
        ("￥420.00 元/千克", "", "zh", "420.00", "CNY"),
        ("22000.00元/台", "cn", "zh", "22000.00", "CNY"),
        ("₹ 1,200/ Kg", "", "en", "1200", "INR"),
        ("₹59,577.18-1,09,988.64", "", "en", "59577.18", "INR"),
        ("₹1,09,988.64", "", "en", "109988.64", "INR"),
        ("185,50 ₽/кг", "", "ru", "185.50", "RUB"),
        ("1 450 руб.", "ru", "ru", "1450", "RUB"),
        ("1 450 руб.", "by", "ru", "1450", "BYN"),
        ("$180.000 CLP / kilo", "", "es", "180000", "CLP"),
        ("$ 1,499", "mx", "es", "1499", "MXN"),
        ("$15", "au", "en", "15", "AUD"),
        ("AED 8000 (USD 2179)", "", "en", "8000", "AED"),
        ("123,456.789 OMR", "", "en", "123456.789", "OMR"),
        ("Was $120.00 Now $60.00", "", "en", "60.00", "USD"),
        ("499 kr", "se", "sv", "499", "SEK"),
        ("499 kr", "dk", "da", "499", "DKK"),
    ],
)
def test_amount_and_currency_are_read(
    text: str, country: str, language: str, amount: str, currency: str
) -> None:
    """The lower end of a range is the amount; shared signs are settled by where the page is."""
    reading = read_price(text, Place(country=country, language=language))
    assert (reading.amount, reading.currency) == (Decimal(amount), currency)


@pytest.mark.parametrize(
    "text",
    ["面议", "价格面议", "Negotiable", "A convenir", "Preço sob consulta", "auf Anfrage", "договорная"],
)
def test_price_left_open_is_told(text: str) -> None:
    """A price to be asked for has no amount."""
    assert says_negotiable(text)
    assert read_price(text, Place()).amount is None


@pytest.mark.parametrize("text", ["-5.00", "-5.00 EUR", "EUR -5.00", "-€ 5,00", "−5", "Refund: -$5"])
def test_a_number_below_zero_is_no_price(text: str) -> None:
    """The text is kept as shown, without an amount."""
    reading = read_price(text, Place())
    assert (reading.text, reading.amount) == (text, None)


@pytest.mark.parametrize("text", ["Price - 5.00 EUR", "5.00 - 7.00", "5.00 -7.00", "EUR 5,-", "A-5.00"])
def test_a_dash_elsewhere_is_no_sign(text: str) -> None:
    """Dashes that separate, range or stand for no cents leave the amount as it is."""
    assert read_price(text, Place()).amount == 5


def test_hint_gives_currency_where_text_has_none() -> None:
    """A currency named beside the price counts when the price itself shows none."""
    assert read_price("12.50", Place(), "EUR").currency == "EUR"


@given(st.text(max_size=200), st.text(max_size=10))
def test_any_text_is_read_without_an_error(text: str, hint: str) -> None:
    """Prices are written by strangers."""
    read_price(text, Place(), hint)
