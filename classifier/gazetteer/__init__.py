"""The gazetteer: what is controlled, under which law, since when, and by which names.

In: the CSV files under `data/`, made by `classifier.gazetteer.build` from public facts.
Out: a `Gazetteer` of one profile and date. It imports nothing of ours but its own modules.
"""

from __future__ import annotations

from classifier.gazetteer.load import GazetteerError, load_gazetteer
from classifier.gazetteer.model import (
    DEFAULT_PROFILE,
    Confusable,
    Gazetteer,
    LawEntry,
    LookupResult,
    Name,
    Profile,
    Substance,
)

__all__ = [
    "DEFAULT_PROFILE",
    "Confusable",
    "Gazetteer",
    "GazetteerError",
    "LawEntry",
    "LookupResult",
    "Name",
    "Profile",
    "Substance",
    "load_gazetteer",
]
