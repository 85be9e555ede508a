"""Write the tables of docs/law-sources.md from the data of the gazetteer.

    python -m classifier.gazetteer.sources_page

`make docs` does so, and a test fails while the page differs from the data.
"""

from __future__ import annotations

import csv
from collections import Counter
from importlib.resources import files
from pathlib import Path

from classifier.gazetteer.law import Law, instruments, profiles
from classifier.gazetteer.substances import load_gazetteer

PAGE = Path(__file__).parents[2] / "docs" / "law-sources.md"

BEGIN = "<!-- From here on written by `python -m classifier.gazetteer.sources_page`. -->"


def page() -> str:
    """Return the page: what people wrote, then the tables of jurisdictions and sources."""
    gazetteer = load_gazetteer(Law(instruments=profiles()))
    entries = [entry for each in (*gazetteer.substances, *gazetteer.watched) for entry in each.entries]
    counted = Counter(entry.profile for entry in entries)
    unsure = Counter(entry.profile for entry in entries if "low confidence" in entry.list_name)
    lines = [
        "| profile | jurisdiction | kind | entries | read with low confidence |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| `{name}` | {each.jurisdiction} | {each.kind} | {counted[name]} | {unsure[name]} |"
        for name, each in {each.profile: each for each in instruments()}.items()
    ]
    text = (files("classifier.gazetteer") / "curated" / "sources.csv").read_text(encoding="utf-8")
    lines += [
        "",
        "## Sources",
        "",
        "| id | what | address | read | grade | read on |",
        "|---|---|---|---|---|---|",
    ]
    lines += [f"| {' | '.join(row.values())} |" for row in csv.DictReader(text.splitlines())]
    head = PAGE.read_text(encoding="utf-8").partition(BEGIN)[0]
    return head + "\n".join([BEGIN, "", *lines, ""])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
