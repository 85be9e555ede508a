"""`evaluate`: measure the model in use on labelled listings, and compare it with baselines."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.law import law_options, scoring_settings
from cli.options import AnyFile, ExistingFile, Seed, database_option, json_option
from cli.output import open_store, print_json, print_table, progress_bar, summing
from store.messages import counted

if TYPE_CHECKING:
    from classifier.evaluation import Evaluation, View
    from classifier.gazetteer import Law

MISTAKE = ("mistake", "score", "id", "label", "title")
"""The headings of `mistake_rows`."""


@click.command(name="evaluate")
@click.argument("file", type=ExistingFile)
@click.option(
    "--positive",
    help="Comma-separated labels that mean an offer; all other labels mean no offer.  [default: the labels "
    "are 1 and 0, or offer and not_offer]",
)
@click.option("--ignore", default="", help="Comma-separated labels whose rows are skipped.")
@click.option("--titles-only", is_flag=True, help="Measure on titles only, without descriptions.")
@click.option(
    "--budget",
    type=click.IntRange(1),
    default=300,
    show_default=True,
    help="Listings that a person reviews per day, for the figures at a fixed workload.",
)
@click.option(
    "--seed",
    type=Seed,
    default=0,
    show_default=True,
    help="Seed of the bootstrap; the same seed gives the same intervals.",
)
@click.option("--no-baselines", is_flag=True, help="Measure only the model in use.")
@click.option("--html", type=AnyFile, help="Also write a page with plots.")
@law_options
@database_option
@json_option
def command(  # noqa: PLR0913 (one parameter per option)
    law: Law,
    file: Path,
    positive: str | None,
    ignore: str,
    budget: int,
    seed: int,
    html: Path | None,
    database: Path,
    *,
    titles_only: bool,
    no_baselines: bool,
    as_json: bool,
) -> None:
    """Measure the model in use on a JSONL or CSV file with title, description and label.

    Figures have bootstrap intervals. The command prints them with descriptions and for titles only, and by
    family, tier, language, source and kind. For comparison, it prints three baselines trained on the
    starter set: the gazetteer alone, TF-IDF and the bare embedding. The columns id, lang, source, kind,
    family, tier and cas are optional.

    Every row must have a label. For a file with only offers, or without any, the command prints only the
    share of flagged rows.

    Example: precursor-watch evaluate labelled.jsonl --positive listed_precursor --titles-only
    """
    from classifier.errors import NoModelInUse
    from classifier.evaluation import EvaluateOptions, evaluate_file
    from classifier.scoring import open_scorer
    from classifier.training.examples import starter_set
    from store.scores.scores import model_in_use

    options = EvaluateOptions(
        positive=None if positive is None else _labels(positive),
        ignore=_labels(ignore),
        titles_only=titles_only,
        budget=budget,
        seed=seed,
        baselines_from=None if no_baselines else starter_set(),
    )
    with open_store(database) as db:
        model = model_in_use(db)
    if model is None:
        raise NoModelInUse
    opened = open_scorer(model, database=database, settings=scoring_settings(law))
    with opened as scorer, progress_bar("scoring") as show:
        evaluation = evaluate_file(file, scorer, options, progress=summing(show))
    if html:
        html.write_text(evaluation_page(evaluation), encoding="utf-8")
    if as_json:
        print_json(asdict(evaluation))
    else:
        _print(evaluation)


def evaluation_page(evaluation: Evaluation) -> str:
    """Return an evaluation as one HTML page; listing texts are hostile, so the template escapes them."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = Path(__file__).with_name("evaluation.html").read_text(encoding="utf-8")
    rows = (figure_rows, reliability_rows, slice_headings, slice_rows, mistake_rows, confusion_words)
    named = {each.__name__: each for each in rows}
    page: str = environment.from_string(template).render(
        named, evaluation=evaluation, mistake_headings=MISTAKE
    )
    return page.lstrip()


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


def reliability_rows(view: View) -> list[tuple[str, ...]]:
    """Return a row for each tenth of the scores."""
    return [
        (
            f"{each['from']:.1f} to {each['to']:.1f}",
            f"{each['rows']:.0f}",
            f"{each['mean_score']:.3f}",
            f"{each['offers']:.3f}",
        )
        for each in view.reliability
    ]


def _labels(text: str) -> tuple[str, ...]:
    return tuple(label.strip() for label in text.split(",") if label.strip())


def _print(evaluation: Evaluation) -> None:
    click.echo(
        f"{counted(evaluation.rows, 'row', 'rows')}, {counted(evaluation.offers, 'offer', 'offers')}; "
        f"model {evaluation.model_id}, threshold {evaluation.threshold:.3f}; "
        f"lists that count: {evaluation.law}"
    )
    for note in evaluation.notes:
        click.echo(note)
    for view in evaluation.views:
        click.echo(f"\n{view.shown.capitalize()}: at the threshold {confusion_words(view)}.")
        print_table(("FIGURE (95 % INTERVAL)", *(name.upper() for name in view.figures)), figure_rows(view))
        if view.slices:
            print_table(_headings(slice_headings(evaluation)), slice_rows(evaluation, view))
        if view.reliability:
            print_table(("SCORES", "ROWS", "MEAN SCORE", "SHARE OF OFFERS"), reliability_rows(view))
        if view.mistakes:
            print_table(_headings(MISTAKE), mistake_rows(view), cut=("TITLE",))


def _headings(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple("AP" if name == "average precision" else name.upper() for name in names)
