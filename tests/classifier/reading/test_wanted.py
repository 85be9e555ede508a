"""Wanted advertisements are no offers. Every example was written for these tests."""

from __future__ import annotations

import pytest

from classifier.evidence import default_gazetteer
from classifier.reading import read_text

WANTED = [
    "Looking for 20 L acetone",
    "Wanted: 20 L acetone",
    "WTB acetone 20 litres",
    "We buy acetone in bulk",
    "Want to buy two drums of technical acetone",
    "Looking for a reliable supplier of acetone, 4 x 200 L",
    "In search of a few litres of pure acetone.",
    "Need 20 L of acetone",
    "Acetone 20 L wanted",
    "Acetone wanted for a school laboratory",
    "Wanted\nAcetone, 20 L",
    "Looking for 20 L acetone, CAS 67-64-1",
    "Looking for 20 L acetone\nThe acetone must be 99 %.",
    "Busco 20 litros de acetona",
    "Se busca acetona pura, 5 galones",
    "Compro 20 L de acetona",
    "Acetona 20 L, compro",
    "Estoy buscando un bidón de acetona",
    "Procuro 20 litros de acetona",
    "Compra-se um tambor de acetona",
    "Quero comprar 5 litros de acetona",
    "Cherche 20 L d'acétone",
    "J'achète un fût d'acétone",
    "Nous cherchons un fournisseur d'acétone",
    "Recherche 2 bidons de 5 L d'acétone",
    "Suche 20 Liter Aceton",
    "Suche dringend ein Fass Aceton",
    "20 L Aceton gesucht",
    "Gesucht: 5 Kanister Aceton",
    "Ankauf von 200 kg Aceton",
    "Suche Aceton, wer hat welches?",
    "Куплю 20 литров ацетона",
    "Ищу бочку ацетона",
    "Приму в дар 5 л ацетона",
    "Ацетон 20 л куплю",
    "求购20升丙酮",
    "大量收购工业级丙酮",
    "想买一桶丙酮",
    "收丙酮 20升",
    "丙酮20升求购",
]

OFFERED = [
    "Looking for distributors of acetone",
    "Looking for buyers for acetone, 20 t a month",
    "Partners wanted, acetone by the drum",
    "No permit wanted, acetone 20 L",
    "The most wanted acetone",
    "You are looking for acetone",
    "Are you looking for acetone? Write to us",
    "Looking for acetone? We have it",
    "Still looking for 20 L acetone? In stock",
    "Looking for acetone in bulk - look no further",
    "For those looking for acetone",
    "If you want to buy acetone, write",
    "Acetone 20 L\nWanted: distributors",
    "Acetone, documents needed",
    "¿Busca acetona? En stock",
    "Busco compradores de acetona",
    "Busco distribuidores para acetona",
    "Procuro revendedores de acetona",
    "Cherche acheteurs d'acétone, 20 L",
    "Vous cherchez 20 L d'acétone ?",
    "Qui cherche 20 L d'acétone ? en stock",
    "Suchen Abnehmer für Aceton",
    "Suchen Sie Aceton?",
    "Wer sucht Aceton, 20 L",
    "Ищем покупателей ацетона",
    "Ищете ацетон? Есть 20 л",
    "Кому нужен ацетон, 20 л",
    "Куплю-продам ацетон",
    "欢迎采购丙酮",
    "您在寻找丙酮吗？我们有",
    "寻找丙酮代理",
]


@pytest.mark.parametrize("text", WANTED)
def test_what_somebody_asks_for_is_no_offer(text: str) -> None:
    """Whatever amount, pack or supplier stands between; the reason is given."""
    reading = read_text(text, default_gazetteer())
    assert reading.mentions
    assert [mention.why_not for mention in reading.mentions if not mention.why_not.startswith("asked")] == []


@pytest.mark.parametrize("text", OFFERED)
def test_a_seller_who_asks_still_offers(text: str) -> None:
    """Whoever looks for buyers, or asks who is looking for it, sells."""
    assert {mention.substance.key for mention in read_text(text, default_gazetteer()).offered} == {"ACE"}


def test_a_list_is_asked_for_as_a_whole() -> None:
    """Amounts between its names do not part them; what is offered in exchange is."""
    assert read_text("Suche 10 L Toluol und 20 L Aceton", default_gazetteer()).offered == ()
    assert len(read_text("Suche Toluol, biete Aceton", default_gazetteer()).offered) == 1
