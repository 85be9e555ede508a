"""Say from the words around a name whether the substance is for sale or only mentioned."""

from __future__ import annotations

import re
from functools import lru_cache

from classifier.gazetteer.choices import alternatives
from classifier.gazetteer.fold import fold
from classifier.reading.phrases import (
    ABOUT_IN_TITLE,
    ABOUT_SOMETHING_ELSE,
    ASKING_BEFORE,
    CHEMISTRY_WORDS,
    FOR_WORDS,
    FORM_WORDS,
    NOT_OFFERED_AFTER,
    NOT_OFFERED_BEFORE,
    OTHER_MEANINGS,
    SALE_BEFORE_FOR,
)

WINDOW = 48
"""Characters looked at on each side of a name."""
SHORT_TEXT = 160
"""Characters up to which one word can say what the whole text is about."""
NEAR = 80
"""Characters within which a context supports an abbreviation."""

KIND = r"(?:(?:natural|pure|anhydrous|amorphous|synthetic|liquid)\s+|\([^() ]{1,8}\)-)*\(?"
BETWEEN = (
    r"(?:\s*[-:,]?\s*(?:the|any|added|de|del|la|el|le|les|l'|d'|do|da|o|a|of|and|or|y|e|et|und|oder"
    rf"|[a-z]+,)?\s*{KIND})"
)
LINKING = r"(?:[\s-]*(?:gas|vapou?r|acid|liquid|fume|chemical|hcl)?[\s-]*)"
FREE_SERVICE = (
    r"safe\s+(?:line|lines|route|delivery|shipping|shipment|customs|arrival|packing|packaging|pack|pass|and|to"
    r"|door|courier|express|transit)|free(?:[\s-]+(?:flowing|running)"
    r"|\s+(?:shipping|delivery|sample|samples|worldwide|postage|reship|express))"
)
NEGATED = re.compile(
    r"(?:(?<![^\W_])(?:no|not|non|without|never|sin|ningun|sem|nenhum|sans|pas de|ni|ohne|keine?|keinen"
    r"|без|нет|не|ни)"
    r"\s+(?:any\s+|a\s+|un\s+|le\s+)?|[无不没免])$"
)
"""What stands before a register or a sign that nobody sells: `no log book` is a promise."""
BEFORE_ABOUT = 16
"""Characters looked at before what a text is said to be about."""
CJK = r"\u3400-\u9fff"
SALE_UNIT = re.compile(r"\d\s?(?:kg|g|l|ml|ton|t)\b|\d\s?%")
WHOLE_TEXT = re.compile(r"(?:[\W\d]|pure|grade|industrial|technical|tech|liquid|solvent|chemical|resin)*")


@lru_cache(maxsize=1)
def _patterns() -> dict[str, re.Pattern[str]]:
    return {
        "before": re.compile(
            rf"(?P<asking>(?:{_any(ASKING_BEFORE)})\s*)?(?:{_any(NOT_OFFERED_BEFORE)}){BETWEEN}$"
        ),
        "after": re.compile(
            rf"(?:[\s-]*(?:gas|vapou?r|acid|liquid|fume|chemical|hcl)?[\s-]*)(?!{FREE_SERVICE})(?:{_any(NOT_OFFERED_AFTER)})"
        ),
        "for": re.compile(
            rf"(?P<sale>{_any(SALE_BEFORE_FOR)})?\s*(?P<for>{_any(FOR_WORDS)})(?:\s+(?:the|el|la|le|les|o|a))?\s+{KIND}$"
        ),
        "about": re.compile(_any(ABOUT_SOMETHING_ELSE)),
        "title": re.compile(_any(ABOUT_IN_TITLE)),
        "form": re.compile(_any(FORM_WORDS)),
        "chemistry": re.compile(_any(CHEMISTRY_WORDS)),
        "other": re.compile(_any(OTHER_MEANINGS)),
    }


def _any(phrases: tuple[str, ...]) -> str:
    """Return an alternation of phrases as whole words; Chinese ones need no word boundary.

    What all words share stands outside of the alternation: a branch that begins with a letter is passed over
    at once where another letter stands, one that begins with a condition is not.
    """
    chinese: list[str] = []
    others: list[str] = []
    for phrase in sorted(
        {fold(p).text for choices in phrases for p in alternatives(choices)}, key=len, reverse=True
    ):
        words = re.escape(phrase).replace(r"\ ", r"[\s-]+").replace(r"\-", r"[\s-]?")
        (chinese if re.match(f"[{CJK}]", phrase) else others).append(words)
    worded = rf"(?<![^\W_])(?:{'|'.join(others)})(?![a-z0-9\u0400-\u052f])"
    return "|".join([worded, *chinese])


def why_not_offered(text: str, start: int, end: int, *, title: str) -> str:
    """Return why the name at `text[start:end]` of a folded text is not for sale, or the empty text.

    Args:
        text: Folded text.
        start: Where the name begins.
        end: Where it ends.
        title: Folded first line of the text: a book's title says what the names below it are.
    """
    patterns = _patterns()
    words_before = text[max(0, start - WINDOW) : start]
    before, goods = patterns["before"].search(words_before), patterns["for"].search(words_before)
    is_asked = before is not None and bool(before["asking"])
    if before and not is_asked:
        return f'after "{before.group().strip()}"'
    if goods and not goods["sale"] and not is_asked:
        return f'after "{goods["for"]}"'
    if after := patterns["after"].match(text[end : end + WINDOW]):
        return f'before "{after.group().strip()}"'
    about = _about(text if len(text) <= SHORT_TEXT else title, title)
    return f'the text is about "{about}"' if about else ""


@lru_cache(maxsize=64)
def _about(short: str, title: str) -> str:
    """Return what a short text, or its title, says it is about; the same for each name in it."""
    patterns = _patterns()
    for pattern, said in ((patterns["about"], short), (patterns["title"], title)):
        for found in pattern.finditer(said) if len(said) <= SHORT_TEXT else ():
            if not NEGATED.search(said[max(0, found.start() - BEFORE_ABOUT) : found.start()]):
                return found.group()
    return ""


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
