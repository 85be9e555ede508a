"""Structures are checked against the class wording of the law.

Structures were written here from the names beside them; the wording is that of 21 CFR 1310.02 unless said.
"""

from __future__ import annotations

import pytest

from classifier.gazetteer.class_rules import class_of
from classifier.gazetteer.molecules import forms_salts, parent_of
from classifier.gazetteer.structures import structure_of

pytest.importorskip("rdkit", reason="rdkit is not installed; it comes with the extra chemistry.")

MEMBERS = [
    ("methyl anthranilate: anthranilic acid, its esters", "COC(=O)c1ccccc1N", "ANTE"),
    ("methyl 2-acetamidobenzoate: N-acetylanthranilic acid, its esters", "COC(=O)c1ccccc1NC(C)=O", "NAAE"),
    ("ethyl phenylacetate: phenylacetic acid, its esters", "CCOC(=O)Cc1ccccc1", "PAAE"),
    ("p-cresyl phenylacetate: phenylacetic acid, its esters", "Cc1ccc(OC(=O)Cc2ccccc2)cc1", "PAAE"),
    ("1-boc-4-AP: 4-anilinopiperidine, its carbamates", "CC(C)(C)OC(=O)N1CCC(CC1)Nc1ccccc1", "4APD"),
    ("norfentanyl: 4-anilinopiperidine, its amides", "CCC(=O)N(c1ccccc1)C1CCNCC1", "4APD"),
    ("para-fluoro 4-AP: 4-anilinopiperidine, its halides", "C1CNCCC1Nc1ccc(F)cc1", "4APD"),
    ("its dihydrochloride: any combination thereof", "Cl.Cl.C1CNCCC1Nc1ccc(F)cc1", "4APD"),
    ("para-chloro norfentanyl: any combination thereof", "CCC(=O)N(c1ccc(Cl)cc1)C1CCNCC1", "4APD"),
    ("1-acetyl-4-piperidone: 4-piperidone, its amides", "CC(=O)N1CCC(=O)CC1", "4PD"),
    ("1-boc-4-piperidone: 4-piperidone, its carbamates", "CC(C)(C)OC(=O)N1CCC(=O)CC1", "4PD"),
    ("1,4-dioxa-8-azaspiro[4.5]decane: 4-piperidone, its acetals", "C1CC2(CCN1)OCCO2", "4PD"),
    ("4-piperidone dimethyl acetal: 4-piperidone, its acetals", "COC1(OC)CCNCC1", "4PD"),
    ("BMK butyl glycidate: P2P methyl glycidic acid, its esters", "CCCCOC(=O)C1(C)OC1c1ccccc1", "BMKAE"),
    ("PMK hexyl glycidate: PMK glycidic acid esters (China)", "CCCCCCOC(=O)C1(C)OC1c1ccc2OCOc2c1", "PMKAE"),
    (
        "propyl ester: 3-oxo-2-phenylbutanoic acid and its esters (China)",
        "CCCOC(=O)C(C(C)=O)c1ccccc1",
        "OPBAE",
    ),
]

NEAR_MISSES = [
    ("4-piperidone is listed by its own name", "O=C1CCNCC1"),
    ("2-piperidone is another isomer", "O=C1CCCCN1"),
    ("1-methyl-4-piperidone is no amide or carbamate", "CN1CCC(=O)CC1"),
    ("ethyl 4-oxopiperidine-3-carboxylate is an ester at carbon", "CCOC(=O)C1CNCCC1=O"),
    ("N-phenyl-4-piperidinol has oxygen for nitrogen", "OC1CCN(CC1)c1ccccc1"),
    ("a methoxy group is no halide", "C1CNCCC1Nc1ccc(OC)cc1"),
    ("fentanyl is a scheduled drug, no amide of 4-AP alone", "CCC(=O)N(c1ccccc1)C1CCN(CCc2ccccc2)CC1"),
    ("methyl mandelate carries a hydroxy group", "COC(=O)C(O)c1ccccc1"),
    ("methyl 4-hydroxyphenylacetate carries one on the ring", "COC(=O)Cc1ccc(O)cc1"),
    ("phenylacetic acid is listed by its own name", "OC(=O)Cc1ccccc1"),
    ("phenylacetic anhydride is no ester", "O=C(Cc1ccccc1)OC(=O)Cc1ccccc1"),
    ("phenylacetamide is no ester", "NC(=O)Cc1ccccc1"),
    ("phenethyl acetate is the ester of another acid", "CC(=O)OCCc1ccccc1"),
    ("methyl N-methylanthranilate is substituted at nitrogen", "COC(=O)c1ccccc1NC"),
    ("benzocaine is the para isomer", "CCOC(=O)c1ccc(N)cc1"),
    ("ethyl 3-phenylglycidate lacks the methyl group", "CCOC(=O)C1OC1c1ccccc1"),
    ("ethyl methylphenylglycidate has it elsewhere", "CCOC(=O)C1OC1(C)c1ccccc1"),
    ("no structure", "not a structure"),
]


@pytest.mark.parametrize(("what", "smiles", "key"), MEMBERS)
def test_a_member_is_of_its_class(what: str, smiles: str, key: str) -> None:
    """A structure that the wording covers is found, with the class's key."""
    entry = class_of(smiles)
    assert entry is not None, what
    assert entry.substance_key == key, what


@pytest.mark.parametrize(("why", "smiles"), NEAR_MISSES)
def test_a_near_miss_is_of_no_class(why: str, smiles: str) -> None:
    """A structure that only resembles a member is of no class."""
    assert class_of(smiles) is None, why


@pytest.mark.parametrize(
    ("smiles", "has_parent"),
    [("Cl.CN", True), ("CN.CC(=O)O", True), ("CN.OC(=O)Cc1ccccc1", False), ("[Na+].[Cl-]", False)],
)
def test_a_salt_has_one_parent(smiles: str, has_parent: bool) -> None:  # noqa: FBT001 - a table's column
    """The parent of a salt is what is left without its plain counterion."""
    parent = parent_of(smiles)
    assert (parent is not None) == has_parent
    assert parent is None or forms_salts(parent)


def test_a_number_outside_the_gazetteer_is_resolved() -> None:
    """The `chemicals` package gives the structure of a CAS number or name; None for what it lacks."""
    pytest.importorskip("chemicals", reason="chemicals is not installed; it comes with the extra chemistry.")
    found = structure_of("101-97-3")
    assert found is not None
    assert class_of(found.smiles) is not None
    assert structure_of("oak stool with cushion") is None
