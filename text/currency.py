"""From the sign a page shows to an ISO 4217 code, by where the page is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a page is at home, as far as it can be told; settles shared signs such as `$`."""

    country: str = ""
    """Country-code top-level domain, e.g. `mx`; empty for `.com` and the like."""
    language: str = ""
    """ISO 639-1 code."""


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
