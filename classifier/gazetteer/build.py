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
- `dropped_names.csv`: names of the sources that are too short, ambiguous or brands, with reasons.

- `classes.csv`: classes of substances that a wording of the law covers, with patterns of structures.

Rivals, the names of unlisted chemicals that contain or begin like a listed one, and the members of the
classes come from the identifier database of the `chemicals` package (MIT licence). It and RDKit are
needed for building, not for reading.
"""

from __future__ import annotations

import argparse
import calendar
import csv
import re
from pathlib import Path
from typing import TYPE_CHECKING

import ahocorasick_rs

from classifier.gazetteer.choices import alternatives
from classifier.gazetteer.fold import fold, squeeze
from classifier.gazetteer.lookup import is_cas_number
from classifier.gazetteer.members import class_members, compounds
from classifier.gazetteer.translate import inversions, translations

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Row = dict[str, str]

VERSION = "2026.11.2"
"""Year and month of the facts, then a number raised with every change of the files."""

HERE = Path(__file__).parent
CURATED = HERE / "curated"
DATA = HERE / "data"
GENERAL = "general knowledge"
BY_PIECES = "general knowledge: spelled by rule from another name"

MIXED_KEYS = frozenset({"NME", "PPA", "PSE", "RP", "CBD"})
"""Keys under which the synonym file mixes several substances or products; names by hand instead."""

CODE_LIKE = re.compile(
    r"^(?:DTX|CHEBI|CHEMBL|SCHEMBL|RefChem|NSC|EINECS|EC \d|FEMA|UNII|MFCD|BRN|AI3|USAF|NCGC|NCI|"
    r"CIS|DEA NO|UN-?\d|RCRA|Caswell|IEM|NS0|DBA|ABA|BTX|GWP|s\d|J\d|R[ -]\d)"
    r"|^[A-Z0-9]{10}$|^[A-Z]{14}-|^\d{3}-\d{3}-\d$|\[|InChI|^\d[\d-]+\d$|[;{}]|IMPURITY|^agn-pc|\(parent\)|\(H"
    r"|its salts|its optical",
    re.IGNORECASE,
)
ABBREVIATION = re.compile(r"^[A-Z0-9-]{2,6}$")
MONTHS = {name: number for number, name in enumerate(calendar.month_name) if name}
COMMON_NAME_LENGTH = 40
PREFIX_LENGTH = 8
SHORTEST_HELD = 6
BULK_TIER = "3"
"""Solvents have no salts; the tables leave out those of the bulk acids."""
LONGEST_MEMBER_NAME = 70
CHEMICALS = "chemicals 1.5.2"


def main() -> None:
    """Read the arguments and write the files."""
    parser = argparse.ArgumentParser(description="Build the gazetteer's CSV files.")
    parser.add_argument("folder", type=Path, help="folder with controlled.csv and its companions")
    parser.add_argument("--built-on", required=True, help="date of the build, YYYY-MM-DD")
    arguments = parser.parse_args()
    build(arguments.folder, built_on=arguments.built_on)


def build(folder: Path, *, built_on: str) -> None:
    """Write every file under `data/` from the facts in `folder`."""
    controlled = _read(folder / "controlled.csv")
    names = list(_names(controlled, _read(folder / "pubchem_synonyms.csv")))
    cas = list(_cas(controlled))
    _write("edition.csv", [{"version": VERSION, "built_on": built_on}])
    _write("substances.csv", _substances(controlled))
    _write("entries.csv", _entries(controlled))
    _write("cas.csv", cas)
    _write("names.csv", names)
    _write("classes.csv", _classes())
    members = list(_members(names, cas))
    _write("class_members.csv", members)
    _write("confusables.csv", _confusables(_read(folder / "confusable.csv")))
    _write("rivals.csv", _rivals(names, members, {row["cas"] for row in cas}))


def _read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _write(name: str, rows: Iterable[Row]) -> None:
    rows = list(rows)
    with (DATA / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _substances(controlled: list[Row]) -> Iterator[Row]:
    canonical = {row["substance_key"]: row["name"] for row in _read(CURATED / "classes.csv")}
    canonical |= {row["substance_key"]: row["canonical_name"] for row in reversed(controlled)}
    for row in _read(CURATED / "substances.csv"):
        yield {
            "substance_key": row["substance_key"],
            "name": canonical[row["substance_key"]],
            "family": row["family"],
            "tier": row["tier"],
        }


def _entries(controlled: list[Row]) -> Iterator[Row]:
    added = [*_read(CURATED / "entries.csv"), *(_class_entry(row) for row in _read(CURATED / "classes.csv"))]
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
    for row in _read(CURATED / "classes.csv"):
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
    for row in _read(CURATED / "cas.csv"):
        if not is_cas_number(row["cas"]):
            message = f"curated/cas.csv: {row['cas']} has a wrong check digit; correct it."
            raise ValueError(message)
        yield {**row, "inchikey": "", "source": GENERAL, "status": f"{GENERAL}, unverified"}


def _names(controlled: list[Row], pubchem: list[Row]) -> Iterator[Row]:
    dropped = {row["name"].casefold() for row in _read(CURATED / "dropped_names.csv")}
    curated = list(_curated_names())
    ruled = {
        (row["substance_key"], _comparable(row["name"]))
        for row in curated
        if row["context"] or row["kind"] == "code"
    }
    seen: set[tuple[str, str, str, bool]] = set()
    own = [row for row in _source_names(controlled, pubchem)
           if row["name"].casefold() not in dropped
           and (row["substance_key"], _comparable(row["name"])) not in ruled]  # fmt: skip
    for row in [*own, *curated, *_variants([*own, *curated])]:
        mark = (row["substance_key"], _comparable(row["name"]), row["lang"], ", " in row["name"])
        if mark not in seen and mark[1]:
            seen.add(mark)
            yield row


def _variants(rows: list[Row]) -> Iterator[Row]:
    """Yield spellings in other languages of the English names, and inverted ones of the Russian."""
    for row in rows:
        if row["context"] or row["kind"] in {"code", "abbreviation"}:
            continue
        if row["lang"] == "en":
            for lang, name in translations(row["name"]):
                yield _name(row["substance_key"], name, lang, "synonym", BY_PIECES)
                yield from _inverted(row["substance_key"], name, lang)
        yield from _inverted(row["substance_key"], row["name"], row["lang"])


def _inverted(key: str, name: str, lang: str) -> Iterator[Row]:
    for inverted in inversions(name, lang):
        yield _name(key, inverted, lang, "synonym", BY_PIECES)


def _comparable(name: str) -> str:
    return squeeze(fold(name).text)


def _name(key: str, name: str, lang: str, kind: str, source: str, context: str = "") -> Row:
    return {
        "substance_key": key,
        "name": name,
        "lang": lang,
        "kind": kind,
        "needs_context": "1" if context else "0",
        "context": context,
        "source": source,
    }


def _curated_names() -> Iterator[Row]:
    for row in _read(CURATED / "names.csv"):
        for name in (one for names in row["names"].split(";") for one in alternatives(names)):
            yield _name(row["substance_key"], name, row["lang"], row["kind"], GENERAL, row["context"])


def _source_names(controlled: list[Row], pubchem: list[Row]) -> Iterator[Row]:
    for row in controlled:
        key = row["substance_key"]
        canonical = row["canonical_name"].partition(" (cis")[0]
        if not _is_group_wording(canonical):
            yield _name(key, canonical, "en", "canonical", row["listing_source"])
        for name in filter(None, row["synonyms"].split("; ")):
            if not _is_group_wording(name):
                context = "chemistry" if ABBREVIATION.match(name) else ""
                kind = "abbreviation" if context else "synonym"
                yield _name(key, name, "en", kind, row["listing_source"], context)
        for lang in ("zh", "es", "fr", "ru"):
            for name in _translations(row[f"name_{lang}"]):
                yield _name(key, name, lang, "synonym", f"{lang}: {row['names_status']}")
    for row in pubchem:
        name = row["synonym"]
        letters = len(_comparable(name))
        if row["substance_key"] not in MIXED_KEYS and not CODE_LIKE.search(name) and 6 <= letters <= 120:
            yield _name(row["substance_key"], name, "en", "synonym", "PubChem")


def _translations(text: str) -> Iterator[str]:
    """Return the names in a cell: alternatives after `;`, remarks in brackets left out."""
    for part in text.split(";"):
        name = re.sub(r"\s*\((?:printed|group|S\d|cis|(?:1-boc-)?[A-Z0-9-]{2,7}\)|2-проп|эрго|этил|норэ"
                      r"|acide glyc|glycidate|méthylgly).*$", "", part).strip()  # fmt: skip
        if name and not _is_group_wording(name):
            yield name


def _is_group_wording(name: str) -> bool:
    return bool(
        re.search(r"group entry|éster de ácido|and its esters|/|includes|esters \(|collides|containing", name)
    )


def _confusables(rows: list[Row]) -> Iterator[Row]:
    for row in rows:
        yield {
            "name": row["name"],
            "cas": row["cas"],
            "why": row["why_confusable"],
            "borderline": "1" if row["class"].startswith("borderline") else "0",
            "source": row["status_basis"],
        }


def _members(names: list[Row], cas: list[Row]) -> Iterator[Row]:
    """Write out the members of the classes, and the salts of substances that the law lists with theirs."""
    bulk = {row["substance_key"] for row in _read(CURATED / "substances.csv") if row["tier"] == BULK_TIER}
    parents = {
        row["inchikey"]: row["substance_key"]
        for row in reversed(cas)
        if row["inchikey"] and row["substance_key"] not in bulk
    }
    taken = {_comparable(row["name"]) for row in names}
    for key, number, candidates in class_members(parents, {row["cas"] for row in cas}):
        row = {"substance_key": key, "cas": number, "source": CHEMICALS}
        kept = {_comparable(n): n for n in reversed(candidates) if _is_member_name(n)}
        for name in [n for mark, n in kept.items() if mark not in taken] or [""]:
            taken.add(_comparable(name))
            yield {**row, "name": name}


def _is_member_name(name: str) -> bool:
    is_long_enough = 8 <= len(name) <= LONGEST_MEMBER_NAME
    return (
        is_long_enough
        and name.isascii()
        and name.count("-") + name.count(" ") > 0
        and not CODE_LIKE.search(name)
    )


def _rivals(names: list[Row], members: list[Row], known_cas: set[str]) -> Iterator[Row]:
    """Find common names of other chemicals that hold a listed name as words, or begin like one.

    Members of classes are rivals as well: they are no offers where a profile leaves their class out.
    """
    own = {_comparable(row["name"]) for row in names}
    letters = own | {_comparable(row["name"]) for row in members}
    listed = sorted(name for name in letters if len(name) >= SHORTEST_HELD)
    prefixes = {name[:PREFIX_LENGTH] for name in listed if len(name) > PREFIX_LENGTH}
    automaton = ahocorasick_rs.AhoCorasick(listed)
    found: dict[str, str] = {}
    for cas, _, candidates in compounds():
        if cas in known_cas:
            continue
        for name in filter(_is_common_name, candidates):
            squeezed = _comparable(name)
            if squeezed in own or squeezed in found:
                continue
            if squeezed[:PREFIX_LENGTH] in prefixes or _holds_listed_name(automaton, name, squeezed):
                found[squeezed] = name
    yield from ({"name": name, "source": CHEMICALS} for _, name in sorted(found.items()))


def _holds_listed_name(automaton: ahocorasick_rs.AhoCorasick, name: str, squeezed: str) -> bool:
    folded = fold(name).text
    positions = [i for i, c in enumerate(folded) if c.isalnum()]
    for _, start, end in automaton.find_matches_as_indexes(squeezed, overlapping=True):
        first, last = positions[start], positions[end - 1]
        before = folded[first - 1] if first else " "
        after = folded[last + 1] if last + 1 < len(folded) else " "
        if not before.isalnum() and not after.isalnum():
            return True
    return False


def _is_common_name(name: str) -> bool:
    is_inverted = name.endswith("-") or ", " in name
    return (
        6 <= len(name) <= COMMON_NAME_LENGTH
        and name.isascii()
        and "(" not in name
        and not is_inverted
        and not CODE_LIKE.search(name)
    )


if __name__ == "__main__":
    main()
