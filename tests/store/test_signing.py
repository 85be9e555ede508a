"""Signatures: made with a key of the store's own, and false for any other byte."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from store.signing import SignatureFalse, SigningKeyUnusable, key_path, sign, signer_of

if TYPE_CHECKING:
    from pathlib import Path


def test_the_key_is_made_once_and_read_by_its_owner_only(tmp_path: Path) -> None:
    """Two signatures bear one fingerprint; a key that others may read signs nothing."""
    database = tmp_path / "store.db"
    first, second = sign(b"one", database), sign(b"two", database)
    assert signer_of(b"one", first) == signer_of(b"two", second)
    assert key_path(database).stat().st_mode & 0o777 == 0o600
    assert key_path(database).read_text("ascii") not in first.decode()
    key_path(database).chmod(0o644)
    with pytest.raises(SigningKeyUnusable, match="mode to 600"):
        sign(b"one", database)


@pytest.mark.parametrize(
    "signature",
    [
        b"",
        b"[]",
        b"{}",
        b'{"algorithm": "none"}',
        b'{"algorithm": "Ed25519", "public_key": 1, "signature": 2}',
    ],
)
def test_what_is_no_signature_is_false(signature: bytes) -> None:
    """And no traceback."""
    with pytest.raises(SignatureFalse):
        signer_of(b"one", signature)


def test_no_byte_of_what_is_signed_can_be_changed(tmp_path: Path) -> None:
    """A change in the content, the signature or the key is found."""
    signature = sign(b"offer", tmp_path / "store.db")
    with pytest.raises(SignatureFalse, match="not the one that was signed"):
        signer_of(b"not_offer", signature)
    document = json.loads(signature)
    other = json.loads(sign(b"offer", tmp_path / "other.db"))
    for name in ("public_key", "signature"):
        with pytest.raises(SignatureFalse):
            signer_of(b"offer", json.dumps(document | {name: other[name]}).encode())


WEAK_KEYS = (
    "00" * 32, "01" + "00" * 31, "ec" + "ff" * 30 + "7f", "ed" + "ff" * 30 + "7f", "ee" + "ff" * 30 + "7f",
    "00" * 31 + "80", "01" + "00" * 30 + "80", "ec" + "ff" * 31,
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
)  # fmt: skip
"""Public keys of small order, as libsodium refuses them (ed25519_ref10.c, read in December 2026)."""


@pytest.mark.parametrize("key", WEAK_KEYS)
def test_a_key_with_which_anybody_can_sign_signs_nothing(key: str) -> None:
    """The signature R = key, S = 0 fits some content under each of them."""
    document = {"algorithm": "Ed25519", "public_key": key, "signature": key + "00" * 32}
    for number in range(16):
        with pytest.raises(SignatureFalse, match="weak"):
            signer_of(b"%d" % number, json.dumps(document).encode())
