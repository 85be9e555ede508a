"""Class rules on the pages: the rule, the parent, and a drawing with a text for who cannot see it."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from classifier.gazetteer import Law
from classifier.notices import NoticeReader
from cli.serve import reference_for
from fixtures.builders.login import entered
from fixtures.builders.review_store import NOW, Planted, fill_store
from store.database import open_database
from store.model import ListingContent
from store.review.item_query import Filter
from store.review.notices import record_notices
from store.review.queue import list_items

if TYPE_CHECKING:
    from pathlib import Path

TITLE = "1-Benzoyl-4-piperidone, CAS 24686-78-0, powder 1 kg"


@pytest.fixture
def noticed(tmp_path: Path) -> tuple[Path, str]:
    """Return a store with a listing of a compound that only a class covers, and the listing's id."""
    path = tmp_path / "review.db"
    content = ListingContent(title=TITLE, description="<b>98 %</b>")
    fill_store(path, (Planted(content=content, p_offer=0.01),))
    with closing(open_database(path)) as db:
        reader = NoticeReader(law=Law())
        record_notices(db, reader, read_with=reader.read_with, run_id=None, now=NOW)
        (item,) = list_items(db, Filter(notice="class:us-8330"))
        assert item.is_flagged
    return path, item.listing_id


def test_the_item_shows_the_rule_the_parent_and_both_structures(noticed: tuple[Path, str]) -> None:
    """A listing that the score lets pass is in the queue, with the law's words and a drawing with a text."""
    pytest.importorskip("rdkit", reason="rdkit is not installed; it comes with the extra chemistry.")
    database, listing_id = noticed
    with entered(database, reference=reference_for(database, Law())) as client:
        page = client.get(f"/listings/{listing_id}").text
        sheet = client.get(f"/listings/{listing_id}/sheet").text
    for shown in (page, sheet):
        assert "Covered by a class rule, not listed by name: amide (4-Piperidone)" in shown
        assert "its acetals, its amides, its carbamates" in shown
        drawing = ET.fromstring(
            shown[shown.index('<svg viewBox="0 0 520 200"') :].partition("</svg>")[0] + "</svg>"
        )
        said = drawing.attrib["aria-label"]
        assert drawing.attrib["role"] == "img"
        assert "4-Piperidone" in said
        assert "7 atoms" in said
        assert {each.tag for each in drawing} == {"path"}
        assert {name for each in drawing for name in each.attrib} <= {
            "class", "d", "fill", "stroke", "stroke-width"
        }  # fmt: skip


def test_the_item_says_that_the_notice_put_it_into_the_queue(noticed: tuple[Path, str]) -> None:
    """A listing that a notice flags is not called unflagged; the JSON says the same."""
    database, listing_id = noticed
    with entered(database) as client:
        page = client.get(f"/listings/{listing_id}").text
        record = client.get(f"/api/listings/{listing_id}").json()
    assert "Not flagged" not in page
    assert "In the queue because of: class of the law." in page
    assert record["flagged_by"] == ["class"]


def test_without_rdkit_the_page_says_what_is_missing(noticed: tuple[Path, str]) -> None:
    """The notice and both structures as SMILES stay; a sentence says why there is no drawing."""
    database, listing_id = noticed
    with entered(database) as client:
        page = client.get(f"/listings/{listing_id}").text
        spanish = client.get(f"/listings/{listing_id}", headers={"Accept-Language": "es"}).text
    assert "Not drawn: RDKit" in page
    assert "not recognised by their structure" in page
    assert "Covered by a class rule, not listed by name: amide" in page
    assert "regla de clase" in spanish
