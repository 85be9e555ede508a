"""Values that several routes take or answer."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 (pydantic reads the annotations)
from typing import TYPE_CHECKING, Self

from pydantic import BaseModel

from review.queue.decide import RowId

if TYPE_CHECKING:
    from store.accounts.tokens import Token

RowNumber = RowId
"""The number of a row, as SQLite counts."""


class TokenRecord(BaseModel):
    """A token, without its secret."""

    token_id: int
    user: str
    purpose: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None

    @classmethod
    def of(cls, token: Token) -> Self:
        """Return the record of a token."""
        fields = ("token_id", "purpose", "created_at", "expires_at", "last_used_at", "revoked_at")
        return cls(user=token.user.name, **{name: getattr(token, name) for name in fields})
