"""Build the gazetteer's CSV files from a folder of public regulatory facts.

    python -m classifier.gazetteer.build FOLDER --built-on 2026-11-24

FOLDER holds `controlled.csv` (substances, instruments, names), `pubchem_synonyms.csv` and
`confusable.csv`. What people judged by hand lies in `curated/` and is merged in:

- `substances.csv`: family and tier of each substance. Family is the group of drugs whose illicit
  making the substance is chiefly watched for: `opioid` (fentanyls, heroin), `amphetamine-type`
  (amphetamine, methamphetamine, MDMA), `other` (LSD, PCP, cocaine, several). Tier 1: few licit uses
  outside research and medicine; tier 2: dual use with a limited trade (fragrance, intermediates);
  tier 3: solvents, acids and reagents sold in bulk everywhere. They are this project's own
  judgement and no part of any law.
- `names.csv`, `cas.csv`, `entries.csv`: additions marked `general knowledge` or with their source,
  such as salts, trade spellings, German and Portuguese names, and what the official lists of
  April 2026 have beyond `controlled.csv`. `{a|b}` in a name stands for either.
- `abbreviations.csv`: what abbreviations of unlisted chemicals stand for, for look-ups.
- `dropped_names.csv`: names of the sources that are too short, ambiguous or brands, with reasons.

- `classes.csv`: classes of substances that a wording of the law covers, with patterns of structures.

Rivals, the names of unlisted chemicals that contain or begin like a listed one, and the members of the
classes come from the identifier database of the `chemicals` package (MIT licence). It and RDKit are
needed for building, not for reading.
"""

from __future__ import annotations

import argparse
import calendar
import re
from pathlib import Path
from typing import TYPE_CHECKING

from classifier.gazetteer.build_files import CURATED, GENERAL, Row, read_rows, write_rows
from classifier.gazetteer.build_members import all_members, all_rivals
from classifier.gazetteer.build_names import all_names
from text.cas import is_cas_number

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSION = "2026.11.3"
"""Year and month of the facts, then a number raised with every change of the files."""

MONTHS = {name: number for number, name in enumerate(calendar.month_name) if name}


def main() -> None:
    """Read the arguments and write the files."""
    parser = argparse.ArgumentParser(description="Build the gazetteer's CSV files.")
    parser.add_argument("folder", type=Path, help="folder with controlled.csv and its companions")
    parser.add_argument("--built-on", required=True, help="date of the build, YYYY-MM-DD")
    arguments = parser.parse_args()
    build(arguments.folder, built_on=arguments.built_on)


def build(folder: Path, *, built_on: str) -> None:
    """Write every file under `data/` from the facts in `folder`."""
    controlled = read_rows(folder / "controlled.csv")
    names = list(all_names(controlled, read_rows(folder / "pubchem_synonyms.csv")))
    cas = list(_cas(controlled))
    write_rows("edition.csv", [{"version": VERSION, "built_on": built_on}])
    write_rows("substances.csv", _substances(controlled))
    write_rows("entries.csv", _entries(controlled))
    write_rows("cas.csv", cas)
    write_rows("names.csv", names)
    write_rows("classes.csv", _classes())
    write_rows("abbreviations.csv", read_rows(CURATED / "abbreviations.csv"))
    members = list(all_members(names, cas))
    write_rows("class_members.csv", members)
    write_rows("confusables.csv", _confusables(read_rows(folder / "confusable.csv")))
    write_rows("rivals.csv", all_rivals(names, members, {row["cas"] for row in cas}))


def _substances(controlled: list[Row]) -> Iterator[Row]:
    canonical = {row["substance_key"]: row["name"] for row in read_rows(CURATED / "classes.csv")}
    canonical |= {row["substance_key"]: row["canonical_name"] for row in reversed(controlled)}
    for row in read_rows(CURATED / "substances.csv"):
        yield {
            "substance_key": row["substance_key"],
            "name": canonical[row["substance_key"]],
            "family": row["family"],
            "tier": row["tier"],
        }


def _entries(controlled: list[Row]) -> Iterator[Row]:
    added = [
        *read_rows(CURATED / "entries.csv"),
        *(_class_entry(row) for row in read_rows(CURATED / "classes.csv")),
    ]
    replaced = {(row["substance_key"], row["instrument"]) for row in added}
    for row in controlled:
        if (row["substance_key"], row["instrument"]) in replaced:
            continue
        yield {
            "substance_key": row["substance_key"],
            "instrument": row["instrument"],
            "list": row["list_category"],
            "since": since(row["control_date"]),
            "control_date": row["control_date"],
            "code": row["code_in_instrument"],
            "source": row["listing_source"],
            "grade": row["source_grade"],
            "status": row["listing_status"],
        }
    for row in added:
        yield {
            "substance_key": row["substance_key"],
            "instrument": row["instrument"],
            "list": row["list"],
            "since": since(row["control_date"]),
            **{column: row[column] for column in ("control_date", "code", "source", "grade", "status")},
        }


def _class_entry(row: Row) -> Row:
    is_official = row["source"].startswith("eCFR")
    return {
        **row,
        "grade": "official text" if is_official else "secondary",
        "status": f'class wording: "{row["wording"]}"',
    }


def _classes() -> Iterator[Row]:
    for row in read_rows(CURATED / "classes.csv"):
        yield {**row, "since": since(row["control_date"])}


def since(text: str) -> str:
    """Return the first day of control that `text` gives, as `YYYY[-MM[-DD]]`, or the empty text.

    A date after "in force" or "effective" goes before others, a full date before a year.
    """
    for pattern in (r"(?:in force|effective) (\d{4}-\d\d-\d\d)", r"(\d{4}-\d\d-\d\d)"):
        if found := re.search(pattern, text):
            return found[1]
    if found := re.search(rf"({'|'.join(MONTHS)}) (\d{{4}})", text):
        return f"{found[2]}-{MONTHS[found[1]]:02}"
    found = re.search(r"\b((?:19|20)\d\d)\b", text)
    return found[1] if found else ""


def _cas(controlled: list[Row]) -> Iterator[Row]:
    seen: set[tuple[str, str]] = set()
    for row in controlled:
        for cas in row["cas"].split("; ") if row["cas"] else [""]:
            if (row["substance_key"], cas) not in seen and (cas or row["inchikey"]):
                seen.add((row["substance_key"], cas))
                yield {
                    "substance_key": row["substance_key"],
                    "cas": cas,
                    "form": "",
                    "inchikey": row["inchikey"],
                    "source": row["cas_source"],
                    "status": row["cas_status"],
                }
    for row in read_rows(CURATED / "cas.csv"):
        if not is_cas_number(row["cas"]):
            message = f"curated/cas.csv: {row['cas']} has a wrong check digit; correct it."
            raise ValueError(message)
        yield {**row, "inchikey": "", "source": GENERAL, "status": f"{GENERAL}, unverified"}


def _confusables(rows: list[Row]) -> Iterator[Row]:
    for row in rows:
        yield {
            "name": row["name"],
            "cas": row["cas"],
            "why": row["why_confusable"],
            "borderline": "1" if row["class"].startswith("borderline") else "0",
            "source": row["status_basis"],
        }


if __name__ == "__main__":
    main()
