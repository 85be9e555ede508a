"""The plots of an evaluation's page, drawn as SVG: what the eye sees better than a table tells."""

# ruff: noqa: E501 (lines of markup)
from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SIDE, LEFT, BELOW = 300, 44, 40
"""Side of a plot, and room for its marks, in pixels."""
MARKS = (0.0, 0.25, 0.5, 0.75, 1.0)
COLOURS = ("#0b5cad", "#b3541e", "#2f7d4f", "#7a4fa3", "#8a6d00", "#5b6673")
"""Of the ways of scoring, in their order; each has 4.5:1 against the ground."""
DASHES = ("", "7 3", "2 3", "9 3 2 3", "1 3", "5 5")


def curves_plot(curves: Mapping[str, Sequence[tuple[float, float]]]) -> str:
    """Return precision over recall of each way of scoring, with its legend."""
    lines = []
    for (name, points), colour, dash in zip(curves.items(), COLOURS, DASHES, strict=False):
        places = " ".join(f"{_x(recall):.1f},{_y(precision):.1f}" for recall, precision in points)
        lines.append(
            f'<polyline points="{places}" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}">'
            f"<title>{escape(name)}</title></polyline>"
        )
    legend = "".join(
        f'<li><svg width="34" height="10" aria-hidden="true"><line x1="0" y1="5" x2="34" y2="5" stroke="{colour}" '
        f'stroke-width="2" stroke-dasharray="{dash}"/></svg> {escape(name)}</li>'
        for name, colour, dash in zip(curves, COLOURS, DASHES, strict=False)
    )
    return _figure("".join(lines), ("recall", "precision"), f"<ul>{legend}</ul>")


def reliability_plot(bins: Sequence[Mapping[str, float]]) -> str:
    """Return the share of offers over the mean score of each tenth of the probabilities."""
    dots = "".join(
        f'<circle cx="{_x(each["mean_score"]):.1f}" cy="{_y(each["offers"]):.1f}" r="5" fill="{COLOURS[0]}">'
        f"<title>{each['rows']:.0f} rows, mean score {each['mean_score']:.3f}, offers {each['offers']:.3f}</title>"
        "</circle>"
        for each in bins
    )
    diagonal = (
        f'<line x1="{_x(0)}" y1="{_y(0)}" x2="{_x(1)}" y2="{_y(1)}" stroke="#5b6673" stroke-dasharray="4 4"/>'
    )
    words = "On the dashed line a score means what it says: of ten rows with 0.7, seven are offers."
    return _figure(diagonal + dots, ("mean score", "share of offers"), f"<p>{words}</p>")


def _figure(drawn: str, axes: tuple[str, str], caption: str) -> str:
    across, up = axes
    marks = "".join(
        f'<line x1="{_x(mark)}" y1="{_y(0)}" x2="{_x(mark)}" y2="{_y(1)}" stroke="#d6dce3"/>'
        f'<line x1="{_x(0)}" y1="{_y(mark)}" x2="{_x(1)}" y2="{_y(mark)}" stroke="#d6dce3"/>'
        f'<text x="{_x(mark)}" y="{_y(0) + 16}" text-anchor="middle">{mark:g}</text>'
        f'<text x="{_x(0) - 6}" y="{_y(mark) + 4}" text-anchor="end">{mark:g}</text>'
        for mark in MARKS
    )
    names = (
        f'<text x="{_x(0.5)}" y="{_y(0) + 33}" text-anchor="middle">{across}</text>'
        f'<text x="12" y="{_y(0.5)}" text-anchor="middle" transform="rotate(-90 12 {_y(0.5)})">{up}</text>'
    )
    width, height = SIDE + LEFT + 12, SIDE + BELOW + 8
    return (
        f'<figure><svg role="img" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'aria-label="{up} over {across}">{marks}{names}{drawn}</svg><figcaption>{caption}</figcaption></figure>'
    )


def _x(share: float) -> float:
    return LEFT + share * SIDE


def _y(share: float) -> float:
    return 8 + (1 - share) * SIDE
