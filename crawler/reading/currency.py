"""From the sign a page shows to an ISO 4217 code, by where the page is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

# Signs that mean one currency wherever they stand.
_CURRENCY_OF_SIGN = {
    "€": "EUR", "eur": "EUR", "euro": "EUR", "euros": "EUR", "£": "GBP", "gb£": "GBP", "us$": "USD", "us $": "USD",
    "u$s": "USD", "us dollar": "USD", "usd$": "USD", "dollar": "USD", "dollars": "USD", "dólares": "USD", "美元": "USD",
    "au$": "AUD", "a$": "AUD", "c$": "CAD", "ca$": "CAD", "cdn$": "CAD", "nz$": "NZD", "hk$": "HKD", "s$": "SGD",
    "sg$": "SGD", "nt$": "TWD", "mx$": "MXN", "r$": "BRL", "reais": "BRL", "ar$": "ARS", "clp$": "CLP", "cop$": "COP",
    "s/": "PEN", "s/.": "PEN", "bs": "BOB", "bs.": "BOB", "₲": "PYG", "₡": "CRC", "b/.": "PAB", "cn¥": "CNY",
    "rmb": "CNY", "元": "CNY", "人民币": "CNY", "円": "JPY", "jp¥": "JPY", "￥": "CNY", "₩": "KRW", "원": "KRW",
    "₹": "INR", "rs.": "INR", "rs": "INR", "inr": "INR", "₽": "RUB", "руб": "RUB", "руб.": "RUB", "р.": "RUB", "р": "RUB",
    "рублей": "RUB", "₴": "UAH", "грн": "UAH", "грн.": "UAH", "₸": "KZT", "тг": "KZT", "тенге": "KZT", "br": "BYN",
    "₺": "TRY", "tl": "TRY", "zł": "PLN", "zl": "PLN", "kč": "CZK", "ft": "HUF", "lei": "RON", "лв": "BGN", "лв.": "BGN",
    "chf": "CHF", "fr.": "CHF", "₪": "ILS", "฿": "THB", "₫": "VND", "đ": "VND", "₱": "PHP", "rm": "MYR", "rp": "IDR",
    "₦": "NGN", "₵": "GHS", "ksh": "KES", "r": "ZAR", "dhs": "AED", "dh": "AED", "د.إ": "AED", "درهم": "AED",
    "kd": "KWD", "jd": "JOD", "ريال": "SAR", "ر.س": "SAR", "جنيه": "EGP", "﷼": "IRR", "৳": "BDT",
}  # fmt: skip
# Signs that several countries share: by country, with what is meant elsewhere under "".
_CURRENCY_OF_SHARED_SIGN = {
    "$": {
        "": "USD", "ca": "CAD", "au": "AUD", "nz": "NZD", "mx": "MXN", "ar": "ARS", "cl": "CLP", "co": "COP", "uy": "UYU",
        "hk": "HKD", "sg": "SGD", "tw": "TWD", "do": "DOP",
    },
    "¥": {"": "CNY", "jp": "JPY"},
    "円": {"": "JPY"},
    "kr": {"": "", "se": "SEK", "no": "NOK", "dk": "DKK", "is": "ISK"},
    "руб": {"": "RUB", "by": "BYN"},
    "руб.": {"": "RUB", "by": "BYN"},
    "р.": {"": "RUB", "by": "BYN"},
    "rs": {"": "INR", "pk": "PKR", "lk": "LKR", "np": "NPR"},
    "rs.": {"": "INR", "pk": "PKR", "lk": "LKR", "np": "NPR"},
    "£": {"": "GBP", "eg": "EGP"},
    "r": {"": "ZAR", "ru": "RUB"},
}  # fmt: skip
_COUNTRY_OF_LANGUAGE = {"ja": "jp", "sv": "se", "nb": "no", "no": "no", "da": "dk", "is": "is"}
ISO_CODES = frozenset(
    "AED ARS AUD BDT BGN BHD BOB BRL BYN CAD CHF CLP CNY COP CRC CZK DKK DOP EGP EUR GBP GEL GHS GTQ HKD HNL HRK HUF "
    "IDR ILS INR IRR ISK JOD JPY KES KRW KWD KZT LBP LKR MAD MDL MXN MYR NGN NIO NOK NPR NZD OMR PAB PEN PHP PKR PLN "
    "PYG QAR RON RSD RUB SAR SEK SGD THB TND TRY TWD TZS UAH UGX USD UYU UZS VES VND XAF XOF ZAR ZMW AZN AMD DZD DEM "
    "FRF ITL ESP PTE".split(),
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
    """Names the currency of a sign.

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
