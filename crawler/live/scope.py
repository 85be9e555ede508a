"""The addresses that a permission covers: those that every server reads in one way."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes, urlsplit

from crawler.errors import CrawlError

if TYPE_CHECKING:
    from collections.abc import Iterable

_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?\.?|\[[0-9a-f:.]+\]")
_NETLOC = re.compile(r"(?P<host>[^:\[\]@]+|\[[^\[\]@]+\])(?::(?P<port>[0-9]{1,5})?)?")
_ENCODED = re.compile(r"%[0-9a-f]{2}", re.IGNORECASE)
_OTHER_ENCODING = re.compile(r"%(?:[0-9a-f]{2}|u[0-9a-f]{4})", re.IGNORECASE)
_TOO_LONG = re.compile(rb"[\xc0\xc1][\x80-\xbf]|\xe0[\x80-\x9f]|\xf0[\x80-\x8f]")
"""Beginnings of characters in more bytes than UTF-8 allows, which some programs decode all the same."""
_MOST_NESTED = 5
_ROBOTS = "/robots.txt"


class ScopeWrong(CrawlError):
    """A permission's scope holds an address that is not clear."""

    def __init__(self, address: str, found: str) -> None:
        super().__init__(f"its scope names {address!r}, which {found}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A web address as a server reads it."""

    scheme: str
    host: str
    """Lower case, without a closing dot; IPv6 in brackets."""
    port: int
    path: str
    """As it is sent, with percent encodings in capitals."""
    decoded: str
    """The path with every encoding undone, in normal form."""


class Scope:
    """The addresses that begin with one of a permission's, up to a `/` or `?`."""

    def __init__(self, addresses: Iterable[str]) -> None:
        """Take the addresses.

        Raises:
            ScopeWrong: If one of them is no clear http or https address.
        """
        self._covered = [_covered(address) for address in addresses]

    @property
    def hosts(self) -> list[str]:
        """The hosts, each once, in the order of the scope."""
        return list(dict.fromkeys(each.host for each in self._covered))

    def why_not(self, url: str) -> str:
        """Return in words why an address is not covered; empty when it is.

        The robots.txt of a site is covered with any part of the site.
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
        """Return whether an address is covered."""
        return isinstance(url, str) and not self.why_not(url)


def read_address(url: str) -> Address:
    """Parse an address that every program parses in the same way.

    Raises:
        ValueError: If it has user information, a host written in an unusual way, dot segments, or is no
            http or https address; the message says which.
    """
    if not url.isascii() or not url.isprintable() or "\\" in url or " " in url:
        raise ValueError("the address holds characters that programs read in different ways")
    parts = urlsplit(url)
    if parts.scheme not in _PORTS:
        raise ValueError(f"addresses of the kind {parts.scheme or 'none'!r} are never requested")
    if "@" in parts.netloc:
        raise ValueError("the address holds a user name, which can hide where it leads")
    netloc = _NETLOC.fullmatch(parts.netloc)
    host = netloc["host"].lower() if netloc else ""
    if netloc is None or not _HOST.fullmatch(host):
        raise ValueError(f"{parts.netloc!r} is no clear name of a host")
    port = int(netloc["port"] or _PORTS[parts.scheme])
    if not 0 < port < 65_536:
        raise ValueError(f"{port} is no port")
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
    return read


def _site(address: Address) -> tuple[str, str, int]:
    return address.scheme, address.host, address.port


def _covers(covered: Address, address: Address) -> bool:
    """Return whether a path begins with a covered one as it is sent, and as a server may decode it."""
    return _begins(address.path, covered.path) and _begins(address.decoded, covered.decoded)


def _begins(path: str, covered: str) -> bool:
    return path == covered or path.startswith(covered if covered.endswith("/") else covered + "/")


def _decoded(path: str) -> str:
    """Undo percent encodings, however often they are nested, and bring the path to its normal form.

    Raises:
        ValueError: If servers may read the path in different ways: control characters, backslashes, encodings
            of other kinds, or segments of dots, also behind a `;`.
    """
    for _ in range(_MOST_NESTED):
        once = _decoded_once(path)
        if once == path:
            break
        path = once
    else:
        raise ValueError("the address is encoded more often than can be understood")
    if _OTHER_ENCODING.search(path) or not path.isprintable() or "\\" in path or "\ufffd" in path:
        raise ValueError("the address holds characters that programs read in different ways")
    plain = unicodedata.normalize("NFKC", path)
    if any(not name.strip(" .") and name for name in (each.partition(";")[0] for each in plain.split("/"))):
        raise ValueError("the address holds dot segments, which can lead out of what it begins with")
    return plain


def _decoded_once(path: str) -> str:
    """Undo one layer of percent encodings: UTF-8, else Latin-1 unless it may be UTF-8 in a form too long."""
    octets = unquote_to_bytes(path)
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return "\ufffd" if _TOO_LONG.search(octets) else octets.decode("latin-1")
