"""The error of bulk work."""

from __future__ import annotations

from store.errors import StoreError


class BulkFailed(StoreError):
    """Bulk work cannot do what it was asked; its message says why and what to do."""
