"""Find the members of the law's classes, and the names of other chemicals that are taken for listed ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ahocorasick_rs

from classifier.gazetteer.build_files import CODE_LIKE, CURATED, Row, read_rows
from classifier.gazetteer.members import class_members, compounds
from text.normalise import comparable, fold

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMON_NAME_LENGTH = 40
PREFIX_LENGTH = 8
SHORTEST_HELD = 6
BULK_TIER = "3"
"""Solvents have no salts; the tables leave out those of the bulk acids."""
LONGEST_MEMBER_NAME = 70
CHEMICALS = "chemicals 1.5.2"


def all_members(names: list[Row], cas: list[Row]) -> Iterator[Row]:
    """Write out the members of the classes, and the salts of substances that the law lists with theirs."""
    bulk = {row["substance_key"] for row in read_rows(CURATED / "substances.csv") if row["tier"] == BULK_TIER}
    parents = {
        row["inchikey"]: row["substance_key"]
        for row in reversed(cas)
        if row["inchikey"] and row["substance_key"] not in bulk
    }
    taken = {comparable(row["name"]) for row in names}
    for key, number, candidates in class_members(parents, {row["cas"] for row in cas}):
        row = {"substance_key": key, "cas": number, "source": CHEMICALS}
        kept = {comparable(n): n for n in reversed(candidates) if _is_member_name(n)}
        for name in [n for mark, n in kept.items() if mark not in taken] or [""]:
            taken.add(comparable(name))
            yield {**row, "name": name}


def _is_member_name(name: str) -> bool:
    is_long_enough = 8 <= len(name) <= LONGEST_MEMBER_NAME
    return (
        is_long_enough
        and name.isascii()
        and name.count("-") + name.count(" ") > 0
        and not CODE_LIKE.search(name)
    )


def all_rivals(names: list[Row], members: list[Row], known_cas: set[str]) -> Iterator[Row]:
    """Find common names of other chemicals that hold a listed name as words, or begin like one.

    Members of classes are rivals as well: they are no offers where a profile leaves their class out.
    """
    own = {comparable(row["name"]) for row in names}
    letters = own | {comparable(row["name"]) for row in members}
    listed = sorted(name for name in letters if len(name) >= SHORTEST_HELD)
    prefixes = {name[:PREFIX_LENGTH] for name in listed if len(name) > PREFIX_LENGTH}
    automaton = ahocorasick_rs.AhoCorasick(listed)
    found: dict[str, str] = {}
    for cas, _, candidates in compounds():
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
