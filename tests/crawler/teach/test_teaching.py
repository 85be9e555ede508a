"""Tests of teaching: selectors that agree on all pages, the preview, and what cannot be learned."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from crawler.teach import CannotTeach
from crawler.teach.induce import selectors
from crawler.teach.pages import SourcePage
from crawler.teach.reader import AS_READ, Cleaning, DeclaredReader
from crawler.teach.reading import PageFields
from crawler.teach.teaching import FieldCounts, Lesson, Pointed, check_cases, read_now, teach
from tests.crawler.extract.pages import document
from tests.crawler.teach.shop import BASE, CHANGED, body, page, truth

NOW = datetime(2026, 12, 2, 16, 0, tzinfo=UTC)


def pointed(number: int, *names: str) -> dict[str, Pointed]:
    """Point at an item's fields by their values."""
    return {name: Pointed(value=value) for name, value in truth(number).items() if not names or name in names}


def taught(*names: str, others: int = 6) -> Lesson:
    """Teach the shop on its first three pages."""
    pages = [(page(number), pointed(number, *names)) for number in (1, 2, 3)]
    rest = [page(number) for number in range(4, 4 + others)]
    return teach(pages, rest, before=None, by="ada", now=NOW)


def test_selectors_agree_on_all_pages_and_read_the_others() -> None:
    """The general rules take the shop's name and its old price; the taught reader reads every page right."""
    lesson = taught()
    assert {name: str(rule) for name, rule in lesson.reader.fields.items()} == {
        "title": ".offer-name",
        "price": ".offer-box .now",
        "seller": "label offered by",
        "location": "label where",
    }
    assert "x81726" not in str(lesson.reader.fields)
    for number in (4, 9):
        read = read_now(page(number), lesson.reader)
        assert {name: read[name] for name in truth(number)} == truth(number)
    assert (lesson.unlearned, lesson.reader.found, lesson.reader.version) == ({}, 1.0, 1)
    assert len(lesson.preview) == 6


def test_doubts_come_first() -> None:
    """A page of another layout is shown before those that are read without doubt."""
    pages = [(page(number), pointed(number)) for number in (1, 2, 3)]
    rest = [page(4), page(5), page(9, CHANGED), page(6)]
    lesson = teach(pages, rest, before=None, by="ada", now=NOW)
    assert lesson.preview[0].url == f"{BASE}item/9"
    assert "title is missing" in lesson.preview[0].doubts
    assert lesson.reader.found < 1


def test_an_element_is_pointed_at_by_its_place() -> None:
    """Without a value, the element's text is what is wanted."""
    pages = []
    for number in (1, 2):
        root = PageFields(document(body(number).decode())).document.root
        place = next(at for at, each in enumerate(root.iter("*")) if each.get("class") == "now")
        pages.append((page(number), {"price": Pointed(element=place)}))
    lesson = teach(pages, [page(5)], before=None, by="ada", now=NOW)
    assert lesson.reader.fields["price"].clean is Cleaning.PRICE
    assert read_now(page(7), lesson.reader)["price"] == "$ 27.00"


def test_what_is_read_now_is_confirmed() -> None:
    """A field may be confirmed as it is read, by the declared reader or by the general rules."""
    first = taught("title").reader
    pages = [(page(number), {"title": Pointed(value=AS_READ)}) for number in (4, 5)]
    again = teach(pages, [], before=first, by="ada", now=NOW).reader
    assert again.version == 2
    assert [case.expected["title"] for case in again.cases] == ["Lamp of kind 4", "Lamp of kind 5"]


def test_next_page_is_learned_from_lists() -> None:
    """The link to the next page is a field of lists, by its address."""
    links = '<p><a href="/x">1</a><a class="fwd" href="/list?p={}"><img></a></p>'
    lists = [
        SourcePage(url=f"{BASE}list?p={number}", body=links.format(number + 1).encode()) for number in (1, 2)
    ]
    wanted = [{"next_page": Pointed(value=f"{BASE}list?p={number + 1}")} for number in (1, 2)]
    lesson = teach(list(zip(lists, wanted, strict=True)), [], before=None, by="ada", now=NOW)
    assert str(lesson.reader.fields["next_page"]) == ".fwd @href"


def test_what_cannot_be_learned_is_said() -> None:
    """A value that is on no page, the same page twice, and a place that does not exist."""
    wrong = {"title": Pointed(value="Nowhere"), **pointed(2, "seller")}
    lesson = teach([(page(1), pointed(1)), (page(2), wrong)], [], before=None, by="ada", now=NOW)
    assert "'Nowhere'" in lesson.unlearned["title"]
    with pytest.raises(CannotTeach, match="two or three different pages"):
        teach([(page(1), pointed(1)), (page(1), pointed(1))], [], before=None, by="ada", now=NOW)
    with pytest.raises(CannotTeach, match="has no element 9999"):
        teach([(page(1), {"title": Pointed(element=9999)}), (page(2), {})], [], before=None, by="a", now=NOW)
    with pytest.raises(CannotTeach, match="Nothing was learned"):
        teach([(page(1), {}), (page(2), {})], [], before=None, by="ada", now=NOW)


def test_a_single_difference_from_right_general_rules_keeps_theirs() -> None:
    """The place that reads nine of ten other pages alike is not learned; the other fields are."""
    layout = "<h1>Lamp of kind {0}</h1><p>{1}$ 2{0}.00</p><p>Seller: Ana {0}</p>"
    saved = [
        SourcePage(
            url=f"{BASE}item/{number}",
            body=layout.format(number, "Was $ 90.00</p><p>" if number == 7 else "").encode(),
        )
        for number in range(1, 13)
    ]
    fields = {"price": Pointed(value=AS_READ), "seller": Pointed(value=AS_READ)}
    taught_pages = [(each, fields) for each in saved[:2]]
    lesson = teach(taught_pages, saved[2:], before=None, by="ada", now=NOW)
    assert "differs from them on 1 of 10 other pages" in lesson.unlearned["price"]
    assert lesson.counts == {"seller": FieldCounts(pages=12, read=12, compared=12, agreed=12)}
    assert lesson.reader.required == {"seller"}
    assert read_now(saved[6], lesson.reader)["price"] == "$ 27.00"


def test_a_price_is_learned_without_its_box() -> None:
    """The box holds the same first price, under a shorter name, but also everything else."""
    layout = '<div class="box"><h1>Brass lamp</h1><p class="price">$ 2{0}.00</p><p>Of glass.</p></div>'
    saved = [SourcePage(url=f"{BASE}item/{number}", body=layout.format(number).encode()) for number in (1, 2)]
    pages = [(each, {"price": Pointed(value=AS_READ)}) for each in saved]
    lesson = teach(pages, [], before=None, by="ada", now=NOW)
    assert str(lesson.reader.fields["price"]) == ".price"


def test_counts_say_how_a_field_reads_on_all_pages() -> None:
    """The general rules misread every title and price here, find no place, and read every seller alike."""
    assert taught().counts == {
        "title": FieldCounts(pages=9, read=9, compared=9, agreed=0),
        "price": FieldCounts(pages=9, read=9, compared=9, agreed=0),
        "seller": FieldCounts(pages=9, read=9, compared=9, agreed=9),
        "location": FieldCounts(pages=9, read=9, compared=0, agreed=0),
    }


def test_a_place_that_is_worse_than_the_general_rules_is_not_learned() -> None:
    """Where they were right on the taught pages and disagree on others, their value stays."""
    plain = "<div id='box'><h1>Lamp of kind {0}</h1><p>$ 2{0}.00</p><p>Four pieces are left.</p></div>"
    reduced = "<div id='box'><h1>Lamp of kind {0}</h1><p>Was $ 90.00</p><p>$ 2{0}.00</p></div>"
    saved = [
        SourcePage(
            url=f"{BASE}item/{number}", body=(plain if number < 3 else reduced).format(number).encode()
        )
        for number in range(1, 7)
    ]
    prices = [
        {"title": Pointed(value=AS_READ), "price": Pointed(value=f"$ 2{number}.00")} for number in (1, 2)
    ]
    lesson = teach(list(zip(saved[:2], prices, strict=True)), saved[2:], before=None, by="ada", now=NOW)
    assert "title" in lesson.reader.fields
    assert lesson.unlearned["price"] == (
        "The general rules keep this field: they read it correctly on the taught pages, and the best place "
        "found differs from them on 4 of 4 other pages."
    )
    assert read_now(saved[4], lesson.reader)["price"] == "$ 25.00"


def test_cases_fail_when_the_file_is_changed() -> None:
    """A case names the page, the field, what is read and what is right."""
    reader = taught().reader
    bodies = {page(number).sha256: body(number) for number in (1, 2, 3)}
    assert check_cases(reader, bodies) == []
    spoilt = DeclaredReader(
        version=2,
        taught_by="eve",
        taught_at=NOW,
        found=1.0,
        agreement=1.0,
        fields={**reader.fields, "title": reader.fields["seller"]},
        cases=reader.cases,
    )
    found = check_cases(spoilt, bodies)
    assert found[0] == f"on {BASE}item/1 it reads title as 'Beto Luna', not 'Lamp of kind 1'."
    assert check_cases(spoilt, {}) == []


@pytest.mark.parametrize(
    ("markup", "best"),
    [
        ('<p itemprop="price" class="a1b2c3">7</p>', '[itemprop="price"]'),
        ('<p id="offer-price" class="big">7</p>', "#offer-price"),
        ('<p id="item-84125" class="price">7</p>', ".price"),
        ('<p class="css-1x2y3z">7</p>', "p"),
        ('<p data-field="amount">7</p>', '[data-field="amount"]'),
    ],
)
def test_robust_names_come_before_fleeting_ones(markup: str, best: str) -> None:
    """Names for data, then ids, then classes; never generated names."""
    root = document(f"<html><body>{markup}</body></html>").root
    element = next(root.iter("p"))
    assert min(selectors(element))[1] == best
    assert not any("84125" in css or "1x2y3z" in css for _, css in selectors(element))
