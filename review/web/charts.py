"""Charts as numbers: where bars and points of an SVG lie. Templates draw them with classes, not styles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from store.review.listings import Price


WIDTH, HEIGHT = 600, 160
"""Of every chart, in its own units."""

PAD = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One point of a line, with its label."""

    x: float
    y: float
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar of a chart over days."""

    x: float
    y: float
    width: float
    height: float
    series: str
    """The class that colours it."""
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line through points; `gaps` splits it where there is nothing to show."""

    parts: tuple[str, ...]
    """Each the `points` of a polyline."""
    points: tuple[Point, ...]
    start: float
    """The first value."""
    end: float
    """The last value."""
    low: float
    high: float
    x_ticks: tuple[str, ...]
    """What stands under the chart, evenly from its left end to its right."""
    y_ticks: tuple[str, ...]
    """What stands beside it, evenly from its top to its bottom."""


def price_line(prices: Sequence[Price]) -> Line | None:
    """Return prices over time as a line; None for fewer than two, which are no line."""
    return lines_over_time(
        [[(price.seen_at, float(price.amount), f"{price.amount:f} {price.currency}") for price in prices]]
    )


def lines_over_time(series: Sequence[Sequence[tuple[datetime, float, str]]]) -> Line | None:
    """Return values over time, one line for each series; None for fewer than two values.

    A series is times, values and what each value says, oldest first.
    """
    values = [each for one in series for each in one]
    if len(values) < 2:
        return None
    amounts = [value for _, value, _ in values]
    first, last = min(moment for moment, _, _ in values), max(moment for moment, _, _ in values)
    low, high = min(amounts), max(amounts)
    xs = iter(_over_time([moment for moment, _, _ in values], first, last))
    ys = iter(_upwards(amounts, low=low, high=high))
    parts = [
        [Point(x=next(xs), y=next(ys), words=f"{moment:%Y-%m-%d}: {words}") for moment, _, words in one]
        for one in series
    ]
    middle = first + (last - first) / 2
    return Line(
        parts=tuple(_polyline(part) for part in parts if len(part) > 1),
        points=tuple(point for part in parts for point in part),
        start=amounts[0],
        end=amounts[-1],
        low=low,
        high=high,
        x_ticks=tuple(dict.fromkeys(f"{moment:%Y-%m-%d}" for moment in (first, middle, last))),
        y_ticks=tuple(f"{value:g}" for value in (high, (high + low) / 2, low))
        if high > low
        else ("", f"{low:g}"),
    )


def share_line(labels: Sequence[str], shares: Sequence[float | None]) -> Line | None:
    """Return shares from 0 to 1 over equal steps as a line with gaps; None when there is nothing to show."""
    step = (WIDTH - 2 * PAD) / max(1, len(labels) - 1)
    shown = [share for share in shares if share is not None]
    if not shown:
        return None
    parts: list[list[Point]] = [[]]
    for at, (label, share) in enumerate(zip(labels, shares, strict=True)):
        if share is None:
            parts.append([])
        else:
            y = round(HEIGHT - PAD - share * (HEIGHT - 2 * PAD), 1)
            parts[-1].append(Point(x=round(PAD + at * step, 1), y=y, words=f"{label}: {share:.2f}"))
    points = tuple(point for part in parts for point in part)
    return Line(
        parts=tuple(_polyline(part) for part in parts if part),
        points=points,
        start=shown[0],
        end=shown[-1],
        low=0,
        high=1,
        x_ticks=ends_of(labels),
        y_ticks=("1", "0.5", "0"),
    )


def day_bars(
    labels: Sequence[str], series: Sequence[tuple[str, Sequence[int]]]
) -> tuple[tuple[Bar, ...], int]:
    """Return bars side by side for each day, and the highest value.

    A series is its class name and one value for each day.
    """
    top = max((value for _, values in series for value in values), default=0) or 1
    slot = (WIDTH - 2 * PAD) / max(1, len(labels))
    width = min(24.0, slot * 0.8 / max(1, len(series)))
    bars = [
        Bar(
            x=round(PAD + day * slot + slot * 0.1 + at * width, 2),
            y=round(HEIGHT - PAD - height, 2),
            width=round(max(0.5, width - 0.5), 2),
            height=round(height, 2),
            series=name,
            words=f"{label}: {value} {name}",
        )
        for at, (name, values) in enumerate(series)
        for day, (label, value) in enumerate(zip(labels, values, strict=True))
        for height in [value / top * (HEIGHT - 2 * PAD)]
    ]
    return tuple(bars), top


def ends_of(labels: Sequence[str]) -> tuple[str, ...]:
    """Return the first and the last of the days, which stand at the ends of a chart's axis."""
    return tuple(dict.fromkeys([*labels[:1], *labels[-1:]]))


def count_ticks(top: int) -> tuple[str, ...]:
    """Return the numbers beside a chart of counts, from its top to nothing."""
    return (f"{top:,}", f"{top // 2:,}", "0") if top % 2 == 0 else (f"{top:,}", "0")


def _over_time(moments: Sequence[datetime], start: datetime, end: datetime) -> list[float]:
    span = (end - start).total_seconds() or 1.0
    return [round(PAD + (moment - start).total_seconds() / span * (WIDTH - 2 * PAD), 1) for moment in moments]


def _upwards(values: Sequence[float], *, low: float, high: float) -> list[float]:
    span = (high - low) or 1.0
    return [round(HEIGHT - PAD - (value - low) / span * (HEIGHT - 2 * PAD), 1) for value in values]


def _polyline(points: Sequence[Point]) -> str:
    return " ".join(f"{point.x},{point.y}" for point in points)
