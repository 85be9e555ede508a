"""Connections of a live crawl: checked and pinned addresses, gated requests, bounded headers.

Twisted connects to exactly the addresses that the name resolver returns, so a DNS answer that changes
between check and connection (DNS rebinding) has no effect. Hosts written as one number, in octal or in
hexadecimal pass through the system's resolver like a name and come out in standard notation.

Only this module uses private names of Scrapy and Twisted, because neither has a public way to bound the
headers of an answer or to refuse a connection by its address. pyproject.toml keeps Scrapy below 2.20, and
the tests in `tests/crawler/live` fail if one of the names disappears.
"""

from __future__ import annotations

import ipaddress
from functools import partial
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Self

from scrapy.core.downloader.handlers.http11 import (
    HTTP11DownloadHandler,
    _LenientHTTP11ClientFactory,
    _LenientHTTP11ClientProtocol,
)
from scrapy.exceptions import CannotResolveHostError
from scrapy.utils.httpobj import urlparse_cached
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IHostnameResolver, IHostResolution, IResolutionReceiver
from twisted.python.failure import Failure
from twisted.web._newclient import HEADER, STATUS
from zope.interface import implementer

from crawler.live.gate import ASSET, SESSION_SETTING, HostRefused, Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from scrapy import Request
    from scrapy.crawler import Crawler, CrawlerProcessBase
    from scrapy.http import Response
    from twisted.internet.base import ReactorBase
    from twisted.internet.defer import Deferred
    from twisted.internet.interfaces import IAddress
    from twisted.web._newclient import Request as TxRequest
    from twisted.web.iweb import IResponse

MAX_HEAD_BYTES = 65_536
"""Largest status line and headers of an answer; servers accept 8 to 64 KiB of headers in a request."""
LINE_BYTES = 4 * MAX_HEAD_BYTES
"""Longest line; more than fits before `MAX_HEAD_BYTES` ends it, as one read returns at most 64 KiB."""


class HeadTooLarge(Exception):
    """A server sent endless headers."""


class LiveHandler(HTTP11DownloadHandler):
    """Sends the requests that pass the gate, and no others."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._session: Session = crawler.settings[SESSION_SETTING]
        self._refused_hosts: dict[str, str] = crawler.settings[REFUSALS_SETTING].hosts
        factory: Any = partial(_BoundedFactory, crawler.settings[REACHABLE_SETTING])
        self._pool._factory = factory  # noqa: SLF001
        self._pool.retryAutomatically = False  # only Scrapy repeats requests, so that each one is counted

    async def download_request(self, request: Request) -> Response:
        """Send a request.

        Raises:
            Refused: If the gate refuses the request.
            HostRefused: If no address of the host is allowed.
        """
        self._session.gate.send(request.url, is_asset=ASSET in request.meta)
        try:
            return await super().download_request(request)
        except CannotResolveHostError:
            if why := self._refused_hosts.get(urlparse_cached(request).hostname or ""):
                raise HostRefused(f"It was not requested: {why}.") from None
            raise


class _BoundedProtocol(_LenientHTTP11ClientProtocol):
    _head_bytes = 0

    def request(self, request: TxRequest) -> Deferred[IResponse]:
        self._head_bytes = 0
        answer = super().request(request)
        # Twisted's own limit of 16 KiB for a line would close the connection without a reason.
        if self._parser is not None:
            self._parser.MAX_LENGTH = LINE_BYTES
        return answer

    def dataReceived(self, bytes: bytes) -> None:  # noqa: A002, N802 (Twisted's names)
        if self._is_in_head():
            self._head_bytes += len(bytes)
        super().dataReceived(bytes)  # type: ignore[no-untyped-call]
        if self._head_bytes > MAX_HEAD_BYTES and self._is_in_head():
            self._giveUp(Failure(HeadTooLarge()))  # type: ignore[no-untyped-call]

    def _is_in_head(self) -> bool:
        return self._parser is not None and self._parser.state in {STATUS, HEADER}


class _BoundedFactory(_LenientHTTP11ClientFactory):
    """Creates protocols for connections to allowed addresses."""

    def __init__(self, reachable: Reachable, quiescent: Callable[..., None], metadata: object) -> None:
        super().__init__(quiescent, metadata)  # type: ignore[no-untyped-call]
        self._reachable = reachable

    def buildProtocol(  # type: ignore[override]  # noqa: N802 (None drops the connection)
        self, addr: IAddress | None
    ) -> _BoundedProtocol | None:
        if addr is None or self._reachable.why_not(addr.host):
            return None
        return _BoundedProtocol(self._quiescentCallback)  # type: ignore[no-untyped-call]


IP = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE = ipaddress.IPv6Network("::/96")


class Reachable:
    """The allowed IP addresses of a crawl: the public internet, and the addresses in a permission."""

    def __init__(self, private: Iterable[str] = ()) -> None:
        self._named = [ipaddress.ip_network(each) for each in private]

    def why_not(self, text: str) -> str:
        """Return the reason why an IP address is not allowed; empty if it is."""
        try:
            address = ipaddress.ip_address(text.partition("%")[0])
        except ValueError:
            return f"{text!r} is not an IP address"
        if any(address in network for network in self._named if network.version == address.version):
            return ""
        if any(not _is_public(each) for each in (address, *_embedded(address))):
            return f"{address} is not a public address, and the permission does not name it"
        return ""


def _is_public(address: IP) -> bool:
    return address.is_global and not address.is_multicast and not address.is_reserved


def _embedded(address: IP) -> list[IP]:
    """Return the IPv4 addresses to which an IPv6 address may be translated."""
    if isinstance(address, ipaddress.IPv4Address):
        return []
    found: list[IP | None] = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64 or address in _COMPATIBLE:
        found.append(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF))
    return [each for each in found if each is not None]


REACHABLE_SETTING = "LIVE_REACHABLE"
NAMES_SETTING = "LIVE_NAMES"
REFUSALS_SETTING = "LIVE_REFUSED_HOSTS"


@implementer(IHostnameResolver)
class CheckingResolver:
    """Resolves a host to its allowed addresses, and records why the others are not."""

    def __init__(
        self,
        original: Any,  # zope's interfaces are no types: their methods have no self
        reachable: Reachable,
        names: Mapping[str, Sequence[str]],
        refusals: dict[str, str],
    ) -> None:
        self._original = original
        self._reachable = reachable
        self._names = names
        self._refusals = refusals
        self._reactor: Any = None

    @classmethod
    def from_crawler(cls, crawler: CrawlerProcessBase, reactor: ReactorBase) -> Self:
        """Create the resolver of a crawl process, which wraps the reactor's own."""
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
        """Install this resolver for every connection of the process."""
        self._reactor.installNameResolver(self)

    def resolveHostName(  # noqa: N802 (Twisted's name)
        self,
        resolutionReceiver: Any,  # noqa: N803
        hostName: str,  # noqa: N803
        portNumber: int = 0,  # noqa: N803
        addressTypes: Sequence[type[IAddress]] | None = None,  # noqa: N803
        transportSemantics: str = "TCP",  # noqa: N803
    ) -> IHostResolution:
        """Resolve a host to its allowed addresses."""
        checking = _Checking(resolutionReceiver, hostName, self._reachable, self._refusals)
        if hostName in self._names:
            return _give(checking, self._names[hostName], portNumber)
        resolution: IHostResolution = self._original.resolveHostName(
            checking, hostName, portNumber, addressTypes, transportSemantics
        )
        return resolution


class RefusedHosts:
    """The hosts without an allowed address, and the reason for each."""

    def __init__(self) -> None:
        self.hosts: dict[str, str] = {}

    def __deepcopy__(self, _: dict[int, object]) -> Self:
        """Return the same object, since Scrapy copies settings but resolver and handler must share it."""
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
        """Do nothing, since the resolution has ended."""


def _give(checking: _Checking, addresses: Sequence[str], port: int) -> IHostResolution:
    given: Any = _Given("given")
    checking.resolutionBegan(given)
    for each in addresses:
        kind: Any = IPv4Address if ip_address(each).version == 4 else IPv6Address
        checking.addressResolved(kind("TCP", each, port))
    checking.resolutionComplete()
    resolution: IHostResolution = given
    return resolution
