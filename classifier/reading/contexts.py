"""Say from the words near an abbreviation whether it stands for a substance: `PMK oil`, `MEK 25 L`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from classifier.reading.trade import UNIT
from text.normalise import comparable, fold, squeeze
from text.phrases import CJK, alternatives, whole_words_of

NEAR = 80
"""Characters within which a context supports an abbreviation."""

SALE_UNIT = re.compile(r"\d\s?(?:kg|g|l|ml|ton|t)\b|\d\s?%")
ONLY_AMOUNTS = re.compile(rf"(?:[\W\d]|{UNIT}(?![a-z\u0400-\u052f]))*")
JOINING = r"(?<![^\W_])(?:and|or|y|e|o|et|ou|und|oder|и|или)(?![^\W_])"
"""Between abbreviations that are sold together."""
WHOLE_TEXT = re.compile(r"(?:[\W\d]|pure|grade|industrial|technical|tech|liquid|solvent|chemical|resin)*")

FORM_WORDS = (
    "oil", "oils", "powder", "powders", "wax", "liquid", "crystal", "crystals", "crystalline", "glycidate",
    "glycidic", "cas", "methyl", "ethyl", "ester", "acid", "purity", "pure", "drum", "drums", "precursor",
    "precursors", "intermediate", "intermediates", "solvent", "solvents", "chemical", "chemicals",
    "raw material", "flakes", "tech grade", "industrial grade", "reagent", "new bmk", "new pmk",
    "anhydrous", "research chemical", "aceite", "polvo", "liquido", "solvente", "pureza", "cristales",
    "quimico", "oleo", "po", "cristais", "quimica", "huile", "poudre", "solvant", "purete", "cristaux",
    "ol", "pulver", "losungsmittel", "reinheit", "kristalle", "масло", "порошок", "порошка",
    "растворитель", "чистота", "кристаллы", "прекурсор", "油", "粉", "粉末",
    "液体", "原料", "中间体", "纯度", "晶体",
    "厂家", "溶剂",
)  # fmt: skip
"""Words that make an abbreviation a substance."""

CHEMISTRY_WORDS = (
    "piperidine", "piperidone", "fentanyl", "anilino", "boc", "npp", "anpp", "phenylacetic",
    "phenylpropanolamine", "pseudoephedrine", "ephedrine", "acetic anhydride", "anthranilic", "precursor",
    "precursors", "bmk", "pmk", "p2p",
)  # fmt: skip
"""Words that make even a very common abbreviation a listed substance."""

OTHER_MEANINGS = (
    "camera", "cameras", "keycap", "keycaps", "keyboard", "burner", "motor", "inhibitor", "antibody",
    "adapter", "battery", "wifi", "wi fi", "wireless", "network", "software", "satellite", "plastic",
    "polymer", "dispersant", "glove", "gloves", "pump", "ip", "hd", "1080p", "switch", "bearing", "filter",
    "brake", "nylon", "pellets", "signaling", "pathway", "kinase", "cctv", "lending", "loan", "torrent",
    "download", "aminopyridine", "aminophenol", "sensor", "toner", "smart", "airpods", "batterie",
    "extract", "olive", "seed", "essential", "lotion", "fertilizer", "fertilizers", "fertiliser", "npk",
    "vitamin", "vitamins", "bronze", "soil", "feed", "engrais", "удобрение", "yoga", "bike",
    "bikes", "bicycle", "котельная", "котельную", "котельной",
)  # fmt: skip
"""Words beside which an abbreviation means something else."""


SMALL_WORD = re.compile(r"[^\W\d_A-ZА-Я]{3}")
IODISED = ("iodé",)
"""What only its accent tells from iodine in French: `sel iodé`."""
ORDINARY_WORDS = ("mapa", "мапа")
"""Abbreviations that are words of their own, written small: a map."""

CHEMISTRY_ONLY = (
    *CHEMISTRY_WORDS,
    "powder", "crystal", "crystals", "crystalline", "glycidate", "cas", "methyl", "ethyl", "ester", "acid",
    "purity", "pure", "drum", "drums", "intermediate", "intermediates", "solvent", "chemical", "chemicals",
    "raw material", "reagent", "pureza", "purete", "reinheit", "прекурсор", "прекурсоры", "порошок",
    "чистота", "粉", "粉末", "液体", "原料", "中间体", "纯度", "前体",
)  # fmt: skip
"""Words that make such a word a substance: an old map has `polvo`, is an `óleo`, weighs a kilogram."""

FORMS_AFTER = (
    "{polvo|aceite|cristales|po|oleo|cristais|poudre|huile|cristaux|pulver|kristalle|масло|кристаллы}",
)
"""Forms that make it one where they follow at once, as traders write: `MAPA polvo`."""
FORMS_OF_PICTURES = ("{sobre|em|en|sur|auf|на|y|e|et|und}",)
"""What follows an oil that is a painting."""

WORD_BEFORE = ("{el|la|o|a|um|un|este|esse|aquele|ese|del|do|no|en el|al|ao|seu|su|meu|mi}",)
WORD_AFTER = (
    "{de|del|do|da|dos|das|e|y|con|com|en|em|para|mural|antiguo|antigo|mundi|mundo|mental|fisico}",
    "{politico|turistico|vial|rodoviario|escolar|topografico|grande|original|vintage|decorativo|desplegable}",
)
"""What stands beside such a word in a sentence, in capitals, too."""

SELLING = (
    "wts", "{selling|sell}", "for sale", "{vendo|vendemos|se vende|vende-se|en venta|a venda}",
    "{je vends|vends|vendons|a vendre}", "{verkaufe|verkaufen|biete|zu verkaufen}",
    "{продам|продаю|продаем|продается|продаётся}", "{出|出售|卖|转让|销售|供应|有售}",
)  # fmt: skip
"""Words of selling that, right before a bare abbreviation of `SOLD_BARE`, make it a substance."""

SOLD_BARE = ("pmk", "bmk", "apaa", "eapa", "anpp", "пмк", "бмк", "апаа", "эапа", "анпп")
"""Abbreviations that hardly anybody else sells; `P2P`, `MAPA` and `NPP` many do."""

GOES_ON_SELLING = (
    "and", "or", "и", "или", "y", "e", "et", "und", "oder", "in stock", "available", "for sale",
    "now", "here",
    "from", "to", "ship", "ships", "shipping", "worldwide", "pm", "dm", "price", "best", "cheap",
    "delivery", "envio", "disponible", "disponivel", "en stock", "precio", "preco", "prix",
    "livraison", "auf lager",
    "versand", "preis", "оптом", "в наличии", "по цене", "с доставкой", "доставка", "цена", "дешево",
    "недорого",
)  # fmt: skip
"""What follows one that is sold, if not the end: before any other word it is that word's (`PMK yoga mat`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An abbreviation where it stands."""

    text: str
    """Unfolded text."""
    start: int
    end: int
    ends_line: bool
    written: str
    """As the original writes it: capitals tell."""
    around: str
    """The original text around it, `NEAR` characters each way."""

    @property
    def stands_out(self) -> bool:
        """Whether it is in capitals among small letters, or beside no word at all."""
        if not self.written.isupper():
            return False
        if SMALL_WORD.search(self.around):
            return True
        return len(self.text) <= NEAR and bool(
            ONLY_AMOUNTS.fullmatch(self.text[: self.start] + self.text[self.end :])
        )


def has_context(place: Place, *, context: str, tier: int) -> bool:
    """Say whether what stands near an abbreviation makes it a substance.

    Args:
        place: The abbreviation, and where it stands.
        context: `form`, `element` or `chemistry`, see `Name.context`.
        tier: Tier of the substance; bulk goods (3) are also sold under a bare abbreviation.
    """
    patterns = _patterns()
    text, start, end = place.text, place.start, place.end
    near = f"{text[max(0, start - NEAR) : start]} | {text[end : end + NEAR]}"
    if patterns["other"].search(near):
        return False
    if context == "chemistry":
        return bool(patterns["chemistry"].search(near))
    if place.written.casefold() in IODISED or patterns["latin oil"].match(text, start):
        return False
    if squeeze(text[start:end]) in _ordinary() and not _is_no_word(place, near):
        return False
    if (tier == 3 or context == "element") and WHOLE_TEXT.fullmatch(text[:start] + text[end:]):
        return True
    return bool(patterns["form"].search(near) or SALE_UNIT.search(near)) or (tier == 1 and _is_sold(place))


def _is_no_word(place: Place, near: str) -> bool:
    """Say whether an abbreviation that is a word, too, is none here."""
    patterns = _patterns()
    before = place.text[max(0, place.start - NEAR) : place.start]
    if patterns["chemistry only"].search(near) or patterns["form after"].match(place.text, place.end):
        return True
    is_in_a_sentence = patterns["word before"].search(before) or patterns["word after"].match(
        place.text, place.end
    )
    return place.stands_out and not is_in_a_sentence


def _is_sold(place: Place) -> bool:
    """Say whether words of selling stand right before an abbreviation in capitals, and nothing else after."""
    patterns = _patterns()
    if not (place.written.isupper() and squeeze(place.text[place.start : place.end]) in _sold_bare()):
        return False
    before = place.text[max(0, place.start - NEAR) : place.start]
    goes_on = place.ends_line or patterns["goes on"].match(place.text, place.end)
    return bool(goes_on and patterns["selling"].search(before))


@cache
def _ordinary() -> frozenset[str]:
    return frozenset(map(comparable, ORDINARY_WORDS))


@cache
def _sold_bare() -> frozenset[str]:
    return frozenset(map(comparable, SOLD_BARE))


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    bare = "|".join(_sold_bare())
    amount = rf"\d[\d., ]{{0,8}}\s?{UNIT}(?![a-z\u0400-\u052f])"
    words = {
        "form": FORM_WORDS,
        "chemistry": CHEMISTRY_WORDS,
        "other": OTHER_MEANINGS,
        "chemistry only": CHEMISTRY_ONLY,
    }
    return {
        **{name: re.compile(_whole(each)) for name, each in words.items()},
        "latin oil": re.compile(r"oleum\s+(?!powder)[a-z]{3,}(?:ae|i|is|arum|orum)(?![a-z])"),
        "form after": re.compile(rf"\s+(?:{_whole(FORMS_AFTER)})(?!\s+(?:{_whole(FORMS_OF_PICTURES)}))"),
        "word before": re.compile(rf"(?:{_whole(WORD_BEFORE)})\s+$"),
        "word after": re.compile(rf"\s+(?:{_whole(WORD_AFTER)})"),
        "selling": re.compile(rf"(?:{_whole(SELLING)})(?:[\s:,/&+|–—-]|{bare}|{JOINING})*$"),
        "goes on": re.compile(rf"\s*(?:$|[.,;:!|/&+()\[\]–—-]|{_whole(GOES_ON_SELLING)}|{amount}|[{CJK}])"),
    }


def _whole(phrases: tuple[str, ...]) -> str:
    return whole_words_of({fold(one).text for choices in phrases for one in alternatives(choices)})
