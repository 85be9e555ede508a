"""Class rules of the law: what they cover, what they leave to a chemist, and how it is drawn."""

from __future__ import annotations

import csv
from datetime import date
from importlib.resources import files

import pytest

from classifier.gazetteer import Law
from classifier.gazetteer.class_rules import (
    class_rules,
    covered_by,
    covered_compounds,
    forms,
    rules_of,
    structures,
)
from classifier.gazetteer.law import profiles
from classifier.gazetteer.molecules import HEIGHT, SKELETON, WIDTH, draw, structure_key
from review.web.translations import word_tables
from text.cas import is_cas_number

rdkit = pytest.importorskip("rdkit.Chem", reason="rdkit is not installed; it comes with the extra chemistry.")

COVERED = [
    ("a salt of a mirror image", "C[C@H]([C@@H](c1ccccc1)O)NC.Cl", "us-8112", "salt+enantiomer"),
    ("ephedrine without stereochemistry", "CC(NC)C(O)c1ccccc1", "us-8113", "enantiomer"),
    ("ephedrine without stereochemistry, in Europe", "CC(NC)C(O)c1ccccc1", "eu-1", "stereoisomer"),
    ("a Boc carbamate and halide", "CC(C)(C)OC(=O)N1CCC(CC1)Nc1ccc(F)cc1", "us-8335", "carbamate+halide"),
    ("an acetal and carbamate of 4-piperidone", "COC(=O)N1CCC2(CC1)OCCO2", "us-8330", "acetal+carbamate"),
    ("Fmoc-4-piperidone", "O=C(OCC1c2ccccc2-c2ccccc12)N1CCC(=O)CC1", "canada-27", "derived_nitrogen"),
    ("N-methyl-4-piperidone, which only Canada covers", "CN1CCC(=O)CC1", "canada-27", "derived_nitrogen"),
    ("a ring-substituted phenylacetone", "COc1ccc(CC(C)=O)cc1", "canada-11", "derived_ring"),
    ("a ring-substituted glycidate", "COC(=O)C1(C)OC1c1ccc(OC)cc1", "canada-11", "ester+derived_ring"),
    ("methylamine perchlorate", "CN.OCl(=O)(=O)=O", "us-8678", "salt"),
    ("barium hypophosphite", "O[PH2]=O.O[PH2]=O.[Ba+2]".replace("O[", "[O-]["), "us-6797", "salt"),
]  # fmt: skip

UNCOVERED = [
    ("phenylacetone is listed by name, and is the parent", "CC(=O)Cc1ccccc1"),
    ("tropinone bridges the ring", "CN1C2CCC1CC(=O)C2"),
    ("triacetonamine has two methyl groups at each of two atoms", "CC1(C)CC(=O)CC(C)(C)N1"),
    ("fentanyl is a scheduled drug", "CCC(=O)N(c1ccccc1)C1CCN(CCc2ccccc2)CC1"),
    ("bamipine is a medicine", "CN1CCC(CC1)N(Cc1ccccc1)c1ccccc1"),
    ("ethyl 4-phenylacetoacetate has its group at the methyl ketone", "CCOC(=O)CC(=O)Cc1ccccc1"),
    ("three changes are more than one at carbon", "CCC(c1ccc(C)cc1)C(=O)CC"),
    ("4-phenyl-2-butanone has a longer chain", "CC(=O)CCc1ccccc1"),
    ("a complex of an anhydride is no salt", "CC(=O)OC(C)=O.OI"),
    ("an ion is nothing that is sold", "C[NH3+]"),
    ("labelled with deuterium", "[2H]C([2H])([2H])NC(C)C(O)c1ccccc1"),
    ("no structure", "not a structure"),
]


@pytest.mark.parametrize(("what", "smiles", "rule", "used"), COVERED)
def test_a_rule_covers_a_relative_of_its_parent(what: str, smiles: str, rule: str, used: str) -> None:
    """The rule is found, with the forms that make the compound of the parent."""
    found = {each.rule: "+".join(each.forms) for each in covered_by(smiles)}
    assert found.get(rule) == used, what


@pytest.mark.parametrize(("why", "smiles"), UNCOVERED)
def test_a_rule_leaves_other_compounds_to_a_chemist(why: str, smiles: str) -> None:
    """What only resembles a relative is covered by no rule."""
    assert covered_by(smiles) == (), why


def test_cathine_is_no_stereoisomer_of_the_european_lists() -> None:
    """The note of category 1 leaves (+)-norpseudoephedrine out, and only this isomer."""
    rules = {each.rule for each in covered_by("C[C@H](N)[C@@H](O)c1ccccc1")}
    assert not rules & {"eu-1", "uk-1-isomers"}
    assert "eu-1" in {each.rule for each in covered_by("C[C@@H](N)[C@H](O)c1ccccc1")}


def test_every_wording_is_checked_or_says_why_not() -> None:
    """Each rule has a source and a confidence, and forms with parents or the reason for having none."""
    for rule in class_rules():
        assert rule.wording, rule.rule
        assert rule.source, rule.rule
        assert rule.confidence, rule.rule
        assert bool(rule.forms) == bool(rule.parents) == (not rule.not_checked), rule.rule
        assert set(rule.forms) <= set(forms()), rule.rule
        assert rule.profile in {*profiles(), ""}, rule.rule
        if rule.forms:
            assert list(rule.parent_keys()), rule.rule
            assert set(rule.parent_keys()) <= set(structures()), rule.rule
    assert set(forms()) == set(word_tables()["forms"])
    assert len({rule.rule for rule in class_rules()}) == len(class_rules())


def test_structures_agree_with_the_keys_of_the_gazetteer() -> None:
    """The connections of each structure are those of the InChIKey that the law's source gives."""
    text = (files("classifier.gazetteer") / "data" / "cas.csv").read_text(encoding="utf-8")
    keys: dict[str, set[str]] = {}
    for row in csv.DictReader(text.splitlines()):
        if row["inchikey"]:
            keys.setdefault(row["substance_key"], set()).add(row["inchikey"][:SKELETON])
    differ = {
        key
        for key, each in structures().items()
        if key in keys and structure_key(rdkit.MolFromSmiles(each.smiles))[:SKELETON] not in keys[key]
    }
    assert differ == {"HPA"}, "the public table draws hypophosphorous acid without its hydrogens"


def test_rules_count_where_their_law_does() -> None:
    """A rule follows profile and date: Canada's temporary rule ended when the permanent one began."""
    assert {rule.profile for rule in rules_of(Law()).values()} == {"us", "eu"}
    canada = [
        rules_of(Law(instruments=("canada",), as_of=date(*day))) for day in ((2023, 1, 1), (2024, 1, 1))
    ]
    assert "canada-schedule-v" in canada[0]
    assert "canada-30" not in canada[0]
    assert "canada-30" in canada[1]
    assert "canada-schedule-v" not in canada[1]


def test_covered_compounds_are_as_their_rules_say() -> None:
    """The built file agrees with the rules as they are now; else it is to be built anew."""
    for each in covered_compounds():
        assert is_cas_number(each.cas)
        assert covered_by(each.smiles) == each.rules, f"{each.cas}: run the build with --classes-only"


def test_a_drawing_marks_the_common_core() -> None:
    """The whole parent is marked in both, and every shape is a path of plain numbers inside the picture."""
    drawn = draw("O=C1CCNCC1", "CC(=O)N1CCC(=O)CC1")
    assert drawn is not None
    core_atoms, shapes = drawn
    assert core_atoms == 7
    assert sum(kind == "core" for kind, _ in shapes) >= 2 * 7
    assert {kind for kind, _ in shapes} == {"core", "bond", "atom"}
    for _, data in shapes:
        assert set(data) <= set("MLQCZa0123456789.-, ")
    ends = [data.split()[1:3] for kind, data in shapes if kind == "bond"]
    assert all(0 <= float(x) <= 2 * WIDTH and 0 <= float(y) <= HEIGHT for x, y in ends)


def test_what_cannot_be_read_is_not_drawn() -> None:
    """A text that is no structure has no drawing."""
    assert draw("O=C1CCNCC1", "no structure") is None
