"""Search: what is found by the words a reader would type, and by the names of what was found in a text."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fixtures.builders.review_store import NOW, PLANTED, Planted, fill_store, score, see
from store import rows
from store.database import open_database
from store.review.item_query import Filter
from store.review.queue import Found, count_items, first_found, list_items
from store.review.search import index_missing, plain
from tests.searches import search

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from store.database import Database

HIDDEN = (
    "Рhenуlасеtоnе oil",
    "ВОСК, Ｐｉｐｅｒｏｎａｌ １２０－５７－０ ④",
    "saf\u200brole, acétone",
    "Красный фосфор",
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A store with the planted listings and four that hide what they say."""
    path: Path = tmp_path_factory.mktemp("search") / "store.db"
    fill_store(path)
    hidden = tuple(
        Planted(content=replace(PLANTED[-1].content, title=title), p_offer=0.3) for title in HIDDEN
    )
    db = open_database(path)
    see(db, (*PLANTED, *hidden), at=NOW)
    score(db, (*PLANTED, *hidden))
    yield db
    db.close()


def found(db: Database, terms: str, **more: object) -> list[str]:
    """Return the titles that a search finds."""
    wanted = Filter(terms=terms, **more)  # type: ignore[arg-type]
    items = list_items(db, wanted)
    assert count_items(db, wanted) == len(items)
    if wanted.is_store_wide:
        assert first_found(db, wanted, limit=25) == Found(items=items, total=len(items), is_more=False)
    return [item.title for item in items]


@pytest.mark.parametrize(
    ("terms", "title"),
    [
        ("phenylacetone OIL", HIDDEN[0]),
        ("Рhenуlасеtоnе", HIDDEN[0]),
        ("120-57-0", HIDDEN[1]),
        ("piperonal 120-57", HIDDEN[1]),
        ("safrole acetone", HIDDEN[2]),
        ("ФОСФОР", HIDDEN[3]),
        ("воск piperonal", HIDDEN[1]),
    ],
)
def test_what_is_read_finds_what_is_written(store: Database, terms: str, title: str) -> None:
    """Letters of another script, full-width and invisible ones, accents and case hide nothing."""
    assert title in found(store, terms)


def test_names_of_what_was_found_in_a_text_find_it(store: Database) -> None:
    """The English name or a synonym finds a Chinese text that names the substance."""
    chinese = PLANTED[1].content.title
    assert found(store, "phenylacetone 现货供应") == [chinese]
    assert found(store, "BMK 现货供应") == []
    assert found(store, "BMK 现货供应", names=(("BMK", "phenylacetone"),)) == [chinese]
    assert chinese in found(store, "benzyl methyl ketone", names=(("benzyl methyl ketone", "phenylacetone"),))
    assert chinese in found(store, "phenylacetone", state="all")


def test_characters_typed_apart_are_all_looked_for(store: Database) -> None:
    """The last character of a run is indexed in the pair before it."""
    assert found(store, "现货") == [PLANTED[1].content.title]
    assert found(store, "现-供") == []


def test_great_store_is_counted_among_the_newest_and_listed_whole(
    store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Older items fill the page; the count of further items stays open."""
    narrowed = Filter(terms="piperonal", since="2020-01-01")
    whole = list_items(store, narrowed)
    assert len(whole) == 5
    monkeypatch.setattr("store.review.queue.COUNTED_AMONG", 7)
    for limit, total, is_more in ((2, 2, True), (4, 4, True), (5, 5, False), (25, 5, False)):
        said = first_found(store, narrowed, limit=limit)
        assert (said.items, said.total, said.is_more) == (whole[:limit], total, is_more)
    assert first_found(store, Filter(terms="piperonal"), limit=2).total == 5


def test_part_of_too_many_words_finds_the_first_and_last_and_says_more(
    store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The word itself is always among them."""
    monkeypatch.setattr("store.review.search.MAX_WORDS", 2)
    monkeypatch.setattr("store.review.search.LEAST_WORDS", 2)
    said = first_found(store, Filter(terms="one"), limit=25)
    assert said.items
    assert said.is_more
    assert first_found(store, Filter(terms="acetone"), limit=25).items


def test_what_was_written_by_other_means_is_indexed_later(tmp_path: Path) -> None:
    """A row that SQL put there is missing from search until the index is completed."""
    path = tmp_path / "store.db"
    fill_store(path)
    with closing(open_database(path)) as db:
        row = dict(db.execute("SELECT * FROM sightings ORDER BY sighting_id DESC LIMIT 1").fetchone())
        row |= {"sighting_id": row["sighting_id"] + 1, "title": "Zwiebelkuchen"}
        rows.insert(db, "sightings", row)
        db.conn.commit()
        assert search(db, "zwiebel") == []
        assert index_missing(db) == 1
        assert [found.content.title for found in search(db, "zwiebel")] == ["Zwiebelkuchen"]
        assert index_missing(db) == 0


def test_nothing_typed_is_syntax(store: Database) -> None:
    """Quotes, operators and brackets are characters like any other."""
    for terms in (
        '" OR "',
        "a) OR (b",
        "substances : x",
        "NEAR(ab cd)",
        "*",
        "ab",
        '"""',
        "^said",
        "\u200b\u200b\u200b\u200b",
    ):
        found(store, terms)


def test_capitals_are_read_as_their_small_letters() -> None:
    """Though only one of the two is a lookalike."""
    assert (plain("ВОСК ΓΩ Соль"), plain("Һydroxу")) == (plain("воск γω соль"), "hydroxy")


@given(st.text(max_size=40))
@example("ΓЬꙊ")
def test_reading_twice_changes_nothing(text: str) -> None:
    """Normalising a text twice gives the same result."""
    assert plain(plain(text)) == plain(text)
