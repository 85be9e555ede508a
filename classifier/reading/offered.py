"""Say from the words around a name whether the substance is for sale or only mentioned."""

from __future__ import annotations

import re
from functools import lru_cache

from classifier.reading.phrases import (
    ABOUT_IN_TITLE,
    ABOUT_SOMETHING_ELSE,
    FOR_WORDS,
    NOT_OFFERED_AFTER,
    NOT_OFFERED_BEFORE,
    SALE_BEFORE_FOR,
)
from classifier.reading.wanted import who_asks
from text.normalise import fold
from text.phrases import alternatives, whole_words_of

WINDOW = 48
"""Characters looked at on each side of a name."""
SHORT_TEXT = 160
"""Characters up to which one word can say what the whole text is about."""

KIND = r"(?:(?:natural|pure|anhydrous|amorphous|synthetic|liquid)\s+|\([^() ]{1,8}\)-)*\(?"
BETWEEN = (
    r"(?:\s*[-:,]?\s*(?:the|any|added|de|del|la|el|le|les|l'|d'|do|da|o|a|of|and|or|y|e|et|und|oder"
    rf"|[a-z]+,)?\s*{KIND})"
)
LINKING = r"(?:[\s-]*(?:gas|vapou?r|acid|liquid|fume|chemical|hcl)?[\s-]*)"
PROMISE = (
    r"safe\s+(?:line|lines|route|delivery|shipping|shipment|customs|arrival|packing|packaging|pack|pass|and|to"
    r"|door|courier|express|transit)|free(?:[\s-]+(?:flowing|running)"
    r"|\s+(?:shipping|delivery|sample|samples|worldwide|postage|reship|express))"
    r"|labels?[\s-]+(?:removed|off|free|peeled|torn)"
)
"""What begins like something else that is sold, a `safe` or what is `free` of it, and praises an offer."""
NEGATED = re.compile(
    r"(?:(?<![^\W_])(?:no|not|non|without|never|sin|ningun|sem|nenhum|sans|pas de|ni|ohne|keine?|keinen"
    r"|без|нет|не|ни)"
    r"\s+(?:any\s+|a\s+|un\s+|le\s+)?|[无不没免])$"
)
"""What stands before a register or a sign that nobody sells: `no log book` is a promise."""
MEDICINES = frozenset({"ERGT", "ERGM", "ERGC", "PPA", "NPE"})
"""Listed substances that are medicines as well; medicines with (pseudo)ephedrine are listed, too."""
DOSAGE_FORMS = (
    "{tablet|tablets|tabs|pill|pills|capsule|capsules|caplets|suppositories}",
    "{comprimido|comprimidos|pastilla|pastillas|capsula|capsulas|gragea|grageas}",
    "{comprime|comprimes|gelule|gelules|dragees|tablette|tabletten|kapsel|kapseln}",
    "{таблетка|таблетки|таблеток|капсулы|капсул|драже}", "{片|片剂|胶囊}",
)  # fmt: skip
"""What a drug ready for use comes in."""
IN_BULK = ("{powder|raw|api|bulk|crystals|polvo|po|poudre|pulver|порошок|субстанция|原料|粉|粉末|原粉}",)
"""What, between a name and such a form, sells the substance itself."""
ASKED_FOR = "asked for with"
"""What reasons begin with of a name in a wanted advertisement."""
BEFORE_ABOUT = 16
"""Characters looked at before what a text is said to be about."""


@lru_cache(maxsize=1)
def _patterns() -> dict[str, re.Pattern[str]]:
    return {
        "before": re.compile(rf"(?:{_whole(NOT_OFFERED_BEFORE)}){BETWEEN}$"),
        "after": re.compile(rf"{LINKING}(?!{PROMISE})(?:{_whole(NOT_OFFERED_AFTER)})"),
        "for": re.compile(
            rf"(?P<sale>{_whole(SALE_BEFORE_FOR)})?\s*(?P<for>{_whole(FOR_WORDS)})(?:\s+(?:the|el|la|le|les|o|a))?\s+{KIND}$"
        ),
        "drug": re.compile(
            rf"(?:(?!{_whole(IN_BULK)})[^.;!?|]|\.\d){{0,32}}?(?P<form>{_whole(DOSAGE_FORMS)})"
        ),
        "drug of": re.compile(rf"(?P<form>{_whole(DOSAGE_FORMS)})\s+(?:(?:of|de|mit|с)\s+|d')?$"),
        "about": re.compile(_whole(ABOUT_SOMETHING_ELSE)),
        "title": re.compile(_whole(ABOUT_IN_TITLE)),
    }


def finished_drug(text: str, start: int, end: int, key: str) -> str:
    """Return why a substance named at `text[start:end]` is a drug ready for use, or the empty text.

    Args:
        text: Folded text.
        start: Where the name begins.
        end: Where the name ends.
        key: Key of the substance.
    """
    if key not in MEDICINES:
        return ""
    found = _patterns()["drug"].match(text, end, end + WINDOW)
    found = found or _patterns()["drug of"].search(text, max(0, start - WINDOW), start)
    return f'a finished drug: "{found["form"]}"' if found else ""


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
    asking, is_sellers = who_asks(text, start, end, title=len(title) if text.startswith(title) else 0)
    if asking and not is_sellers:
        return f'{ASKED_FOR} "{asking}"'
    if before:
        return f'after "{before.group().strip()}"'
    if goods and not goods["sale"] and not is_sellers:
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


def _whole(phrases: tuple[str, ...]) -> str:
    return whole_words_of({fold(one).text for choices in phrases for one in alternatives(choices)})
