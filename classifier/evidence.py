"""What was read in a text, as numbers: one row of named features, each with a plain meaning.

To add a feature: add a line to `FEATURES`; training, scoring, reasons and the model card follow. A model
trained before the change is refused at load, because its features are others.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from classifier.gazetteer import load_gazetteer
from listings.model import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from classifier.gazetteer import Gazetteer
    from classifier.reading import Mention, Reading

EVASIVE = frozenset({"stealth", "customs_promise", "off_platform", "crypto", "controlled_hint"})
"""Trade signs of a seller who expects trouble; common among sellers of other forbidden goods too."""

CHEMICAL = frozenset({"purity", "code_number", "price_per_unit"})
"""Trade signs that something is sold by weight and grade."""

WITHHELD = frozenset({"name_withheld", "number_spoken", "spelled_letters"})
"""Trade signs that what is sold is kept from being read or searched for."""

UNDECLARED = frozenset({"no_papers", "stands_in"})
"""Trade signs that the law or the border is talked of as something to get past."""


def _tier(tier: int) -> Callable[[str, Reading], float]:
    return lambda _text, reading: any(mention.substance.tier == tier for mention in reading.offered)


def _how(how: str) -> Callable[[str, Reading], float]:
    return lambda _text, reading: any(mention.how == how for mention in reading.offered)


def _trade(kind: str) -> Callable[[str, Reading], float]:
    return lambda _text, reading: kind in _kinds(reading)


def _unnamed_form(others: frozenset[str]) -> Callable[[str, Reading], float]:
    """Return what counts the signs of `others` beside a chemical form, where nothing listed is offered."""

    def count(_text: str, reading: Reading) -> float:
        kinds = _kinds(reading)
        return "form" in kinds and not reading.offered and len(kinds & others)

    return count


def _covered_by_offer(text: str, reading: Reading) -> float:
    title_end = text.find("\n") if "\n" in text else len(text)
    covered = sum(
        min(mention.span[1], title_end) - mention.span[0]
        for mention in reading.offered
        if mention.span[0] < title_end
    )
    return min(1.0, covered / max(1, title_end))


FEATURES: dict[str, Callable[[str, Reading], float]] = {
    "offers a tier 1 substance": _tier(1),
    "offers a tier 2 substance": _tier(2),
    "offers a tier 3 substance": _tier(3),
    "listed by CAS number": _how("cas"),
    "listed by name": _how("name"),
    "listed by abbreviation": _how("abbreviation"),
    "listed name in disguise": _how("disguised"),
    "offered in the title": lambda text, reading: _covered_by_offer(text, reading) > 0,
    "share of the title that names it": _covered_by_offer,
    "more than one listed substance": lambda _text, reading: np.log2(max(1, len(offered_keys(reading)))),
    "listed substance only mentioned": lambda _text, reading: bool(reading.mentions and not reading.offered),
    "another CAS number": lambda _text, reading: any(not cas.listed for cas in reading.cas_numbers),
    "states a quantity": _trade("quantity"),
    "states a purity": _trade("purity"),
    "priced by weight": _trade("price_per_unit"),
    "promises stealth": _trade("stealth"),
    "promises customs": _trade("customs_promise"),
    "contact off the platform": _trade("off_platform"),
    "takes crypto": _trade("crypto"),
    "names a destination": _trade("destination"),
    "hints at control": _trade("controlled_hint"),
    "code in place of a name": _trade("code_number"),
    "evasive trade in a listed substance": lambda _text, reading: (
        bool(reading.offered) * len(_kinds(reading) & EVASIVE)
    ),
    "evasive trade in an unnamed chemical": lambda _text, reading: (
        (not reading.mentions) * bool(_kinds(reading) & CHEMICAL) * len(_kinds(reading) & EVASIVE)
    ),
    "a chemical form": _trade("form"),
    "name kept off the page": _trade("name_withheld"),
    "number said in words or in part": _trade("number_spoken"),
    "abbreviation spelled by letter names": _trade("spelled_letters"),
    "no papers asked": _trade("no_papers"),
    "stands in for something banned": _trade("stands_in"),
    "a chemical form with its name withheld": _unnamed_form(WITHHELD),
    "a chemical form without papers": _unnamed_form(UNDECLARED),
    "evasive trade in a chemical form": _unnamed_form(EVASIVE),
}
"""Each feature's plain name and how it is read; values are 0 or 1, or small counts."""


def evidence_matrix(texts: Sequence[str], readings: Sequence[Reading]) -> NDArray[np.float32]:
    """Return float32 of shape (len(texts), len(FEATURES)), in the order of `FEATURES`."""
    rows = [
        [float(feature(text, reading)) for feature in FEATURES.values()]
        for text, reading in zip(texts, readings, strict=True)
    ]
    return np.array(rows, dtype=np.float32).reshape(len(rows), len(FEATURES))


@cache
def default_gazetteer() -> Gazetteer:
    """Return the gazetteer under the default profile, one for the process: its first reading compiles it."""
    return load_gazetteer()


def read_all(texts: Sequence[str], gazetteer: Gazetteer) -> list[Reading]:
    """Read each text against the gazetteer."""
    from classifier.reading import read_texts

    return read_texts(texts, gazetteer)


def offered_keys(reading: Reading) -> dict[str, Mention]:
    """Return one mention for each substance on offer, the most strongly controlled first."""
    ordered = sorted(reading.offered, key=lambda mention: (mention.substance.tier, mention.span))
    first: dict[str, Mention] = {}
    for mention in ordered:
        first.setdefault(mention.substance.key, mention)
    return first


def evidence_spans(reading: Reading) -> tuple[Span, ...]:
    """Return every stretch of the text that counted, for the reviewer, in the order of the text."""
    mentions = [
        Span(
            start=mention.span[0],
            end=mention.span[1],
            kind=mention.how if mention.offered else "mention",
            substance=mention.substance.name,
            note=law_note(mention) if mention.offered else f"only mentioned: {mention.why_not}",
        )
        for mention in reading.mentions
    ]
    others = [
        Span(start=cas.span[0], end=cas.span[1], kind="cas", note=f"{cas.number} is on no list in force here")
        for cas in reading.cas_numbers
        if not cas.listed
    ]
    trade = [
        Span(start=sign.span[0], end=sign.span[1], kind="trade", note=sign.kind.replace("_", " "))
        for sign in reading.trade
    ]
    return tuple(sorted([*mentions, *others, *trade], key=lambda span: (span.start, span.end)))


def law_note(mention: Mention) -> str:
    """Return the lists a substance stands on, e.g. `UN 1988 Convention, Table I, since 1988`."""
    return "; ".join(
        f"{entry.instrument}, {entry.list_name}" + (f", since {entry.since_text}" if entry.since_text else "")
        for entry in mention.substance.entries
    )


def _kinds(reading: Reading) -> set[str]:
    return {sign.kind for sign in reading.trade}
