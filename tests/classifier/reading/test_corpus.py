"""The reader is right in at least as many texts of each language as the floor of its corpus says."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from classifier.reading import read_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from classifier.gazetteer import Gazetteer
    from classifier.reading import Reading

CORPUS = Path(__file__).parent / "corpus"


@pytest.mark.parametrize("language", sorted(file.stem for file in CORPUS.glob("*.toml")))
def test_a_language_is_read_as_well_as_its_floor(language: str, gazetteer: Gazetteer) -> None:
    """The cases that are wrong are named with the promise that they break."""
    corpus = tomllib.loads((CORPUS / f"{language}.toml").read_text(encoding="utf-8"))
    cases = [(promise["says"], case) for promise in corpus["promises"] for case in promise["cases"]]
    wrong = [
        f"{says} {case['text']!r}: {', '.join(faults)}"
        for says, case in cases
        if (faults := list(_faults(case, read_text(case["text"], gazetteer))))
    ]
    assert len(cases) - len(wrong) >= corpus["floor"] * len(cases), "\n".join(wrong)


def _faults(case: Mapping[str, Any], reading: Reading) -> Iterator[str]:
    """Yield each field of a case that does not hold, with what was found instead."""
    kinds = [signal.kind for signal in reading.trade]
    found = {
        "names": sorted({mention.substance.key for mention in reading.mentions}),
        "offers": sorted({mention.substance.key for mention in reading.offered}),
        "signals": kinds,
        "goods": [goods.kind for goods in reading.goods],
    }
    for field, value in found.items():
        if field in case and value != case[field]:
            yield f"{field} {value}"
    if "how" in case and {mention.how for mention in reading.mentions} != {case["how"]}:
        yield f"how {[mention.how for mention in reading.mentions]}"
    if not all(mention.why_not.startswith(case.get("reason", "")) for mention in reading.mentions):
        yield f"reason {[mention.why_not for mention in reading.mentions]}"
    if "signal" in case and not any(
        signal.kind == case["signal"]
        and signal.text == case.get("words", signal.text)
        and (signal.meant[0].split()[0] if "meant" in case and signal.meant else case.get("meant"))
        == case.get("meant")
        for signal in reading.trade
    ):
        yield f"signals {[(signal.kind, signal.text, signal.meant) for signal in reading.trade]}"
    if case.get("no_signal") in kinds:
        yield f"signals {kinds}"
