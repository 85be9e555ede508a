"""Which listings keep their score until they are judged: a share, drawn by the listing's name."""

from __future__ import annotations

import hashlib

SQL_NAME = "falls_into"
"""`falls_into(listing_id, share)` in the SQL of every connection, so that lists and pages draw the same."""


def falls_into(listing_id: str, share: float) -> bool:
    """Return whether a listing is among this share of all, from 0 to 1; always the same answer."""
    digest = hashlib.sha256(f"hidden:{listing_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64 < share
