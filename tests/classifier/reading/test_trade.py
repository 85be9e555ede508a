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
        ("CAS 74-89-5 20 kg", "quantity", "20 kg"),
        ("5-10 kg", "quantity", "10 kg"),
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
        ("oil 103-79-x", "code_number", "103-79-x"),
        ("powder 28 578", "bare_code", "28 578"),
        ("liquid, 103-79", "bare_code", "103-79"),
        ("goes out as floor polish", "talk_cover", "goes out as floor polish"),
        ("reetiquetado como aditivo", "talk_cover", "reetiquetado como aditivo"),
        ("单上写颜料", "talk_cover", "单上写颜料"),
        ("if stopped, we send another", "talk_loss", "stopped, we send another"),
        ("пропажу возместим", "talk_loss", "пропажу возместим"),
        ("buyers stay unknown", "talk_buyer", "buyers stay unknown"),
        ("keine Firma", "talk_buyer", "keine Firma"),
    ],
)
def test_a_trade_sign_is_found(text: str, kind: str, words: str, gazetteer: Gazetteer) -> None:
    """Each sign is reported with its kind and its words as they stand in the text."""
    assert (kind, words) in [(s.kind, s.text) for s in read_text(text, gazetteer).trade]


@pytest.mark.parametrize(
    "text",
    [
        "USB-C cable 4468",
        "signal cable",
        "a subtct",
        "oak stool with cushion",
        "see photo for part number of the printer",
        "toner family 285",
        "L_O_J_E_L V_I_B_E_R_S",
        "P_A_R_A_N_O_I_D N_E_W S_H_O_E_S",
        "N.E.W S.H.O.E.S",
        "B_U_Y M_T_B_T_C",
        "p e d a l o l",
        "papa and mike",
        "map a pack",
    ],
)
def test_ordinary_words_are_no_trade_signs(text: str, gazetteer: Gazetteer) -> None:
    """Letters that only contain a phrase, and numbers alone, say nothing."""
    assert read_text(text, gazetteer).trade == ()


WITHHOLDING = {
    "form": [
        "off-white crystals",
        "polvo fino",
        "óleo grosso",
        "huile épaisse",
        "feines Pulver",
        "густое масло",
        "淡黄油",
    ],
    "name_withheld": [
        "the name is on the lid",
        "don't type the product name in the chat",
        "el nombre está en la tapa",
        "no escriba el nombre en el chat",
        "nome na tampa",
        "não escreva o nome no chat",
        "le nom est sur la photo",
        "n'écrivez pas le nom",
        "Name steht auf dem Deckel",
        "den Namen bitte nicht im Chat",
        "название на крышке",
        "не пишите название",
        "品名在桶盖",
        "请勿在聊天里写名称",
    ],
    "number_spoken": [
        "one zero three dash seven nine dash seven",
        "103 dash 79 dash 7",
        "begins with 103, ends with 7",
        "first five digits 28578",
        "the 28578 family",
        "28578 whatever 7",
        "uno cero tres guion siete nueve guion siete",
        "primeros cinco dígitos 28578",
        "la familia del 28578",
        "um zero três traço sete nove traço sete",
        "começa com 28578",
        "un zéro trois tiret sept neuf tiret sept",
        "commence par 28578",
        "eins null drei Strich sieben neun Strich sieben",
        "beginnt mit 28578",
        "один ноль три тире семь девять тире семь",
        "начинается на 28578",
        "一零三杠七九杠七",
        "前五位28578",
        "ends in 44-5",
        "尾号44-5",
    ],
    "spelled_letters": [
        "pee em kay",
        "beeemkay",
        "be eme ka",
        "pê eme cá",
        "pé emme ka",
        "pe em ka",
        "пэ эм ка",
        "屁艾姆开",
        "Papa Mike Kilo",
        "Павел Мария Константин",
        "the letters P, M and K",
        "Buchstaben B M K",
        "pemkay",
        "bm kay",
        "KMP backwards",
        "皮马克",
    ],
    "no_papers": [
        "no end use statement",
        "goes out as a glue sample",
        "border risk is ours",
        "sin declaración de uso",
        "va como pegamento",
        "sem nota fiscal",
        "risco da alfândega por nossa conta",
        "sans attestation d'usage",
        "déclaré comme peinture",
        "ohne Endverbleibserklärung",
        "deklariert als Farbe",
        "без справки о применении",
        "едет как краска",
        "不查用途",
        "按胶水发货",
    ],
    "stands_in": [
        "replaces what was banned",
        "substitute for the controlled one",
        "sustituto de lo prohibido",
        "substituto do proibido",
        "remplace ce qui est interdit",
        "Ersatz für das Verbotene",
        "замена запрещённого",
        "替代被禁的",
    ],
    "riddle": [
        "violet salt that stains, by the keg",
        "the red of the matchbox",
        "element fifty-three, shiny",
        "for rims, the real G",
        "double A, a sour drum",
        "eso de las cerillas, rojo",
        "roxinho, tambor fechado",
        "Felgenreiniger, Sorte G",
        "le double P, avec le N devant",
        "двойной А, кислый, канистра",
        "53号元素",
    ],
}
"""What sellers say who keep back what they sell, by kind of sign. Written for these tests."""


@pytest.mark.parametrize(
    ("kind", "text"), [(kind, text) for kind, texts in WITHHOLDING.items() for text in texts]
)
def test_what_is_kept_back_is_a_sign(kind: str, text: str, gazetteer: Gazetteer) -> None:
    """A withheld name, number or paper is seen in each of the seven languages, inside a longer title."""
    title = f"★ {text}, 45 €"
    signs = read_text(title, gazetteer).trade
    assert kind in [sign.kind for sign in signs]
    assert all(title[slice(*sign.span)] == sign.text for sign in signs)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("form", "boiler room, toilet seat"),
        ("code_number", "gear oil 28578"),
        ("name_withheld", "see photo for part number of the printer"),
        ("name_withheld", "name tag for dogs, your photo printed"),
        ("name_withheld", "no name brand, picture frame"),
        ("number_spoken", "toner family 285"),
        ("number_spoken", "begins with a prologue, ends with a kiss"),
        ("number_spoken", "one two three, a counting book"),
        ("number_spoken", "first three digits of the serial number"),
        ("spelled_letters", "de la A a la zeta"),
        ("spelled_letters", "tee and cue, see you"),
        ("spelled_letters", "quente"),
        ("spelled_letters", "one two three four"),
        ("no_papers", "licence included, invoice available"),
        ("no_papers", "declared dead, a novel"),
        ("riddle", "violet dress with a belt"),
        ("riddle", "heating element 15 A"),
        ("riddle", "double A batteries"),
        ("riddle", "wheel cleaner 500 g"),
        ("insiders", "regular coffee, know how"),
        ("stands_in", "replacement for the old filter"),
        ("stands_in", "controlled temperature"),
    ],
)
def test_what_only_comes_near_is_no_sign(kind: str, text: str, gazetteer: Gazetteer) -> None:
    """Part numbers, counting and ordinary papers are not read as something kept back."""
    assert kind not in [sign.kind for sign in read_text(text, gazetteer).trade]


@pytest.mark.parametrize(
    "text",
    [
        "the one you asked for",
        "te mando el nombre",
        "sage ich am Telefon",
        "peça o nome",
        "plus que ces thèses",
    ],
)
def test_a_word_of_one_language_is_no_good_of_another(text: str, gazetteer: Gazetteer) -> None:
    """`thé` and `the` fold alike, and a title with an article sells no tea."""
    assert read_text(text, gazetteer).goods == ()


@pytest.mark.parametrize(
    ("text", "goods"),
    [
        ("Pure beeswax\nno name on the label", ["beeswax"]),
        ("Special item, no name on the label\nComes in a box of beeswax", []),
        ("特殊料 标签不写品名\n洗衣粉袋", []),
        ("Ｓｐｅｃｉａｌ ｉｔｅｍ\nbeeswax box", []),
        ("ethanamine nitrate(1:1) 5 kg", []),
    ],
)
def test_goods_are_those_of_the_title(text: str, goods: list[str], gazetteer: Gazetteer) -> None:
    """What stands below, such as what it is packed in, is not what is sold."""
    found = [text[slice(*one.span)] for one in read_text(text, gazetteer).goods]
    assert found[-1:] == goods


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("Disguised as soap", "talk_cover", "Disguised as soap"),
        ("fine chemistry", "chemistry", "chemistry"),
        ("нейтральная упаковка", "talk_label", "нейтральная упаковка"),
        ("单上写颜料粉", "talk_cover", "单上写颜料"),
    ],
)
def test_a_topic_ends_with_its_word(text: str, kind: str, words: str, gazetteer: Gazetteer) -> None:
    """Stems are beginnings of words; a reviewer is shown whole ones, where words stand apart."""
    assert (kind, words) in [(sign.kind, sign.text) for sign in read_text(text, gazetteer).trade]


@pytest.mark.parametrize(
    "text",
    [
        "Soap flakes, no questions, no minimum\nLicence checked before dispatch",
        "Plain box\nLabel with each drum",
        "Ware nur auf Anfrage ohne Kundenkonto\nHärter separat verpackt",
        "CAS 74-89-5\n20 kg",
        "Purity 99%\nPure stock",
        "Plain\u200b b&#111;x\nLabel with each drum",
    ],
)
def test_a_sign_ends_with_its_line(text: str, gazetteer: Gazetteer) -> None:
    """A title and what stands below it are two sentences."""
    assert not [sign.text for sign in read_text(text, gazetteer).trade if "\n" in sign.text]


def _talks_of_chemistry(text: str, gazetteer: Gazetteer) -> list[str]:
    return [sign.text for sign in read_text(text, gazetteer).trade if sign.kind == "chemistry"]


@pytest.mark.parametrize(
    "text",
    [
        "Pseudoephedrine 60 mg tablets, box of 24 (pharmacy)",
        "Pharmacy shelf, oak",
        "Farmacia del centro, turno de noche",
        "Balança de farmácia antiga",
        "Bocal de pharmacie en porcelaine",
        "Apotheke und Pharmazie, altes Schild",
        "华夏化学",
        "华夏化学有限公司 供应丙酮",
        "老师傅教化学 一对一",
    ],
)
def test_a_shop_and_a_name_are_no_talk_of_chemistry(text: str, gazetteer: Gazetteer) -> None:
    """A pharmacy is a shop, and `化学` alone the end of a firm's name or a school's subject."""
    assert _talks_of_chemistry(text, gazetteer) == []


@pytest.mark.parametrize(
    "text",
    [
        "Pharmaceutical grade, by the bag",
        "pharma batch, sealed",
        "Grado farmacéutico",
        "Qualité pharmaceutique",
        "Pharmarohstoff im Sack",
        "для фармы, мешок",
        "фармацевтический",
        "化学品 大量",
        "化学纯 一桶",
    ],
)
def test_what_is_made_for_drugs_is_talk_of_chemistry(text: str, gazetteer: Gazetteer) -> None:
    """The trade and its grades still are."""
    assert len(_talks_of_chemistry(text, gazetteer)) == 1


def test_customers_and_customs_make_nothing_special(gazetteer: Gazetteer) -> None:
    """A word is not what another one begins with; made to order is a service."""
    for text in ("product for old customers", "powder, customs cleared"):
        assert "talk_special" not in {sign.kind for sign in read_text(text, gazetteer).trade}
    reading = read_text("Custom synthesis of intermediates, NDA, audits welcome", gazetteer)
    assert [good.kind for good in reading.goods] == ["service"]
