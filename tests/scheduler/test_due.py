"""Due times: cron lines, clock changes and missed runs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.sources.sources import Schedule, cron_problem
from scheduler.due import LOOK_BACK, Plan, ScheduleWrong, due_times, next_due, plan, trigger_of

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
"""A Tuesday."""


def daily(timezone: str = "UTC") -> Schedule:
    """Return a schedule for 03:30 each day."""
    return Schedule(cron="30 3 * * *", timezone=timezone)


def next_days(weekday: str, count: int = 7) -> list[str]:
    """Return the first weekdays on which a day-of-week field is due, from a Sunday on."""
    found = due_times(
        Schedule(cron=f"0 0 * * {weekday}", timezone="UTC"),
        after=datetime(2026, 11, 21, 12, tzinfo=UTC),
        until=datetime(2026, 11, 28, 12, tzinfo=UTC),
    )
    return [f"{moment:%a}" for moment in islice(found, count)]


@pytest.mark.parametrize(
    ("field", "days"),
    [
        ("0", ["Sun"]),
        ("7", ["Sun"]),
        ("1", ["Mon"]),
        ("sat", ["Sat"]),
        ("SUN", ["Sun"]),
        ("1-5", ["Mon", "Tue", "Wed", "Thu", "Fri"]),
        ("0-2", ["Sun", "Mon", "Tue"]),
        ("fri-mon", ["Sun", "Mon", "Fri", "Sat"]),
        ("5-7", ["Sun", "Fri", "Sat"]),
        ("*/2", ["Sun", "Tue", "Thu", "Sat"]),
        ("1-5/2", ["Mon", "Wed", "Fri"]),
        ("2,4", ["Tue", "Thu"]),
        ("*", ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]),
    ],
)
def test_weekdays_are_numbered_as_cron_numbers_them(field: str, days: list[str]) -> None:
    """Zero and seven are Sunday, though APScheduler counts from Monday."""
    assert next_days(field) == days


@pytest.mark.parametrize(
    ("cron", "said"),
    [
        ("0 0 13 * 5", "leave one of them"),
        ("0 0 * * 8", "not *, or 0 to 7, or sun to sat"),
        ("0 0 * * lunes", "day of the week is 'lunes'"),
        ("0 0 * * 1-5/x", "'x'"),
        ("0 0 * * 1/0", "zero"),
        ("61 0 * * *", "its minute is '61', not *, or 0 to 59"),
        ("99 3 * * *", "its minute is '99'"),
        ("0 24 * * *", "its hour is '24'"),
        ("0 0 0 * *", "its day of the month is '0'"),
        ("0 0 1 13 *", "not *, or 1 to 12, or jan to dec"),
        ("0 0 1 jan-3 *", "mixes a word and a number"),
        ("5-1 0 * * *", "runs backwards"),
        ("1-5/9 0 * * *", "longer than its range"),
        ("0 0 1 ٣ *", "its month"),
        ("0 0 * *", "it has 4 fields"),
        ("nonsense 0 * * *", "nonsense"),
    ],
)
def test_a_cron_line_that_cannot_be_read_is_quoted_with_the_reason(cron: str, said: str) -> None:
    """The message quotes the line and names the fault."""
    with pytest.raises(ScheduleWrong) as error:
        next_due(Schedule(cron=cron, timezone="UTC"), after=NOON)
    assert repr(cron) in str(error.value)
    assert said in str(error.value)


WORD = r"[0-9]{1,2}|\*|jan|oct|sun|sat"
FIELD = st.from_regex(rf"({WORD})(-({WORD}))?(/[0-9]{{1,2}})?(,({WORD}))?", fullmatch=True)


@given(st.integers(0, 4), FIELD)
def test_a_cron_line_with_which_nothing_is_wrong_makes_a_trigger(place: int, field: str) -> None:
    """APScheduler accepts every line that our check accepts."""
    fields = ["*"] * 5
    fields[place] = field
    cron = " ".join(fields)
    if not cron_problem(cron):
        trigger_of(Schedule(cron=cron, timezone="UTC"))


@pytest.mark.parametrize(
    "cron", ["*/15 8-18 * * mon-fri", "0 0 1,15 jan,jul *", "0 3/2 * * *", "0 0 * 3-9/2 *"]
)
def test_a_cron_line_as_people_write_it_is_taken(cron: str) -> None:
    """Lists, ranges, steps and words are read."""
    assert cron_problem(cron) == ""
    assert next_due(Schedule(cron=cron, timezone="UTC"), after=NOON)


def test_cron_fields_are_local_time_and_due_times_are_utc() -> None:
    """Half past three in Lima, which has no summer time, is half past eight UTC."""
    assert next_due(daily("America/Lima"), after=NOON) == datetime(2026, 11, 25, 8, 30, tzinfo=UTC)


def test_a_due_time_is_later_than_the_moment_asked_about() -> None:
    """Asked at a due time, the answer is the next one."""
    due = datetime(2026, 11, 25, 3, 30, tzinfo=UTC)
    assert next_due(daily(), after=due) == due + timedelta(days=1)
    assert next_due(daily(), after=due - timedelta(microseconds=1)) == due


def test_a_day_that_never_comes_is_never_due() -> None:
    """The thirtieth of February is not found, rather than looked for without end."""
    assert next_due(Schedule(cron="0 0 30 2 *", timezone="UTC"), after=NOON) is None


@pytest.mark.parametrize(
    ("cron", "timezone", "after", "due_in_utc"),
    [
        ("30 2 * * *", "America/New_York", "2026-03-07T12:00Z", ["03-08 07:30", "03-09 06:30"]),
        ("30 2 * * *", "Europe/Madrid", "2026-03-28T12:00Z", ["03-29 01:30", "03-30 00:30"]),
        ("0 * * * *", "Europe/Madrid", "2026-03-29T00:00Z", ["03-29 01:00", "03-29 02:00"]),
        (
            "30 1 * * *",
            "America/New_York",
            "2026-10-31T12:00Z",
            ["11-01 05:30", "11-01 06:30", "11-02 06:30"],
        ),
        ("30 2 * * *", "Europe/Madrid", "2026-10-24T12:00Z", ["10-25 00:30", "10-25 01:30", "10-26 01:30"]),
        ("0 * * * *", "Europe/Madrid", "2026-10-24T23:30Z", ["10-25 00:00", "10-25 01:00", "10-25 02:00"]),
        ("0 12 * * *", "America/New_York", "2026-10-31T20:00Z", ["11-01 17:00", "11-02 17:00"]),
    ],
)
def test_days_on_which_clocks_change(cron: str, timezone: str, after: str, due_in_utc: list[str]) -> None:
    """A skipped local time is due once, an hour later on the wall; one that comes twice is due twice."""
    start = datetime.fromisoformat(after)
    found = due_times(Schedule(cron=cron, timezone=timezone), after=start, until=start + timedelta(days=3))
    assert [f"{moment:%m-%d %H:%M}" for moment in islice(found, len(due_in_utc))] == due_in_utc


def test_a_source_without_any_run_is_due_at_once() -> None:
    """No due time before the first run counts as missed."""
    now = NOON.replace(microsecond=123_456)
    assert plan(daily(), accounted_to=None, now=now) == Plan(begin=NOON)


def test_nothing_is_due_between_two_due_times() -> None:
    """A restart in the afternoon begins nothing."""
    assert plan(daily(), accounted_to=NOON.replace(hour=3, minute=30), now=NOON) == Plan()


def test_after_a_long_absence_the_newest_due_time_is_begun_and_the_others_are_missed() -> None:
    """Three nights away come to one crawl and two rows that say missed."""
    nights = [datetime(2026, 11, day, 3, 30, tzinfo=UTC) for day in (21, 22, 23, 24)]
    decided = plan(daily(), accounted_to=nights[0], now=NOON)
    assert decided == Plan(begin=nights[3], missed=(nights[1], nights[2]))


def test_a_clock_that_was_set_back_begins_nothing_twice() -> None:
    """While the clock repeats hours that are accounted for, nothing is due."""
    assert plan(daily(), accounted_to=NOON + timedelta(days=2), now=NOON) == Plan()


def test_looking_back_is_bounded() -> None:
    """A source that runs each hour and was off for years gives a month of missed times, not years of them."""
    every_hour = Schedule(cron="0 * * * *", timezone="UTC")
    decided = plan(every_hour, accounted_to=NOON - timedelta(days=3650), now=NOON)
    assert decided.begin == NOON
    assert len(decided.missed) == LOOK_BACK / timedelta(hours=1)
    assert decided.missed[0] == NOON - timedelta(days=3650) + timedelta(hours=1)


def test_a_rare_due_time_is_found_however_long_ago_it_was() -> None:
    """A crawl that is due at New Year is made up for in November."""
    yearly = Schedule(cron="0 0 1 1 *", timezone="UTC")
    decided = plan(yearly, accounted_to=datetime(2025, 11, 1, tzinfo=UTC), now=NOON)
    assert decided == Plan(begin=datetime(2026, 1, 1, tzinfo=UTC))
