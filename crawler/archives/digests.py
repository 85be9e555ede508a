"""Digests that an archive states of its own content, compared with the bytes that are there.

Crawlers write one digest in many ways: in base 16, 32 or 64, with or without padding. Some take it over the
body as it was sent, others over the unpacked body. warcio's own check knows neither the missing padding nor
the unpacked body, and a wrong alarm here would call honest evidence altered.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from typing import TYPE_CHECKING

from store.model import DigestFinding, DigestResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_SIZES = {"md5": 16, "sha1": 20, "sha224": 28, "sha256": 32, "sha384": 48, "sha512": 64}
"""The known algorithms, with the size of their digests in bytes."""
_MAX_SHOWN = 200


def check_digest(label: str, stated: str, digests: Callable[[str], Iterable[bytes]]) -> DigestFinding | None:
    """Compare a stated digest with the digests of the bytes; return None if one of them matches.

    Args:
        label: Names the stated digest in the finding.
        stated: `algorithm:value`.
        digests: Returns the digests of the bytes, given the name of the algorithm for `hashlib`. The first
            is the one that the finding shows.
    """
    name, _, value = stated.strip().partition(":")
    algorithm = name.lower().replace("-", "")
    shown = f"{label} {stated[:_MAX_SHOWN]}"
    expected = _decoded(value.strip(), _SIZES.get(algorithm, 0))
    if not expected:
        return DigestFinding(result=DigestResult.UNCHECKED, details=f"{shown} cannot be compared")
    first = b""
    for found in digests(algorithm):
        if found == expected:
            return None
        first = first or found
    return DigestFinding(result=DigestResult.MISMATCH, details=f"{shown}, computed {algorithm}:{first.hex()}")


def digest_of(algorithm: str, content: bytes) -> bytes:
    """Return the digest of bytes by one of the known algorithms."""
    return hashlib.new(algorithm, content, usedforsecurity=False).digest()


def joined(findings: Iterable[DigestFinding | None]) -> DigestFinding | None:
    """Return all findings on one page as one; a mismatch outweighs a digest that cannot be compared."""
    found = list(dict.fromkeys(each for each in findings if each))
    if not found:
        return None
    is_mismatch = any(each.result is DigestResult.MISMATCH for each in found)
    return DigestFinding(
        result=DigestResult.MISMATCH if is_mismatch else DigestResult.UNCHECKED,
        details="; ".join(each.details for each in found),
    )


def stated_hashes(package: bytes) -> dict[str, str]:
    """Return the hash of each file that the `datapackage.json` of a WACZ names.

    Raises:
        ValueError: If it is not the JSON that the WACZ specification asks for.
    """
    try:
        resources = json.loads(package).get("resources", [])
        return {str(each["path"]): str(each["hash"]) for each in resources if each.get("hash")}
    except (AttributeError, KeyError, RecursionError, TypeError) as error:
        message = "no list of resources with path and hash"
        raise ValueError(message) from error


def stated_package_hash(package_digest: bytes) -> str:
    """Return the hash of `datapackage.json` in the `datapackage-digest.json` of a WACZ; empty without one.

    Raises:
        ValueError: As `stated_hashes`.
    """
    try:
        return str(json.loads(package_digest).get("hash") or "")
    except (AttributeError, RecursionError) as error:
        message = "no hash of datapackage.json"
        raise ValueError(message) from error


def _decoded(value: str, size: int) -> bytes:
    """Return a digest of a size in bytes from base 16, 32 or 64; empty if the value is none."""
    plain = value.rstrip("=")
    padded = plain + "=" * (-len(plain) % 8)
    try:
        if len(plain) == size * 2:
            return bytes.fromhex(plain)
        if len(plain) == -(-size * 8 // 5):
            return base64.b32decode(padded, casefold=True)
        if len(plain) == -(-size * 8 // 6):
            return base64.b64decode(
                plain + "=" * (-len(plain) % 4),
                altchars=b"-_" if set(plain) & set("-_") else None,
                validate=True,
            )
    except (ValueError, binascii.Error):
        pass
    return b""
