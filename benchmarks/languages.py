"""How well offers are found in a language, or of an author, that the model was not taught.

    python -m benchmarks.languages                        # leave one language out, then one author
    python -m benchmarks.languages --language uk          # one language: taught, and left out
    python -m benchmarks.languages --compare              # also without each group of features
    python -m benchmarks.languages --quick

The rows are those of the starter set that independent authors wrote. Each is scored by a model that was
trained without its language (or its author); calibration and threshold come from these scores, as they come
from folds in training. Average precision and recall have bootstrap intervals; ideas recur between the
languages of one author, so these are too narrow. Comparisons take recall at one precision, 90 %.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import fixtures
from benchmarks.intervals import Interval, Way, curves_of
from benchmarks.rounds import Rate, report
from classifier.features.embedding import default_embedder, fastest, open_embedder
from classifier.features.matrix import EMBEDDING, EVIDENCE, WORDS
from classifier.gazetteer import default_gazetteer
from classifier.measures import calibration_error
from classifier.model.estimator import fit_with_parts
from classifier.training.examples import load_starter, starter_set
from classifier.training.fit import build_dataset
from cli.options import DEFAULT_DATABASE
from store.vectors import open_vectors

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from classifier.training.fit import Dataset

AUTHORS = {path.stem for path in (Path(fixtures.__path__[0]) / "training/authors").glob("*.jsonl")}
PRECISION = 0.9
AIMS = {"language": 0.93, "author": 0.95}
PACKAGES = ("scikit-learn", "sentence-transformers", "torch", "numpy")
FEWEST_OFFERS = 60
"""A language or author with fewer offers is not measured."""
QUICK = ("it", "ko", "uk")
KINDS: Mapping[str, tuple[str, ...]] = {
    "named": ("named", "numbered"),
    "disguised": ("disguised", "cas_partial", "code", "picture"),
    "unnamed": ("unnamed",),
    "chemicals": ("other_chemical", "disguised_other"),
    "wanted": ("wanted",),
    "about": ("about", "mention"),
    "finished": ("finished_drug",),
    "goods": ("stealth_other", "formed_other", "post_other", "ordinary", "part_number"),
    "furniture": ("furniture", "headline"),
}
"""The kinds of the starter set under the heading that a table shows; the first three are offers."""
PARTS = {"evidence": EVIDENCE, "embedding": EMBEDDING, "words": WORDS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """How the rows of one language or author are scored by a model that was not taught it."""

    name: str
    rows: int
    offers: int
    average_precision: Interval
    recall: Interval
    """At `PRECISION`."""
    calibration: float
    """Expected calibration error."""
    flagged: dict[str, tuple[int, int]]
    """By kind: how many texts are flagged at the threshold, and how many there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The starter set as arrays, with the language and author of each row."""

    data: Dataset
    languages: NDArray[np.str_]
    authors: NDArray[np.str_]
    """Empty for rows of the generator."""

    @classmethod
    def read(cls, embedder_name: str, database: Path | None) -> Rows:
        """Read and embed the starter set, with the vectors that are kept beside the database."""
        embedder = fastest(open_embedder(embedder_name))
        with open_vectors(database, embedder.embedder_id) as cache:
            data = build_dataset(
                load_starter(starter_set()), embedder=embedder, cache=cache, gazetteer=default_gazetteer()
            )
        authors = [example.group.rpartition("-")[2] for example in data.examples]
        return cls(
            data=data,
            languages=np.array([example.language for example in data.examples]),
            authors=np.array([author if author in AUTHORS else "" for author in authors]),
        )


def measure(
    rows: Rows, left_out: NDArray[np.str_], names: Sequence[str], features: csr_matrix, *, seed: int = 0
) -> list[Measured]:
    """Return the figures of each name, scored by models that were trained without its rows.

    Args:
        rows: The starter set.
        left_out: The language or the author of each row.
        names: The languages or authors to leave out, one at a time.
        features: The columns of `rows`, some perhaps emptied.
        seed: Of the resamples.
    """
    labels, written = rows.data.labels, rows.authors != ""
    parts = [
        (np.flatnonzero(left_out != name), np.flatnonzero((left_out == name) & written)) for name in names
    ]
    _pipeline, threshold, scores = fit_with_parts(features, labels, parts=parts, weights=rows.data.weights)
    return [
        _measured(name, rows, held_out, Way(scores=scores[held_out], line=threshold), seed)
        for name, (_known, held_out) in zip(names, parts, strict=True)
    ]


def _measured(name: str, rows: Rows, held_out: NDArray[np.int64], way: Way, seed: int) -> Measured:
    labels = rows.data.labels[held_out]
    curve = curves_of(labels, {name: way}, seed=seed, precision=PRECISION)[name]
    heading = {kind: shown for shown, kinds in KINDS.items() for kind in kinds}
    flagged: dict[str, list[bool]] = defaultdict(list)
    for row, score in zip(held_out, way.scores, strict=True):
        shown = heading.get(rows.data.examples[row].kind)
        if shown:
            flagged[shown].append(bool(score >= way.line))
    return Measured(
        name=name,
        rows=len(labels),
        offers=int(labels.sum()),
        average_precision=curve.average_precision,
        recall=curve.recall_at_precision,
        calibration=calibration_error(labels, way.scores),
        flagged={shown: (sum(flagged[shown]), len(flagged[shown])) for shown in KINDS if flagged[shown]},
    )


def without(features: csr_matrix, part: str) -> csr_matrix:
    """Return the features with one part emptied."""
    found = features.tocsc(copy=True)
    start, stop, _step = PARTS[part].indices(found.shape[1])
    found.data[found.indptr[start] : found.indptr[stop]] = 0
    found.eliminate_zeros()
    return found.tocsr()


def print_table(title: str, found: Sequence[Measured]) -> None:
    """Print one line for each language or author, and the mean."""
    print(f"\n{title}")
    print(
        f"{'':10}{'rows':>5}{'offers':>7}  {'average precision':22}{'recall at 90 %':22}{'ECE':>5}  "
        + "".join(f"{kind:>11}" for kind in KINDS)
    )
    for each in found:
        print(
            f"{each.name:10}{each.rows:5}{each.offers:7}  {each.average_precision!s:22}{each.recall!s:22}"
            f"{each.calibration:5.2f}  " + "".join(f"{_share(each.flagged.get(kind)):>11}" for kind in KINDS)
        )
    totals = {kind: np.sum([each.flagged.get(kind, (0, 0)) for each in found], axis=0) for kind in KINDS}
    print(
        f"{'mean':10}{'':12}  {np.mean([each.average_precision.value for each in found]):<22.3f}"
        f"{np.mean([each.recall.value for each in found]):<22.3f}{'':5}  "
        + "".join(f"{_share(tuple(totals[kind])):>11}" for kind in KINDS)
    )


def _share(counts: tuple[int, int] | None) -> str:
    return f"{counts[0] / counts[1]:.3f}" if counts and counts[1] else "-"


def groups_of(of: NDArray[np.str_], labels: NDArray[np.int64], written: NDArray[np.bool_]) -> list[str]:
    """Return the languages or authors with enough offers, in order."""
    names = sorted(set(of[written]) - {""})
    return [name for name in names if labels[(of == name) & written].sum() >= FEWEST_OFFERS]


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line, measure, print; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.languages", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument(
        "--db", type=Path, default=DEFAULT_DATABASE, help="the database with the kept vectors"
    )
    parser.add_argument(
        "--embedder", default=default_embedder(), help="name or folder [the default of retrain]"
    )
    parser.add_argument("--language", action="append", help="measure only this language; may be repeated")
    parser.add_argument(
        "--leave", choices=("language", "author"), help="leave out only languages, or authors"
    )
    parser.add_argument(
        "--without", choices=list(PARTS), action="append", default=[], help="empty these columns"
    )
    parser.add_argument("--compare", action="store_true", help="leave each group of features out in turn")
    parser.add_argument("--quick", action="store_true", help=f"only the languages {', '.join(QUICK)}")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    chosen = parser.parse_args(arguments)
    rows = Rows.read(chosen.embedder, chosen.db if chosen.db.exists() else None)
    features = rows.data.features
    for part in chosen.without:
        features = without(features, part)
    written = rows.authors != ""
    languages = chosen.language or (
        QUICK if chosen.quick else groups_of(rows.languages, rows.data.labels, written)
    )
    unknown = set(languages) - set(rows.languages)
    if unknown:
        print(f"The starter set has no texts in {', '.join(sorted(unknown))}.", file=sys.stderr)
        return 1
    ways = {"all features": features}
    if chosen.compare:
        ways |= {f"without {part}": without(features, part) for part in PARTS}
    tables: dict[str, list[Measured]] = {}
    for way, columns in ways.items():
        if chosen.leave != "author":
            tables[f"one language left out, {way}"] = measure(rows, rows.languages, languages, columns)
        if chosen.leave != "language" and not (chosen.quick or chosen.language):
            authors = groups_of(rows.authors, rows.data.labels, written)
            tables[f"one author left out, {way}"] = measure(rows, rows.authors, authors, columns)
    if chosen.json:
        rows_of = [
            Rate(
                name=f"average precision, {title}",
                unit="median",
                target=AIMS[title.split()[1]] if title.endswith("all features") else None,
                ours=tuple(each.average_precision.value for each in found),
            )
            for title, found in tables.items()
        ]
        more = {title: [asdict(each) for each in found] for title, found in tables.items()}
        report(rows_of, PACKAGES, as_json=True, more=more)
    else:
        for title, found in tables.items():
            print_table(title, found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
