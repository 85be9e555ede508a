"""How well the class rules cover compounds, against what names and InChIs say of them.

    python -m benchmarks.classes
    python -m benchmarks.classes --listings ../shared/data/listings-dev.jsonl --show

The rules compare structures. What they should cover is told without structures of ours, in three ways:

- salts and stereoisomers by the layers of the InChI that the public table (`chemicals`) has of each compound;
- esters, amides and other relatives by the systematic names in that table, which PubChem's Lexichem wrote;
- relatives, and compounds that are nearly some, by names of `class_names.toml` that OPSIN reads.

With `--listings`, the listings without a label that notices of class rules would flag are counted, under the
default law and with every profile; `--show` prints them for a chemist.
"""

from __future__ import annotations

import argparse
import random
import re
import tomllib
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.labelled_rows import ORDINARY, read_corrections, read_labelled
from benchmarks.rounds import Rate, report
from classifier.gazetteer import Law, gazetteer_of
from classifier.gazetteer.class_rules import ADDS_NOTHING, class_rules, covered_by, structures
from classifier.gazetteer.law import profiles
from classifier.gazetteer.molecules import rdkit
from classifier.gazetteer.structures import smiles_of
from classifier.notices import NoticeReader
from fixtures.gazetteer.build import compounds
from store.review.notices import Noticed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from classifier.gazetteer.class_rules import ClassRule

PACKAGES = ("rdkit", "chemicals", "py2opsin")
PRECISION, RECALL = 0.98, 0.95
QUICK_TABLE = 4_000
"""Compounds of the table in the quick form, beside those that a name or an InChI says are covered."""
SEED = 0

NAMES = Path(__file__).with_name("class_names.toml")

PLAIN_WORDS = {
    "oxidanylidene": "oxo", "azanyl": "amino", "oxidanyl": "hydroxy", "chloranyl": "chloro",
    "bromanyl": "bromo", "fluoranyl": "fluoro", "iodanyl": "iodo", "ethanoyl": "acetyl",
    "ethanoate": "acetate", "phenylcarbonyl": "benzoyl", "ethanamide": "acetamide",
}  # fmt: skip
"""Words of Lexichem's names in the spelling of IUPAC."""
ACIDS = re.compile(
    r"(?:hydro)?(?:chloride|bromide|iodide|fluoride)|(?:di|tri)hydro(?:chloride|bromide)|hydron|sulfate"
    r"|(?:sulfuric|phosphoric|nitric|acetic|perchloric|formic|methanoic|ethanoic|oxalic|methanesulfonic) acid"
)
"""Parts of a salt's name beside the base."""

COUNTERION_FORMULAS = re.compile(
    r"(?:Cl|Br|F)H|HI|ClHO4|H2O4S|H3O4P|HNO3|H3N|H2O|CH2O2|C2H4O2|C2HF3O2|C2H2O4|C3H6O3|C4H4O4|C4H6O[456]"
    r"|C3H4O4|C6H8O7|C7H6O2|CH4O3S|CH4O4S|C2H6O4S|C7H8O3S|Na|K|Li|Ca|Ba|Mg|Al|Zn|Cd|Ag|Sr"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A compound, and the rules that should cover it."""

    name: str
    smiles: str
    rules: frozenset[str]
    told_for: frozenset[str]
    """The rules that its source says anything about."""
    source: str
    """`table` or `names`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One compound of an InChI."""

    formula: str
    skeleton: tuple[str, str]
    """Connections and hydrogens."""
    stereo: tuple[str, str]
    """Double bonds, and centres relative to each other."""
    is_inverted: str
    """Which of two mirror images; empty where none is told."""


def components_of(inchi: str) -> list[Component]:
    """Return the components of an InChI without its prefix; none of charged compounds and of isotopes."""
    formula, *parts = inchi.split("/")
    layers = {part[0]: part[1:] for part in parts}
    charge = sum(int(each or 0) for each in _each(layers.get("q", ""))) + int(layers.get("p", "") or 0)
    if charge or "i" in layers:
        return []
    formulas = [name for each in formula.split(".") for name in _repeated(each, r"(\d*)(.+)")]

    def layer(letter: str) -> list[str]:
        found = _each(layers.get(letter, ""))
        return found + [""] * (len(formulas) - len(found))

    marks = layers.get("m", "")
    inverted = [mark for each in marks.split(".") for mark in (each or "")] if "." not in marks else []
    inverted = inverted or [each or "" for each in re.split(r"\.", marks)]
    inverted += [""] * (len(formulas) - len(inverted))
    return [
        Component(formula=f, skeleton=(c, h), stereo=(b, t), is_inverted=m)
        for f, c, h, b, t, m in zip(
            formulas, layer("c"), layer("h"), layer("b"), layer("t"), inverted, strict=False
        )
    ]


def _each(layer: str) -> list[str]:
    """Return the parts of a layer, one for each component; `2*1-3` stands for two equal ones."""
    return (
        [part for each in layer.split(";") for part in _repeated(each, r"(?:(\d+)\*)?(.*)")] if layer else []
    )


def _repeated(text: str, pattern: str) -> list[str]:
    found = re.fullmatch(pattern, text)
    return [found[2]] * int(found[1] or 1) if found else [text]


def covered_by_inchi(inchi: str, rule: ClassRule) -> bool:
    """Return whether a rule covers a salt or stereoisomer of a parent, told by the InChI."""
    parts = components_of(inchi)
    if not parts:
        return False
    parents = [_parent(key) for key in rule.parent_keys() if "." not in structures()[key].smiles]
    if len(set(parts)) == 1 and parts[0] in parents:
        return False
    return any(_is_relative(parts, parent, rule) for parent in parents)


def _is_relative(parts: Sequence[Component], parent: Component, rule: ClassRule) -> bool:
    """Return whether components are a salt or stereoisomer of a parent that the rule covers."""
    own = {each for each in parts if (each.formula, each.skeleton) == (parent.formula, parent.skeleton)}
    others = [each for each in parts if each not in own]
    if len(own) != 1 or not all(COUNTERION_FORMULAS.fullmatch(each.formula) for each in others):
        return False
    (base,) = own
    used = {"salt"} if others else set()
    if base != parent:
        is_mirrored = base.stereo == parent.stereo or not any(base.stereo) or not any(parent.stereo)
        used |= {"enantiomer" if is_mirrored and "stereoisomer" not in rule.forms else "stereoisomer"}
    return bool(used) and used <= set(rule.forms) and not _is_cathine(base, rule)


def _is_cathine(base: Component, rule: ClassRule) -> bool:
    """Return whether a base is cathine, which the European lists leave out."""
    return bool(rule.excluded) and base == _parent("NPE")


@cache
def _parent(key: str) -> Component:
    chem, _ = rdkit()
    inchi: str = chem.MolToInchi(chem.MolFromSmiles(structures()[key].smiles))
    return components_of(inchi.removeprefix("InChI=1S/"))[0]


def covered_by_name(name: str, patterns: Sequence[re.Pattern[str]]) -> bool:
    """Return whether a systematic name, beside acids of a salt, is of a form that patterns describe."""
    parts = [part for part in name.split(";") if not ACIDS.fullmatch(part)]
    return len(parts) == 1 and any(each.fullmatch(parts[0]) for each in patterns)


def plain(name: str) -> str:
    """Return a name of Lexichem in the words of IUPAC."""
    for theirs, usual in PLAIN_WORDS.items():
        name = name.replace(theirs, usual)
    return name


def table_of(names: Mapping[str, Any], rules: Iterable[ClassRule]) -> Iterator[Known]:
    """Yield every compound of the public table with the rules that its name or its InChI says cover it."""
    ring = "|".join(names["words"]["ring_word"])
    wanted = list(rules)
    patterns = {
        rule.rule: [
            re.compile(each.replace("RING", f"(?:{ring})")) for each in _of(names, rule.rule).get("table", [])
        ]
        for rule in wanted
    }
    for cas, inchi, _, smiles, (name, *_) in compounds():
        read = plain(name)
        found = {
            rule.rule
            for rule in wanted
            if covered_by_name(read, patterns[rule.rule]) or covered_by_inchi(inchi, rule)
        }
        yield Known(
            name=f"{cas} {name}",
            smiles=smiles,
            rules=frozenset(found),
            told_for=frozenset(
                rule.rule
                for rule in wanted
                if name or ADDS_NOTHING.issuperset(rule.forms) or rule.rule in found
            ),
            source="table",
        )


def names_of(names: Mapping[str, Any], rules: Iterable[ClassRule]) -> Iterator[Known]:
    """Yield the compounds that `class_names.toml` names, as OPSIN reads them."""
    asked = [
        (rule.rule, name, kind == "covered")
        for rule in rules
        for kind in ("covered", "near")
        for template in _of(names, rule.rule).get(kind, [])
        for name in _filled(template, names["words"])
    ]
    for (rule, name, is_covered), smiles in zip(asked, smiles_of([each[1] for each in asked]), strict=True):
        if not smiles:
            message = f"{NAMES.name}: OPSIN cannot read {name!r} of {rule}; correct the name."
            raise ValueError(message)
        yield Known(
            name=name,
            smiles=smiles,
            rules=frozenset([rule] if is_covered else []),
            told_for=frozenset([rule]),
            source="names",
        )


def _of(names: Mapping[str, Any], rule: str) -> Mapping[str, Any]:
    own: Mapping[str, Any] = names.get(rule, {})
    return names[own["same"]] if "same" in own else own


def _filled(template: str, words: Mapping[str, list[str]]) -> Iterator[str]:
    blanks = re.findall(r"\{(\w+)\}", template)
    for chosen in product(*(words[blank] for blank in blanks)):
        yield template.format(**dict(zip(blanks, chosen, strict=True)))


def measure(*, is_quick: bool) -> tuple[list[Rate], dict[str, Any]]:
    """Return precision and recall of all rules together and of the worst one, and a line for each."""
    with NAMES.open("rb") as file:
        names = tomllib.load(file)
    rules = [each for each in class_rules() if each.forms]
    known = list(table_of(names, rules))
    if is_quick:
        kept = random.Random(SEED).sample(known, QUICK_TABLE)
        known = [*(each for each in known if each.rules), *(each for each in kept if not each.rules)]
    known += names_of(names, rules)
    right, missed, wrong = Counter[str](), Counter[str](), Counter[str]()
    wrongly: dict[str, list[str]] = defaultdict(list)
    for each in known:
        found = {hit.rule for hit in covered_by(each.smiles)} & each.told_for
        right.update(each.rules & found)
        missed.update(each.rules - found)
        wrong.update(found - each.rules)
        for rule in each.rules ^ found:
            wrongly[rule].append(f"{'missed' if rule in each.rules else 'wrong'}: {each.name}")
    lines = {
        rule.rule: f"{right[rule.rule] + missed[rule.rule]} compounds, precision "
        f"{_share(right[rule.rule], wrong[rule.rule]):.3f}, recall "
        f"{_share(right[rule.rule], missed[rule.rule]):.3f}" + "".join(f"; {w}" for w in wrongly[rule.rule])
        for rule in rules
    }
    kinds = {
        "precision": (PRECISION, [_share(right[r.rule], wrong[r.rule]) for r in rules], wrong),
        "recall": (RECALL, [_share(right[r.rule], missed[r.rule]) for r in rules], missed),
    }
    rows = [
        Rate(name=f"{kind} of class rules, {which}", unit="", target=aim, ours=(value,))
        for kind, (aim, each, against) in kinds.items()
        for which, value in (
            ("all", _share(right.total(), against.total())),
            ("worst rule", min(each)),
        )
    ]
    return rows, {"compounds": f"{len(known):,}", **lines}


def _share(right: int, wrong: int) -> float:
    return right / (right + wrong) if right + wrong else 1.0


def flags_of(file: Path, *, are_shown: bool) -> dict[str, Any]:
    """Return how many listings of each label notices of class rules flag, under two laws."""
    laws = {"default law": Law(), "every profile": Law(instruments=profiles())}
    rows = read_labelled(file, read_corrections(), gazetteer_of(Law()))
    said: dict[str, Any] = {}
    for name, law in laws.items():
        read = NoticeReader(law=law)
        noticed = [
            Noticed(sighting_id=index, url="", text=row.title, substances=())
            for index, row in enumerate(rows)
        ]
        found = [
            (row, notice)
            for row, notices in zip(rows, read(noticed), strict=True)
            for notice in notices
            if notice.kind == "class"
        ]
        flagged = {row.row_id: row for row, _ in found}.values()
        wrong = [row for row in flagged if row.corrected.label == 0]
        ordinary = [row for row in rows if row.given_label in ORDINARY and row.corrected.label == 0]
        said[f"flagged under {name}"] = (
            f"{len(flagged)}, of which {len(wrong)} are no offers by the corrected labels, "
            f"{sum(row.given_label in ORDINARY for row in wrong)} of {len(ordinary):,} ordinary listings"
        )
        if are_shown:
            said |= {f"  {row.title[:90]} ({notice.code})": notice.name for row, notice in found}
    return said


def main() -> None:
    """Read the command line, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.classes", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument("--quick", action="store_true", help="only a part of the public table")
    parser.add_argument("--listings", type=Path, help="count the flags among these labelled listings too")
    parser.add_argument("--show", action="store_true", help="print each of these flags")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    chosen = parser.parse_args()
    rows, more = measure(is_quick=chosen.quick)
    if chosen.listings:
        more |= flags_of(chosen.listings, are_shown=chosen.show)
    report(rows, PACKAGES, as_json=chosen.json, more=more)


if __name__ == "__main__":
    main()
