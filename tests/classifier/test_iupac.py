"""Systematic names are read where OPSIN and Java are there, and a sentence says what is missing."""

from __future__ import annotations

import importlib.util
import shutil

import pytest

from classifier.features.evidence import read_all
from classifier.features.matrix import EvidenceReader
from classifier.gazetteer import Law, default_gazetteer, gazetteer_of, look_up
from classifier.gazetteer.molecules import IupacMissing
from classifier.gazetteer.structures import looks_systematic, smiles_of
from classifier.notices import NoticeReader
from store.review.notices import Noticed

needs_opsin = pytest.mark.skipif(
    shutil.which("java") is None or importlib.util.find_spec("py2opsin") is None,
    reason="py2opsin (extra iupac) or Java is not installed.",
)


@pytest.mark.parametrize(
    ("text", "is_worth_asking"),
    [
        ("propan-2-yl 3-oxo-2-phenylbutanoate", True),
        ("N-phenyl-1-(2-phenylethyl)piperidin-4-amine", True),
        ("1-fenil-2-propanona", True),
        ("oak stool with cushion", False),
        ("methyl", False),
        ("苯基丙酮", False),
        ("x" * 500, False),
    ],
)
def test_only_what_sounds_systematic_is_asked(text: str, is_worth_asking: bool) -> None:  # noqa: FBT001
    """Starting Java takes a second, so that no everyday word is worth it."""
    assert looks_systematic(text) is is_worth_asking


def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence names Java, the extra and the Debian package."""
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    with pytest.raises(IupacMissing, match=r"needs Java.*extra \"iupac\".*default-jre-headless"):
        smiles_of(["1-phenylpropan-2-one"])
    with pytest.raises(IupacMissing, match="needs Java"):
        gazetteer_of(Law(), systematic_names=True)  # which every scorer opens
    with pytest.raises(IupacMissing, match="needs Java"):
        NoticeReader(law=Law(), systematic_names=True)


@needs_opsin
@pytest.mark.process
def test_a_class_covers_systematic_names_of_offers_only() -> None:
    """What a title only mentions, or a page cut off, is no offer of a covered compound."""
    pytest.importorskip("rdkit", reason="rdkit is not installed; it comes with the extra chemistry.")
    name = "1-(3-methylbenzoyl)piperidin-4-one"
    titles = (f"{name}, 5 kg drum", f"Test strips for {name}", f"{name}... 5 kg")
    listings = [Noticed(sighting_id=1, url="", text=title, substances=()) for title in titles]
    found = NoticeReader(law=Law(), systematic_names=True)(listings)
    assert [[each.code for each in one] for one in found] == [["us-8330"], [], []]


@needs_opsin
@pytest.mark.process
def test_a_systematic_name_leads_to_what_is_listed() -> None:
    """By structure or by the class that the law describes, when looked up and, if set so, when read."""
    pytest.importorskip("rdkit", reason="rdkit is not installed; it comes with the extra chemistry.")
    assert smiles_of(["oak stool", ""]) == ["", ""]
    found = {
        name: look_up(default_gazetteer(), name)
        for name in ("2-phenylacetyl methane", "nonyl 2-phenylacetate", "nonyl 3-phenylpropanoate")
    }
    assert {name: (each.status, each.substance and each.substance.key) for name, each in found.items()} == {
        "2-phenylacetyl methane": ("listed", "P2P"),
        "nonyl 2-phenylacetate": ("listed", "PAAE"),
        "nonyl 3-phenylpropanoate": ("not_listed", None),
    }
    assert "its esters" in found["nonyl 2-phenylacetate"].why
    texts = [
        "Nonyl 2-phenylacetate, 5 kg drum",
        "Test strips for nonyl 2-phenylacetate",
        "2-phenylacetyl methane\nsold by the drum",
        "Nonyl 3-phenylpropanoate",
        "Oak stool",
    ]
    kept_apart = EvidenceReader(gazetteer=default_gazetteer()).embedder_id
    gazetteer = gazetteer_of(Law(), systematic_names=True)
    assert EvidenceReader(gazetteer=gazetteer).embedder_id != kept_apart
    read = [[(each.substance.key, text[slice(*each.span)], each.offered) for each in reading.mentions]
            for text, reading in zip(texts, read_all(texts, gazetteer), strict=True)]  # fmt: skip
    assert read == [
        [("PAAE", "Nonyl 2-phenylacetate", True)],
        [("PAAE", "nonyl 2-phenylacetate", False)],
        [("P2P", "2-phenylacetyl methane", True)],
        [],
        [],
    ]
