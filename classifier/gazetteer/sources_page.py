"""Write the tables of docs/law-sources.md from the data of the gazetteer.

    python -m classifier.gazetteer.sources_page

`make docs` does so, and a test fails while the page differs from the data.
"""

from __future__ import annotations

import csv
from collections import Counter
from importlib.resources import files
from pathlib import Path

from classifier.gazetteer.class_rules import class_rules, covered_compounds, forms
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
    lines += _rules()
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


def _rules() -> list[str]:
    """Return the table of class rules, then that of wordings which no structure can be checked against."""
    counts = Counter(hit.rule for each in covered_compounds() for hit in each.rules)
    checked = [
        f"| `{each.rule}` | {each.jurisdiction}: {each.instrument}, {each.provision} | {each.wording} "
        f"| {each.parent} | {', '.join(each.forms)} | {counts[each.rule]} | {each.status}, {each.confidence} "
        f"| {each.source} |"
        for each in class_rules()
        if each.forms
    ]
    others = [
        f"| `{each.rule}` | {each.jurisdiction}: {each.instrument}, {each.provision} | {each.wording} "
        f"| {each.not_checked} | {each.status}, {each.confidence} | {each.source} |"
        for each in class_rules()
        if not each.forms
    ]
    meanings = [f"| {each.form} | {each.meaning} |" for each in forms().values()]
    return [
        "",
        "## Class rules",
        "",
        "*Compounds* are those of the public table of `chemicals` that a rule covers and no list names.",
        "Words in brackets give the meaning of a wording and are no quotation.",
        "",
        "| rule | where | words of the law | parent | forms | compounds | status, confidence | source |",
        "|---|---|---|---|---|---|---|---|",
        *checked,
        "",
        "The forms are narrower than derivatives and analogues in law; the rest is left to a chemist:",
        "",
        "| form | meaning |",
        "|---|---|",
        *meanings,
        "",
        "Wordings that structures cannot be checked against:",
        "",
        "| rule | where | words of the law | why not | status, confidence | source |",
        "|---|---|---|---|---|---|",
        *others,
    ]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
