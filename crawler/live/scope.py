"""The addresses that a permission covers; they must be unambiguous to every server."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes, urlsplit

from crawler.errors import CrawlError
from text.characters import LOOKALIKES, SEEN_AS_LATIN

if TYPE_CHECKING:
    from collections.abc import Iterable

_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?\.?|\[[0-9a-f:.]+\]")
_NETLOC = re.compile(r"(?P<host>[^:\[\]@]+|\[[^\[\]@]+\])(?::(?P<port>[0-9]{1,5})?)?")
_ENCODED = re.compile(r"%[0-9a-f]{2}", re.IGNORECASE)
_OTHER_ENCODING = re.compile(r"%(?:[0-9a-f]{2}|u[0-9a-f]{4})", re.IGNORECASE)
_TOO_LONG = re.compile(rb"[\xc0\xc1][\x80-\xbf]|\xe0[\x80-\x9f]|\xf0[\x80-\x8f]")
"""Overlong UTF-8 sequences, which some programs decode nevertheless."""
_BEHIND_A_NAME = re.compile(r"[;?#]")
"""Ends the name of a segment where a program decodes an address first and then splits it."""
_NO_HOSTS = frozenset({"0.0.0.0", "[::]"})  # noqa: S104 (refused)
_AS_LATIN = LOOKALIKES | str.maketrans(SEEN_AS_LATIN)
_MOST_NESTED = 5
_ROBOTS = "/robots.txt"


class ScopeWrong(CrawlError):
    """A permission's scope has an ambiguous address."""

    def __init__(self, address: str, found: str) -> None:
        super().__init__(f"its scope names {address!r}, which {found}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A parsed web address."""

    scheme: str
    host: str
    """Lower case, without a final dot; IPv6 in brackets."""
    port: int
    path: str
    """The path as sent, with percent encodings in capitals."""
    decoded: str
    """The fully decoded path, in normal form."""


class Scope:
    """The addresses that begin with one of a permission's addresses, up to a `/` or `?`."""

    def __init__(self, addresses: Iterable[str]) -> None:
        """Parse the permission's addresses.

        Raises:
            ScopeWrong: If one of them is not an unambiguous http or https address.
        """
        self._covered = [_covered(address) for address in addresses]

    @property
    def hosts(self) -> list[str]:
        """The distinct hosts, in the order of the scope."""
        return list(dict.fromkeys(each.host for each in self._covered))

    def why_not(self, url: str) -> str:
        """Return the reason why an address is not covered; empty if it is.

        A site's robots.txt is covered if any part of the site is.
        """
        try:
            address = read_address(url)
        except ValueError as error:
            return str(error)
        same_site = [each for each in self._covered if _site(each) == _site(address)]
        if not same_site:
            return f"the permission does not cover the site {address.scheme}://{address.host}:{address.port}"
        if address.path == _ROBOTS or any(_covers(each, address) for each in same_site):
            return ""
        return "the permission does not cover this part of the site"

    def __contains__(self, url: object) -> bool:
        return isinstance(url, str) and not self.why_not(url)


def read_address(url: str) -> Address:
    """Parse an address that is unambiguous to every program.

    Raises:
        ValueError: If the address has user information, an unusual form of host, or dot segments, or is not
            http or https; the message gives the reason.
    """
    if not url.isascii() or not url.isprintable() or "\\" in url or " " in url:
        raise ValueError("the address has characters that programs read in different ways")
    parts = urlsplit(url)
    if parts.scheme not in _PORTS:
        raise ValueError(f"addresses of the scheme {parts.scheme or 'none'!r} are never requested")
    if "@" in parts.netloc:
        raise ValueError("the address has a user name, which can disguise its host")
    netloc = _NETLOC.fullmatch(parts.netloc)
    host = netloc["host"].lower() if netloc else ""
    if netloc is None or not _HOST.fullmatch(host):
        raise ValueError(f"{parts.netloc!r} is not a clear host name")
    port = int(netloc["port"] or _PORTS[parts.scheme])
    if not 0 < port < 65_536:
        raise ValueError(f"{port} is not a port")
    path = _ENCODED.sub(lambda found: found[0].upper(), parts.path or "/")
    return Address(
        scheme=parts.scheme, host=host.removesuffix("."), port=port, path=path, decoded=_decoded(path)
    )


def _covered(address: str) -> Address:
    try:
        read = read_address(address)
    except ValueError as error:
        raise ScopeWrong(address, f"cannot be used: {error}") from error
    if urlsplit(address).query or urlsplit(address).fragment:
        raise ScopeWrong(address, "has a query or a fragment; name the part before it")
    if read.host in _NO_HOSTS:
        raise ScopeWrong(address, f"names no host: {read.host} stands for every address of a machine")
    if disguise := _read_as(read.host):
        raise ScopeWrong(address, f"reads as {disguise!r} but has letters of another alphabet")
    return read


def _read_as(host: str) -> str:
    """Return the ASCII name for which people take an internationalised host, or empty text."""
    try:
        shown = ".".join(
            label[4:].encode().decode("punycode") if label.startswith("xn--") else label
            for label in host.split(".")
        )
    except UnicodeError:
        return ""
    read = shown.casefold().translate(_AS_LATIN)
    return read if read.isascii() and not shown.isascii() else ""


def _site(address: Address) -> tuple[str, str, int]:
    return address.scheme, address.host, address.port


def _covers(covered: Address, address: Address) -> bool:
    """Return whether a path begins with a covered one, both as sent and as decoded."""
    return _begins(address.path, covered.path) and _begins(address.decoded, covered.decoded)


def _begins(path: str, covered: str) -> bool:
    return path == covered or path.startswith(covered if covered.endswith("/") else covered + "/")


def _decoded(path: str) -> str:
    """Decode percent encodings to any depth, and normalise the path.

    Raises:
        ValueError: If servers may disagree about the path: control characters, backslashes, other encodings
            or dot segments, even before a `;`, `?` or `#`.
    """
    for _ in range(_MOST_NESTED):
        once = _decoded_once(path)
        if once == path:
            break
        path = once
    else:
        raise ValueError("the address has too many layers of percent encoding")
    if _OTHER_ENCODING.search(path) or not path.isprintable() or "\\" in path or "\ufffd" in path:
        raise ValueError("the address has characters that programs read in different ways")
    plain = unicodedata.normalize("NFKC", path)
    names = (_BEHIND_A_NAME.split(each, maxsplit=1)[0] for each in plain.split("/"))
    if any(name and not name.strip(" .") for name in names):
        raise ValueError("the address has dot segments, which can leave the permitted path")
    return plain


def _decoded_once(path: str) -> str:
    """Decode one layer of percent encodings as UTF-8, else as Latin-1 unless the bytes are overlong UTF-8."""
    octets = unquote_to_bytes(path)
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return "\ufffd" if _TOO_LONG.search(octets) else octets.decode("latin-1")
