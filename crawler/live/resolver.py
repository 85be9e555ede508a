"""Names to addresses: resolved, checked and pinned in one step. What is checked is what is connected to.

Twisted connects to the very addresses that its name resolver hands over, so an answer that changes between
check and connection (DNS rebinding) has no way in. Addresses written as one number, in octal or in
hexadecimal pass through the system's resolver like a name, and come out as what they are.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Self

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IHostnameResolver, IHostResolution, IResolutionReceiver
from zope.interface import implementer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scrapy.crawler import CrawlerProcessBase
    from twisted.internet.base import ReactorBase
    from twisted.internet.interfaces import IAddress

    from crawler.live.addresses import Reachable

REACHABLE_SETTING = "LIVE_REACHABLE"
NAMES_SETTING = "LIVE_NAMES"
REFUSALS_SETTING = "LIVE_REFUSED_HOSTS"


@implementer(IHostnameResolver)
class CheckingResolver:
    """Hands over those addresses of a host that may be reached, and remembers why the others may not."""

    def __init__(
        self,
        original: Any,  # zope's interfaces are no types: their methods have no self
        reachable: Reachable,
        names: Mapping[str, Sequence[str]],
        refusals: dict[str, str],
    ) -> None:
        """Take the resolver to ask, and hosts whose addresses are given instead of asked for."""
        self._original = original
        self._reachable = reachable
        self._names = names
        self._refusals = refusals
        self._reactor: Any = None

    @classmethod
    def from_crawler(cls, crawler: CrawlerProcessBase, reactor: ReactorBase) -> Self:
        """Make the resolver of a crawl process, in front of the reactor's own."""
        settings = crawler.settings
        made = cls(
            reactor.nameResolver,
            settings[REACHABLE_SETTING],
            settings[NAMES_SETTING],
            settings[REFUSALS_SETTING].hosts,
        )
        made._reactor = reactor
        return made

    def install_on_reactor(self) -> None:
        """Become the resolver through which every connection of the process finds its address."""
        self._reactor.installNameResolver(self)

    def resolveHostName(  # noqa: N802 (Twisted's name)
        self,
        resolutionReceiver: Any,  # noqa: N803
        hostName: str,  # noqa: N803
        portNumber: int = 0,  # noqa: N803
        addressTypes: Sequence[type[IAddress]] | None = None,  # noqa: N803
        transportSemantics: str = "TCP",  # noqa: N803
    ) -> IHostResolution:
        """Resolve a host; addresses that may not be reached are left out."""
        checking = _Checking(resolutionReceiver, hostName, self._reachable, self._refusals)
        if hostName in self._names:
            return _give(checking, self._names[hostName], portNumber)
        resolution: IHostResolution = self._original.resolveHostName(
            checking, hostName, portNumber, addressTypes, transportSemantics
        )
        return resolution


class RefusedHosts:
    """Hosts of which no address may be reached, each with the reason."""

    def __init__(self) -> None:
        """Begin without any."""
        self.hosts: dict[str, str] = {}

    def __deepcopy__(self, _: dict[int, object]) -> Self:
        """Return itself: Scrapy copies its settings, but what the resolver finds out is to be read here."""
        return self


@implementer(IResolutionReceiver)
class _Checking:
    def __init__(self, receiver: Any, host: str, reachable: Reachable, refusals: dict[str, str]) -> None:
        self._receiver = receiver
        self._host = host
        self._reachable = reachable
        self._refusals = refusals
        self._given = 0
        self._why = ""

    def resolutionBegan(self, resolution: IHostResolution) -> None:  # noqa: N802
        self._receiver.resolutionBegan(resolution)

    def addressResolved(self, address: IAddress) -> None:  # noqa: N802
        why = self._reachable.why_not(address.host)
        if why:
            self._why = why
        else:
            self._given += 1
            self._receiver.addressResolved(address)

    def resolutionComplete(self) -> None:  # noqa: N802
        if self._why and not self._given:
            self._refusals[self._host] = self._why
        else:
            self._refusals.pop(self._host, None)
        self._receiver.resolutionComplete()


@implementer(IHostResolution)
class _Given:
    def __init__(self, name: str) -> None:
        self.name = name

    def cancel(self) -> None:
        """Do nothing: it is done already."""


def _give(checking: _Checking, addresses: Sequence[str], port: int) -> IHostResolution:
    given: Any = _Given("given")
    checking.resolutionBegan(given)
    for each in addresses:
        kind: Any = IPv4Address if ip_address(each).version == 4 else IPv6Address
        checking.addressResolved(kind("TCP", each, port))
    checking.resolutionComplete()
    resolution: IHostResolution = given
    return resolution
