"""The gazetteer: what is controlled, under which law, since when, and by which names.

In: the CSV files under `data/`, made by `classifier.gazetteer.build` from public facts.
Out: a `Gazetteer` of one profile and date. It imports nothing of ours but its own modules.
"""

from __future__ import annotations

from classifier.gazetteer.law import Law, LawEntry, LawWrong, Profile, read_law
from classifier.gazetteer.lookup import LookupResult, look_up
from classifier.gazetteer.substances import (
    Confusable,
    Gazetteer,
    GazetteerError,
    Name,
    Substance,
    default_gazetteer,
    gazetteer_of,
    load_gazetteer,
)

__all__ = [
    "Confusable",
    "Gazetteer",
    "GazetteerError",
    "Law",
    "LawEntry",
    "LawWrong",
    "LookupResult",
    "Name",
    "Profile",
    "Substance",
    "default_gazetteer",
    "gazetteer_of",
    "load_gazetteer",
    "look_up",
    "read_law",
]
