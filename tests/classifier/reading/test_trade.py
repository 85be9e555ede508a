"""Signs of how a seller trades are found, each kind in several languages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from classifier.reading import read_text

if TYPE_CHECKING:
    from classifier.gazetteer import Gazetteer


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("25kg drum", "quantity", "25kg"),
        ("lote de 20 litros", "quantity", "20 litros"),
        ("每桶 160公斤", "quantity", "160公斤"),
        ("5 кг", "quantity", "5 кг"),
        ("99.5% min", "purity", "99.5% min"),
        ("$120/kg", "price_per_unit", "$120/kg"),
        ("USD 85 per kg", "price_per_unit", "USD 85 per kg"),
        ("80 EUR pro Liter", "price_per_unit", "80 EUR pro Liter"),
        ("vacuum sealed bags", "stealth", "vacuum sealed"),
        ("envío discreto", "stealth", "envío discreto"),
        ("emballage discret", "stealth", "emballage discret"),
        ("隐蔽包装", "stealth", "隐蔽包装"),
        ("100% pass customs", "customs_promise", "pass customs"),
        ("entrega garantizada", "customs_promise", "entrega garantizada"),
        ("双清包税", "customs_promise", "双清包税"),
        ("гарантия доставки", "customs_promise", "гарантия доставки"),
        ("W h a t s A p p 555-0100", "off_platform", "W h a t s A p p"),
        ("wickr only", "off_platform", "wickr"),
        ("加微 123", "off_platform", "加微"),
        ("no name on the label", "stealth", "no name on the label"),
        ("sin nombre en la etiqueta", "stealth", "sin nombre en la etiqueta"),
        ("sans nom sur le colis", "stealth", "sans nom sur le colis"),
        ("ohne Namen auf dem Etikett", "stealth", "ohne Namen auf dem Etikett"),
        ("без названия на этикетке", "stealth", "без названия на этикетке"),
        ("标签不写品名", "stealth", "标签不写品名"),
        ("clearance guarant…", "customs_promise", "clearance guarant"),
        ("aduana 100% garantizada", "customs_promise", "aduana 100% garantizada"),
        ("таможня наша", "customs_promise", "таможня наша"),
        ("Zoll zu 100 % sicher", "customs_promise", "Zoll zu 100 % sicher"),
        ("被扣包赔", "customs_promise", "被扣包赔"),
        ("nur verschlüsselt", "off_platform", "nur verschlüsselt"),
        ("pay by USDT", "crypto", "USDT"),
        ("биткоин", "crypto", "биткоин"),
        ("shipping to Mexico", "destination", "to Mexico"),
        ("墨西哥专线", "destination", "墨西哥专线"),
        ("banned in 3 countries", "controlled_hint", "banned in"),
        ("banned item", "controlled_hint", "banned item"),
        ("no questions asked", "controlled_hint", "no questions asked"),
        ("el nombre no se escribe", "controlled_hint", "el nombre no se escribe"),
        ("vous savez ce que", "controlled_hint", "vous savez ce que"),
        ("ihr wisst schon", "controlled_hint", "ihr wisst schon"),
        ("название здесь не пишем", "controlled_hint", "название здесь не пишем"),
        ("品名私聊", "controlled_hint", "品名私聊"),
        ("oil 28578", "code_number", "oil 28578"),
        ("28578-XX-X", "code_number", "28578-XX-X"),
        ("28578 oil in stock", "code_number", "28578 oil"),
        ("cas 28578", "code_number", "cas 28578"),
    ],
)
def test_a_trade_sign_is_found(text: str, kind: str, words: str, gazetteer: Gazetteer) -> None:
    """Each sign is reported with its kind and its words as they stand in the text."""
    assert (kind, words) in [(s.kind, s.text) for s in read_text(text, gazetteer).trade]


@pytest.mark.parametrize(
    "text", ["USB-C cable 28578", "signal cable", "a subtct", "gear oil 28578", "oak stool with cushion"]
)
def test_ordinary_words_are_no_trade_signs(text: str, gazetteer: Gazetteer) -> None:
    """Letters that only contain a phrase, and numbers alone, say nothing."""
    assert read_text(text, gazetteer).trade == ()
