"""Find listed substances and signals of trade in a listing's text.

In: any text and a `Gazetteer`. Out: a `Reading` whose spans index that text. Pure: no file, clock
or network. Of the classifier, this package imports only `classifier.gazetteer`.
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
