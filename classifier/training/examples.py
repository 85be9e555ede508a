"""Read and write labelled texts as CSV or JSONL files."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import zlib
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from classifier.errors import DataFileWrong
from store import times
from store.crawl.identity import MAX_TEXT_CHARS, listing_text
from store.messages import guard_cell, unguard_cell
from store.model import ListingContent
from store.rows import clean
from store.scores.labels import TEACHING, NewLabel

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from store.scores.labels import ReviewedText

DELIMITERS = {";": "semicolons", "\t": "tabs", "|": "bars"}
"""Names of column delimiters other than commas, for messages."""

COLUMNS_SHOWN = 8
COLUMN_CHARS = 40
"""Most unknown columns in a message, and most characters of each."""

HELD_OUT_OF = 5
"""One group in this many is held out of every cross-fitted model, chosen by the hash of its name."""

MANY_EXAMPLES = 2_000
LARGEST_WEIGHT = 3.0
"""Most weight of an example in a language with fewer than `MANY_EXAMPLES`: the root of the ratio."""

LABEL_COLUMNS = ("label", "decision", "reason_code", "note", "reviewer", "decided_at", "url", "group", "text")


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One labelled text."""

    text: str
    label: int
    """1 for an offer of a controlled precursor, 0 for none."""
    group: str
    """Texts of one group (a seller, a template) are never split between training and evaluation."""
    weight: float = 1.0
    origin: str = "starter"
    """`starter`, `verdict` or `imported`."""
    kind: str = ""
    """Kind of example, e.g. `disguised`; this and the following fields are empty if unknown."""
    language: str = ""
    """ISO 639-1."""
    family: str = ""
    tier: str = ""
    """Tier of the substance on offer: `1`, `2` or `3`."""
    is_newest: bool = False
    """Whether the group is among the newest reviewed groups, which are also held out."""

    @property
    def is_held_out(self) -> bool:
        """Whether the example is held out for comparing models, by the name or the age of its group.

        The choice by name is the same for all models.
        """
        digest = hashlib.sha256(self.group.encode("utf-8", "replace")).hexdigest()
        return self.is_newest or int(digest[:8], 16) % HELD_OUT_OF == 0


def starter_set() -> Path:
    """Return the starter set: beside this module in an installed package, else in the checkout's fixtures."""
    installed = Path(__file__).with_name("listings.jsonl")  # pyproject.toml puts the one copy there
    return installed if installed.exists() else Path(__file__).parents[2] / "fixtures/training/listings.jsonl"


def load_starter(path: Path) -> list[Example]:
    """Read the starter set: JSON lines with `title`, `description`, `label`, `group` and `kind`.

    Raises:
        DataFileWrong: If the file is missing or a line is not such an object.
    """
    rows = list(read_rows(path))
    of_language = Counter(str(row.get("language") or "") for _number, row in rows)
    many = min(MANY_EXAMPLES, max(of_language.values(), default=0))
    return [
        Example(
            text=row_text(row),
            label=row_label(path, number, row),
            group=f"starter:{row.get('group', number)}",
            weight=min(LARGEST_WEIGHT, max(1.0, many / of_language[str(row.get("language") or "")]) ** 0.5),
            kind=str(row.get("kind") or ""),
            language=str(row.get("language") or ""),
            family=str(row.get("family") or ""),
            tier=str(row.get("tier") or ""),
        )
        for number, row in rows
    ]


def row_text(row: dict[str, Any]) -> str:
    """Return the text of a listing: its `text`, or its `title` with any `description`.

    Invalid Unicode is replaced as in the store, so that the text can be stored and embedded.
    """
    if row.get("text"):
        return clean(str(row["text"])[:MAX_TEXT_CHARS])
    title, description = (" ".join(str(row.get(key) or "").split()) for key in ("title", "description"))
    return clean(listing_text(ListingContent(title=title, description=description)))


def read_rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line number, object) of a JSONL (also .gz) or CSV file.

    Raises:
        DataFileWrong: If a line is not an object, or the file cannot be opened.
    """
    try:
        opener = gzip.open if path.suffix == ".gz" else open
        with opener(path, "rt", encoding="utf-8-sig", newline="") as file:
            if path.name.removesuffix(".gz").endswith(".csv"):
                yield from _csv_rows(str(path), file)
            else:
                yield from _json_lines(str(path), file)
    except (OSError, UnicodeDecodeError, EOFError, zlib.error) as error:
        raise DataFileWrong(
            str(path), f"{_found(error)}; expected UTF-8 JSONL or CSV with title and label"
        ) from error


def _found(error: Exception) -> str:
    """Return the reason for a failure to read a file, in words."""
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    if isinstance(error, OSError):
        return f"the system refuses to read it ({error.strerror or error})"
    if isinstance(error, UnicodeDecodeError):
        return "it is not text in UTF-8"
    return str(error)


def _csv_rows(path: str, lines: Iterable[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (first line number, row), strictly: an unclosed quotation mark would swallow rows."""
    reader, begins = csv.DictReader(lines, strict=True), 1
    try:
        columns = len(reader.fieldnames or ())
        begins = reader.line_num + 1
        for row in reader:
            number = reader.line_num - sum(str(cell).count("\n") for cell in row.values())
            if any(row.pop(None, ())):
                raise DataFileWrong(
                    path,
                    f"line {number} has more cells than the {columns} columns of the header; write a text "
                    "with commas in quotation marks",
                )
            yield number, _listing(path, number, row)
            begins = reader.line_num + 1
    except csv.Error as error:
        raise DataFileWrong(
            path,
            f"the row that begins at line {begins} is not CSV ({error}); is a quotation mark not closed? "
            "Within a text it is written twice, and the text in quotation marks",
        ) from error


def _json_lines(path: str, lines: Iterable[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        yield number, json_object(path, number, line)


def json_object(path: str, number: int, line: str | bytes) -> dict[str, Any]:
    """Return the listing on one line of JSONL.

    Raises:
        DataFileWrong: If the line is not a JSON object, or has neither title nor description.
    """
    try:
        row = json.loads(line)
    except UnicodeDecodeError as error:
        raise DataFileWrong(path, f"line {number} is not text in UTF-8") from error
    except json.JSONDecodeError as error:
        found = f"{error.msg}, character {error.colno}"
        raise DataFileWrong(path, f"line {number} is not JSON ({found})") from error
    except (ValueError, RecursionError) as error:
        raise DataFileWrong(path, f"line {number} is not JSON ({error})") from error
    if not isinstance(row, dict):
        raise DataFileWrong(path, f"line {number} is a {type(row).__name__}, not an object with a title")
    return _listing(path, number, row)


def _listing(path: str, number: int, row: dict[str, Any]) -> dict[str, Any]:
    if not {"title", "description", "text"} & row.keys():
        raise DataFileWrong(
            path,
            f"line {number} has neither title nor description nor text, but {columns_of(row)}; expected "
            "title (perhaps with description) or text",
        )
    return row


def columns_of(row: dict[str, Any]) -> str:
    """Return the columns or keys of a row, in words, with a hint at a wrong delimiter."""
    names = [str(name) for name in row if name is not None]
    shown = ", ".join(f"`{name[:COLUMN_CHARS]}`" for name in names[:COLUMNS_SHOWN]) or "nothing"
    more = f" and {len(names) - COLUMNS_SHOWN} more" if len(names) > COLUMNS_SHOWN else ""
    parted = next((said for mark, said in DELIMITERS.items() if len(names) == 1 and mark in names[0]), "")
    hint = f" (the columns are separated by {parted}: save the file with commas)" if parted else ""
    return f"{shown}{more}{hint}"


def row_label(path: Path, number: int, row: dict[str, Any]) -> int:
    """Return the label of a row of `read_rows`: 0 or 1, as a number or as text.

    Raises:
        DataFileWrong: If the label is missing or anything else; the message gives the line.
    """
    if "label" not in row:
        raise DataFileWrong(
            str(path), f"line {number} has no label, but {columns_of(row)}; expected a label of 0 or 1"
        )
    label = given_label(row)
    if label not in {"0", "1"}:
        found = f"the label {row['label']!r}, not 0 or 1" if label else "an empty label; expected 0 or 1"
        raise DataFileWrong(str(path), f"line {number} has {found}")
    return int(label)


def given_label(row: dict[str, Any]) -> str:
    """Return the label of a row as text, empty if missing."""
    label = row.get("label")
    return "" if label is None else str(label).strip()


def write_labels(path: Path, judged: Iterable[ReviewedText]) -> int:
    """Write current verdicts to a file, replacing it, and return their number.

    In CSV, an apostrophe is put before a cell that a spreadsheet would run as a formula; `read_labels`
    removes it.

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
                writer = csv.DictWriter(file, LABEL_COLUMNS)
                writer.writeheader()
                writer.writerows({name: guard_cell(str(row[name])) for name in LABEL_COLUMNS} for row in rows)
            else:
                ordered = ({name: row[name] for name in LABEL_COLUMNS} for row in rows)
                file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in ordered)
    except OSError as error:
        raise DataFileWrong(str(path), str(error)) from error
    return len(rows)


def read_labels(path: Path) -> list[NewLabel]:
    """Read a file of labels: `text` (or `title` and `description`), `label` 0 or 1, perhaps `group`.

    Raises:
        DataFileWrong: If a row has no label, with its line number, or the file has no rows.
    """
    is_csv = _is_csv(path)
    found = []
    for number, raw in read_rows(path):
        row = (
            {name: unguard_cell(value) if isinstance(value, str) else value for name, value in raw.items()}
            if is_csv
            else raw
        )
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
