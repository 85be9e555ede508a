"""Values come back from the store as they went in, whatever a page put into them."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.builders.store import ANDES, FULL, NOW, crawl_run, model, page, score, score_all, see, use
from store.crawl.pages import SeenListing, record_page
from store.crawl.sources import declare_source, declared_source
from store.database import open_in_memory
from store.errors import UnknownRow
from store.model import ListingContent, Term, TermName
from store.rows import clean, columns_of, read
from store.scores.scores import (
    count_unscored,
    current_score,
    get_model,
    list_models,
    model_in_use,
    promote,
    record_scores,
    register_model,
    unscored_sightings,
)

if TYPE_CHECKING:
    from store.database import Database

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=30)
"""Lone surrogates and NUL included."""
PLAIN_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)


def terms(text: st.SearchStrategy[str]) -> st.SearchStrategy[Term]:
    """Return terms whose every text is drawn from `text`."""
    amounts = st.none() | st.decimals(0, 10**9, places=2)
    names = st.sampled_from(list(TermName))
    return st.builds(Term, name=names, text=text, value=text, amount=amounts, unit=text, rule=text)


def contents(text: st.SearchStrategy[str]) -> st.SearchStrategy[ListingContent]:
    """Return listings whose every text is drawn from `text`."""
    return st.builds(
        ListingContent,
        **dict.fromkeys(set(ListingContent.__slots__) - {"title"}, text)
        | {
            "price_amount": st.none() | st.decimals(0, 10**9, places=2),
            "category_path": st.lists(text, max_size=3).map(tuple),
            "attributes": st.lists(st.tuples(text, text), max_size=3).map(tuple),
            "images": st.lists(text, max_size=3).map(tuple),
            "terms": st.lists(terms(text), max_size=3).map(tuple),
            "provenance": st.dictionaries(text, text, max_size=3),
        },
        title=text,
    )


@given(contents(PLAIN_TEXT))
def test_a_content_is_read_back_as_it_was(content: ListingContent) -> None:
    """Every script, quote and control character."""
    assert read(ListingContent, columns_of(content)) == content


@given(contents(ANY_TEXT))
def test_what_cannot_be_stored_is_replaced_once(content: ListingContent) -> None:
    """After the first reading back, writing and reading changes nothing more."""
    once = read(ListingContent, columns_of(content))
    assert read(ListingContent, columns_of(once)) == once


@given(contents(ANY_TEXT), ANY_TEXT)
def test_a_hostile_listing_is_recorded_like_any_other(content: ListingContent, url: str) -> None:
    """No text or address keeps a page out of the store."""
    db = open_in_memory()
    run_id = crawl_run(db)
    record_page(db, page(run_id, "https://andes.example/1"), [SeenListing(url=url, content=content)])
    assert count_unscored(db, "none") == 1
    (sighting,) = unscored_sightings(db, "none", limit=9)
    assert sighting.content == read(ListingContent, columns_of(content))
    db.close()


@given(ANY_TEXT)
def test_clean_text_is_utf_8_without_nul(text: str) -> None:
    """Clean text is unchanged, and other text becomes readable for SQLite's tools."""
    cleaned = clean(text)
    assert "\0" not in cleaned
    assert cleaned.encode("utf-8").decode("utf-8") == clean(cleaned) == cleaned


def test_a_large_price_is_written_out() -> None:
    """The price has no exponent, which other tools may read differently."""
    assert columns_of(ListingContent(title="x", price_amount=Decimal("1E+6")))["price_amount"] == "1000000"


def test_a_source_is_read_back_as_it_was_declared_last(db: Database) -> None:
    """Every declaration in other words stays; the same words again are no new one."""
    names = ("Andes", "Andes, second copy", "Andes, second copy", "Andes")
    for name in names:
        declare_source(db, replace(ANDES, name=name), now=NOW)
    query = "SELECT name FROM source_declarations WHERE source_id = ? AND name <> ? ORDER BY declaration_id"
    kept = [row[0] for row in db.execute(query, [ANDES.source_id, ANDES.name])]
    assert kept == ["Andes", "Andes, second copy", "Andes"]
    assert declared_source(db, ANDES.source_id) == replace(ANDES, name="Andes")
    assert db.execute("SELECT count(*) FROM sources").fetchone()[0] == 1


def test_a_score_is_read_back_with_its_reasons(db: Database) -> None:
    """And the current score of a sighting is by the model in use."""
    see(db, crawl_run(db), "https://andes.example/1", FULL)
    use(db)
    assert current_score(db, 1) is None
    assert record_scores(db, [score(1, 0.9)]) == 1
    assert current_score(db, 1) == (1, score(1, 0.9))
    use(db, "bbbbbbbbbbbb")
    assert current_score(db, 1) is None


def test_a_score_stands_for_its_sighting_and_model(db: Database) -> None:
    """Scoring again after an interruption adds only what lacks; another model scores afresh."""
    for number in range(3):
        see(db, crawl_run(db), f"https://andes.example/{number}", FULL)
    use(db)
    use(db, "bbbbbbbbbbbb")
    record_scores(db, [score(2, 0.1)])
    assert [sighting.sighting_id for sighting in unscored_sightings(db, "aaaaaaaaaaaa", limit=9)] == [1, 3]
    assert [each.sighting_id for each in unscored_sightings(db, "aaaaaaaaaaaa", after=1, limit=9)] == [3]
    assert record_scores(db, [score(2, 0.8), score(3, 0.8)]) == 1
    kept = db.execute("SELECT p_offer FROM scores WHERE sighting_id = 2 AND model_id = 'aaaaaaaaaaaa'")
    assert [row[0] for row in kept] == [0.1]
    assert count_unscored(db, "aaaaaaaaaaaa") == 1
    assert score_all(db, model_id="bbbbbbbbbbbb") == 3


@pytest.mark.parametrize("p_offer", [1.5, -0.1, float("nan")])
def test_a_score_that_is_no_probability_is_refused(db: Database, p_offer: float) -> None:
    """The whole batch is refused."""
    see(db, crawl_run(db), "https://andes.example/1", FULL)
    see(db, crawl_run(db), "https://andes.example/2", FULL)
    use(db)
    with pytest.raises(sqlite3.IntegrityError):
        record_scores(db, [score(1, 0.5), score(2, p_offer)])
    assert count_unscored(db, "aaaaaaaaaaaa") == 2


def test_the_model_promoted_last_is_in_use(db: Database) -> None:
    """Going back to an older one is a promotion too."""
    assert model_in_use(db) is None
    use(db)
    use(db, "bbbbbbbbbbbb")
    assert model_in_use(db) == model("bbbbbbbbbbbb")
    promote(db, "aaaaaaaaaaaa", promoted_by="ada", sentence="It was better.", now=NOW)
    assert model_in_use(db) == model()


def test_a_model_registered_twice_is_one(db: Database) -> None:
    """The first row stays."""
    register_model(db, model())
    register_model(db, model(threshold=0.9))
    assert list_models(db) == [model()]


def test_an_unknown_model_is_a_sentence(db: Database) -> None:
    """An unknown model can be neither read nor promoted."""
    with pytest.raises(UnknownRow, match="no model cccc"):
        get_model(db, "cccc")
    with pytest.raises(UnknownRow, match="no model cccc"):
        promote(db, "cccc", promoted_by="ada", sentence="", now=NOW)
