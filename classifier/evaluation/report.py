"""Show an evaluation as table rows and as one self-contained HTML page with SVG plots."""

# ruff: noqa: E501 (lines of markup)
from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from classifier.evaluation.labelled import Evaluation, View

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; color: #1b2430;
background: #fff } .wide { overflow-x: auto } table { border-collapse: collapse; margin: 1rem 0 }
th, td { text-align: left; padding: .3rem .9rem .3rem 0; border-bottom: 1px solid #d6dce3; vertical-align: top }
th { font-weight: 600; white-space: nowrap } td { font-variant-numeric: tabular-nums; overflow-wrap: break-word; max-width: 40rem }
.plots { display: flex; flex-wrap: wrap; gap: 2rem } figure { margin: 0; max-width: 100% }
svg { max-width: 100%; height: auto } svg text { font-size: 12px; fill: #3c4855 }
figcaption { max-width: 22rem } figcaption ul { list-style: none; padding: 0; margin: 0 }
nav a { margin-right: 1rem } h1 { overflow-wrap: anywhere }
"""
MISTAKE = ("mistake", "score", "id", "label", "title")
BINS = ("scores", "rows", "mean score", "share of offers")

SIDE, LEFT, BELOW = 300, 44, 40
"""Side of a plot, and margin for the marks, in pixels."""
MARKS = (0.0, 0.25, 0.5, 0.75, 1.0)
COLOURS = ("#0b5cad", "#b3541e", "#2f7d4f", "#7a4fa3", "#8a6d00", "#5b6673")
"""Colours of the methods, in order; each has a contrast of at least 4.5:1 with the background."""
DASHES = ("", "7 3", "2 3", "9 3 2 3", "1 3", "5 5")


def evaluation_page(evaluation: Evaluation) -> str:
    """Return the evaluation as HTML; listing texts are hostile, so they are escaped."""
    links = "".join(
        f'<a href="#view-{place}">{escape(view.shown)}</a>' for place, view in enumerate(evaluation.views)
    )
    parts = [
        f"<h1>Model {escape(evaluation.model_id)} on {escape(evaluation.file)}</h1>",
        f"<p>{_facts(evaluation)}</p>",
        *(f"<p>{escape(note)}</p>" for note in evaluation.notes),
        f"<nav>{links}</nav>" if len(evaluation.views) > 1 else "",
        *(
            part
            for place, view in enumerate(evaluation.views)
            for part in _view(evaluation, view, f"view-{place}")
        ),
    ]
    head = (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Evaluation of model {escape(evaluation.model_id)}</title><style>{STYLE}</style>"
    )
    return head + "<main>" + "\n".join(parts) + "</main></html>\n"


def _facts(evaluation: Evaluation) -> str:
    return (
        f"{evaluation.rows:,} rows, {evaluation.offers:,} offers; threshold {evaluation.threshold:.3f}; "
        f"lists that count: {escape(evaluation.law)}."
    )


def figure_rows(view: View) -> list[tuple[str, ...]]:
    """Return a row for each figure: the name, then the value and interval for each method."""
    first = next(iter(view.figures.values()))
    return [(figure, *(str(figures[figure]) for figures in view.figures.values())) for figure in first]


def slice_headings(evaluation: Evaluation) -> tuple[str, ...]:
    """Return the headings of `slice_rows`."""
    if evaluation.has_both:
        return ("slice", "rows", "offers", "flagged", "average precision", "precision", "recall")
    return ("slice", "rows", "flagged", "recall" if evaluation.offers else "share flagged")


def slice_rows(evaluation: Evaluation, view: View) -> list[tuple[str, ...]]:
    """Return a row for each slice; for rows of one class, only the share flagged with its interval."""
    if not evaluation.has_both:
        return [
            (each.slice, str(each.rows), str(each.flagged), str(each.share_flagged)) for each in view.slices
        ]
    return [
        (
            each.slice,
            *(str(number) for number in (each.rows, each.offers, each.flagged)),
            *(
                "-" if figure is None else f"{figure:.3f}"
                for figure in (each.average_precision, each.precision, each.recall)
            ),
        )
        for each in view.slices
    ]


def mistake_rows(view: View) -> list[tuple[str, ...]]:
    """Return a row for each mistake shown, in the order of `MISTAKE`."""
    return [
        (
            "missed" if each.label else "false flag",
            f"{each.score:.3f}",
            each.row_id,
            each.given_label,
            each.title,
        )
        for each in view.mistakes
    ]


def confusion_words(view: View) -> str:
    """Return the numbers of right and wrong rows at the threshold, in words."""
    return ", ".join(
        f"{number:,} {name.removesuffix('s') if number == 1 else name}"
        for name, number in view.confusion.items()
    )


def _view(evaluation: Evaluation, view: View, place: str) -> Iterable[str]:
    yield f'<h2 id="{place}">{escape(view.shown).capitalize()}</h2>'
    yield f"<p>At the threshold: {confusion_words(view)}.</p>"
    yield f"<h3>Figures, with 95 % {'bootstrap' if evaluation.has_both else 'Wilson'} intervals</h3>"
    yield _table(("figure", *view.figures), figure_rows(view))
    if evaluation.has_both:
        yield from _plots(view)
    if view.slices:
        yield "<h3>Slices, at the threshold</h3>"
        yield _table(slice_headings(evaluation), slice_rows(evaluation, view))
    yield "<h3>Most confident mistakes</h3>"
    yield _table(MISTAKE, mistake_rows(view)) if view.mistakes else "<p>None.</p>"


def _plots(view: View) -> Iterable[str]:
    bins = [
        (
            f"{each['from']:.1f} to {each['to']:.1f}",
            f"{each['rows']:.0f}",
            f"{each['mean_score']:.3f}",
            f"{each['offers']:.3f}",
        )
        for each in view.reliability
    ]
    yield '<div class="plots">'
    yield f"<section><h3>Precision over recall</h3>{curves_plot(view.curves)}</section>"
    yield f"<section><h3>Calibration of this model</h3>{reliability_plot(view.reliability)}</section>"
    yield "</div>"
    yield _table(BINS, bins)


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(heading)}</th>' for heading in headings)
    body = "".join(
        "<tr>" + "".join(f'<td dir="auto">{escape(cell)}</td>' for cell in row) + "</tr>" for row in rows
    )
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def curves_plot(curves: Mapping[str, Sequence[tuple[float, float]]]) -> str:
    """Return a plot of precision over recall for each method, with a legend."""
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
    """Return a plot of the share of offers over the mean score, for each tenth of the probabilities."""
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
