"""An evaluation as one self-contained HTML page with plots drawn as SVG."""

# ruff: noqa: E501 (lines of markup)
from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from classifier.evaluation import Evaluation

SIDE = 320
"""Side of a plot, in pixels."""

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #1b2430 }
table { border-collapse: collapse; margin: 1rem 0 } th, td { text-align: left; padding: .3rem .9rem .3rem 0;
border-bottom: 1px solid #d6dce3; vertical-align: top } th { font-weight: 600 }
svg { background: #f6f8fa; border: 1px solid #d6dce3 } figcaption { max-width: 40rem }
"""


def evaluation_page(evaluation: Evaluation) -> str:
    """Return the page. Listing text in it is hostile and escaped."""
    names = list(evaluation.figures)
    rows = [
        (figure, *(str(evaluation.figures[name][figure]) for name in names))
        for figure in evaluation.figures[names[0]]
    ]
    slices = [
        tuple("-" if value is None else str(value) for value in each.values()) for each in evaluation.slices
    ]
    mistakes = [
        (
            "missed" if each.label else "false flag",
            f"{each.score:.3f}",
            each.row_id,
            each.given_label,
            each.title,
        )
        for each in evaluation.mistakes
    ]
    read = "titles only" if evaluation.titles_only else "titles and descriptions"
    parts = [
        f"<h1>Model {escape(evaluation.model_id)} on {escape(evaluation.file)}</h1>",
        f"<p>{evaluation.rows:,} rows, {evaluation.offers:,} offers; line {evaluation.threshold:.3f}; {read}.</p>",
        "<h2>Figures, with 95 % bootstrap intervals</h2>",
        _table(("figure", *names), rows),
        "<h2>Calibration</h2>",
        _reliability_plot(evaluation),
        "<h2>Slices, at the line</h2>",
        _table(("slice", "rows", "offers", "flagged", "average precision", "precision", "recall"), slices),
        "<h2>Most confident mistakes</h2>",
        _table(("mistake", "score", "id", "label", "title"), mistakes),
    ]
    head = f"<!doctype html><html lang=en><meta charset=utf-8><title>Evaluation</title><style>{STYLE}</style>"
    return head + "<main>" + "\n".join(parts) + "</main></html>\n"


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th scope=col>{escape(heading)}</th>" for heading in headings)
    body = "".join(
        "<tr>" + "".join(f"<td dir=auto>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _reliability_plot(evaluation: Evaluation) -> str:
    dots = "".join(
        f'<circle cx="{each["mean_score"] * SIDE:.1f}" cy="{(1 - each["offers"]) * SIDE:.1f}" r="5" fill="#0b5cad">'
        f"<title>{each['rows']:.0f} rows, mean score {each['mean_score']:.3f}, offers {each['offers']:.3f}</title>"
        "</circle>"
        for each in evaluation.reliability
    )
    diagonal = f'<line x1="0" y1="{SIDE}" x2="{SIDE}" y2="0" stroke="#8a97a6" stroke-dasharray="4 4"/>'
    rows = [
        (
            f"{each['from']:.1f} to {each['to']:.1f}",
            f"{each['rows']:.0f}",
            f"{each['mean_score']:.3f}",
            f"{each['offers']:.3f}",
        )
        for each in evaluation.reliability
    ]
    return (
        f'<figure><svg role="img" viewBox="-8 -8 {SIDE + 16} {SIDE + 16}" width="{SIDE}" height="{SIDE}" '
        f'aria-label="Share of offers over mean score">{diagonal}{dots}</svg><figcaption>Share of offers (up) over '
        "mean score (right) for each tenth of the probabilities; on the dashed line the score means what it says."
        "</figcaption></figure>" + _table(("scores", "rows", "mean score", "share of offers"), rows)
    )
