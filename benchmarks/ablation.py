"""What each decoder of disguises finds alone, and how long it takes.

    python -m benchmarks.ablation                          # all of them, some 10 minutes on two cores
    python -m benchmarks.ablation --only leetspeak         # one; may be repeated
    python -m benchmarks.ablation --titles listings.jsonl  # disguise the titles of these listings

Models are fitted without some authors and score the texts of these authors. Then one decoder is switched off,
the texts are read again, and the same models score them: the difference is what only this decoder finds.
Disguised titles are those of `benchmarks.obfuscation`, read without a model.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import re
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.metrics import precision_recall_curve

from benchmarks.languages import KINDS, PRECISION, Rows
from benchmarks.obfuscation import measure, overall, reads_an_offer, titles_of
from classifier.features.embedding import default_embedder
from classifier.features.evidence import evidence_matrix, read_all
from classifier.features.matrix import EVIDENCE
from classifier.gazetteer import default_gazetteer
from classifier.model.estimator import FOLDS, build_pipeline, fit
from classifier.reading.deobfuscate import SIGNED, SPACED
from classifier.reading.matcher import matcher_for
from cli.options import DEFAULT_DATABASE
from cli.output import print_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from sklearn.pipeline import Pipeline

SEED = 0
OFFERS, OTHERS = 150, 100
"""Titles that are disguised in each way."""

NEVER = re.compile(r"(?!)")
FAR = 10**9
FOLDING, SHOWN = "text.normalise", "classifier.reading.deobfuscate"
READ, NAMES, MATCHER = "classifier.reading.read", "classifier.reading.names", "classifier.reading.matcher"
NUMBERS, SPELLED = "classifier.reading.numbers", "classifier.reading.spelled_out"


def nothing(*_given: object, **_named: object) -> Any:
    """Find nothing."""
    return iter(())


def no(*_given: object, **_named: object) -> bool:
    """Deny."""
    return False


def empty(*_given: object, **_named: object) -> str:
    """Return no text."""
    return ""


def same(text: str, *_given: object) -> str:
    """Change nothing."""
    return text


def without_patterns(*names: str) -> Mapping[str, object]:
    """Replace the patterns of `spelled_out` so that these never match."""
    whole = import_module(SPELLED)._patterns  # noqa: SLF001
    return {
        f"{SPELLED}:_patterns": lambda: {
            name: NEVER if name in names else pattern for name, pattern in whole().items()
        }
    }


DECODERS: Mapping[str, Mapping[str, object]] = {
    "look-alike letters": {f"{FOLDING}:LOOKALIKES": {}},
    "two scripts in a word": {
        f"{module}:in_one_alphabet": same for module in (NAMES, MATCHER, "classifier.reading.boundaries")
    },
    "letters apart": {f"{SHOWN}:_may_be_apart": no},
    "emoji in a word": {f"{SHOWN}:APART": re.compile(f"{SIGNED}|{SPACED}")},
    "joined words": {f"{SHOWN}:CAPITAL": NEVER},
    "right to left": {f"{READ}:in_order_shown": lambda _text: None},
    "leetspeak": {f"{NAMES}:_plain_reading": same},
    "masked letters": {f"{NAMES}:_masked": nothing},
    "cut-off names": {f"{NAMES}:_cut_off": nothing},
    "names by sound": {f"{READ}:find_phonetic": nothing},
    "names broken by spaces": {f"{NAMES}:SHORTEST_BROKEN": FAR, f"{NAMES}:SYLLABLES": ()},
    "misspellings": {f"{MATCHER}:_misspelt": nothing},
    "backwards": {f"{MATCHER}:reversed_name": empty},
    "Korean initials": {f"{MATCHER}:initials_of": empty},
    "kana": {f"{MATCHER}:KATAKANA": NEVER},
    "I for l": {f"{MATCHER}:SHORTEST_ALIKE": FAR},
    "Chinese respellings": {f"{MATCHER}:_chinese": nothing},
    "respellings, all": {f"{MATCHER}:_respelt": nothing},
    "other parts of names": {f"{MATCHER}:_other_parts": list},
    "inflections": {f"{MATCHER}:_inflections": dict},
    "masked CAS numbers": {f"{NUMBERS}:HAS_MASK": NEVER},
    "CAS numbers in parts": {f"{NUMBERS}:may_be_in_turn": no},
    "numbers in words": {
        f"{NUMBERS}:_parts_of": lambda _word: (),
        f"{NUMBERS}:_numbers_in_chinese": nothing,
    },
    "letters as figures": {f"{NUMBERS}:in_figures": same},
    "digits in words": {f"{SPELLED}:_may_say_number": no, **without_patterns("chinese number")},
    "letter names": {f"{SPELLED}:_spellings": nothing},
    "letter names joined": without_patterns("joined", "by sound"),
    "nicknames": without_patterns("nickname"),
}
"""For each decoder, what replaces a name, `module:name`, when the decoder is off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What is found with some decoders."""

    microseconds: float
    """Processor time of reading a text."""
    offers: int
    """Offers of authors left out that are found."""
    others: int
    """Other texts of these authors that are flagged."""
    disguised: float
    """Recall of disguised titles, in percent."""
    flags: int
    """Other titles, disguised, that are read as offers."""

    def less(self, other: Figures) -> Figures:
        """Return the differences."""
        mine, theirs = asdict(self), asdict(other)
        return Figures(**{name: mine[name] - theirs[name] for name in mine})

    def __str__(self) -> str:
        """Show the figures as the columns of a table."""
        return f"{self.microseconds:12.1f}{self.offers:8}{self.others:8}{self.disguised:11.2f}{self.flags:7}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Models, and the texts that they score whatever decoders are on."""

    texts: list[str]
    labels: NDArray[np.int64]
    other_columns: csr_matrix
    """The features of the texts that do not depend on the reading."""
    models: list[tuple[Pipeline, NDArray[np.intp]]]
    """Each model with the texts of the authors that it does not know."""
    threshold: float
    """The lowest sum from which `PRECISION` of the texts are offers."""
    offers: list[str]
    others: list[str]
    """Titles to disguise."""

    def measure(self, off: Mapping[str, object]) -> Figures:
        """Return the figures with some names replaced."""
        with ExitStack() as stack:
            for target, replacement in off.items():
                module, _, name = target.partition(":")
                stack.enter_context(patch.object(import_module(module), name, replacement))
            forget()
            gazetteer = default_gazetteer()
            read_all(self.texts[:200], gazetteer)
            began = time.process_time()
            readings = read_all(self.texts, gazetteer)
            seconds = time.process_time() - began
            hidden = overall(measure(self.offers, self.others, reads_an_offer, seed=SEED))
        evidence = csr_matrix(evidence_matrix(self.texts, readings))
        sums = sums_of(self.models, hstack([evidence, self.other_columns], format="csr"))
        is_flagged = sums >= self.threshold
        return Figures(
            microseconds=1e6 * seconds / len(self.texts),
            offers=int((is_flagged & (self.labels == 1)).sum()),
            others=int((is_flagged & (self.labels == 0)).sum()),
            disguised=100 * hidden.recall_obfuscated,
            flags=hidden.flags_added,
        )


def sums_of(models: Sequence[tuple[Pipeline, NDArray[np.intp]]], features: csr_matrix) -> NDArray[np.float64]:
    """Return the log-odds of each text by the model that does not know its author."""
    sums = np.full(features.shape[0], np.nan)
    for model, unknown in models:
        sums[unknown] = model.decision_function(features[unknown])
    return sums


def forget() -> None:
    """Empty the caches of the reader."""
    cached = type(matcher_for)
    each: Any
    for each in gc.get_objects():
        if isinstance(each, cached) and each.__module__.startswith(("text.", "classifier.")):
            each.cache_clear()
    import_module(FOLDING)._CHARACTERS.clear()  # noqa: SLF001


def build_bench(database: Path, titles: Path | None, positive: str) -> Bench:
    """Fit the models and draw the titles."""
    rows = Rows.read(default_embedder(), database)
    data, written = rows.data, np.flatnonzero(rows.authors != "")
    authors = sorted(set(rows.authors) - {""})
    models: list[tuple[Pipeline, NDArray[np.intp]]] = []
    for start in range(FOLDS):
        left_out = np.isin(rows.authors, authors[start::FOLDS])
        known = ~left_out
        near = models[-1][0] if models else None
        model = fit(
            build_pipeline(), data.features[known], data.labels[known], data.weights[known], near=near
        )
        models.append((model, np.flatnonzero(left_out[written])))
    features, labels = data.features[written], data.labels[written]
    precision, _recall, thresholds = precision_recall_curve(labels, sums_of(models, features))
    if titles:
        offers, others = titles_of(titles, set(positive.split(",")))
    else:
        offers = [_title(each.text) for each in data.examples if each.kind in KINDS["named"]]
        others = [_title(each.text) for each in data.examples if not each.label]
    draw = Random(SEED)
    return Bench(
        texts=[data.examples[row].text for row in written],
        labels=labels,
        other_columns=features[:, EVIDENCE.stop :],
        models=models,
        threshold=float(thresholds[precision[:-1] >= PRECISION].min()),
        offers=draw.sample(offers, min(OFFERS, len(offers))),
        others=draw.sample(others, min(OTHERS, len(others))),
    )


def _title(text: str) -> str:
    return text.partition("\n")[0]


BENCH: Bench
"""Set before the processes fork."""


def _without(decoder: str) -> Figures:
    return BENCH.measure(DECODERS[decoder])


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line, measure, print; return the exit code."""
    global BENCH  # noqa: PLW0603
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.ablation",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--db", type=Path, default=DEFAULT_DATABASE, help="the database with the kept vectors"
    )
    parser.add_argument(
        "--only", action="append", choices=list(DECODERS), help="only this decoder; may be repeated"
    )
    parser.add_argument("--titles", type=Path, help="listings whose titles are disguised [the starter set's]")
    parser.add_argument("--positive", default="1", help="labels that count as offers, with commas between")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    chosen = parser.parse_args(arguments)
    BENCH = build_bench(chosen.db, chosen.titles, chosen.positive)
    whole, decoders = BENCH.measure({}), chosen.only or list(DECODERS)
    worth: dict[str, Figures] = {}
    if not chosen.json:
        print(f"{'':24}{'microseconds':>12}{'offers':>8}{'others':>8}{'disguised':>11}{'flags':>7}")
        print(f"{f'all, of {len(BENCH.texts):,} texts':24}{whole}", flush=True)
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(chosen.processes, mp_context=context) as pool:
        for decoder, without in zip(decoders, pool.map(_without, decoders), strict=True):
            worth[decoder] = whole.less(without)
            if not chosen.json:
                print(f"{decoder:24}{worth[decoder]}", flush=True)
    if chosen.json:
        print_json({"all": asdict(whole), "worth": {name: asdict(each) for name, each in worth.items()}})
    return 0


if __name__ == "__main__":
    sys.exit(main())
