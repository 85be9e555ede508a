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
    "ISO 20 L acetone",
    "ISO: acetone, 5 gal",
    "Iso a gallon of acetone",
    "(ISO) 2 x 5 L acetone",
    "We are looking to purchase acetone, 20 t",
    "We're interested to buy 5 drums of acetone",
    "Good day, we would like to order 20 L acetone",
    "Trying to find some acetone near Leeds",
    "Buying lead: acetone, 20 MT",
    "Kindly quote 20 MT acetone",
    "Does anyone here have acetone?",
    "Anyone selling acetone?",
    "Urgently required: acetone, 20 L",
    "Acetone required, 20 L",
    "Möchte 20 L Aceton kaufen",
    "Wir möchten monatlich 5 Tonnen Aceton beziehen",
    "Ich würde gerne bei Ihnen 20 L Aceton bestellen",
    "Will Aceton kaufen, 20 L",
    "Hätte gern 20 L Aceton",
    "Wir sind an 20 L Aceton interessiert",
    "Wir suchen für unsere Werkstatt ca. 20 L Aceton",
    "Wir bitten um ein Angebot über 20 L Aceton",
    "Aceton zu kaufen gesucht",
    "Aceton wird dringend benötigt",
    "Kaufgesuch: 20 L Aceton",
    "Wer verkauft Aceton?",
    "Kann mir jemand 20 L Aceton verkaufen?",
    "Nos gustaría adquirir 20 L de acetona",
    "Estamos interesados en la compra de acetona",
    "Solicito cotización para 20 L de acetona",
    "Empresa busca acetona",
    "¿Alguien tiene acetona?",
    "Gostaríamos de comprar 20 L de acetona",
    "Temos interesse em adquirir acetona",
    "Solicito orçamento de 20 L de acetona",
    "Alguém vende acetona?",
    "Nous sommes à la recherche d'acétone",
    "Nous souhaitons acquérir 20 L d'acétone",
    "J'aimerais acheter de l'acétone",
    "Besoin de 20 L d'acétone",
    "Quelqu'un aurait 20 L d'acétone ?",
    "Acétone, je cherche",
    "Хотели бы приобрести 20 л ацетона",
    "Хочу ацетон купить",
    "Закупаем на постоянной основе ацетон",
    "Необходим ацетон, 20 л",
    "Интересует ацетон 20 л",
    "Заинтересованы в покупке ацетона",
    "У кого есть ацетон?",
    "需要采购丙酮",
    "我公司需要购买20吨丙酮",
    "我想要20升丙酮",
    "打算购买丙酮",
    "丙酮 求购，有货联系",
    "谁家有丙酮",
    "高价回收丙酮",
    "Small workshop seeks 20 L acetone",
    "Hello, I'm after some acetone",
    "Hi all, ISO 4 L acetone",
    "Would buy any quantity of acetone",
    "Does anybody know where to get acetone?",
    "Kleine Werkstatt sucht 20 L Aceton",
    "Ich bräuchte dringend Aceton",
    "Suche jemanden, der Aceton verkauft",
    "Kaufe Restbestände Aceton",
    "Estudiante busca acetona",
    "Me hace falta acetona",
    "¿Alguien que venda acetona?",
    "Oficina procura acetona",
    "Estou precisando de acetona",
    "Procuro quem venda acetona",
    "Il me faut 20 L d'acétone",
    "Petit atelier recherche acétone",
    "Bonjour, qui vend de l'acétone ?",
    "Студент ищет ацетон",
    "Ожидаем предложения по ацетону",
    "Куплю любой объём ацетона",
    "Продайте ацетон",
    "工厂求购丙酮",
    "长期需要丙酮",
    "您好，要20升丙酮",
    "Looking to get hold of 3 L acetone",
    "Restorer needs 2 L acetone",
    "Suche für Modellbau 1 L Aceton",
    "Compramos toda clase de acetona",
    "J'achète votre acétone",
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
    "ISO 9001 certified acetone",
    "ISO 9001 acetone, 20 L",
    "ISO: 9001, acetone in drums",
    "ISO 9001:2015 acetone 20 L",
    "ISO tank acetone, 20 t",
    "ISO 20 ft tank acetone",
    "ISO, GMP: acetone",
    "Buy acetone here",
    "Buy 20 L acetone",
    "Where to buy acetone? In our shop",
    "We are looking to sell acetone",
    "Would you like to buy 20 L acetone?",
    "If you would like to order acetone, call us",
    "No licence required: acetone 20 L",
    "Acetone, signature required",
    "Who sells acetone? We do",
    "Wir kaufen und verkaufen Aceton",
    "Aceton kaufen bei uns",
    "Kaufen Sie Aceton",
    "Hier können Sie 20 L Aceton kaufen",
    "Möchten Sie 20 L Aceton kaufen? Wir liefern",
    "Wer Aceton kaufen möchte, ist hier richtig",
    "Möchte jemand Aceton kaufen?",
    "Möchte 20 L Aceton verkaufen",
    "Will mein Aceton loswerden, wer es kaufen will, melde sich",
    "Bei Interesse an Aceton melden",
    "Compre acetona aquí",
    "Compramos y vendemos acetona",
    "¿Le interesa comprar acetona?",
    "Interesados en acetona, escribir",
    "¿Quién vende acetona? Nosotros",
    "Alguém precisa de acetona?",
    "Gostaria de comprar acetona? Fale conosco",
    "Acheter acétone chez nous",
    "Vous souhaitez acheter 20 L d'acétone",
    "Nous achetons et vendons de l'acétone",
    "Qui a besoin d'acétone ?",
    "Купить ацетон",
    "Хотите купить ацетон?",
    "Хочу продать 20 л ацетона",
    "Вас интересует ацетон?",
    "Ацетон, лицензия не требуется",
    "如需采购丙酮，请联系",
    "需要丙酮请联系",
    "需要丙酮吗",
    "想买丙酮找我",
    "采购丙酮就找我们",
    "欢迎来电采购丙酮",
    "求购丙酮的老板请联系",
    "Everybody seeks acetone, we have it",
    "Your company requires acetone? We deliver",
    "Acetone wanted? We have it",
    "We buy and sell acetone",
    "Chemicals shop buys and sells acetone",
    "Ihre Firma sucht Aceton? Wir liefern",
    "Venta y compra acetona",
    "Todos buscan acetona",
    "Laboratoire de recherche : acétone 99 %",
    "Acétone sur demande",
    "Ваше предприятие ищет ацетон?",
    "Надо продать ацетон",
    "要丙酮的联系",
    "需要丙酮，请来电",
    "Everyone needs acetone",
    "Need a solvent? Acetone 20 L",
    "Suche für Aceton Abnehmer",
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


def test_one_verb_at_the_end_asks_for_a_whole_list() -> None:
    """In German what is wished for stands before the verb; a verb of sale offers it."""
    asked = read_text("Möchte 10 L Toluol und 20 L Aceton kaufen", default_gazetteer())
    assert (len(asked.mentions), asked.offered) == (2, ())
    assert asked.mentions[0].why_not == 'asked for with "mochte … kaufen"'
    assert len(read_text("Möchte 10 L Toluol und 20 L Aceton verkaufen", default_gazetteer()).offered) == 2


def test_only_the_words_that_ask_are_told() -> None:
    """Nothing of the space or the amount that they are known by."""
    reasons = [
        read_text(text, default_gazetteer()).mentions[0].why_not
        for text in ("ISO 20 L acetone", "Acetone 20 L wanted")
    ]
    assert reasons == ['asked for with "iso"', 'asked for with "wanted"']


def test_barrels_that_are_wanted_are_not_the_goods() -> None:
    """`求购` right before something else asks for that."""
    asked = read_text("丙酮，求购空桶", default_gazetteer())
    assert not any(mention.why_not.startswith("asked") for mention in asked.mentions)
