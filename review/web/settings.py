"""The operator's settings of the app's safety, and the app's own secret."""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from review.web.errors import KeyFileUnusable, SafetyUnfit
from store.accounts.sessions import Limits
from store.private import read_secret

if TYPE_CHECKING:
    from pathlib import Path


LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "[::1]")
"""The names this machine has for itself. A page elsewhere that points its own name here (DNS rebinding)
still sends that name, and is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Safety:
    """The app's address, proxies, sessions and login limits."""

    public_url: str = ""
    """The address in the browser, e.g. `https://review.agency.example`; empty for this machine only."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses or networks of reverse proxies whose `X-Forwarded-For` and `-Proto` are believed."""
    is_encrypted: bool = False
    """Whether the app itself serves TLS."""
    idle: timedelta = timedelta(minutes=60)
    """A session ends after this time without use."""
    longest: timedelta = timedelta(hours=12)
    """A session ends this long after its login in any case."""
    limits: Limits = field(default_factory=Limits)
    """Of failed log-ins."""

    @property
    def is_https(self) -> bool:
        """Whether browsers reach the app by HTTPS."""
        return self.is_encrypted or self.public_url.startswith("https://")

    @property
    def hosts(self) -> tuple[str, ...]:
        """The names the app answers to."""
        named = urlsplit(self.public_url).hostname if self.public_url else None
        return (*LOOPBACK_HOSTS, named) if named else LOOPBACK_HOSTS

    @property
    def cookie(self) -> str:
        """The session cookie's name; with the prefix, browsers refuse it to other hosts and to plain HTTP."""
        return "__Host-precursor_watch" if self.is_https else "precursor_watch"


def check_safety(safety: Safety) -> None:
    """Refuse settings that contradict one another.

    Raises:
        SafetyUnfit: If the public address is none, or a proxy is no address or network.
    """
    if safety.public_url:
        parts = _parts(safety.public_url)
        if parts is None:
            raise SafetyUnfit(
                f"--public-url {safety.public_url} is not what a browser opens; give scheme and host, for "
                "example https://review.agency.example."
            )
        if parts.scheme == "http" and parts.hostname not in {"localhost", "127.0.0.1", "::1"}:
            raise SafetyUnfit(
                f"--public-url {safety.public_url} would send passwords unencrypted; use https."
            )
    for proxy in safety.trusted_proxies:
        try:
            ipaddress.ip_network(proxy)
        except ValueError as error:
            raise SafetyUnfit(
                f"--trusted-proxy {proxy} is not an IP address or network, for example 10.0.0.5 or "
                f"10.0.0.0/29: {error}."
            ) from error
    if safety.trusted_proxies and not safety.public_url:
        raise SafetyUnfit("--trusted-proxy is given without --public-url: say what people open, too.")


def _parts(url: str) -> SplitResult | None:
    """Return the parts of an address that is nothing but scheme, host and port; else None."""
    try:
        parts = urlsplit(url)
        is_bare = not (parts.path.strip("/") or parts.query or parts.fragment or parts.username)
        is_known = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if is_bare and is_known else None


BYTES = 32


def key_file(database: Path) -> Path:
    """Return the path of a store's secret: the store's path with `.key` appended."""
    return database.with_name(f"{database.name}.key")


def load_key(database: Path) -> bytes:
    """Return the secret, and create it on first use; only its owner may read the file.

    Raises:
        KeyFileUnusable: If others may read it, or it cannot be read or made.
    """
    path = key_file(database)
    try:
        return read_secret(path, BYTES)
    except (OSError, ValueError) as error:
        raise KeyFileUnusable(path, str(error)) from error


def derive(key: bytes, use: str) -> bytes:
    """Return a key for one use only, e.g. `session`."""
    return hashlib.blake2b(use.encode(), key=key, digest_size=BYTES).digest()
