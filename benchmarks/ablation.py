"""What each decoder of disguises, each rule and each group of features is worth, and what it costs.

    python -m benchmarks.ablation                          # all of them, some 10 minutes on two cores
    python -m benchmarks.ablation --only leetspeak         # one; may be repeated
    python -m benchmarks.ablation --titles listings.jsonl  # also on disguised titles of these listings

Models are fitted without some authors and score the texts of these. Then a part is switched off, the texts
are read again, and the same models score them: so many offers are found, and so many others flagged, only
with the part. Only without a group of features are the models fitted again. Disguised titles are those of
`benchmarks.obfuscation`, read without a model.
"""

from __future__ import annotations

import argparse
import ast
import gc
import multiprocessing
import re
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from importlib import import_module
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.metrics import precision_recall_curve

from benchmarks.languages import KINDS, Rows
from benchmarks.obfuscation import measure as measure_disguised
from benchmarks.obfuscation import overall, titles_of
from classifier.features.embedding import default_embedder
from classifier.features.evidence import FEATURES, evidence_matrix, read_all
from classifier.features.matrix import EMBEDDING, EVIDENCE, WORDS
from classifier.gazetteer import default_gazetteer
from classifier.model.estimator import build_pipeline, fit
from classifier.reading.deobfuscate import SIGNED, SPACED
from classifier.reading.matcher import matcher_for
from cli.options import DEFAULT_DATABASE
from cli.output import print_json, print_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from sklearn.pipeline import Pipeline

PRECISION = 0.9
FOLDS = 5
"""Groups of authors left out, one at a time."""
OFFERS, OTHERS = 150, 100
"""Titles that are disguised in each way."""
SEED = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Something that can be switched off."""

    off: Mapping[str, object] = field(default_factory=dict)
    """What replaces a name, `module:name`, when the part is off."""
    code: tuple[str, ...] = ()
    """Names, `module:name`, that are there only for this part; empty where there is nothing to count."""
    features: tuple[str, ...] = ()
    """Columns emptied."""
    columns: slice | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """What a part is worth: the figures with it, less those without it."""

    part: str
    lines: int
    microseconds: float
    """A text."""
    offers: int
    """Offers of authors left out that are found."""
    others: int
    """Other texts of these that are flagged; negative where the part prevents flags."""
    disguised: float
    """Recall of disguised titles, in percentage points."""
    flags: int
    """Other titles, disguised, that are read as offers."""


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


NEVER = re.compile(r"(?!)")
FAR = 10**9
READ, NAMES, MATCHER = "classifier.reading.read", "classifier.reading.names", "classifier.reading.matcher"
NUMBERS, SPELLED = "classifier.reading.numbers", "classifier.reading.spelled_out"
SIGNALS, SHOWN = "classifier.reading.trade_signals", "classifier.reading.deobfuscate"
OFFERED, LONGER = "classifier.reading.offers", "classifier.reading.boundaries"
FOLDING = "text.normalise"


def _of(module: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{module}:{name}" for name in names)


def _without_patterns(module: str, *names: str) -> Mapping[str, object]:
    whole = import_module(module)._patterns  # noqa: SLF001
    return {
        f"{module}:_patterns": lambda: {key: NEVER if key in names else each for key, each in whole().items()}
    }


def _without_tables(module: str, function: str, *tables: str) -> Mapping[str, object]:
    whole = getattr(import_module(module), function)
    return {f"{module}:{function}": lambda table: {} if table in tables else whole(table)}


TALK = tuple(name for name in FEATURES if name.startswith(("talks of", "calls what", "tells a", "speaks to")))
PLACE = (
    "named after a preposition",
    "named first",
    "words of the title before its name",
    "named beside a quantity, purity or price",
    "named below the title only",
    "another word right after its name",
    "named after other goods",
    "named in quotation marks",
    "share of the title that names it",
    "offered in the title",
)
PARTS: Mapping[str, Part] = {
    "look-alike letters": Part(
        off={f"{FOLDING}:LOOKALIKES": {}}, code=_of(FOLDING, "_spell_out", "_resolve_word")
    ),
    "two scripts in a word": Part(
        off={f"{each}:in_one_alphabet": same for each in (NAMES, MATCHER, LONGER)},
        code=_of(FOLDING, "in_one_alphabet"),
    ),
    "letters apart": Part(
        off={f"{SHOWN}:_may_be_apart": no}, code=_of(SHOWN, "_may_be_apart", "_kept_places")
    ),
    "emoji in a word": Part(
        off={f"{SHOWN}:APART": re.compile(f"{SIGNED}|{SPACED}")},
        code=_of(SHOWN, "PICTURED", "PICTURE"),
    ),
    "joined words": Part(off={f"{SHOWN}:CAPITAL": NEVER}, code=_of(SHOWN, "Deobfuscated.seams")),
    "right to left": Part(
        off={f"{READ}:in_order_shown": lambda _text: None},
        code=_of(SHOWN, "in_order_shown", "moved", "joined"),
    ),
    "leetspeak": Part(
        off={f"{NAMES}:_plain_reading": same},
        code=_of(
            NAMES,
            "_plain_reading",
            "LEET",
            "LEET_WORD",
            "WORD_WITH_LETTERS",
        ),
    ),
    "masked letters": Part(
        off={f"{NAMES}:_masked": nothing},
        code=(
            *_of(NAMES, "_masked", "MASKED_WORD"),
            *_of(MATCHER, "_words"),
        ),
    ),
    "cut-off names": Part(
        off={f"{NAMES}:_cut_off": nothing}, code=_of(NAMES, "_cut_off", "_owner_of_stump", "CUT_OFF")
    ),
    "names by sound": Part(
        off={f"{READ}:find_phonetic": nothing},
        code=_of(
            NAMES,
            "find_phonetic",
            "PhoneticNames",
            "phonetic_names",
            "sound_of",
            "_sounds",
            "_sound",
            "_in_latin",
            "BY_LETTERS",
            "ONE_SOUND",
        ),
    ),
    "names broken by spaces": Part(
        off={f"{NAMES}:SHORTEST_BROKEN": FAR, f"{NAMES}:SYLLABLES": ()}, code=_of(NAMES, "_is_in_syllables")
    ),
    "syllables": Part(off={f"{NAMES}:SYLLABLES": ()}, code=_of(NAMES, "_is_in_syllables")),
    "slips of the pen": Part(
        off={f"{MATCHER}:_misspelt": nothing}, code=_of(MATCHER, "_misspelt", "slips_of")
    ),
    "backwards": Part(
        off={f"{MATCHER}:reversed_name": empty},
        code=(*_of(MATCHER, "reversed_name"), *_of(NAMES, "_backwards_hit")),
    ),
    "Korean initials": Part(off={f"{MATCHER}:initials_of": empty}, code=_of(MATCHER, "initials_of")),
    "kana": Part(off={f"{MATCHER}:KATAKANA": NEVER}),
    "i for l": Part(off={f"{MATCHER}:SHORTEST_ALIKE": FAR}),
    "Chinese, parts of characters": Part(off=_without_tables(MATCHER, "_written_for", "respelling.apart")),
    "Chinese, alike": Part(off={f"{MATCHER}:_swapped": nothing}, code=_of(MATCHER, "_swapped")),
    "Chinese, pinyin": Part(off=_without_tables(MATCHER, "by_key", "respelling.pinyin")),
    "Chinese, all": Part(
        off={f"{MATCHER}:_chinese": nothing}, code=_of(MATCHER, "_chinese", "_with", "_swapped")
    ),
    "respellings, all": Part(
        off={f"{MATCHER}:_respelt": nothing},
        code=_of(
            MATCHER,
            "_respelt",
            "reversed_name",
            "respellings",
            "_respellings",
            "initials_of",
            "_chinese",
            "_with",
            "_swapped",
            "_written_for",
        ),
    ),
    "other parts of names": Part(
        off={f"{MATCHER}:_other_parts": list}, code=_of(MATCHER, "_other_parts", "spellings_of")
    ),
    "inflections": Part(
        off={f"{MATCHER}:_inflections": dict},
        code=_of(MATCHER, "inflections_of", "_cases_of", "_inflections"),
    ),
    "masked CAS numbers": Part(
        off={f"{NUMBERS}:HAS_MASK": NEVER}, code=_of(NUMBERS, "_masked", "_shape", "MASKED", "HAS_MASK")
    ),
    "CAS numbers in parts": Part(
        off={f"{NUMBERS}:may_be_in_turn": no},
        code=_of(
            NUMBERS,
            "may_be_in_turn",
            "_in_turn",
            "_listed_from",
            "_measure",
            "KnownParts",
            "known_parts",
            "find_numbers",
            "Number",
        ),
    ),
    "numbers in words": Part(
        off={f"{NUMBERS}:_parts_of": lambda _word: (), f"{NUMBERS}:_numbers_in_chinese": nothing},
        code=_of(
            NUMBERS,
            "_numbers_in_words",
            "_numbers_of",
            "_grown",
            "_numbers_in_chinese",
            "_chinese_digits",
            "_chinese_run",
            "_german_parts",
            "_german_and",
            "_parts",
            "_parts_of",
            "_said_in",
        ),
    ),
    "letters as figures": Part(
        off={f"{NUMBERS}:in_figures": same},
        code=_of(NUMBERS, "in_figures", "LETTER_AS_FIGURE", "LETTER_FOR_FIGURE", "AS_FIGURE"),
    ),
    "digits in words": Part(
        off={f"{SPELLED}:_may_say_number": no, **_without_patterns(SPELLED, "chinese number")},
        code=_of(SPELLED, "_may_say_number", "spoken_digits", "numbers_beside", "is_beside_number"),
    ),
    "letter names": Part(
        off={f"{SPELLED}:_spellings": nothing},
        code=_of(SPELLED, "_spellings", "_letter_names", "LetterNames"),
    ),
    "nicknames": Part(off=_without_patterns(SPELLED, "nickname")),
    "letter names joined": Part(off=_without_patterns(SPELLED, "joined", "by sound")),
    "all of spelled_out": Part(
        off={f"{SIGNALS}:find_spoken": nothing, f"{SIGNALS}:find_joined": nothing},
        code=_of(SPELLED, "*"),
    ),
    "codes": Part(
        off={f"{SIGNALS}:_find_codes": nothing},
        code=_of(SIGNALS, "_find_codes", "_codes", "_bare_codes", "TWO_PARTS"),
    ),
    "CAS numbers spelled otherwise": Part(
        off={
            f"{NAMES}:is_cas_spelling": lambda text, digits: text[digits[0] : digits[-1] + 1].count("-") == 2
        },
        code=_of(SIGNALS, "is_cas_spelling"),
    ),
    "topics": Part(
        off={f"{SIGNALS}:_find_topics": nothing},
        code=_of(
            SIGNALS, "Topic", "Stem", "_find_topics", "_said", "_word_end", "_topics", "_spaced", "_spellings"
        ),
    ),
    "trade phrases": Part(off={f"{SIGNALS}:_is_whole_phrase": no}, code=_of(SIGNALS, "_is_whole_phrase")),
    "goods": Part(
        off={f"{READ}:find_goods": nothing},
        code=_of(
            "classifier.reading.goods",
            "find_goods",
            "_worded",
            "_written_together",
            "_names",
            "_chinese",
            "_passed_off",
            "_in_words",
            "_longest_of",
        ),
    ),
    "other forms": Part(
        off={f"{SIGNALS}:is_other_form": no},
        code=_of(
            "classifier.reading.goods", "is_other_form", "_other_form_places", "_other_forms", "OtherForms"
        ),
    ),
    "buy requests": Part(
        off={f"{OFFERED}:find_request": lambda *_given, **_named: ("", False)},
        code=_of(
            OFFERED,
            "find_request",
            "is_filler",
            "_asked_before",
            "_wished",
            "_call_to_holders",
            "_is_seekers",
            "_words_before",
            "_is_sellers",
            "_is_offer_after_all",
            "_is_answered",
            "_request_patterns",
        ),
    ),
    "sellers who ask": Part(
        off={f"{OFFERED}:_is_sellers": no, f"{OFFERED}:_is_answered": no},
        code=_of(OFFERED, "_is_sellers", "_is_offer_after_all", "_is_answered"),
    ),
    "wishes": Part(off={f"{OFFERED}:_wished": lambda *_given: None}, code=_of(OFFERED, "_wished")),
    "calls to holders": Part(
        off={f"{OFFERED}:_call_to_holders": lambda *_given: None}, code=_of(OFFERED, "_call_to_holders")
    ),
    "numbers of other things": Part(off={f"{READ}:other_number": empty}, code=_of(OFFERED, "other_number")),
    "finished drugs": Part(off={f"{READ}:finished_drug": empty}, code=_of(OFFERED, "finished_drug")),
    "subject of a text": Part(off={f"{OFFERED}:_about": empty}, code=_of(OFFERED, "_about")),
    "longer names": Part(
        off={f"{NAMES}:is_part_of_longer_name": no},
        code=_of(
            LONGER,
            "is_part_of_longer_name",
            "_is_joined_before",
            "_is_joined_after",
            "_is_prefixed",
            "_is_suffixed",
            "_is_cut_off_suffix",
            "_forms",
        ),
    ),
    "bare abbreviations": Part(
        off={f"{NAMES}:has_context": no},
        code=_of(LONGER, "has_context", "_is_no_word", "_is_sold", "_patterns", "Place"),
    ),
    "features: position of the name": Part(features=PLACE, code=("classifier.features.title_position:*",)),
    "features: kinds of talk": Part(features=TALK),
    "features: kinds of talk, of chemistry too, and phrases": Part(
        features=(
            *TALK,
            "no papers asked",
            "stands in for something banned",
            "promises stealth",
            "promises customs",
            "contact off the platform",
            "takes crypto",
            "hints at control",
        )
    ),
    "features: form with other signs": Part(
        features=(
            "a chemical form with its name withheld",
            "a chemical form without papers",
            "evasive trade in a chemical form",
            "signs of hiding where nothing is named for sale",
            "evasive trade in a listed substance",
            "evasive trade in an unnamed chemical",
        )
    ),
    "features: how it is listed": Part(
        features=(
            "listed by CAS number",
            "listed by name",
            "listed by abbreviation",
            "listed name in disguise",
        )
    ),
    "features: goods": Part(
        features=tuple(each for each in FEATURES if "goods" in each or each.startswith("names a"))
    ),
    "features: evidence": Part(columns=EVIDENCE),
    "features: embedding": Part(columns=EMBEDDING),
    "features: words": Part(columns=WORDS),
}
"""Every part by its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The figures with all parts, or without one."""

    seconds: float
    offers: int
    others: int
    recall: float
    flags: int


@dataclass(slots=True, kw_only=True)
class Bench:
    """What is the same for all parts."""

    rows: Rows
    offers: list[str]
    others: list[str]
    written: NDArray[np.intp]
    """The rows of authors."""
    parts: list[tuple[NDArray[np.intp], NDArray[np.intp]]]
    """The rows known to each model, and those of the authors left out."""
    models: list[Pipeline] = field(default_factory=list)
    threshold: float = 0.0

    def fit(self, features: csr_matrix) -> list[Pipeline]:
        """Return the models without some authors."""
        data = self.rows.data
        models: list[Pipeline] = []
        for known, _left_out in self.parts:
            near = models[-1] if models else None
            models.append(
                fit(build_pipeline(), features[known], data.labels[known], data.weights[known], near=near)
            )
        return models

    def sums(self, models: Sequence[Pipeline], features: csr_matrix) -> NDArray[np.float64]:
        """Return the log-odds of the texts of authors."""
        found = np.full(features.shape[0], np.nan)
        for model, (_known, left_out) in zip(models, self.parts, strict=True):
            found[left_out] = model.decision_function(features[left_out])
        return found[self.written]

    def found(self, name: str) -> Found:
        """Return the figures without a part, or with all for an empty name."""
        part, data = PARTS[name] if name else Part(), self.rows.data
        texts = [data.examples[row].text for row in self.written]
        with ExitStack() as stack:
            for target, replacement in part.off.items():
                module, _, attribute = target.partition(":")
                stack.enter_context(patch.object(import_module(module), attribute, replacement))
            _forget()
            gazetteer = default_gazetteer()
            read_all(texts[:200], gazetteer)
            began = time.process_time()
            readings = read_all(texts, gazetteer)
            seconds = time.process_time() - began
            hidden = overall(measure_disguised(self.offers, self.others, _reads_an_offer, seed=SEED))
        models, threshold = self.models, self.threshold
        evidence = data.features[:, EVIDENCE].toarray()
        evidence[self.written] = evidence_matrix(texts, readings)
        evidence[:, [list(FEATURES).index(feature) for feature in part.features]] = 0
        features = hstack([csr_matrix(evidence), data.features[:, evidence.shape[1] :]], format="csc")
        if part.columns:
            start, stop, _step = part.columns.indices(features.shape[1])
            features.data[features.indptr[start] : features.indptr[stop]] = 0
            features.eliminate_zeros()
        features = features.tocsr()
        labels = data.labels[self.written]
        if part.columns or part.features:
            models = self.fit(features)
            threshold = threshold_of(labels, self.sums(models, features))
        is_flagged = self.sums(models, features) >= threshold
        return Found(
            seconds=seconds,
            offers=int((is_flagged & (labels == 1)).sum()),
            others=int((is_flagged & (labels == 0)).sum()),
            recall=hidden.recall_obfuscated,
            flags=hidden.flags_added,
        )


def threshold_of(labels: NDArray[np.int64], sums: NDArray[np.float64]) -> float:
    """Return the lowest sum from which `PRECISION` of the texts are offers."""
    precision, _recall, thresholds = precision_recall_curve(labels, sums)
    return float(thresholds[precision[:-1] >= PRECISION].min())


BENCH: Bench
"""Set before the processes fork."""
WHOLE: Found


def _work(name: str) -> Worth:
    without = BENCH.found(name)
    worth = Worth(
        part=name,
        lines=lines_of(PARTS[name].code),
        microseconds=1e6 * (WHOLE.seconds - without.seconds) / len(BENCH.written),
        offers=WHOLE.offers - without.offers,
        others=WHOLE.others - without.others,
        disguised=100 * (WHOLE.recall - without.recall),
        flags=WHOLE.flags - without.flags,
    )
    print(_row(worth), file=sys.stderr, flush=True)
    return worth


def _forget() -> None:
    """Empty the caches of the reader."""
    cached = type(matcher_for)
    each: Any
    for each in gc.get_objects():
        if isinstance(each, cached) and each.__module__.startswith(("text.", "classifier.")):
            each.cache_clear()
    import_module(FOLDING)._CHARACTERS.clear()  # noqa: SLF001


def _reads_an_offer(titles: Sequence[str]) -> list[bool]:
    return [bool(each.offered) for each in read_all(titles, default_gazetteer())]


def lines_of(code: Sequence[str]) -> int:
    """Return the lines of the named functions, classes and constants."""
    return sum(_lines_of(*each.split(":")) for each in code)


def _lines_of(module: str, name: str) -> int:
    source = Path(str(import_module(module).__file__)).read_text(encoding="utf-8")
    if name == "*":
        return source.count("\n")
    found: list[ast.stmt] = ast.parse(source).body
    for part in name.split("."):
        named = [each for each in found if part in _names_of(each)]
        found = getattr(named[0], "body", []) if "." in name else named
        if "." not in name or part == name.rpartition(".")[2]:
            return sum((each.end_lineno or 0) - each.lineno + 1 for each in named)
    return 0


def _names_of(statement: ast.stmt) -> set[str]:
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return {statement.name}
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    names = [each for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)]
    return {each.id for each in names}


def _row(worth: Worth) -> str:
    return "\t".join(
        [
            f"{worth.part:40}",
            str(worth.lines),
            f"{worth.microseconds:+.1f} us",
            f"{worth.offers:+d}",
            f"{worth.others:+d}",
            f"{worth.disguised:+.2f}",
            f"{worth.flags:+d}",
        ]
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line, measure, print; return the exit code."""
    global BENCH, WHOLE  # noqa: PLW0603
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.ablation",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--db", type=Path, default=DEFAULT_DATABASE, help="the database with the kept vectors"
    )
    parser.add_argument(
        "--only", action="append", choices=list(PARTS), help="only this part; may be repeated"
    )
    parser.add_argument("--titles", type=Path, help="listings whose titles are disguised [the starter set's]")
    parser.add_argument("--positive", default="1", help="labels that count as offers, with commas between")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    chosen = parser.parse_args(arguments)
    BENCH = _bench(chosen.db, chosen.titles, chosen.positive)
    WHOLE = BENCH.found("")
    print(
        f"with all parts: {WHOLE.offers} offers, {WHOLE.others} others flagged of {len(BENCH.written)}, "
        f"disguised {WHOLE.recall:.4f}, {WHOLE.flags} flags",
        file=sys.stderr,
    )
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(chosen.processes, mp_context=context) as pool:
        found = list(pool.map(_work, chosen.only or PARTS))
    if chosen.json:
        print_json([asdict(each) for each in found])
    else:
        print_table(
            ("part", "lines", "time", "offers", "others", "disguised", "flags"),
            [tuple(_row(each).split("\t")) for each in found],
        )
    return 0


def _bench(database: Path, titles: Path | None, positive: str) -> Bench:
    rows = Rows.read(default_embedder(), database)
    authors = sorted(set(rows.authors) - {""})
    groups = [authors[start::FOLDS] for start in range(FOLDS)]
    parts = [
        (np.flatnonzero(~np.isin(rows.authors, group)), np.flatnonzero(np.isin(rows.authors, group)))
        for group in groups
    ]
    if titles:
        offers, others = titles_of(titles, set(positive.split(",")))
    else:
        named = set(KINDS["named"])
        offers = [each.text.partition("\n")[0] for each in rows.data.examples if each.kind in named]
        others = [each.text.partition("\n")[0] for each in rows.data.examples if not each.label]
    draw = Random(SEED)
    bench = Bench(
        rows=rows,
        offers=draw.sample(offers, min(OFFERS, len(offers))),
        others=draw.sample(others, min(OTHERS, len(others))),
        parts=parts,
        written=np.flatnonzero(rows.authors != ""),
    )
    bench.models = bench.fit(rows.data.features)
    sums = bench.sums(bench.models, rows.data.features)
    bench.threshold = threshold_of(rows.data.labels[bench.written], sums)
    return bench


if __name__ == "__main__":
    sys.exit(main())
