"""The measuring set's rows with what is true of them: as its label says, and as corrected by hand.

Corrections and the blind sample are kept as row numbers and hashes, never as text: the measuring set stays
where it is. Whoever has it can read them row by row; whoever has not learns nothing of its wording.
"""

from __future__ import annotations

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from classifier.errors import DataFileWrong
from classifier.training.examples import read_rows, row_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from classifier.gazetteer import Gazetteer

DOCS = Path(__file__).parent.parent / "docs"
CORRECTIONS = DOCS / "label-corrections.csv"
SAMPLE = DOCS / "label-sample.csv"

LISTED = frozenset({"listed_precursor", "listed_precursor_offer"})
ORDINARY = frozenset({"ordinary", "ordinary_b2b_unreviewed"})
APART = ("finished_drug", "darknet_other")
"""Labels that are neither offers nor other goods: their flags are counted by themselves."""
HASH_CHARS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """Whether a row offers a controlled precursor."""

    label: int | None
    """1 or 0; None for a row that is left out, because nobody could say."""
    tier: int | None
    """Of the precursor, where it is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledRow:
    """One row of the measuring set."""

    row_id: str
    source: str
    given_label: str
    title: str
    text: str
    """Title and description."""
    given: Truth
    corrected: Truth


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """One line of `label-corrections.csv`."""

    title_hash: str
    truth: Truth
    how: str
    """`disagreed`: model and label disagreed; `sample`: the blind sample; `tier`: only a tier was added."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One line of `label-sample.csv`: a row judged without sight of its label or score."""

    title_hash: str
    stratum: str
    """The label that model and file agreed on when the sample was drawn."""
    label: int | None


def title_hash(title: str) -> str:
    """Return what identifies a row's title, as `row_text` gives it, without showing it."""
    return hashlib.sha256(title.encode()).hexdigest()[:HASH_CHARS]


def read_corrections(path: Path = CORRECTIONS) -> dict[str, Correction]:
    """Return the corrections by row id."""
    return {
        row["id"]: Correction(title_hash=row["title_hash"], truth=_truth(row), how=row["how"])
        for row in _table(path)
    }


def read_sample(path: Path = SAMPLE) -> dict[str, Judged]:
    """Return the blind sample by row id."""
    return {
        row["id"]: Judged(title_hash=row["title_hash"], stratum=row["stratum"], label=_truth(row).label)
        for row in _table(path)
    }


def read_labelled(
    path: Path, corrections: Mapping[str, Correction], gazetteer: Gazetteer
) -> list[LabelledRow]:
    """Read the measuring set and put the corrections to it.

    Raises:
        DataFileWrong: If a correction was made to another title than the file has under its id.
    """
    rows = []
    for _number, row in read_rows(path):
        row_id, label, title = (
            str(row.get("id")),
            str(row.get("label")),
            row_text({"title": row.get("title")}),
        )
        substance = gazetteer.by_cas.get(str(row.get("cas") or ""))
        is_listed = label in LISTED
        given = Truth(label=int(is_listed), tier=substance.tier if is_listed and substance else None)
        correction = corrections.get(row_id)
        if correction and correction.title_hash != title_hash(title):
            raise DataFileWrong(
                str(path), f"row {row_id} is not the one that was corrected: another edition?"
            )
        rows.append(
            LabelledRow(
                row_id=row_id,
                source=str(row.get("source") or ""),
                given_label=label,
                title=title,
                text=row_text(row),
                given=given,
                corrected=correction.truth if correction else given,
            )
        )
    return rows


def _truth(row: Mapping[str, str]) -> Truth:
    labels = {"precursor": 1, "none": 0, "unclear": None}
    return Truth(label=labels[row["label"]], tier=int(row["tier"]) if row.get("tier") else None)


def _table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))
