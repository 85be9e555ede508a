"""What was read in a text becomes named numbers and spans that point into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from classifier.features.evidence import (
    FEATURES,
    NOTHING_READ,
    evidence_matrix,
    evidence_spans,
    read_all,
)
from classifier.reading.read import NOTHING

if TYPE_CHECKING:
    from classifier.gazetteer import Gazetteer

EXAMPLES = {
    "offers a tier 1 substance": ("Phenylacetone, 25 kg", "Acetone, 25 kg"),
    "offers a tier 2 substance": ("Phenylacetic acid 1 kg", "Acetone, 25 kg"),
    "offers a tier 3 substance": ("Acetone, 25 kg drum", "Phenylacetone, 25 kg"),
    "listed by CAS number": ("CAS 103-79-7 in stock", "Phenylacetone in stock"),
    "listed by name": ("Phenylacetone in stock", "CAS 103-79-7 in stock"),
    "listed by abbreviation": ("P2P 5 kg", "Phenylacetone 5 kg"),
    "listed name in disguise": ("Ph3nylac3tone 1 kg", "Phenylacetone 1 kg"),
    "offered in the title": ("Phenylacetone\nin stock", "Special product\nPhenylacetone"),
    "share of the title that names it": ("Phenylacetone", "Special product\nPhenylacetone"),
    "more than one listed substance": ("Phenylacetone and ephedrine", "Phenylacetone, phenylacetone"),
    "listed substance only mentioned": ("Nail polish remover, acetone free", "Acetone"),
    "another CAS number": ("Sodium chloride CAS 7647-14-5", "CAS 103-79-7"),
    "states a quantity": ("25 kg", "in drums"),
    "states a purity": ("purity 99.5%", "very clean"),
    "priced by weight": ("$120/kg", "$120"),
    "promises stealth": ("stealth packaging", "plain goods"),
    "promises customs": ("100% pass customs", "customs documents needed"),
    "contact off the platform": ("wickr only", "message me here"),
    "takes crypto": ("pay by USDT", "pay by card"),
    "names a destination": ("shipping to Mexico", "shipping included"),
    "hints at control": ("banned in 3 countries", "sold in 3 countries"),
    "code in place of a name": ("28578 oil in stock", "model 28578"),
    "evasive trade in a listed substance": ("Phenylacetone, wickr only", "Kettle, wickr only"),
    "evasive trade in an unnamed chemical": ("99.5% powder, wickr only", "Kettle, wickr only"),
    "a chemical form": ("white crystals", "white shoes"),
    "name kept off the page": ("the name is on the lid", "the price is on the lid"),
    "number said in words or in part": (
        "two eight five seven eight dash sixteen dash seven",
        "two of eight pans",
    ),
    "number in part that may be a listed one": ("28578, then 16, then 7", "45691, then 16, then 7"),
    "abbreviation spelled by letter names": ("pee em kay", "tee shirt"),
    "signs of hiding where nothing is named for sale": (
        "name only between us",
        "Kettle, name only between us",
    ),
    "no papers asked": ("no licence needed for this drone", "drone with licence"),
    "stands in for something banned": ("replaces what was banned", "replaces the old filter"),
    "a chemical form with its name withheld": (
        "White powder, the name is on the lid",
        "Phenylacetone oil, the name is on the lid",
    ),
    "a chemical form without papers": (
        "White powder, no end use statement",
        "Drone, no licence needed",
    ),
    "evasive trade in a chemical form": ("White powder, wickr only", "Kettle, wickr only"),
    "number that may stand for a substance": ("28578, thick oil", "4468, thick book"),
    "number in part of an unlisted chemical": ("6401*-17-5 clear", "2857*-16-7 clear"),
    "called by a letter or small number": ("K-oil, product 9", "a powder, one liquid"),
    "tells a substance by what it is like": ("the acid of two a's, stings", "two acids"),
    "speaks to those who know": ("the usual oil", "the new oil"),
    "talks of passing customs": ("any border, that is our worry", "customs duties are paid by the buyer"),
    "talks of labels left off": ("stickers peeled off every sack", "stickers for every sack"),
    "talks of papers not needed": ("papers never asked", "papers enclosed"),
    "talks of bans and lists": ("came after the ban", "the price list"),
    "talks of a name not written": ("name only between us", "your name on the mug"),
    "talks of a list not shown": ("the full list in private", "the list of parts"),
    "talks of what others no longer sell": ("nobody dares to sell it", "sold by the metre"),
    "talks of its own way of sending": ("our own quiet route", "route map"),
    "calls what it sells special": ("delicate raw goods", "raw wood"),
    "talks of other goods on the papers": ("goes out as floor polish", "floor polish, goes out on Monday"),
    "talks of what is lost on the way": ("if stopped, we send another", "stopped by the shop"),
    "talks of buyers who stay unknown": ("the buyer is not asked who buys", "the buyer pays by card"),
    "talks of chemistry": ("for a certain synthesis", "for a certain evening"),
    "names everyday goods": ("Leather boots", "White powder, packed among boots"),
    "names a material that is not listed": ("Beeswax, 25 kg", "Wax, 25 kg"),
    "names a service": ("Customs broker", "Customs"),
    "names what tests, holds or explains": ("Safety poster", "Safety"),
    "listed substance beside what tests, holds or explains it": ("Ephedrine poster", "Ephedrine"),
    "named after a preposition": ("Register of ephedrine", "Ephedrine, register"),
    "words of the title before its name": ("5 kg ephedrine", "Ephedrine 5 kg"),
    "named beside a quantity, purity or price": ("Ephedrine 5 kg", "Ephedrine"),
    "named below the title only": ("Special product\nPhenylacetone", "Phenylacetone\nin stock"),
    "another word right after its name": ("Phenylacetone umbrella", "Phenylacetone supplier"),
    "named after other goods": ("Umbrella rack, acetone", "Acetone, umbrella rack"),
    "named in quotation marks": ('Mystery of the "Red Acetone Room"', "Acetone 'best'"),
    "named first": ("Ephedrine 5 kg", "5 kg ephedrine"),
    "listed substance beside everyday goods": ("Phenylacetone t-shirt", "Phenylacetone"),
    "nothing is read in it": ("Read more »", "Leather boots"),
}
"""For each feature, a text that has it and one that has not. Written here."""


@pytest.mark.parametrize("feature", FEATURES)
def test_feature_is_read_where_it_stands_and_nowhere_else(feature: str, gazetteer: Gazetteer) -> None:
    """Each feature is positive on a text that shows it and zero on one that only comes near."""
    texts = EXAMPLES[feature]
    column = list(FEATURES).index(feature)
    with_it, without = evidence_matrix(texts, read_all(texts, gazetteer))[:, column]
    assert with_it > 0
    assert without == 0


@pytest.mark.parametrize(
    "text",
    [
        "Oven mitt\nPowder coated hooks, crystal clear window, drum and oil proof, wipe liquids off at once.",
        "Crystal glass vase",
        "Printer drum unit",
        "Лак жидкое мыло",
        "水晶酒杯 粉色",
        "Question about my order\n" + "Where is it? " * 40 + "The powder was loose. " + "x " * 200 + "99 %",
    ],
)
def test_forms_of_everyday_goods_are_no_chemical_form(text: str, gazetteer: Gazetteer) -> None:
    """Powder, crystals, drums and liquids of a shop's page say nothing."""
    column = list(FEATURES).index("a chemical form")
    assert evidence_matrix([text], read_all([text], gazetteer))[0, column] == 0


@pytest.mark.parametrize(
    "text",
    [
        "White powder, sent among toys",
        "Klares Öl, geht als Kleber raus",
        "白色粉末 藏在玩具里",
        "Порошок, по бумагам как краска",
    ],
)
def test_what_goods_are_passed_off_as_is_not_what_is_sold(text: str, gazetteer: Gazetteer) -> None:
    """A chemical hidden among toys is still a chemical."""
    column = list(FEATURES).index("a chemical form")
    assert evidence_matrix([text], read_all([text], gazetteer))[0, column] == 1


def test_a_page_of_forms_is_read_in_time(gazetteer: Gazetteer) -> None:
    """Many forms and signs on one page do not multiply with one another, and all are still found."""
    text = "white powder, no label, name in chat. " * 500
    assert evidence_matrix([text], read_all([text], gazetteer)).max() >= 1


def test_no_texts_give_no_rows() -> None:
    """The matrix keeps its width when it has no rows."""
    assert evidence_matrix([], []).shape == (0, len(FEATURES))


@pytest.mark.parametrize(
    ("text", "words", "kind"),
    [
        ("Discreet: phenylacetone 5 kg", "phenylacetone", "name"),
        ("New BMK 103-79-7 stock", "103-79-7", "cas"),
        ("Salt, CAS 7647-14-5", "7647-14-5", "cas"),
        ("Polish remover, acetone free", "acetone", "mention"),
        ("Kettle, wickr only", "wickr", "trade"),
    ],
)
def test_span_points_at_the_words_that_counted(
    text: str, words: str, kind: str, gazetteer: Gazetteer
) -> None:
    """A reviewer is shown the very words, with their kind."""
    spans = evidence_spans(read_all([text], gazetteer)[0])
    assert (words, kind) in [(text[span.start : span.end], span.kind) for span in spans]


def test_what_says_the_same_of_the_same_words_is_one_span(gazetteer: Gazetteer) -> None:
    """A reviewer is shown no span within, or over the end of, another of its kind."""
    text = "You know what this is, you know what to do. Intermediate, chemicals"
    spans = evidence_spans(read_all([text], gazetteer)[0])
    ends: dict[str, int] = {}
    for span in spans:
        assert ends.get(span.note, 0) <= span.start
        ends[span.note] = span.end
    known = [text[span.start : span.end] for span in spans if span.note == "to those who know"]
    assert known == ["You know what", "you know what"]


def test_span_names_the_law_or_why_it_does_not_count(gazetteer: Gazetteer) -> None:
    """The note of an offered substance cites its lists; of a mentioned one it says why not."""
    texts = ["Phenylacetone", "Polish remover, acetone free"]
    offered, mentioned = (evidence_spans(reading)[0] for reading in read_all(texts, gazetteer))
    assert "UN 1988 Convention, Table I" in offered.note
    assert mentioned.note.startswith("only mentioned: ")


def test_of_nothing_only_that_is_said() -> None:
    """So the rows of texts in which nothing is read need not be worked out."""
    assert NOTHING.is_empty
    said = {name: feature.measure("a garden bench", NOTHING) for name, feature in FEATURES.items()}
    assert {name for name, value in said.items() if value} == {NOTHING_READ}
    assert evidence_matrix(["a garden bench"], [NOTHING]).tolist() == [
        [float(value) for value in said.values()]
    ]
