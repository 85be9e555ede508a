"""Which addresses a permission covers, told without any doubt about how a server would read them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from crawler.errors import CrawlError

if TYPE_CHECKING:
    from collections.abc import Iterable

_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?\.?|\[[0-9a-f:.]+\]")
_NETLOC = re.compile(r"(?P<host>[^:\[\]@]+|\[[^\[\]@]+\])(?::(?P<port>[0-9]{1,5})?)?")
_DOTS = frozenset({".", ".."})
_ROBOTS = "/robots.txt"


class ScopeWrong(CrawlError):
    """A permission's scope names what is no clear address."""

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
    """As it is sent."""


class Scope:
    """What begins with one of a permission's addresses, up to a `/` or `?`."""

    def __init__(self, addresses: Iterable[str]) -> None:
        """Take the addresses.

        Raises:
            ScopeWrong: If one is no clear http or https address.
        """
        self._covered = [_covered(address) for address in addresses]

    @property
    def hosts(self) -> list[str]:
        """The hosts, each once, in the order in which they are named."""
        return list(dict.fromkeys(each.host for each in self._covered))

    def why_not(self, url: str) -> str:
        """Return in words why an address is not covered; empty when it is.

        The site's robots.txt is covered with whatever part of the site is.
        """
        try:
            address = read_address(url)
        except ValueError as error:
            return str(error)
        same_site = [each for each in self._covered if _site(each) == _site(address)]
        if not same_site:
            return f"the permission does not cover the site {address.scheme}://{address.host}:{address.port}"
        if address.path == _ROBOTS or any(_begins(address.path, each.path) for each in same_site):
            return ""
        return "the permission does not cover this part of the site"

    def __contains__(self, url: object) -> bool:
        """Say whether an address is covered."""
        return isinstance(url, str) and not self.why_not(url)


def read_address(url: str) -> Address:
    """Read an address the one way in which nobody can read it otherwise.

    Raises:
        ValueError: If it has user information, a host written in an unusual way, dot segments, or is no
            http or https address; the message says which.
    """
    if not url.isascii() or not url.isprintable() or "\\" in url or " " in url:
        raise ValueError("the address holds characters that programs read in different ways")
    parts = urlsplit(url)
    if parts.scheme not in _PORTS:
        raise ValueError(f"addresses of the kind {parts.scheme or 'none'!r} are never asked for")
    if "@" in parts.netloc:
        raise ValueError("the address holds a user name, which can hide where it leads")
    netloc = _NETLOC.fullmatch(parts.netloc)
    host = netloc["host"].lower() if netloc else ""
    if netloc is None or not _HOST.fullmatch(host):
        raise ValueError(f"{parts.netloc!r} is no clear name of a host")
    port = int(netloc["port"] or _PORTS[parts.scheme])
    if not 0 < port < 65_536:
        raise ValueError(f"{port} is no port")
    path = parts.path or "/"
    if any(segment in _DOTS for segment in _unquoted(path).replace("\\", "/").split("/")):
        raise ValueError("the address holds dot segments, which can lead out of what it begins with")
    return Address(scheme=parts.scheme, host=host.removesuffix("."), port=port, path=path)


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


def _begins(path: str, covered: str) -> bool:
    return path == covered or path.startswith(covered if covered.endswith("/") else covered + "/")


def _unquoted(path: str) -> str:
    """Undo percent encodings, however often they are nested, as far as matters for dots and slashes."""
    for _ in range(3):
        path = unquote(path)
    return path
