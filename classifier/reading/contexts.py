"""Say from the words near an abbreviation whether it stands for a substance: `PMK oil`, `MEK 25 L`."""

from __future__ import annotations

import re
from functools import cache

from classifier.reading.whole_words import whole_words

NEAR = 80
"""Characters within which a context supports an abbreviation."""

SALE_UNIT = re.compile(r"\d\s?(?:kg|g|l|ml|ton|t)\b|\d\s?%")
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
    "vitamin", "vitamins", "bronze", "soil", "feed", "engrais", "удобрение",
)  # fmt: skip
"""Words beside which an abbreviation means something else."""


def has_context(text: str, start: int, end: int, *, context: str, tier: int) -> bool:
    """Say whether what stands near an abbreviation makes it a substance.

    Args:
        text: Folded text.
        start: Where the abbreviation begins.
        end: Where it ends.
        context: `form`, `element` or `chemistry`, see `Name.context`.
        tier: Tier of the substance; bulk goods (3) are also sold under a bare abbreviation.
    """
    patterns = _patterns()
    near = f"{text[max(0, start - NEAR) : start]} | {text[end : end + NEAR]}"
    if patterns["other"].search(near):
        return False
    if context == "chemistry":
        return bool(patterns["chemistry"].search(near))
    if (tier == 3 or context == "element") and WHOLE_TEXT.fullmatch(text[:start] + text[end:]):
        return True
    return bool(patterns["form"].search(near) or SALE_UNIT.search(near))


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    words = {"form": FORM_WORDS, "chemistry": CHEMISTRY_WORDS, "other": OTHER_MEANINGS}
    return {name: re.compile(whole_words(each)) for name, each in words.items()}
