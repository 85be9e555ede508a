"""The app's own secret: a file beside the database, so that the database alone opens nothing."""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
from typing import TYPE_CHECKING

from review.web.errors import KeyFileUnusable

if TYPE_CHECKING:
    from pathlib import Path

BYTES = 32


def key_file(database: Path) -> Path:
    """Return where the secret of a store lies: beside it, under its name and `.key`."""
    return database.with_name(f"{database.name}.key")


def load_key(database: Path) -> bytes:
    """Return the secret, making it when there is none yet; only its owner may read the file.

    Raises:
        KeyFileUnusable: If others may read it, or it cannot be read or made.
    """
    path = key_file(database)
    try:
        _make(path)
        mode = path.stat().st_mode
        key = bytes.fromhex(path.read_text("ascii"))
    except (OSError, ValueError) as error:
        raise KeyFileUnusable(path, str(error)) from error
    if stat.S_IMODE(mode) & 0o077:
        raise KeyFileUnusable(path, "others than its owner may read or write it; set its mode to 600")
    if len(key) != BYTES:
        raise KeyFileUnusable(path, f"it holds {len(key)} bytes where {BYTES} are expected")
    return key


def derive(key: bytes, use: str) -> bytes:
    """Return a key for one use only, e.g. `session`."""
    return hashlib.blake2b(use.encode(), key=key, digest_size=BYTES).digest()


def _make(path: Path) -> None:
    """Write a new secret whole under another name first, so that two that start at once share one."""
    if path.exists():
        return
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_bytes(BYTES).hex())
    try:
        os.link(part, path)
    except FileExistsError:
        pass
    finally:
        part.unlink()
