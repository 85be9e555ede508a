"""Say whether a found name stands alone or is part of a longer chemical name.

The rules follow how chemical names are built (IUPAC P-14 to P-16: locants, prefixes, suffixes) and
how sellers write them: prefixes are split off by spaces, brackets may be missing.
"""

from __future__ import annotations

import re

CJK = "\u3400-\u9fff"
IS_CJK = re.compile(f"[{CJK}]")

SUBSTITUENT = (
    r"(?:[a-z]*(?:yl|oxy|fluoro|chloro|bromo|iodo|nitro|amino|imino|oxo|cyano|thio|azo|sulfo|sulpho|keto|formyl|carboxy"
    r"|mercapto|hydroxy|acetoxy|benzo|anilino|phospho|aza|silyl|amido|acet|benz|phen|naphth|hydro)"
    r"|glycol|di|tri|tetra|penta|bis|tris|iso|cyclo|ortho|meta|para(?=-)|alpha|beta|gamma|delta|tert|sec|poly|n,n|[nomp]"
    r"|deoxy|methylene|ethylene|propylene)"
)
"""Words that, before a name, make it the end of a longer one."""

MINERAL_KEYS = frozenset({"H2SO4", "HCL", "HI", "I2", "RP", "WP", "KMNO4", "NAMNO4", "HPA"})
"""Substances whose names take no locants or organic prefixes."""

BEFORE_TIGHT_LOCANT = re.compile(r"(?:^|[^a-z0-9.])\d{1,2}[a-z]?['\"]*(?:,\d{1,2}[a-z]?['\"]*)*-$")
BEFORE_COMMA_DIGIT = re.compile(r"\d['\"]*,$|\d-$")
BEFORE_BRACKET = re.compile(r"[(\[{]([^()\[\]{}]*(?:\([^()]*\)[^()\[\]{}]*)*)[)\]}]-?$")
BRACKET_OF_A_NAME = re.compile(r"(?:yl|oxy|oro|omo|odo|tro|ino|oxo|yano|thio|ido|eno|ane|ne)$")
BEFORE_WORD = re.compile(rf"(?:^|[^a-z0-9])({SUBSTITUENT})(?P<gap>-|\s+|\s*-\s*)$")

JOINED_FORM = re.compile(r"\d+(?:[.,]\d+)?\s*(?:%|kg|kgs|g|l|ml|lt|ltr|lb|oz|mt)(?![a-z])")
AFTER_TIGHT_LOCANT = re.compile(r"['\"]*-\s?\d|-d\d|\s*\[\d|-\(|-[nos](?:-|,)|-alpha|-beta|-\d*h-")
AFTER_LOCANT_WORD = re.compile(r"\s+\d{1,2}(?:,\d{1,2})*-?\s?[a-z]*(?:carbox|sulf|di|tri|meth|carbal|amin|one\b|ol\b|yl)")
AFTER_INVERTED = re.compile(r",\s?(?:[a-z0-9,()'\[\]]+-)+(?:\s|,|$)|,\s?\d")
LATIN_ENDING = re.compile(r"e?s(?![a-z0-9])")
RUSSIAN_ENDING = re.compile("(?:а|у|ом|е|ы|и|ов|ам|ами|ах|я|ю|ем|ой|ою)(?![а-яё0-9])")

COMPOUND_WORDS = (
    "oxime", "ketoxime", "peroxide", "hydroperoxide", "cyanohydrin", "hydrazone", "phenylhydrazone", "azine", "imine",
    "semicarbazone", "thiosemicarbazone", "diisocyanate", "isocyanate", "diisocynate", "thiol", "dithiol", "diamine",
    "amide", "diethylamide", "diethylamine", "hydrazide", "anilide", "nitrile", "acetal", "ketal", "diacetate",
    "dimethylacetal", "diethylacetal", "monochloride", "trichloride", "pentoxide", "pentafluoride", "heptafluoride",
    "trifluoride", "carboxylic", "carboxylate", "dicarboxylic", "dicarboxylate", "carboxaldehyde", "carboxamide",
    "aldehyde", "alcohol", "oxide", "bisulfite", "sodium bisulfite", "dianhydride", "resin", "copolymer", "complex",
    "borane", "phenol", "dehydrogenase", "disulfide", "mercaptan", "isothiocyanate", "dioxygenase", "ester", "esters",
    "thioamide", "glycol", "imide", "ethanol", "methanol", "propanol", "acid",
)  # fmt: skip
COMPOUND_PATTERN = re.compile(
    r"(?:" + "|".join(COMPOUND_WORDS) + r"|di[- ]?isocy\w*|di[- ]?su\w+|tri[- ]?sulf\w+"
    r"|su(?:lf|lph)(?:on|in|am|yl)\w*|su(?:lf|lph)ochlor\w*|thio\w+|di(?:methyl|ethyl|propyl|butyl)\w*"
    r"|(?:\w*(?:ethyl|methyl|propyl|butyl|amyl|benzyl|phenyl|allyl|hexyl|octyl|dodecyl|lauryl|menthyl|linalyl|geranyl"
    r"|vinyl|glycidyl))(?:\s+ester|\s+amide|\s+amine|\s+ether|$|\s*\.\.)"
    r"|(?:ethyl|methyl|propylene|ethylene|glycerol|glyceryl|propyl|butyl)(?:\s+glycol)?\s+\w+)(?![a-z])"
)
SALT_OF_MINERAL_ACID = re.compile(
    r"(?:salt|sodium|potassium|calcium|magnesium|zinc|copper|iron|aluminium|aluminum|ammonium|nickel|cobalt|manganese"
    r"|barium|lithium|betaine|hydrate\b|mono|diester|sulfate|chloride)\w*"
)
NEXT_WORD = re.compile(r"(?:\s*-\s*|\s+)([a-z].*)", re.DOTALL)
TRUNCATED_END = re.compile(r"\s*(?:\.{2,}|…)\s*$")

CJK_BEFORE = frozenset(
    "苯甲乙丙丁戊己庚辛壬癸氯溴碘氟硝氨羟基酰氧硫二三四五六双环异邻间对聚偶叔仲正氰酮磺巯亚次过高胺腈萘喹吡呋噻哌醇"
    "醛醚酯烯炔烷脲肼脒苄茴肉对聚代合"
)
"""Characters that, before a Chinese name, make it the end of a longer one."""
CJK_AFTER = frozenset(
    "酸酮肟醇醛酯胺腈氰醚酰基缩磺二三四氯溴氟硝氨羟烯炔烷脲肼苯甲乙丙丁戊己铵钠钾钙镁铜锌铝铁钡锰镍铅铬钛锂亚氢氧硫磷盐啶唑"
)
"""Characters that, after a Chinese name, make it the beginning of a longer one."""
CJK_ACID_FOLLOWERS = frozenset("溶液厂试价供批原工分优高浓发化电含%（( ,，.。·/|-、的、")
"""After 盐酸 and 硫酸 nearly every other character begins the name of a salt."""
CJK_SALT_OF_A_BASE = re.compile("盐酸盐|硫酸盐")


def part_of_longer_name(text: str, start: int, end: int, key: str) -> str:
    """Say why the name at `text[start:end]` is part of a longer name, or return the empty text.

    Args:
        text: Folded text.
        start: Where the name begins.
        end: Where it ends.
        key: Key of the substance it would name.
    """
    name = text[start:end]
    mineral = key in MINERAL_KEYS
    return (
        _joined_before(text[max(0, start - 60) : start], name)
        or _joined_after(text[end : end + 60], name, key)
        or _prefixed(text[max(0, start - 60) : start], mineral=mineral)
        or _suffixed(text[end : end + 60], key=key, mineral=mineral)
    )


def _joined_before(before: str, name: str) -> str:
    if not before:
        return ""
    last = before[-1]
    if IS_CJK.match(name[0]):
        if IS_CJK.match(last):
            return f"{last} before it" if last in CJK_BEFORE else ""
        return "a locant before it" if BEFORE_TIGHT_LOCANT.search(before) else ""
    if last.isalnum() and not IS_CJK.match(last):
        return "inside a word"
    return ""


def _joined_after(after: str, name: str, key: str) -> str:
    if not after:
        return ""
    first = after[0]
    if IS_CJK.match(name[-1]):
        if CJK_SALT_OF_A_BASE.match(after):
            return ""
        if key in {"HCL", "H2SO4"} and IS_CJK.match(first) and first not in CJK_ACID_FOLLOWERS:
            return f"{first} after it"
        return f"{first} after it" if first in CJK_AFTER else ""
    if not first.isalnum() or IS_CJK.match(first):
        return ""
    if "а" <= name[-1] <= "ё":
        return "" if RUSSIAN_ENDING.match(after) else "inside a word"
    return "" if LATIN_ENDING.match(after) or JOINED_FORM.match(after) else "inside a word"


def _prefixed(before: str, *, mineral: bool) -> str:
    if bracket := BEFORE_BRACKET.search(before):
        return "a bracket of a longer name before it" if BRACKET_OF_A_NAME.search(bracket[1]) else ""
    if before.endswith((")", "]", "}")):
        return "a bracket of a longer name before it"
    if mineral:
        word = BEFORE_WORD.search(before)
        return f"{word[1]} before it" if word and len(word[1]) > 3 else ""
    if BEFORE_TIGHT_LOCANT.search(before) or BEFORE_COMMA_DIGIT.search(before):
        return "a locant before it"
    word = BEFORE_WORD.search(before)
    return f"{word[1]} before it" if word else ""


def _suffixed(after: str, *, key: str, mineral: bool) -> str:
    if AFTER_TIGHT_LOCANT.match(after) and not JOINED_FORM.match(after[1:].lstrip()):
        return "a locant after it"
    if AFTER_INVERTED.match(after) and not mineral and not JOINED_FORM.match(after[1:].lstrip()):
        return "an inverted prefix after it"
    if AFTER_LOCANT_WORD.match(after):
        return "a suffix after it"
    following = NEXT_WORD.match(after)
    if following is None:
        return ""
    rest = following[1]
    if COMPOUND_PATTERN.match(rest):
        return f"{rest.split()[0]} after it"
    if key in {"HCL", "H2SO4", "HI"} and SALT_OF_MINERAL_ACID.match(rest):
        return f"{rest.split()[0]} after it"
    return _truncated_suffix(rest)


def _truncated_suffix(rest: str) -> str:
    """Say whether the rest is the cut beginning of a word that would make a longer name."""
    cut = TRUNCATED_END.search(rest)
    if not cut:
        return ""
    stump = rest[: cut.start()]
    if stump and any(word.startswith(stump) for word in COMPOUND_WORDS):
        return "a cut-off suffix after it"
    return ""
