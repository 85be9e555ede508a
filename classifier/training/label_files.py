"""Labels to and from files that other tools understand: CSV or JSONL, by the ending of the name."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import asdict
from typing import TYPE_CHECKING

from classifier.errors import DataFileWrong
from classifier.training.examples import read_rows, row_label, row_text
from store import times
from store.scores.labels import TEACHING, NewLabel

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from store.scores.labels import JudgedText

COLUMNS = ("label", "decision", "reason_code", "note", "reviewer", "decided_at", "url", "group", "text")

FORMULA = re.compile(r"'*[=+\-@\t\r]")
"""What a spreadsheet would run; a listing's text is hostile."""


def write_labels(path: Path, judged: Iterable[JudgedText]) -> int:
    """Write standing verdicts to a file, replacing it, and return how many there were.

    In CSV, a cell that a spreadsheet would take for a formula begins with an apostrophe; `read_labels`
    takes it away again.

    Raises:
        DataFileWrong: If the name ends in neither .csv nor .jsonl, or the file cannot be written.
    """
    is_csv = _is_csv(path)
    rows = [
        {
            **asdict(each),
            "decided_at": times.to_text(each.decided_at),
            "label": TEACHING[each.decision],
        }
        for each in judged
    ]
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            if is_csv:
                writer = csv.DictWriter(file, COLUMNS)
                writer.writeheader()
                writer.writerows({name: _guarded(str(row[name])) for name in COLUMNS} for row in rows)
            else:
                ordered = ({name: row[name] for name in COLUMNS} for row in rows)
                file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in ordered)
    except OSError as error:
        raise DataFileWrong(str(path), str(error)) from error
    return len(rows)


def read_labels(path: Path) -> list[NewLabel]:
    """Read a whole file of labels: `text` (or `title` and `description`), `label` 0 or 1, perhaps `group`.

    Raises:
        DataFileWrong: At the first row that is no label, with the number of its line; or if there is no row.
    """
    is_csv = _is_csv(path)
    found = []
    for number, raw in read_rows(path):
        row = {name: _unguarded(value) for name, value in raw.items()} if is_csv else raw
        text = row_text(row)
        if not text.strip():
            raise DataFileWrong(str(path), f"line {number} has no text")
        label = row_label(path, number, row)
        found.append(NewLabel(text=text, label=label, group=str(row.get("group") or "").strip()))
    if not found:
        raise DataFileWrong(
            str(path), f"it has no {'row below a header' if is_csv else 'rows'}, so no labels"
        )
    return found


def _is_csv(path: Path) -> bool:
    if path.suffix not in {".csv", ".jsonl"}:
        raise DataFileWrong(str(path), "the name ends in neither .csv nor .jsonl")
    return path.suffix == ".csv"


def _guarded(cell: str) -> str:
    return f"'{cell}" if FORMULA.match(cell) else cell


def _unguarded(cell: object) -> object:
    is_guarded = isinstance(cell, str) and cell.startswith("'") and FORMULA.match(cell)
    return str(cell)[1:] if is_guarded else cell
