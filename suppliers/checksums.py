"""Addresses of wallets and numbers of companies, accepted only if their checksums are right.

Formats: Base58Check of Bitcoin; bech32 and bech32m (BIP 173, BIP 350); EIP-55 of Ethereum; the address format
of Monero with its base58 of eight-byte blocks; company numbers by python-stdnum.
"""

from __future__ import annotations

import re
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from Crypto.Hash import keccak
from stdnum import get_cc_module, lei
from stdnum.bitcoin import b58decode, bech32_checksum
from stdnum.cn import uscc
from stdnum.eu import vat
from stdnum.exceptions import ValidationError
from stdnum.in_ import gstin

from store.suppliers.contacts import ContactKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_BECH32M = 0x2BC830A3
"""Checksum of witness versions above 0, BIP 350."""

_VERSIONS = {
    ContactKind.BITCOIN: (0x00, 0x05),
    ContactKind.LITECOIN: (0x30, 0x32),
    ContactKind.TRON: (0x41,),
}
"""First byte of Base58Check addresses."""
_PREFIXES = {"bc": ContactKind.BITCOIN, "ltc": ContactKind.LITECOIN}
_MONERO_TAGS = {18: 69, 19: 77, 42: 69}
"""Bytes of an address by its first byte: standard, with payment id, subaddress."""
_BLOCKS = {11: 8, 10: 7, 9: 6, 7: 5, 6: 4, 5: 3, 3: 2, 2: 1}
"""Bytes of a block by its characters."""

_WALLET = re.compile(
    r"(?<![0-9A-Za-z])(?:"
    r"(?P<ether>0[xX][0-9a-fA-F]{40})|(?P<monero>[48][1-9A-HJ-NP-Za-km-z]{94}(?:[1-9A-HJ-NP-Za-km-z]{11})?)"
    r"|(?P<base58>[13LMT][1-9A-HJ-NP-Za-km-z]{25,34})"
    r"|(?P<bech32>(?:bc|ltc)1(?: ?[a-z0-9]){11,87}|(?:BC|LTC)1(?: ?[A-Z0-9]){11,87})"
    r")(?![0-9A-Za-z])"
)
_COMPANY = re.compile(
    r"(?<![0-9A-Z])(?:(?P<uscc>[159][ -]?[1-3](?:[ -]?[0-9]){6}(?:[ -]?[0-9A-HJ-NPQRTUWXY]){10})"
    r"|(?P<gstin>[0-9][ -]?[0-9](?:[ -]?[A-Z]){5}(?:[ -]?[0-9]){4}[ -]?[A-Z][ -]?[1-9A-Z][ -]?Z[ -]?[0-9A-Z])"
    r"|(?P<lei>[0-9A-Z](?:[ -]?[0-9A-Z]){3}(?:[ -]?0){2}(?:[ -]?[0-9A-Z]){12}(?:[ -]?[0-9]){2}))(?![0-9A-Z])"
)
"""Numbers whose form and check digit suffice, perhaps with separators, in capitals."""
_SEPARATORS = re.compile(r"[^0-9A-Z]+")
_NUMBER = re.compile(r"(?=.{0,4}[0-9])[0-9A-Z](?:[ ./-]?[0-9A-Z]){4,20}")
_PREFIXED = frozenset(code.upper() for code in vat.MEMBER_STATES) | {"GB"}
"""Countries whose value added tax numbers begin with the country: the European Union and Great Britain."""
_PREFIX_OF = {"GR": "EL"}
_COUNTRY_OF = {"EL": "GR", "XI": "GB"}
_OWN_PREFIX = "CH"
"""Switzerland, whose numbers begin with `CHE`, checked as a whole."""
_REGISTERS = {
    "AU": ("acn",), "EE": ("registrikood",), "FR": ("siret", "siren"), "MD": ("idno",), "NL": ("bsn",),
    "NO": ("orgnr",), "PL": ("regon",), "RU": ("ogrn",), "SE": ("orgnr",), "SI": ("maticna",),
    "TH": ("tin",), "UA": ("edrpou",), "ZA": ("tin",),
}  # fmt: skip
"""Modules of python-stdnum for other numbers of companies than the one for taxes."""


def find_wallets(text: str) -> Iterator[tuple[ContactKind, str, int, int]]:
    """Yield the kind, normalised address, start and end of each wallet with a valid checksum.

    An Ethereum address in one case has no checksum; it counts, because nothing else is written like it.
    """
    for found in _WALLET.finditer(text):
        address = found[0]
        kind: ContactKind | None = None
        if found["ether"]:
            address = found[0].lower()
            kind = ContactKind.ETHEREUM if _is_ethereum(found[0][2:]) else None
        elif found["monero"]:
            kind = ContactKind.MONERO if _is_monero(address) else None
        elif found["base58"]:
            kind = _base58_kind(address)
        else:
            yield from _bech32_in(found)
        if kind is not None:
            yield kind, address, found.start(), found.end()


def find_company_numbers(capitals: str) -> Iterator[tuple[ContactKind, str, int, int]]:
    """Yield kind, number, start and end of each number that form and check digit reveal without a label."""
    for found in _COMPANY.finditer(capitals):
        kind, number = ContactKind(str(found.lastgroup)), _SEPARATORS.sub("", found[0])
        if _validated({ContactKind.USCC: uscc, ContactKind.GSTIN: gstin, ContactKind.LEI: lei}[kind], number):
            yield kind, number, found.start(), found.end()


def company_number(
    text: str, start: int, countries: Sequence[str], *, is_eori: bool = False
) -> tuple[ContactKind, str, int] | None:
    """Return the kind, normalised form and end of the tax or register number at a place.

    The text is in capitals; a number may have separators, and other words may follow. `countries` (ISO 3166-1
    alpha-2) are tried beside the one that the number begins with. An EORI number is a country of the Union, a
    number of a company there, and perhaps more digits. Return None if no number there that ends between its
    parts has a valid check digit.
    """
    written = _NUMBER.match(text, start)
    ends = [part.end() for part in re.finditer(r"[0-9A-Z]+", written[0])] if written else []
    for end in reversed(ends):
        compact = _SEPARATORS.sub("", text[start : start + end])
        prefix = _COUNTRY_OF.get(compact[:2], compact[:2])
        if is_eori:
            if prefix in _PREFIXED and len(compact) <= 17 and _begins_with_number(prefix, compact[2:]):
                return ContactKind.EORI, compact, start + end
            continue
        for country in dict.fromkeys((prefix, *countries)):
            bare = compact[2:] if country == prefix and country != _OWN_PREFIX else compact
            if value := _number_in(country, bare):
                return *value, start + end
    return None


def _begins_with_number(country: str, digits: str) -> bool:
    return any(_number_in(country, digits[:end]) for end in range(len(digits), max(7, len(digits) - 6), -1))


def _number_in(country: str, compact: str) -> tuple[ContactKind, str] | None:
    number = _validated(_module(country, "vat"), compact)
    if number and country in _PREFIXED:
        return ContactKind.VAT, _PREFIX_OF.get(country, country) + number
    others = (_validated(_module(country, name), compact) for name in _REGISTERS.get(country, ()))
    number = number or next(filter(None, others), "")
    return (ContactKind.COMPANY, f"{country}:{number}") if number else None


@cache
def _module(country: str, name: str) -> Any:
    return get_cc_module(country, name) if country.isalpha() else None


def _validated(module: Any, number: str) -> str:
    """Return a number in the form of its module of python-stdnum; empty if it is not valid."""
    try:
        return str(module.validate(number)) if module else ""
    except ValidationError:
        return ""


def _is_ethereum(digits: str) -> bool:
    """Check the mixed case of EIP-55."""
    lower = digits.lower()
    if digits in {lower, digits.upper()}:
        return True
    hashed = keccak.new(digest_bits=256, data=lower.encode()).hexdigest()
    return all(
        char == (char.upper() if int(digit, 16) >= 8 else char.lower())
        for char, digit in zip(digits, hashed, strict=False)
    )


def _base58_kind(address: str) -> ContactKind | None:
    decoded = b58decode(address)
    if len(decoded) != 25 or sha256(sha256(decoded[:21]).digest()).digest()[:4] != decoded[21:]:
        return None
    return next((kind for kind, versions in _VERSIONS.items() if decoded[0] in versions), None)


def _is_monero(address: str) -> bool:
    decoded = b""
    for start in range(0, len(address), 11):
        block = address[start : start + 11]
        size = _BLOCKS.get(len(block))
        value = 0
        for char in block:
            value = value * 58 + _BASE58.index(char)
        if size is None or value >= 1 << (8 * size):
            return False
        decoded += value.to_bytes(size, "big")
    checksum = keccak.new(digest_bits=256, data=decoded[:-4]).digest()[:4]
    return _MONERO_TAGS.get(decoded[0]) == len(decoded) and checksum == decoded[-4:]


def _bech32_in(found: re.Match[str]) -> Iterator[tuple[ContactKind, str, int, int]]:
    """Yield the longest valid address at the beginning of a match that may run into the next words."""
    ends = [at for at in range(1, len(found[0]) + 1) if found[0][at : at + 1] in {"", " "}]
    for end in reversed(ends):
        address = found[0][:end].replace(" ", "").lower()
        if _is_bech32(address):
            yield _PREFIXES[address.partition("1")[0]], address, found.start(), found.start() + end
            return


def _is_bech32(address: str) -> bool:
    prefix, _, data = address.partition("1")
    values = [_BECH32.find(char) for char in data]
    if len(values) not in {39, 59} or -1 in values:  # a program of 20 or 32 bytes
        return False
    expanded = [ord(char) >> 5 for char in prefix] + [0] + [ord(char) & 31 for char in prefix]
    return bech32_checksum(expanded + values) == (1 if values[0] == 0 else _BECH32M)
