"""The files that the gazetteer is built from and into, and what their builders share."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

Row = dict[str, str]

HERE = Path(__file__).parent
CURATED = HERE / "curated"
DATA = HERE / "data"
GENERAL = "general knowledge"

CODE_LIKE = re.compile(
    r"^(?:DTX|CHEBI|CHEMBL|SCHEMBL|RefChem|NSC|EINECS|EC \d|FEMA|UNII|MFCD|BRN|AI3|USAF|NCGC|NCI|"
    r"CIS|DEA NO|UN-?\d|RCRA|Caswell|IEM|NS0|DBA|ABA|BTX|GWP|s\d|J\d|R[ -]\d)"
    r"|^[A-Z0-9]{10}$|^[A-Z]{14}-|^\d{3}-\d{3}-\d$|\[|InChI|^\d[\d-]+\d$|[;{}]|IMPURITY|^agn-pc|\(parent\)|\(H"
    r"|its salts|its optical",
    re.IGNORECASE,
)
"""Names in the sources that are codes of databases, not words of trade."""


def read_rows(path: Path) -> list[Row]:
    """Return the rows of a CSV file by its headings."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write_rows(name: str, rows: Iterable[Row]) -> None:
    """Write a CSV file under `data/`; its headings are those of the first row."""
    rows = list(rows)
    with (DATA / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
