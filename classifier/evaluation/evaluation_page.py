"""An evaluation as one self-contained HTML page with plots drawn as SVG."""

# ruff: noqa: E501 (lines of markup)
from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from classifier.evaluation.evaluation_plots import curves_plot, reliability_plot

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from classifier.evaluation.evaluation import Evaluation, View

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


def evaluation_page(evaluation: Evaluation) -> str:
    """Return the page. Listing text in it is hostile and escaped."""
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
        f"{evaluation.rows:,} rows, {evaluation.offers:,} offers; line {evaluation.threshold:.3f}; "
        f"lists that count: {escape(evaluation.law)}."
    )


def figure_rows(view: View) -> list[tuple[str, ...]]:
    """Return a row for each figure: its name, then how each way of scoring does, with intervals."""
    first = next(iter(view.figures.values()))
    return [(figure, *(str(of_way[figure]) for of_way in view.figures.values())) for figure in first]


def slice_headings(evaluation: Evaluation) -> tuple[str, ...]:
    """Return the headings of `slice_rows`."""
    if evaluation.has_both:
        return ("slice", "rows", "offers", "flagged", "average precision", "precision", "recall")
    return ("slice", "rows", "flagged", "recall" if evaluation.offers else "share flagged")


def slice_rows(evaluation: Evaluation, view: View) -> list[tuple[str, ...]]:
    """Return a row for each slice: of rows of one class, only the share that is flagged, with its interval."""
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
    """Return how many rows the line puts right and wrong, in words."""
    return ", ".join(
        f"{number:,} {name.removesuffix('s') if number == 1 else name}"
        for name, number in view.confusion.items()
    )


def _view(evaluation: Evaluation, view: View, place: str) -> Iterable[str]:
    yield f'<h2 id="{place}">{escape(view.shown).capitalize()}</h2>'
    yield f"<p>At the line: {confusion_words(view)}.</p>"
    yield f"<h3>Figures, with 95 % {'bootstrap' if evaluation.has_both else 'Wilson'} intervals</h3>"
    yield _table(("figure", *view.figures), figure_rows(view))
    if evaluation.has_both:
        yield from _plots(view)
    if view.slices:
        yield "<h3>Slices, at the line</h3>"
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
