"""Ed25519 signatures of bundles and backups, by a key beside the database."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from store.errors import StoreError
from store.messages import reason_of
from store.private import read_secret

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SIGNATURE = "signature.json"
"""The file beside a manifest with the signature of all its bytes."""

ALGORITHM = "Ed25519"
SEED_BYTES = 32


class SigningKeyUnusable(StoreError):
    """The key beside the database cannot be used."""

    def __init__(self, path: Path, found: str) -> None:
        super().__init__(
            f"{path}, the key that signs bundles and backups, cannot be used: {found}. Correct this. Or move "
            "the file away to get a new key, and tell the recipients of your bundles its fingerprint."
        )


class SignatureFalse(StoreError):
    """A signature does not match its manifest."""

    def __init__(self, found: str) -> None:
        super().__init__(f"the signature is false: {found}")


def key_path(database: Path) -> Path:
    """Return the path of the signing key of a store."""
    return database.with_name(f"{database.name}.signing.key")


def sign(content: bytes, database: Path) -> bytes:
    """Return the contents of the file `SIGNATURE` for a manifest: its signature and the public key.

    The key is created on first use; only its owner may read it.

    Raises:
        SigningKeyUnusable: If the key cannot be read or created, or others may read it.
    """
    key = _load_key(key_path(database))
    document = {
        "algorithm": ALGORITHM,
        "public_key": key.public_key().public_bytes_raw().hex(),
        "signature": key.sign(content).hex(),
    }
    return json.dumps(document, indent=1).encode()


def signer_of(content: bytes, signature: bytes) -> str:
    """Return the fingerprint of the key that signed a manifest.

    Raises:
        SignatureFalse: If the signature is malformed or does not match these bytes.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        document: dict[str, Any] = json.loads(signature)
        if document["algorithm"] != ALGORITHM:
            raise SignatureFalse(f"it is by {document['algorithm']!r}; expected {ALGORITHM!r}")
        public = bytes.fromhex(document["public_key"])
        if _is_weak(public):
            raise SignatureFalse("its public key is weak: anybody can sign with it")
        Ed25519PublicKey.from_public_bytes(public).verify(bytes.fromhex(document["signature"]), content)
    except InvalidSignature as error:
        raise SignatureFalse("the manifest is not the one that was signed") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise SignatureFalse(f"it cannot be read ({error})") from error
    return _fingerprint(public)


_P = 2**255 - 19
_ORDER_8 = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
_WEAK = {0, 1, _P - 1, _ORDER_8, _P - _ORDER_8}
"""The y of all points of small order on the curve. A signature by such a key fits any content."""


def _is_weak(public_key: bytes) -> bool:
    return (int.from_bytes(public_key, "little") & (2**255 - 1)) % _P in _WEAK


def signing_key(database: Path) -> str:
    """Return the fingerprint of the key of a store; empty if the store has signed nothing yet.

    Raises:
        SigningKeyUnusable: If the key cannot be read, or others may read it.
    """
    path = key_path(database)
    return _fingerprint(_load_key(path).public_key().public_bytes_raw()) if path.exists() else ""


def _fingerprint(public_key: bytes) -> str:
    """Return the fingerprint of a public key: 32 hexadecimal digits of its SHA-256, for comparison by eye."""
    return hashlib.sha256(public_key).hexdigest()[:32]


def _load_key(path: Path) -> Ed25519PrivateKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    try:
        return Ed25519PrivateKey.from_private_bytes(read_secret(path, SEED_BYTES))
    except (OSError, ValueError) as error:
        raise SigningKeyUnusable(path, reason_of(error)) from error
