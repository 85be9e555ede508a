"""The gazetteer: controlled substances with their names, laws and dates.

`fixtures.gazetteer.build` makes the CSV files under `data/` from public facts. `load_gazetteer` reads them
into a `Gazetteer` for one profile and date.
"""

from __future__ import annotations

from classifier.gazetteer.law import Law, LawEntry, LawWrong, ListRow, profiles, read_law
from classifier.gazetteer.lists import ListWrong
from classifier.gazetteer.lookup import LookupResult, look_up
from classifier.gazetteer.substances import (
    Confusable,
    Gazetteer,
    Name,
    Substance,
    default_gazetteer,
    gazetteer_of,
    load_gazetteer,
)

__all__ = [
    "Confusable",
    "Gazetteer",
    "Law",
    "LawEntry",
    "LawWrong",
    "ListRow",
    "ListWrong",
    "LookupResult",
    "Name",
    "Substance",
    "default_gazetteer",
    "gazetteer_of",
    "load_gazetteer",
    "look_up",
    "profiles",
    "read_law",
]
