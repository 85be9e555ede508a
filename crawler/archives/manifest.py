"""The list that may accompany saved pages and says which file was which URL."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawler.archives.pages import ArchiveError, ArchiveFault
from crawler.archives.urls import normal_url, parse_time
from store.model import PageOutcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

MANIFEST_NAMES = ("manifest.csv", "manifest.jsonl")
"""A file so called speaks for the files beside and below it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestRow:
    """What the manifest says about one file."""

    url: str
    captured_at: datetime | None
    encoding: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A manifest as read: the usable rows by file name, and the rest as faults."""

    rows: Mapping[str, ManifestRow]
    faults: tuple[ArchiveFault, ...] = ()


def read_manifest(text: str, name: str) -> Manifest:
    """Read a manifest of CSV or, when `name` ends in `.jsonl`, of JSON lines.

    Columns `file` (path below the manifest's own folder) and `url` are required, `captured_at` (ISO 8601) and
    `encoding` optional; others are passed over.

    Raises:
        ArchiveError: If the columns are missing, or the CSV cannot be read to its end.
    """
    rows: dict[str, ManifestRow] = {}
    faults = []
    for line, row in _json_rows(text) if name.endswith(".jsonl") else _csv_rows(text, name):
        file, url = str(row.get("file") or ""), normal_url(str(row.get("url") or ""))
        if file and url:
            rows[file.replace("\\", "/").removeprefix("./")] = ManifestRow(
                url=url,
                captured_at=parse_time(str(row.get("captured_at") or "")),
                encoding=str(row.get("encoding") or ""),
            )
            continue
        sentence = f"Line {line} of the manifest names no file or no http(s) URL; expected both."
        faults.append(
            ArchiveFault(locator=f"{name}#{line}", outcome=PageOutcome.UNREADABLE, sentence=sentence)
        )
    return Manifest(rows=rows, faults=tuple(faults))


def _csv_rows(text: str, name: str) -> Iterator[tuple[int, Mapping[str, object]]]:
    reader = csv.DictReader(text.splitlines())
    try:
        if missing := {"file", "url"} - set(reader.fieldnames or ()):
            lacking = " and ".join(sorted(missing))
            raise ArchiveError(f"The manifest {name} lacks the column {lacking}; expected file and url.")
        for row in reader:
            yield reader.line_num, row
    except csv.Error as error:
        message = f"The manifest {name} cannot be read behind line {reader.line_num} ({error}); expected CSV."
        raise ArchiveError(message) from error


def _json_rows(text: str) -> Iterator[tuple[int, Mapping[str, object]]]:
    for line, content in enumerate(text.splitlines(), start=1):
        if not content.strip():
            continue
        try:
            row = json.loads(content)
        except (ValueError, RecursionError):
            row = None
        yield line, row if isinstance(row, dict) else {}
