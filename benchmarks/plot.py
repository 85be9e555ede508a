"""The table as a plot: how far each figure is from its aim, on a scale where twice is as far as half."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from jinja2 import Environment

from benchmarks.rounds import number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LEFT, MIDDLE, WIDTH, ROW, TOP = 330, 660, 1_000, 24, 56
OCTAVE = 75
"""Units for each doubling; four octaves to either side are shown."""
OCTAVES = 4

TEMPLATE = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {{ width }} {{ height }}" font-family="sans-serif"
 font-size="13">
<rect width="100%" height="100%" fill="#fff"/>
<text x="12" y="20" font-weight="bold">Found beside the aim: to the right is better</text>
<text x="12" y="38" fill="#555">{{ title }}</text>
{% for octave in octaves %}
<line x1="{{ octave.x }}" x2="{{ octave.x }}" y1="{{ top }}" y2="{{ height - 22 }}"
 stroke="{{ '#222' if octave.is_aim else '#ddd' }}"/>
<text x="{{ octave.x }}" y="{{ height - 8 }}" text-anchor="middle" fill="#555">{{ octave.words }}</text>
{% endfor %}
{% for bar in bars %}
<text x="{{ left - 10 }}" y="{{ bar.y + 15 }}" text-anchor="end">{{ bar.name }}</text>
<rect x="{{ bar.x }}" y="{{ bar.y + 3 }}" width="{{ bar.width }}" height="16" rx="2" fill="{{ bar.fill }}"/>
<text x="{{ bar.words_x }}" y="{{ bar.y + 15 }}" text-anchor="{{ bar.anchor }}">{{ bar.words }}</text>
{% endfor %}
</svg>
"""


def plot(rows: Sequence[Mapping[str, Any]], title: str) -> str:
    """Return an SVG with a bar for each row that has an aim.

    Args:
        rows: As `Rate.as_json` gives them.
        title: When and where.
    """
    octaves = [
        {"x": MIDDLE + at * OCTAVE, "words": "aim" if not at else f"{2.0**at:g} ×", "is_aim": not at}
        for at in range(-OCTAVES, OCTAVES + 1)
    ]
    bars = [_bar(row, TOP + at * ROW) for at, row in enumerate(rows)]
    return Environment(autoescape=True, trim_blocks=True).from_string(TEMPLATE).render(
        bars=bars, octaves=octaves, title=title, left=LEFT, top=TOP, width=WIDTH,
        height=TOP + len(rows) * ROW + 30,
    )  # fmt: skip


def _bar(row: Mapping[str, Any], y: int) -> dict[str, Any]:
    length = _octaves_above_aim(row) * OCTAVE
    is_right, sign = length >= 0, "at most" if row["kind"] == "limit" else "at least"
    return {
        "name": row["name"],
        "y": y,
        "x": round(MIDDLE + min(length, 0.0), 1),
        "width": round(max(abs(length), 1.0), 1),
        "fill": "#2f7d4f" if row["met"] else "#b3432b",
        "words": f"{number(row['found'])} ({sign} {number(row['aim'])})",
        "words_x": round(MIDDLE - 6 if is_right else MIDDLE + 6, 1),
        "anchor": "end" if is_right else "start",
    }


def _octaves_above_aim(row: Mapping[str, Any]) -> float:
    better = row["aim"] / row["found"] if row["kind"] == "limit" and row["found"] > 0 else math.inf
    if row["kind"] != "limit":
        better = row["found"] / row["aim"]
    return max(-OCTAVES, min(OCTAVES, math.log2(better) if better > 0 else -OCTAVES))
