"""Build the gazetteer's CSV files from a folder of public regulatory facts.

    python -m classifier.gazetteer.build FOLDER --built-on 2026-11-24

FOLDER holds `controlled.csv` (substances, instruments, names), `pubchem_synonyms.csv`,
`names_multilingual.csv` (names in 27 languages, each with its source, confidence and note) and
`confusable.csv`. Curated facts in `curated/` are merged in:

- `substances.csv`: family and tier of each substance. Family is the group of drugs for whose
  illicit manufacture the substance is mainly monitored: `opioid` (fentanyls, heroin), `amphetamine-type`
  (amphetamine, methamphetamine, MDMA), `other` (LSD, PCP, cocaine, several). Tier 1: few licit uses
  outside research and medicine; tier 2: dual use with a limited trade (fragrance, intermediates);
  tier 3: solvents, acids and reagents sold in bulk everywhere. Family
  and tier are this project's own assessment, not part of any law.
- `names.csv`, `cas.csv`, `entries.csv`: additions marked `general knowledge` or with their source,
  such as salts, trade spellings, German and Portuguese names, and entries of the official lists of
  April 2026 missing from `controlled.csv`. `{a|b}` in a name means `a` or `b`.
- `dropped_names.csv`: names of the sources that are too short, ambiguous or brand names, with reasons.
- `note_contexts.csv`: the context in which a name counts whose note in `names_multilingual.csv` begins with
  `note`. Names of low confidence count at most in the context `form`.
- `classes.csv`: classes of substances that the law describes in words; `class_rules.csv` and
  `class_forms.csv` say which structures they cover (`classifier.gazetteer.class_rules`).
- `structures.csv`: structures of parents that are no listed substances.

Rivals, the names of unlisted chemicals that contain or begin like a listed one, and the members of the
classes come from the identifier database of the `chemicals` package (MIT licence). This package and
RDKit are needed only for building, and OPSIN (extra `iupac`) for structures that the database lacks.

    python -m classifier.gazetteer.build --classes-only

writes only the structures and what the class rules cover, for instance after a change of `class_rules.csv`.
"""

from __future__ import annotations

import argparse
import calendar
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import ahocorasick_rs

from classifier.gazetteer.build_names import (
    CODE_LIKE,
    CURATED,
    GENERAL,
    Row,
    all_names,
    read_rows,
    write_rows,
)
from classifier.gazetteer.class_rules import class_of, covered_by, structures
from classifier.gazetteer.law import Law, profiles
from classifier.gazetteer.molecules import SKELETON, forms_salts, parent_of, structure_key
from classifier.gazetteer.structures import looks_systematic, smiles_of
from classifier.gazetteer.substances import load_gazetteer
from text.cas import is_cas_number
from text.normalise import comparable, fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from classifier.gazetteer.substances import Substance

VERSION = "2026.12.2"
"""Year and month of the facts, then a number that increases with every change of the files."""

MONTHS = {name: number for number, name in enumerate(calendar.month_name) if name}

COMMON_NAME_LENGTH = 40
PREFIX_LENGTH = 8
SHORTEST_HELD = 6
BULK_TIER = "3"
"""Solvents have no salts, and the tables leave out the salts of the bulk acids."""
LONGEST_MEMBER_NAME = 70
CHEMICALS = "chemicals 1.5.2"

FILES = (
    "chemical identifiers pubchem small.tsv",
    "chemical identifiers pubchem large.tsv",
    "Inorganic db.tsv",
)
CAS, SMILES, INCHI, INCHIKEY = 1, 4, 5, 6
NAMES = slice(7, 12)
"""Columns of the systematic name and the most common synonyms, before registry codes and inverted names."""
WITH_ISOMERS = frozenset({"EPH", "PSE", "PPA", "NPE", "NME", "NMPE"})
"""Substances that are listed with their optical isomers and the salts of those."""


def main() -> None:
    """Read the arguments and write the files."""
    parser = argparse.ArgumentParser(description="Build the gazetteer's CSV files.")
    parser.add_argument("folder", type=Path, nargs="?", help="folder with controlled.csv and its companions")
    parser.add_argument("--built-on", help="date of the build, YYYY-MM-DD")
    parser.add_argument("--classes-only", action="store_true", help="write only what the class rules need")
    arguments = parser.parse_args()
    if arguments.folder and arguments.built_on:
        build(arguments.folder, built_on=arguments.built_on)
    elif not arguments.classes_only:
        parser.error("FOLDER and --built-on are needed, or --classes-only.")
    build_classes()


def build(folder: Path, *, built_on: str) -> None:
    """Write every file under `data/` from the facts in `folder`."""
    controlled = read_rows(folder / "controlled.csv")
    others = (read_rows(folder / name) for name in ("pubchem_synonyms.csv", "names_multilingual.csv"))
    names = list(all_names(controlled, *others))
    cas = list(_cas(controlled))
    write_rows("edition.csv", [{"version": VERSION, "built_on": built_on}])
    write_rows("substances.csv", _substances(controlled))
    write_rows("entries.csv", _entries(controlled))
    write_rows("cas.csv", cas)
    write_rows("names.csv", names)
    write_rows("classes.csv", _classes())
    members = list(all_members(names, cas))
    write_rows("class_members.csv", members)
    write_rows("confusables.csv", _confusables(read_rows(folder / "confusable.csv")))
    write_rows("rivals.csv", all_rivals(names, members, {row["cas"] for row in cas}))


def build_classes() -> None:
    """Write the structures of listed substances, and the compounds that the class rules cover."""
    write_rows("structures.csv", _structures())
    structures.cache_clear()
    write_rows("covered.csv", _covered())


def _structures() -> Iterator[Row]:
    """Yield the structure of each listed substance: of the database by key or number, or read by OPSIN."""
    table = {each.inchikey: each.smiles for each in reversed(list(compounds()))}
    by_cas = {each.cas: each.smiles for each in compounds()}
    curated = read_rows(CURATED / "structures.csv")
    written = {row["substance_key"] for row in curated}
    unread: list[Substance] = []
    for each in filter(lambda one: one.key not in written, _all_listed()):
        row = {"substance_key": each.key, "name": each.name}
        keys = [table[key] for key in each.inchikeys if key in table]
        if found := [*keys, *(by_cas[cas] for cas in each.cas[:1] if cas in by_cas)]:
            yield {**row, "smiles": found[0], "source": CHEMICALS}
        else:
            unread.append(each)
    names = {each.key: [n.text for n in each.names if n.lang == "en" and n.text.isascii()] for each in unread}
    asked = [(each, name) for each in unread for name in names[each.key] if looks_systematic(name)]
    read: dict[str, Row] = {}
    for (each, name), smiles in zip(asked, smiles_of([name for _, name in asked]), strict=True):
        if smiles and (not each.inchikeys or _is_of(smiles, each.inchikeys)):
            row = {"substance_key": each.key, "name": each.name, "smiles": smiles, "source": f"OPSIN: {name}"}
            read.setdefault(each.key, row)
    yield from read.values()
    yield from curated


def _all_listed() -> tuple[Substance, ...]:
    """Return the substances that any list names, without the members of classes."""
    whole = load_gazetteer(Law(instruments=profiles()), classes=False)
    return (*whole.substances, *whole.unlisted, *whole.watched, *whole.elsewhere)


def _is_of(smiles: str, inchikeys: Iterable[str]) -> bool:
    parent = parent_of(smiles)
    return parent is not None and structure_key(parent)[:SKELETON] in {key[:SKELETON] for key in inchikeys}


def _covered() -> Iterator[Row]:
    """Yield the compounds of the database that a class rule covers and that no list names or numbers."""
    listed = _all_listed()
    numbers = {cas for each in listed for cas in each.cas}
    taken = {comparable(name.text) for each in listed for name in each.names}
    for cas, _, _, smiles, names in sorted(compounds(), key=_by_number):
        if cas in numbers or not (rules := covered_by(smiles)):
            continue
        numbers.add(cas)
        common_first = [*names[1:], *names[:1]]
        kept = {comparable(name): name for name in reversed(common_first) if is_member_name(name)}
        own = [name for mark, name in reversed(kept.items()) if mark not in taken]
        taken |= kept.keys()
        yield {
            "cas": cas,
            "names": "|".join(own),
            "smiles": smiles,
            "rules": " ".join(map(str, rules)),
        }


def _by_number(known: Known) -> list[int]:
    return [int(part) for part in known.cas.split("-")]


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

    A date after "in force" or "effective" takes precedence over others, and a full date over a year.
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


def all_members(names: list[Row], cas: list[Row]) -> Iterator[Row]:
    """Yield the members of the classes, and the salts of substances that the law lists with their salts."""
    bulk = {row["substance_key"] for row in read_rows(CURATED / "substances.csv") if row["tier"] == BULK_TIER}
    parents = {
        row["inchikey"]: row["substance_key"]
        for row in reversed(cas)
        if row["inchikey"] and row["substance_key"] not in bulk
    }
    taken = {comparable(row["name"]) for row in names}
    for key, number, candidates in class_members(parents, {row["cas"] for row in cas}):
        row = {"substance_key": key, "cas": number, "source": CHEMICALS}
        kept = {comparable(n): n for n in reversed(candidates) if is_member_name(n)}
        for name in [n for mark, n in kept.items() if mark not in taken] or [""]:
            taken.add(comparable(name))
            yield {**row, "name": name}


def is_member_name(name: str) -> bool:
    """Return whether a name of the database is specific enough to be looked for in texts."""
    is_long_enough = 8 <= len(name) <= LONGEST_MEMBER_NAME
    return (
        is_long_enough
        and name.isascii()
        and name.count("-") + name.count(" ") > 0
        and not CODE_LIKE.search(name)
    )


def all_rivals(names: list[Row], members: list[Row], known_cas: set[str]) -> Iterator[Row]:
    """Yield common names of other chemicals that contain a listed name as words, or begin like one.

    Names of class members are compared too, because a profile may omit their class.
    """
    own = {comparable(row["name"]) for row in names}
    letters = own | {comparable(row["name"]) for row in members}
    listed = sorted(name for name in letters if len(name) >= SHORTEST_HELD)
    prefixes = {name[:PREFIX_LENGTH] for name in listed if len(name) > PREFIX_LENGTH}
    automaton = ahocorasick_rs.AhoCorasick(listed)
    found: dict[str, str] = {}
    for cas, _, _, _, candidates in compounds():
        if cas in known_cas:
            continue
        for name in filter(_is_common_name, candidates):
            squeezed = comparable(name)
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


class Known(NamedTuple):
    """A compound of `chemicals`."""

    cas: str
    inchi: str
    """Without its prefix."""
    inchikey: str
    smiles: str
    names: list[str]
    """The systematic name of PubChem, then the most common synonyms."""


def compounds() -> Iterator[Known]:
    """Yield each compound of `chemicals`."""
    import chemicals

    folder = Path(chemicals.__file__).parent / "Identifiers"
    for file in FILES:
        with (folder / file).open(encoding="utf-8") as lines:
            for line in lines:
                columns = line.rstrip("\n").split("\t")
                yield Known(
                    cas=columns[CAS],
                    inchi=columns[INCHI],
                    inchikey=columns[INCHIKEY],
                    smiles=columns[SMILES],
                    names=columns[NAMES],
                )


def class_members(
    parents: Mapping[str, str], known_cas: Iterable[str]
) -> Iterator[tuple[str, str, list[str]]]:
    """Yield substance key, CAS number and names of each compound that a class or a salt rule covers.

    Args:
        parents: Substance keys by InChIKey, for substances that are listed with their salts.
        known_cas: Numbers already in the gazetteer.
    """
    known = set(known_cas)
    isomers = {inchikey[:SKELETON]: key for inchikey, key in parents.items() if key in WITH_ISOMERS}
    for cas, _, _, smiles, names in compounds():
        if cas in known:
            continue
        key = _salt_of(smiles, {**isomers, **parents}) if "." in smiles else ""
        if not key and (found := class_of(smiles)):
            key = found.substance_key
        if key:
            yield key, cas, names


def _salt_of(smiles: str, parents: Mapping[str, str]) -> str:
    parent = parent_of(smiles)
    if parent is None or not forms_salts(parent):
        return ""
    inchikey = structure_key(parent)
    return parents.get(inchikey) or parents.get(inchikey[:SKELETON], "")


if __name__ == "__main__":
    main()
