"""Print what `benchmarks.detection` measured: a table for each labelled set, the counts, and the aims."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.detection_sets import DISGUISED_SETS, ORDINARY_GOODS, PAGES
from cli.output import print_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.detection_sets import Detection

ORDINARY_PER_FLAG = 2_000
"""Of what is no offer: the aim for ordinary listings is 6 flags among 12,000."""
RECALL_LANGUAGES = ("(es)", "(zh)", "(ru)")


def print_report(detection: Detection, *, show: bool) -> None:
    """Print every figure; with `show`, the rows on the wrong side of the line as well."""
    print(f"Model {detection.model_id}, line {detection.line:.3f}. Intervals: 95 %, bootstrap of rows.")
    if not detection.starter_only:
        print("CAUTION: this model learnt from verdicts or labels too; they may have held these very rows.")
    for measured in detection.sets:
        print(f"\n{measured.name}: {measured.rows:,} rows, {measured.offers:,} offers")
        print_table(
            ("WAY", "AVERAGE PRECISION", "RECALL AT 95 % PRECISION", "PRECISION AT LINE", "RECALL AT LINE",
             "MODEL'S AP IS MORE BY"),
            [
                (name, str(curve.average_precision), str(curve.recall_at_precision), str(curve.precision),
                 str(curve.recall), "" if curve.ap_margin is None else str(curve.ap_margin))
                for name, curve in measured.curves.items()
            ],
        )  # fmt: skip
    print()
    print_table(
        ("COUNT", "", "OF", "SHARE (95 % WILSON)"),
        [(each.name, str(each.count), str(each.of), str(each.share)) for each in detection.counts],
    )
    print(f"\nCalibration error on the held-out part of the starter set: {detection.calibration}")
    _print_corrections(detection)
    print()
    print_table(("AIM", "AIMED AT", "FOUND", ""), list(_aims(detection)))
    if show:
        print()
        print_table(
            ("ID", "LABEL IN THE FILE", "CORRECTED", "SCORE", "TITLE"),
            [
                (each.row_id, each.given_label, str(each.label), f"{each.score:.3f}", each.title)
                for each in detection.disagreements
            ],
            cut=("TITLE",),
        )


def _print_corrections(detection: Detection) -> None:
    found = ", ".join(f"{count} by {how}" for how, count in detection.corrections.items()) or "none"
    print(
        f"Corrected labels: {found} (docs/label-corrections.csv). They were looked for where model and label "
        "disagreed,\nso corrected figures flatter; the blind sample says how many errors the agreements hide."
    )


def _aims(detection: Detection) -> Iterator[tuple[str, str, str, str]]:
    sets = {measured.name: measured.curves for measured in detection.sets}
    for tiers, precision, recall in (("tiers 1 and 2", 0.98, 0.97), ("all tiers", 0.96, 0.95)):
        curves = sets[f"listings, titles, {tiers}, corrected"]
        first, *others = curves.values()
        yield _at_least(f"average precision, {tiers}", precision, first.average_precision.value)
        yield _at_least(f"recall at 95 % precision, {tiers}", recall, first.recall_at_precision.value)
        margin = min(curve.ap_margin.value for curve in others if curve.ap_margin)
        yield _at_least(f"average precision above the best other way, {tiers}", 0.10, margin)
    for each in detection.counts:
        if each.name in (ORDINARY_GOODS, PAGES):
            yield _at_most(f"{each.name} ({each.of:,})", each.of // ORDINARY_PER_FLAG, each.count)
    yield _at_most("calibration error, held out", 0.03, detection.calibration.value)
    for language in RECALL_LANGUAGES:
        for each in detection.counts:
            if language in each.name and each.name.endswith("found"):
                yield _at_least(f"recall, {each.name.partition(':')[0]}", 0.9, each.share.value)
    lost = sum(each.count for each in detection.counts if each.name.endswith("first stage would settle"))
    yield _at_most("disguised offers given up by the first stage", 0, lost)
    for name in DISGUISED_SETS:
        first, *others = sets[f"{name} and unnamed offers"].values()
        yield _at_least(f"recall at 95 % precision, {name}", 0.85, first.recall_at_precision.value)
        margin = min(curve.ap_margin.value for curve in others if curve.ap_margin)
        yield _at_least(f"average precision above the best other way, {name}", 0.10, margin)


def _at_least(name: str, aim: float, found: float) -> tuple[str, str, str, str]:
    return name, f"at least {aim:g}", f"{found:.3f}", "met" if found >= aim else "SHORT"


def _at_most(name: str, aim: float, found: float) -> tuple[str, str, str, str]:
    return name, f"at most {aim:g}", f"{found:.3g}", "met" if found <= aim else "SHORT"
