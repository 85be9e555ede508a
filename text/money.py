"""Read a price out of the text that shows it: the amount, the currency sign, and the currency it means."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from price_parser import Price

from text.labels import known_label

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

# Signs that mean one currency wherever they stand.
_SIGNS_OF_CURRENCY = {
    "EUR": "€, eur, euro, euros",
    "GBP": "£, gb£",
    "USD": "us$, u$s, usd$, us dollar, dollar, dollars, dólares, 美元",
    "AUD": "au$, a$",
    "CAD": "ca$, c$, cdn$, can$",
    "NZD": "nz$",
    "HKD": "hk$",
    "SGD": "sg$, s$, sgd$",
    "TWD": "nt$",
    "MXN": "mx$",
    "BRL": "r$, reais",
    "ARS": "ar$",
    "CLP": "clp$",
    "COP": "cop$",
    "PEN": "s/, s/.",
    "BOB": "bs, bs.",
    "PYG": "₲",
    "CRC": "₡",
    "PAB": "b/.",
    "CNY": "cn¥, rmb, 元, 人民币, ￥",
    "JPY": "jp¥, 円, yen",
    "KRW": "₩, 원",
    "INR": "₹",
    "RUB": "₽, рублей",
    "UAH": "₴, грн, грн.",
    "KZT": "₸, тг, тенге",
    "BYN": "br",
    "TRY": "₺, tl",
    "PLN": "zł, zl",
    "CZK": "kč",
    "HUF": "ft",
    "RON": "lei",
    "BGN": "лв, лв.",
    "CHF": "fr.",
    "ILS": "₪",
    "THB": "฿, บาท",
    "VND": "₫, đ",
    "PHP": "₱",
    "MYR": "rm",
    "IDR": "rp",
    "NGN": "₦",
    "GHS": "₵",
    "KES": "ksh",
    "AED": "dhs, dh, د.إ, درهم",
    "KWD": "kd",
    "JOD": "jd",
    "SAR": "ريال, ر.س",
    "EGP": "جنيه, ج.م",
    "IRR": "﷼",
    "BDT": "৳",
}
_CURRENCY_OF_SIGN = {sign: code for code, signs in _SIGNS_OF_CURRENCY.items() for sign in signs.split(", ")}
# Signs that several countries share: by country, with what is meant elsewhere under "".
_CURRENCY_OF_SHARED_SIGN = {
    "$": {"": "USD"}
    | {country: f"{country}D".upper() for country in ("ca", "au", "nz", "hk", "sg")}
    | {"mx": "MXN", "ar": "ARS", "cl": "CLP", "co": "COP", "uy": "UYU", "tw": "TWD", "do": "DOP"},
    "¥": {"": "CNY", "jp": "JPY"},
    "￥": {"": "CNY", "jp": "JPY"},
    "kr": {"": "", "se": "SEK", "no": "NOK", "dk": "DKK", "is": "ISK"},
    "руб": {"": "RUB", "by": "BYN"},
    "руб.": {"": "RUB", "by": "BYN"},
    "р": {"": "RUB", "by": "BYN"},
    "р.": {"": "RUB", "by": "BYN"},
    "rs": {"": "INR", "pk": "PKR", "lk": "LKR", "np": "NPR"},
    "rs.": {"": "INR", "pk": "PKR", "lk": "LKR", "np": "NPR"},
    "r": {"": "ZAR", "ru": "RUB"},
}
_COUNTRY_OF_LANGUAGE = {"ja": "jp", "sv": "se", "nb": "no", "no": "no", "da": "dk", "is": "is"}
ISO_CODES = frozenset(
    [
        "AED",
        "ARS",
        "AUD",
        "BDT",
        "BGN",
        "BHD",
        "BOB",
        "BRL",
        "BYN",
        "CAD",
        "CHF",
        "CLP",
        "CNY",
        "COP",
        "CRC",
        "CZK",
        "DKK",
        "DOP",
        "EGP",
        "EUR",
        "GBP",
        "GEL",
        "GHS",
        "GTQ",
        "HKD",
        "HNL",
        "HRK",
        "HUF",
        "IDR",
        "ILS",
        "INR",
        "IRR",
        "ISK",
        "JOD",
        "JPY",
        "KES",
        "KRW",
        "KWD",
        "KZT",
        "LBP",
        "LKR",
        "MAD",
        "MDL",
        "MXN",
        "MYR",
        "NGN",
        "NIO",
        "NOK",
        "NPR",
        "NZD",
        "OMR",
        "PAB",
        "PEN",
        "PHP",
        "PKR",
        "PLN",
        "PYG",
        "QAR",
        "RON",
        "RSD",
        "RUB",
        "SAR",
        "SEK",
        "SGD",
        "THB",
        "TND",
        "TRY",
        "TWD",
        "TZS",
        "UAH",
        "UGX",
        "USD",
        "UYU",
        "UZS",
        "VES",
        "VND",
        "XAF",
        "XOF",
        "ZAR",
        "ZMW",
        "AZN",
        "AMD",
        "DZD",
        "DEM",
        "FRF",
        "ITL",
        "ESP",
        "PTE",
    ]
)
"""Codes recognised as such, some of them of currencies that are no more but still shown."""
_MULTIPLIERS: Mapping[str, int] = {
    "万": 10_000,
    "萬": 10_000,
    "千": 1_000,
    "亿": 100_000_000,
    "lakh": 100_000,
}
_MULTIPLIED = re.compile(r"\d\s*(万|萬|千|亿|lakh)", re.IGNORECASE)
_SIGNS = (
    rf"US\s?\$|R\$|[A-Z]{1, 3}\$|U\$S|[$€£¥￥₹₽₴₸₺₪฿₫₱₦₩₲]|\b(?:{'|'.join(sorted(ISO_CODES))}|RMB)\b"
    r"|\bRs\.?|руб\.?|грн\.?|元|円|원|zł|Kč|\bkr\b|\bS/\.?|(?<=\d)\s?р\."
)
_SIGNED_AMOUNT = re.compile(rf"(?:{_SIGNS})\s{{0,3}}\d[\d.,']*|\d[\d\s.,']{{0,18}}[万千]?\s?(?:{_SIGNS})")
_RANGE = re.compile(r"(\d)(?:\s*[-–—~～]\s*|\s+(?:to|a|bis|à|до|至)\s+)(?=[^\d]{0,6}\d)")
_NEGATIVE = re.compile(rf"\D{{0,12}}(?<!\w)[-−–](?:(?:{_SIGNS})\s?)?\d")
_PER_UNIT = re.compile(r"(?<=[\d\s€$元円원₽₹.])/\s?[^\d\s].*$", re.DOTALL)
_CODE = re.compile(rf"\b(?:{'|'.join(sorted(ISO_CODES))}|RMB)\b")
_NATIONAL_DOLLAR = re.compile(r"\b[A-Z]{2,3}\s?\$")
_INDIAN_GROUPS = re.compile(r"\b\d{1,2}(?:,\d{2})+,\d{3}\b")
_NEGOTIABLE = re.compile(
    r"negotiable|面议|面議|电议|询价|a consultar|consultar precio|preço sob consulta|sob consulta|"
    r"sur demande|auf anfrage|"
    r"договорная|по запросу|on request|call for price|contact (?:for|us)|get (?:latest )?(?:price|"
    r"quote)|a convenir|a negociar",
    re.IGNORECASE,
)
_WAS_NOW = re.compile(r"\bwas\b.*\bnow\b", re.IGNORECASE | re.DOTALL)
_THREE_DECIMALS = frozenset({"KD", "KWD", "OMR", "BHD", "BD", "JOD", "JD", "TND", "DT"})
_THOUSANDTHS = re.compile(r"\d\.\d{3}(?!\d|[.,]\d)")
_DIGIT = re.compile(r"\d")
_OLD = re.compile(
    r"\b(?:was|were|reg(?:ular|\.)?|list|rrp|msrp|uvp|pvp|orig(?:inal)?|before|compare|normal|antes|statt|"
    r"de|avant|anstatt|zamiast|old|retail|save|saving|you save|ahorr\w*|économ\w*|spar\w*|desc[ou]\w*)\b"
    r"|старая|было|скидка|экономия|原价|原價|市价|市價|建議售價|定价|定價|现省|現省|省",
    re.IGNORECASE,
)
_OLD_ALONE = re.compile(
    r"\b(?:was|rrp|msrp|uvp|pvp|list price|retail price|antes|statt|save|saving)\b"
    r"|старая цена|原价|原價|市价|市價|建議售價|定价|定價|现省|現省",
    re.IGNORECASE,
)
_NO_ITEM_PRICE = re.compile(
    r"/\s?mo\b|/\s?month|per month|a month|al mes|por mes|mensual|par mois|/\s?mois|monatlich|/\s?monat|"
    r"в месяц|每期|分期|期0利率|cuotas? de|parcelas?|x de R|install?ment|\bAPR\b|"
    r"shipping|delivery|postage|envío|frete|portes|livraison|frais de port|versand|доставк|运费|運費|משלוח|"
    r"\boff\b|\bsave\b|coupon|orders? (?:over|of)|gift card|за отзыв|满|滿額",
    re.IGNORECASE,
)
_WORD_AND_NUMBER = re.compile(
    r"(?P<before>[^\d\s+~<>]{0,6}?)\s*:?\s*\d[\d\s.,']*(?:,-)?\s*(?P<after>[^\d\s+~<>%()]{0,7})"
)
_UNITS = frozenset(
    [
        "万",
        "千",
        "g",
        "kg",
        "mg",
        "ml",
        "l",
        "ft",
        "m",
        "cm",
        "mm",
        "pcs",
        "pc",
        "шт",
        "кг",
        "г",
        "л",
        "+",
        "-",
        "–",
        "—",
        "*",
        "~",
        ".",
        ",",
        "от",
        "з",
    ]
)
_LONGEST_SIGN = 4
_LONGEST_PRICE = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a page is at home, as far as it can be told; settles shared signs such as `$`."""

    country: str = ""
    """Country-code top-level domain, e.g. `mx`; empty for `.com` and the like."""
    language: str = ""
    """ISO 639-1 code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPrice:
    """One price as shown and as understood."""

    text: str
    """As the page shows it, white space collapsed."""
    amount: Decimal | None
    """The lower end where a range is shown; None when the price is left to negotiation, or below zero."""
    sign: str
    """Currency sign or code as shown."""
    currency: str
    """ISO 4217, or empty."""


@lru_cache(maxsize=8192)
def count_amounts(text: str) -> int:
    """Count the numbers that have a currency sign at either side; rules ask this of the same texts again."""
    return len(_SIGNED_AMOUNT.findall(text)) if _DIGIT.search(text) else 0


def says_negotiable(text: str) -> bool:
    """Tell whether the text leaves the price to be asked for, in any of the languages read."""
    return len(text) <= _LONGEST_PRICE and _leaves_open(text)


@lru_cache(maxsize=8192)  # as `count_amounts`
def _leaves_open(text: str) -> bool:
    return _NEGOTIABLE.search(text) is not None


def is_no_item_price(text: str) -> bool:
    """Tell whether the amount in a short text is an instalment, an old price, postage or a saving."""
    first = _SIGNED_AMOUNT.search(text)
    if first is not None and count_amounts(text) == 1 and _OLD_ALONE.search(text[: first.start()]):
        return True
    found = _NO_ITEM_PRICE.search(text)
    if found is None:
        return False
    # `$9.99 Free shipping on orders over $49` shows the price first.
    return first is None or count_amounts(text) == 1 or found.start() < first.start()


def current_amount(text: str) -> str:
    """Cut a text that shows several prices down to the one that counts now.

    `Was: $69.00 $32.50 You save: $36.50` becomes `$32.50`. A text with one price, or a range, stays whole.
    """
    amounts = list(_SIGNED_AMOUNT.finditer(text))
    if len(amounts) < 2 or _RANGE.search(text) or _WAS_NOW.search(text):
        return text
    end = 0
    for each in amounts:
        if not _OLD.search(text[end : each.start()]):
            is_first = each is amounts[0]
            return text if is_first else each[0].strip()
        end = each.end()
    return text


@lru_cache(maxsize=4096)
def read_price(text: str, place: Place, currency_hint: str = "") -> ShownPrice:
    """Read the price a short text shows.

    Args:
        text: E.g. `US $38.17 - 48.27`, `1.250,00 €`, `¥12.5万`, `₹ 1,200/ Kg` or `面议`.
        place: Where the page is, for signs that several currencies share.
        currency_hint: A currency named beside the price, used when the text itself shows none.

    Returns:
        The reading; its amount is None when the text shows no number, leaves the price open or shows a
        number below zero, which is no price but a discount or an error.
    """
    shown = " ".join(text.split())
    lowest = _lower_end(shown[:_LONGEST_PRICE])
    sign = _sign_beside_number(shown[:_LONGEST_PRICE], currency_hint)
    thousandths = bool(_THOUSANDTHS.search(lowest)) and sign.upper() in _THREE_DECIMALS
    amount = Price.fromstring(lowest, decimal_separator="." if thousandths else None).amount
    if _NEGATIVE.match(shown):
        amount = None
    if amount is not None and (multiplied := _MULTIPLIED.search(lowest)):
        amount *= _MULTIPLIERS[multiplied[1].lower()]
    return ShownPrice(
        text=shown, amount=amount, sign=sign, currency=currency_code(sign, place) if sign else ""
    )


def _sign_beside_number(text: str, currency_hint: str) -> str:
    """Find the currency sign: one that price-parser knows, or a short word alone beside the number."""
    if _DIGIT.search(text) is None:
        return Price.fromstring("", currency_hint=currency_hint or None).currency or ""
    known = Price.fromstring(text, currency_hint=currency_hint or None).currency or ""
    if known in {"$", "¥", "￥"}:
        # The sign alone is shared by several countries; a code beside it settles which.
        if code := _CODE.search(text):
            return code[0]
        if national := _NATIONAL_DOLLAR.search(text):
            return national[0]
    beside = _WORD_AND_NUMBER.fullmatch(_PER_UNIT.sub("", text))
    word = (beside["before"] or beside["after"] or "").strip(" :,-") if beside else ""
    if known and not (word != known and word.endswith(known) and len(word) <= _LONGEST_SIGN):
        return known
    return "" if word.casefold() in _UNITS or known_label(word) is not None else word


def _lower_end(text: str) -> str:
    """Cut a range and a unit off, so that one number is left."""
    text = _PER_UNIT.sub("", _WAS_NOW.sub("", text))
    if in_range := _RANGE.search(text):
        text = text[: in_range.end(1)]
    if signed := _SIGNED_AMOUNT.search(text):
        leading = text[: signed.start()]
        if re.search(r"\d", leading) and not re.search(r"\d[\d\s.,]*$", leading):
            text = text[signed.start() :]
    return _INDIAN_GROUPS.sub(lambda groups: groups[0].replace(",", ""), text)


@lru_cache(maxsize=4096)
def currency_code(sign: str, place: Place) -> str:
    """Name the currency of a sign.

    Args:
        sign: What stands beside the number, e.g. `US $`, `руб.` or `eur`.
        place: Where the page is.

    Returns:
        ISO 4217 code, or empty text when the sign does not settle it.
    """
    if sign.upper() in ISO_CODES:
        return sign.upper()
    key = " ".join(sign.casefold().split())
    shared = _CURRENCY_OF_SHARED_SIGN.get(key)
    if shared is not None:
        country = place.country if place.country in shared else _COUNTRY_OF_LANGUAGE.get(place.language, "")
        return shared.get(country, shared[""])
    return _CURRENCY_OF_SIGN.get(key, _CURRENCY_OF_SIGN.get(key.replace(" ", ""), ""))
