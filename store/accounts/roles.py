"""What users may do. It stands by itself so that a command can name the roles without opening a store."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What a user may do. Each role may do what those before it may."""

    VIEWER = "viewer"
    """Looks."""
    REVIEWER = "reviewer"
    """Gives verdicts."""
    LEAD = "lead"
    """Assigns, adjudicates, exports, changes settings of the review, reads the audit log."""
    ADMIN = "admin"
    """Manages users."""

    def includes(self, needed: Role) -> bool:
        """Whether this role may do what `needed` may."""
        order = list(Role)
        return order.index(self) >= order.index(needed)
