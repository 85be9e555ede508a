"""How reviewing works here: shares and times that a lead sets. Each change is a new row; the newest holds."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from store import rows, times
from store.database import transaction
from store.errors import N_, ListingsError

if TYPE_CHECKING:
    from datetime import datetime

    from store.database import Database


class SettingRefused(ListingsError):
    """A setting was given a value it cannot have."""

    def __init__(self, name: str, value: float) -> None:
        low, high = BOUNDS.get(name, (0, 0))
        super().__init__(
            N_("%(name)s cannot be %(value)s: it lies between %(low)s and %(high)s. Nothing was changed."),
            name=name,
            value=f"{value:g}",
            low=f"{low:g}",
            high=f"{high:g}",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewSettings:
    """What is in force."""

    second_share: float = 0.1
    """Of first verdicts, how many go to a second reviewer besides escalations, from 0 to 1."""
    hidden_share: float = 0.1
    """Of flagged listings, how many are shown without their score to everyone, from 0 to 1. Samples from
    below the line never show it; they can only stay unknown among others that do not."""
    claim_minutes: float = 10
    """How long a listing on somebody's screen is kept for them."""


BOUNDS = {"second_share": (0.0, 1.0), "hidden_share": (0.0, 1.0), "claim_minutes": (1.0, 480.0)}
"""The lowest and highest value of each setting."""


def review_settings(db: Database) -> ReviewSettings:
    """Return the settings in force."""
    query = "SELECT name, value FROM review_settings ORDER BY setting_id"
    stored = {row["name"]: float(row["value"]) for row in db.execute(query)}
    known = {field.name for field in fields(ReviewSettings)}
    return ReviewSettings(**{name: value for name, value in stored.items() if name in known})


def change_setting(db: Database, name: str, value: float, *, changed_by: str, now: datetime) -> None:
    """Put a value in force.

    Raises:
        SettingRefused: If there is no such setting or it cannot have this value.
    """
    low, high = BOUNDS.get(name, (1.0, 0.0))
    if not low <= value <= high:
        raise SettingRefused(name, value)
    values = {"name": name, "value": repr(value), "changed_by": rows.clean(changed_by)}
    with transaction(db):
        rows.insert(db, "review_settings", values | {"changed_at": times.to_text(now)})


def preferences(db: Database, reviewer: str) -> dict[str, str]:
    """Return what a reviewer chose for themselves, e.g. the language of the pages."""
    query = "SELECT name, value FROM preferences WHERE reviewer = ?"
    return {row["name"]: row["value"] for row in db.execute(query, [reviewer])}


def prefer(db: Database, reviewer: str, name: str, value: str) -> None:
    """Keep what a reviewer chose; the earlier choice is forgotten."""
    with transaction(db):
        db.execute(
            "INSERT INTO preferences VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
            [reviewer, name, rows.clean(value)],
        )
