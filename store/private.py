"""Files, folders and secrets that only their owner may read."""

from __future__ import annotations

import os
import secrets
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


def private_file(path: Path) -> None:
    """Create an empty file that only its owner may read and write; an existing file does not change.

    SQLite gives the `-wal` and `-shm` files the permissions of their database.
    """
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))


def private_folder(path: Path) -> None:
    """Create a folder that only its owner may enter; an existing folder does not change."""
    path.mkdir(parents=True, exist_ok=True, mode=0o700)


def open_to_everybody(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the files and folders that every user of the machine may read, write or enter.

    A closed folder protects its contents, whatever their own permissions. Group permissions do not count,
    because sharing with a group is the choice of the operator.
    """
    for path in paths:
        can_enter = path.resolve().parent.stat().st_mode & stat.S_IXOTH
        if can_enter and path.exists() and path.stat().st_mode & stat.S_IRWXO:
            yield path


def read_secret(path: Path, size: int) -> bytes:
    """Return the secret in a file of hexadecimal digits; make the file with a random secret if it is missing.

    A new secret is written to a temporary file first, so that two processes that start at once share one.
    `size` is the length of the secret in bytes.

    Raises:
        OSError: If the file cannot be read or made.
        ValueError: If the file is malformed, or others than its owner may read or write it.
    """
    if not path.exists():
        part = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_bytes(size).hex())
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(part, path)
        except FileExistsError:
            pass
        finally:
            part.unlink()
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise ValueError("others than its owner may read or write it; set its mode to 600")
    secret = bytes.fromhex(path.read_text("ascii"))
    if len(secret) != size:
        raise ValueError(f"it has {len(secret)} bytes; expected {size}")
    return secret
