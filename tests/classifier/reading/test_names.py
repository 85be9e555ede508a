"""Names are read whole, in seven languages.

The examples were written here; plain names of chemicals aside, none is taken from a real listing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from classifier.reading import read_text

if TYPE_CHECKING:
    from classifier.gazetteer import Gazetteer

NAMED = [
    ("Acetic Anhydride 99%", "AA"),
    ("Phenyl Acetic Acid", "PAA"),
    ("Phenyl Acetone", "P2P"),
    ("Methylethyl ketone, drum", "MEK"),
    ("2 Butanone", "MEK"),
    ("Phosphorus red, powder", "RP"),
    ("L-ephedrine", "EPH"),
    ("(+)-pseudoephedrine HCl", "PSE"),
    ("(1R,2S)-(-)-ephedrine hydrochloride", "EPH"),
    ("Sulphuric acid", "H2SO4"),
    ("Muriatic Acid 33%", "HCL"),
    ("γ-butyrolactone", "GBL"),
    ("r-butyrolactone", "GBL"),
    ("acetone/toluene blend", "ACE"),
    ("acetone99%", "ACE"),
    ("Acetone-99.5% drum", "ACE"),
    ("Acetones", "ACE"),
    ("N-Boc-4-piperidone", "BOC4P"),
    ("Methyl 3-(1,3-benzodioxol-5-yl)-2-methyloxirane-2-carboxylate", "PMKE_methyl"),
    ("丙酮", "ACE"),
    ("工业丙酮 桶装", "ACE"),
    ("盐酸 31%", "HCL"),
    ("盐酸麻黄碱", "EPH"),
    ("浓硫酸", "H2SO4"),
    ("N-叔丁氧羰基-4-哌啶酮", "BOC4P"),
    ("ácido sulfúrico 20 litros", "H2SO4"),
    ("anidrido acético", "AA"),
    ("acide chlorhydrique", "HCL"),
    ("Schwefelsäure 96 %", "H2SO4"),
    ("Kaliumpermanganat p.a.", "KMNO4"),
    ("ацетона 20 л", "ACE"),
    ("серной кислоты", "H2SO4"),
    ("фенилацетон", "P2P"),
    ("Кислота серная, канистра", "H2SO4"),
    ("кислоты серной 20 л", "H2SO4"),
    ("калий марганцовокислый", "KMNO4"),
    ("хлористый бензил", "BZCL"),
    ("Anhydride éthanoïque", "AA"),
    ("Ethansäureanhydrid", "AA"),
    ("Methylaminhydrochlorid", "MMA"),
    ("Aldehído benzoico", "BZAL"),
    ("Alfa-fenilacetoacetato de metila", "MAPA"),
    ("PMK metil glicidato", "PMKE_methyl"),
    ("БМК глицидная кислота", "BMKA"),
    ("Éthylglycidate de PMK", "PMKE_ethyl"),
    ("МИБК", "MIBK"),
    ("灰锰氧", "KMNO4"),
    ("Phosphorus, red, lumps", "RP"),
    ("Toluene, 1,4-butanediol, glycerol", "TOL"),
    ("CAS 123-62-6 100 g", "PPAN"),
    ("methyl anthranilate, natural", "ANTE"),
]

LONGER_NAMES = [
    "2-methyl-4-(trifluoromethyl)benzaldehyde",
    "4-hydroxyphenylacetic acid",
    "4-hydroxy phenyl acetic acid",
    "Acetylacetone, reagent",
    "acetone oxime",
    "acetone cyanohydrin",
    "Acetone-d6",
    "nitrotoluene",
    "2,4-dinitro toluene",
    "Toluene-2,4-diisocyanate",
    "toluene diisocyanate",
    "p-toluene sulfonic acid",
    "diethylene glycol monoethyl ether",
    "methyl ethyl ketone peroxide",
    "methyl ethyl ketoxime",
    "Trifluoro acetic anhydride, 250 ml",
    "chloroacetic anhydride",
    "piperidine-4-carboxylic acid",
    "1-Methyl-4-piperidone oxime",
    "2,2,6,6-tetramethyl-4-piperidone",
    "benzaldehyde, 4-methoxy-",
    "2-ethoxy phenyl acetonitrile",
    "lysergic acid diethylamide",
    "dimethylamine",
    "tri methyl amine",
    "iodized salt",
    "Iodine-131",
    "Iodine monochloride",
    "potassium iodine tablets",
    "betaine hydrochloric acid salt",
    "pyridine",
    "丙酮酸",
    "碘化钾 99%",
    "环己酮",
    "苯丙酮",
    "二甲苯",
    "硫酸镁",
    "盐酸二甲双胍片",
    "羟基苯乙酸",
    "甲苯二异氰酸酯",
    "三乙胺",
    "Sulfuric acid, dioctyl ester",
    "Sulfuric acid, nickel salt (1:1)",
    "Ether, hexyl phenyl",
    "bis(4-chlorohexyl) ether 25 kg",
    "ethyl toluene-p-sulphonate",
    "éther de pétrole",
    "этиловый эфир масляной кислоты",
    "chlorocresol methylamine (1:1)",
    "Benzaldehyde, 4-methyl-, 1h-indol-3-ylhydrazone",
    "Ace Tone organ",
    "Ethernet cable",
]


@pytest.mark.parametrize(("text", "key"), NAMED)
def test_a_listed_name_is_read(text: str, key: str, gazetteer: Gazetteer) -> None:
    """A name in any usual spelling of seven languages is read as its substance, and as offered."""
    assert key in [m.substance.key for m in read_text(text, gazetteer).offered]


@pytest.mark.parametrize("text", LONGER_NAMES)
def test_a_name_inside_a_longer_one_is_not_read(text: str, gazetteer: Gazetteer) -> None:
    """A listed name that is part of another chemical's name, or of a word, is no mention."""
    assert read_text(text, gazetteer).offered == ()


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Potassium permangan...", "KMNO4"),
        ("Sulfuric acid 98% tec...", "H2SO4"),
        ("pure methyl isobutyl keton...", "MIBK"),
        ("Pseudoephedr…", "PSE"),
        ("Anthranilic ac...", "ANT"),
        ("Phenylacet...", ""),
        ("Toluene-3,5-dithi...", ""),
        ("Zinc chlorhydrat...", ""),
        ("5-[2-(PIPERIDIN...", ""),
        ("Sodium per...", ""),
    ],
)
def test_a_cut_off_title_is_read_if_it_can_be_one_name_only(
    text: str, key: str, gazetteer: Gazetteer
) -> None:
    """A name cut off by the marketplace counts if no unlisted chemical begins the same way."""
    assert [m.substance.key for m in read_text(text, gazetteer).offered] == ([key] if key else [])


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("PMK oil", "PMK"),
        ("PMK ethyl glycidate", "PMKE_ethyl"),
        ("BMK powder 25kg", "BMKA"),
        ("BMK 99.5%", "P2P"),
        ("масло ПМК", "PMK"),
        ("MEK", "MEK"),
        ("MEK drum solvent", "MEK"),
        ("GBL 99.9%", "GBL"),
        ("4-AP and 1-boc-4-piperidone", "4AP"),
        ("Phosphorus", "RP"),
        ("Phosphorus 99.99 % powder, 25 kg drum", "RP"),
        ("Фосфор, чистота 98%", "RP"),
        ("Phosphorus pentoxide powder", ""),
        ("Phosphorus trichloride 99%", ""),
        ("Phosphorous acid crystals 98.5%", ""),
        ("Phosphorus fertilizer powder 0-46-0", ""),
        ("Calcium and phosphorus vitamin powder", ""),
        ("LED phosphor powder YAG", ""),
        ("Lidocaine HCl powder", ""),
        ("I2 crystals", ""),
        ("PMK", ""),
        ("PMK keycap set", ""),
        ("P2P wireless camera", ""),
        ("MEK inhibitor powder", ""),
        ("4-AP 98%", ""),
        ("AA batteries 24 pack", ""),
        ("PAA dispersant 50%", ""),
        ("MAPA household gloves", ""),
        ("BMK burner motor", ""),
    ],
)
def test_an_abbreviation_counts_in_its_context_only(text: str, key: str, gazetteer: Gazetteer) -> None:
    """An abbreviation is evidence beside a form, pack or purity, and never beside another meaning."""
    keys = [m.substance.key for m in read_text(text, gazetteer).offered]
    assert key in keys if key else keys == []


def test_no_confusable_is_taken_for_an_offer(gazetteer: Gazetteer) -> None:
    """None of the legitimate chemicals and products on the confusable list is read as an offer."""
    wrong = [
        c.name for c in gazetteer.confusables if not c.borderline and read_text(c.name, gazetteer).offered
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "text",
    [
        "best price for acetone",
        "acetone free shipping",
        "contact us for acetone",
        "precio para acetona",
        "Qui cherche acétone ? en stock",
        "who is looking for acetone",
        "acetone cleaner 1 L",
        "丙酮清洗剂 1升",
    ],
)
def test_a_sellers_words_before_a_name_keep_it_an_offer(text: str, gazetteer: Gazetteer) -> None:
    """A price for it, or a seller's question who wants it, offers it."""
    assert [m.substance.key for m in read_text(text, gazetteer).offered] == ["ACE"]


def test_names_side_by_side_share_their_reason(gazetteer: Gazetteer) -> None:
    """When the first of two names beside each other is only mentioned, so is the second."""
    assert read_text("free of methyl ethyl ketone (MEK solvent)", gazetteer).offered == ()


@pytest.mark.parametrize(
    "text",
    [
        "paint thinner free of toluene",
        "acetone-free polish remover for nails",
        "Quitaesmalte sin acetona",
        "removedor sem acetona",
        "dissolvant sans acétone",
        "Nagellackentferner ohne Aceton",
        "жидкость без ацетона",
        "洗甲水 不含丙酮",
        "test kit for potassium permanganate",
        "potassium permanganate test strips",
        "book about ephedrine",
        "libro sobre la efedrina",
        "substitute for acetone",
        "acetone resistant gloves",
        "sulfuric acid pump",
        "pump for hydrochloric acid",
        "hydrogen chloride gas detector",
        "iodine contrast media",
        "reference standard of ephedrine",
        "powder soluble in acetone",
        "safrole smelling candle",
        "masterbatch pellets, red phosphorus flame retardant masterbatch black",
        "盐酸检测试纸",
        "transfer pump for acetone",
        "Pompe à fût pour acétone",
        "Armario de seguridad para acetona",
        "Fasspumpe für Salzsäure",
        "насос для ацетона",
        "wanted: acetone 200 L",
        "compro acetona",
        "recherche acétone",
        "Suche Aceton, 1 L",
        "куплю ацетон",
        "求购丙酮",
        "seminar: safe handling of acetone",
        "curso de manejo seguro de acetona",
        "Warnschild Aceton",
        "Знак опасности: ацетон",
        "丙酮安全操作培训",
        "market research report: acetone",
        "acetone concentration meter",
        "scrubber tower for acetone fumes",
        "empty acetone drum",
        "wall chart: acetone and its hazards",
        "label roll acetone, 500 pieces",
        "acetone sensor head 0-500 ppm",
        "register book for buyers of acetone",
        "Leeres Fass, vorher Aceton",
        "tambor vacío de acetona",
        "Fût vide d'acétone",
        "kettle. Do not clean with acetone.",
        "Nicht mit Aceton reinigen",
        "请勿用丙酮清洗",
    ],
)
def test_a_mere_mention_is_not_an_offer(text: str, gazetteer: Gazetteer) -> None:
    """A substance that the words deny, test for or write about is no offer; the reason is given."""
    reading = read_text(text, gazetteer)
    assert reading.offered == ()
    assert all(m.why_not for m in reading.mentions)


ABOUT_IT = [
    "Enamel sign 'Toluene - no open fire'",
    "Safrole analytical standard, 2 ml ampoule",
    "Urine swab tests ephedrine, norephedrine",
    "Letrero acetona inflamable, 20 x 30",
    "Patrón certificado de efedrina",
    "Autocollant toluène inflammable",
    "Blechschild Schwefelsäure",
    "Referenzlösung Piperonal in Ethanol",
    "Табличка «Толуол»",
    "Курс для охраны: ацетон, толуол и другие",
    "Curso de toxicologia: efedrina e safrol",
    "哌啶标准品 10mg",
    "Cherry flavour with a trace of benzaldehyde",
    "Ersatz für Toluol",
    "Toluène, un livre de laboratoire",
    "Log book for toluene",
    "Licence for acetone, forms filled in",
    "Toluene odour remover",
    "Postkarten zu Aceton, Satz zu 5",
    "Almacenamiento de tolueno, 40 m2",
    "Transport de toluène, citerne propre",
    "Лицензия на толуол под ключ",
    "丙酮残留报告",
]


@pytest.mark.parametrize("title", ABOUT_IT)
def test_what_is_about_a_substance_offers_none(title: str, gazetteer: Gazetteer) -> None:
    """Signs, standards, tests, courses and traces name it and sell something else."""
    reading = read_text(f"{title}\nfast dispatch, packed with care", gazetteer)
    assert reading.mentions
    assert not reading.offered


@pytest.mark.parametrize(
    "text",
    [
        "Toluene, 200 l drum\nwarning sign on each drum, analytical standard certificate on request",
        "Acetone and toluene, drums",
        "Sell ephedrine, norephedrine",
        "甲苯，丙酮 桶装",
    ],
)
def test_what_is_said_below_the_title_does_not_withdraw_an_offer(text: str, gazetteer: Gazetteer) -> None:
    """A label or a standard in the description is no other goods, nor is a list of names."""
    reading = read_text(text, gazetteer)
    assert reading.offered == reading.mentions != ()


@pytest.mark.parametrize(
    "text",
    [
        "Ephedrin 1 kg, leaves no traces",
        "Ephedrin 1 kg ohne Spuren",
        "Эфедрин 1 кг без следов",
        "Phenylacetone 5 l, sign for parcel",
        "Ephedrine, labels removed",
        "Ephedrine labels removed",
        "Ephedrine, no log book",
        "Éphédrine, sans registre pour vous",
        "Эфедрин, без журнала учёта",
        "Acetona, revenda livre",
        "Phenylacetone safe line to the door",
        "Доставка ацетона в бочках",
        "Acetone, storage and transport included",
    ],
)
def test_what_a_seller_says_of_the_substance_itself_withdraws_no_offer(
    text: str, gazetteer: Gazetteer
) -> None:
    """A promise to leave no traces, or a word on the parcel, does not turn an offer into a mention."""
    assert read_text(text, gazetteer).offered
