"""Reading: what a listing's text says, word for word, against the gazetteer.

In: any text and a `Gazetteer`. Out: a `Reading` whose spans index that text. Pure: no file, clock
or network. It imports `classifier.gazetteer` and nothing else of ours.
"""

from __future__ import annotations

from classifier.reading.deobfuscate import as_shown
from classifier.reading.model import CasNumber, Mention, Reading, TradeSignal
from classifier.reading.read import find_mentions, read_text, read_texts

__all__ = [
    "CasNumber",
    "Mention",
    "Reading",
    "TradeSignal",
    "as_shown",
    "find_mentions",
    "read_text",
    "read_texts",
]
