"""Class rules: structures that the law covers by words such as "its salts, esters, derivatives".

`curated/class_rules.csv` has one row for each wording of an instrument, with its source and confidence. A row
names parents and the forms in which it covers them; `curated/class_forms.csv` says what each form may put in
the place of which hydrogen of a parent. A wording that structures cannot express has the reason in
`not_checked`.

A compound is covered if it is a parent with nothing but permitted groups added, or its salt or stereoisomer.
This is narrower than "derivatives and analogues" in law: a group that no form permits, or a changed skeleton,
is left to a chemist.

Checking a structure needs RDKit (extra `chemistry`). `data/covered.csv` holds what the rules cover among
the compounds of `chemicals`, so that texts are read without it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from classifier.gazetteer.law import LawEntry, first_day, instruments, last_day, package_rows
from classifier.gazetteer.molecules import (
    SKELETON,
    bases_of,
    forms_salts,
    matches,
    pattern_of,
    rdkit,
    structure_key,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rdkit.Chem import Atom, Mol

    from classifier.gazetteer.law import Law

ADDS_NOTHING = frozenset({"salt", "enantiomer", "stereoisomer"})
"""Forms that leave the parent's atoms as they are."""
INORGANIC_ACID = "[OX2H1]P"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassRule:
    """One wording of an instrument that covers a class of compounds."""

    rule: str
    """Short stable name, e.g. `us-8791`."""
    profile: str
    """Profile of the law; empty for jurisdictions that have none."""
    jurisdiction: str
    instrument: str
    provision: str
    """Where in the instrument, e.g. `item 27`."""
    wording: str
    """The words of the instrument, or in brackets their meaning."""
    meaning: str
    parent: str
    """The parent substances in the words of the source."""
    parents: tuple[str, ...]
    """Keys of `structures()`, or a list as `eu:Category_1`."""
    forms: tuple[str, ...]
    """Names of `forms()`."""
    excluded: tuple[str, ...]
    """SMARTS of compounds that are left out, such as finished drugs."""
    substance_key: str
    """Class of the gazetteer whose members this rule makes; empty if it only gives notices."""
    since: str
    until: str
    dated: str
    """The date in the words of the source."""
    status: str
    source: str
    confidence: str
    note: str
    not_checked: str
    """Why structures cannot tell what the rule covers; empty if they can."""

    @property
    def entry(self) -> LawEntry:
        """The rule as an entry of the law."""
        marks = [part for part in (self.status, f"{self.confidence} confidence") if part]
        began = (each.began for each in instruments() if each.profile == self.profile)
        return LawEntry(
            profile=self.profile,
            jurisdiction=self.jurisdiction,
            instrument=self.instrument,
            list_name=self.provision,
            since=first_day(self.since),
            until=last_day(self.until),
            has_ended=self.status == "expired",
            not_before=next(began, None),
            since_text=self.dated,
            source=self.source,
            status="; ".join(marks),
        )

    def parent_keys(self) -> Iterator[str]:
        """Yield the key of each parent whose structure is known; a list stands for its substances."""
        for each in self.parents:
            profile, is_list, beginning = each.partition(":")
            yield from _listed(profile, beginning.replace("_", " ")) if is_list else (each,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One kind of relative of a parent."""

    form: str
    site: str
    """SMARTS of the parent's atom that may lose a hydrogen; empty if atoms stay as they are."""
    substituent: str
    """SMARTS of the atom that takes the hydrogen's place."""
    largest: int
    """Most heavy atoms of the group; 0 for any."""
    most: int
    """Most such groups of one compound; 0 for any."""
    may_close_rings: bool
    """Whether the group may be bound to two sites."""
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """The structure of a listed substance."""

    substance_key: str
    name: str
    smiles: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """A rule that covers a compound."""

    rule: str
    parent: str
    """Key of the parent in `structures()`."""
    forms: tuple[str, ...]

    def __str__(self) -> str:
        return "/".join((self.rule, self.parent, "+".join(self.forms)))


@dataclass(frozen=True, slots=True, kw_only=True)
class CoveredCompound:
    """A compound of `covered.csv`: it is on no list by name or number, and a rule covers it."""

    cas: str
    names: tuple[str, ...]
    smiles: str
    rules: tuple[Covered, ...]


@cache
def class_rules() -> tuple[ClassRule, ...]:
    """Return all rules in the order of their file."""
    several = ("parents", "forms", "excluded")
    return tuple(
        ClassRule(**row | {name: tuple(row[name].split()) for name in several})  # type: ignore[arg-type]
        for row in package_rows("curated", "class_rules.csv")
    )


def rules_of(law: Law) -> dict[str, ClassRule]:
    """Return the rules that structures can be checked against and that count under a law, by name."""
    return {each.rule: each for each in class_rules() if each.forms and law.counts(each.entry)}


@cache
def forms() -> dict[str, Form]:
    """Return all forms by name."""
    return {
        row["form"]: Form(
            form=row["form"],
            site=row["site"],
            substituent=row["substituent"],
            largest=int(row["largest"] or 0),
            most=int(row["most"] or 0),
            may_close_rings=bool(row["may_close_rings"]),
            meaning=row["meaning"],
        )
        for row in package_rows("curated", "class_forms.csv")
    }


@cache
def structures() -> dict[str, Structure]:
    """Return the structures of parents and listed substances, by key."""
    return {row["substance_key"]: Structure(**row) for row in package_rows("data", "structures.csv")}


@cache
def covered_compounds() -> tuple[CoveredCompound, ...]:
    """Return the compounds of the public table that a rule covers."""
    return tuple(
        CoveredCompound(
            cas=row["cas"],
            names=tuple(filter(None, row["names"].split("|"))),
            smiles=row["smiles"],
            rules=tuple(_read_covered(each) for each in row["rules"].split(" ")),
        )
        for row in package_rows("data", "covered.csv")
    )


def covered_by(smiles: str) -> tuple[Covered, ...]:
    """Return the rules that cover a structure, each with one parent, in the order of the rules.

    Args:
        smiles: A structure; what RDKit cannot read, ions, and a parent itself are covered by no rule.

    Raises:
        ChemistryMissing: If RDKit is not installed.
    """
    bases, is_salt = bases_of(smiles)
    found: list[Covered] = []
    for rule in class_rules():
        known = [(base, parent) for base in bases for parent in (rule.parent_keys() if rule.forms else ())]
        if not is_salt and any(_is_parent(base, parent) for base, parent in known):
            continue
        hits = [
            Covered(rule=rule.rule, parent=parent, forms=used)
            for base, parent in known
            if (used := _forms_used(base, parent, rule, is_salt=is_salt))
        ]
        found += [min(hits, key=lambda hit: len(hit.forms))] if hits else []
    return tuple(found)


def class_of(smiles: str) -> ClassRule | None:
    """Return the rule whose class of the gazetteer a structure or its salt belongs to, if any.

    Raises:
        ChemistryMissing: If RDKit is not installed.
    """
    rules = {each.rule: each for each in class_rules() if each.substance_key}
    found = (each.rule for each in covered_by(smiles) if not ADDS_NOTHING.issuperset(each.forms))
    return next((rules[name] for name in found if name in rules), None)


def _forms_used(base: Mol, parent: str, rule: ClassRule, *, is_salt: bool) -> tuple[str, ...]:
    """Return the forms that make a compound of a parent; empty if the rule does not cover it."""
    known = _parent(parent)
    if known is None or base.GetNumHeavyAtoms() < known.molecule.GetNumHeavyAtoms():
        return ()
    used: set[str] | None
    if base.GetNumHeavyAtoms() == known.molecule.GetNumHeavyAtoms():
        used = _isomer(base, known)
    else:
        used = _added(base, known, rule.forms)
    if used is None or matches(base, rule.excluded):
        return ()
    if is_salt:
        used |= {"salt"} if forms_salts(base) or matches(base, (INORGANIC_ACID,)) else {"complex"}
    if "stereoisomer" in rule.forms and "enantiomer" in used:
        used = used - {"enantiomer"} | {"stereoisomer"}
    return tuple(form for form in rule.forms if form in used) if used <= set(rule.forms) else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parent:
    molecule: Mol
    formula: str
    key: str
    key_of_flat: str
    """Without stereochemistry."""
    key_of_mirror_image: str
    sites: dict[str, frozenset[int]]
    """Atoms that may lose a hydrogen, by form."""


@cache
def _parent(key: str) -> _Parent | None:
    if key not in structures():
        return None
    chem, _ = rdkit()
    molecule = chem.MolFromSmiles(structures()[key].smiles)
    mirror_image, flat = chem.Mol(molecule), chem.Mol(molecule)
    chem.RemoveStereochemistry(flat)
    for atom in mirror_image.GetAtoms():
        atom.InvertChirality()
    return _Parent(
        molecule=molecule,
        formula=_formula(molecule),
        key=structure_key(molecule),
        key_of_flat=structure_key(flat),
        key_of_mirror_image=structure_key(mirror_image),
        sites={form.form: _first_atoms(molecule, form.site) for form in forms().values() if form.site},
    )


def _is_parent(base: Mol, key: str) -> bool:
    parent = _parent(key)
    return parent is not None and _isomer(base, parent) == set()


def _isomer(base: Mol, parent: _Parent) -> set[str] | None:
    """Return the form of a compound with the parent's own atoms; None if it is another compound."""
    if _formula(base) != parent.formula:
        return None
    key = structure_key(base)
    if key[:SKELETON] != parent.key[:SKELETON]:
        return None
    if key == parent.key:
        return set()
    mirrored = {parent.key_of_flat, parent.key_of_mirror_image}
    return {"enantiomer" if key in mirrored or parent.key == parent.key_of_flat else "stereoisomer"}


def _added(base: Mol, parent: _Parent, names: Sequence[str]) -> set[str] | None:
    """Return the forms of all groups that are added to a parent; None if one is not permitted."""
    for core in base.GetSubstructMatches(parent.molecule, uniquify=False, maxMatches=64):
        used = [
            _form_of(base, atom, parent, place, core, names)
            for place, atom in enumerate(map(base.GetAtomWithIdx, core))
        ]
        counts = Counter(name for each in used if each for name in each)
        too_many = any(forms()[name].most and count > forms()[name].most for name, count in counts.items())
        if None not in used and not too_many and _keeps_bonds(base, core, parent.molecule):
            return set(counts)
    return None


def _form_of(
    base: Mol, atom: Atom, parent: _Parent, place: int, core: Sequence[int], names: Sequence[str]
) -> set[str] | None:
    """Return the form of the group at one atom of the core, empty if it has none; None if not permitted."""
    groups = [each for each in atom.GetNeighbors() if each.GetIdx() not in core]
    if not groups:
        return set()
    chem, _ = rdkit()
    group = groups[0].GetIdx()
    bond = base.GetBondBetweenAtoms(atom.GetIdx(), group)
    if len(groups) > 1 or bond.GetBondType() != chem.BondType.SINGLE or atom.GetFormalCharge():
        return None
    size, ties = _extent(base, group, frozenset(core))
    for name in names:
        form = forms()[name]
        if (
            place in parent.sites.get(name, ())
            and group in _first_atoms(base, form.substituent)
            and (ties == 1 or form.may_close_rings)
            and (not form.largest or size <= form.largest)
        ):
            return {name}
    return None


def _extent(base: Mol, start: int, core: frozenset[int]) -> tuple[int, int]:
    """Return the heavy atoms of a group, and the number of its bonds to the core."""
    seen, waiting, ties = {start}, [start], 0
    while waiting:
        for each in base.GetAtomWithIdx(waiting.pop()).GetNeighbors():
            ties += each.GetIdx() in core
            if each.GetIdx() not in core | seen:
                seen.add(each.GetIdx())
                waiting.append(each.GetIdx())
    return len(seen), ties


def _keeps_bonds(base: Mol, core: Sequence[int], parent: Mol) -> bool:
    """Return whether the atoms of the core have no bond to each other that the parent lacks."""
    inside = set(core)
    bonds = (each for each in base.GetBonds() if {each.GetBeginAtomIdx(), each.GetEndAtomIdx()} <= inside)
    return sum(1 for _ in bonds) == parent.GetNumBonds()


def _first_atoms(molecule: Mol, smarts: str) -> frozenset[int]:
    return frozenset(each[0] for each in molecule.GetSubstructMatches(pattern_of(smarts)))


def _formula(molecule: Mol) -> str:
    from rdkit.Chem.rdMolDescriptors import CalcMolFormula

    return str(CalcMolFormula(molecule))


@cache
def _listed(profile: str, beginning: str) -> tuple[str, ...]:
    """Return the substances of a list whose structures are known."""
    from classifier.gazetteer.law import Law
    from classifier.gazetteer.substances import load_gazetteer

    listed = load_gazetteer(Law(instruments=(profile,)), classes=False)
    return tuple(
        each.key
        for each in (*listed.substances, *listed.watched)
        if each.key in structures() and any(one.list_name.startswith(beginning) for one in each.entries)
    )


def _read_covered(text: str) -> Covered:
    rule, parent, used = text.split("/")
    return Covered(rule=rule, parent=parent, forms=tuple(used.split("+")))
