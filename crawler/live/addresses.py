"""IP addresses that may be reached: those of the public internet, and what a permission names besides."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

IP = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE = ipaddress.IPv6Network("::/96")


class Reachable:
    """Tells which IP addresses may be connected to."""

    def __init__(self, private: Iterable[str] = ()) -> None:
        """Take the private addresses and networks that a permission names."""
        self._named = [ipaddress.ip_network(each) for each in private]

    def why_not(self, text: str) -> str:
        """Return in words why an IP address may not be reached; empty when it may."""
        try:
            address = ipaddress.ip_address(text.partition("%")[0])
        except ValueError:
            return f"{text!r} is no IP address"
        if any(address in network for network in self._named if network.version == address.version):
            return ""
        if any(not _is_public(each) for each in (address, *_embedded(address))):
            return f"{address} is no address of the public internet, and the permission does not name it"
        return ""


def _is_public(address: IP) -> bool:
    return address.is_global and not address.is_multicast and not address.is_reserved


def _embedded(address: IP) -> list[IP]:
    """Return the IPv4 addresses to which packets for an IPv6 address may be led on."""
    if isinstance(address, ipaddress.IPv4Address):
        return []
    found: list[IP | None] = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64 or address in _COMPATIBLE:
        found.append(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF))
    return [each for each in found if each is not None]
