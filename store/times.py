"""Convert times to text and back: UTC, ISO 8601, milliseconds, ending in `Z`."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta


def utc_now() -> datetime:
    """Return the present time as an aware UTC `datetime`."""
    return datetime.now(UTC)


def to_text(moment: datetime) -> str:
    """Return `moment` as text that sorts in time order, e.g. `2026-11-02T08:00:00.000Z`.

    Raises:
        ValueError: If `moment` has no timezone.
    """
    if moment.tzinfo is None:
        raise ValueError(f"The time {moment} has no timezone; give an aware datetime.")
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_text(text: str) -> datetime:
    """Return the aware UTC time that `to_text` wrote."""
    return datetime.fromisoformat(text)


def booted_at(now: datetime) -> datetime | None:
    """Return the start time of this machine, or None if the system does not report it."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return None if clock is None else now - timedelta(seconds=time.clock_gettime(clock))
