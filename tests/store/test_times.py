"""Times are UTC text that sorts as time does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.times import from_text, to_text, utc_now

MOMENTS = st.datetimes(
    min_value=datetime(1000, 1, 2),  # noqa: DTZ001 (hypothesis adds the zone)
    max_value=datetime(9999, 12, 30),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=-5)), timezone(timedelta(hours=14))]),
)


def to_the_millisecond(moment: datetime) -> datetime:
    """Return what of a time is kept."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def test_a_time_is_written_in_utc_to_the_millisecond() -> None:
    """Half past three in Lima is half past eight."""
    lima = timezone(timedelta(hours=-5))
    assert to_text(datetime(2026, 11, 24, 3, 30, tzinfo=lima)) == "2026-11-24T08:30:00.000Z"


def test_a_time_without_a_zone_is_refused() -> None:
    """A guess would be wrong half of the time."""
    with pytest.raises(ValueError, match="no timezone"):
        to_text(datetime(2026, 11, 24))  # noqa: DTZ001 (it is the fault)


@given(MOMENTS)
def test_a_time_is_read_back_as_it_was(moment: datetime) -> None:
    """Microseconds are cut, nothing else is lost."""
    assert from_text(to_text(moment)) == to_the_millisecond(moment)


@given(MOMENTS, MOMENTS)
def test_texts_sort_as_times_do(one: datetime, other: datetime) -> None:
    """SQL may compare times as text."""
    assert (to_text(one) < to_text(other)) == (to_the_millisecond(one) < to_the_millisecond(other))


def test_now_is_in_utc() -> None:
    """The time is aware."""
    assert utc_now().tzinfo is UTC
