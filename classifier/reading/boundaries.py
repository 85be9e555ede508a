"""Decide whether a found name means its substance, not a longer name or another abbreviation.

The rules for longer names follow chemical nomenclature (IUPAC P-14 to P-16: locants, prefixes, suffixes) and
sellers' spelling: prefixes are split off by spaces, brackets may be missing. An abbreviation means a
substance if its context says so: `PMK oil`, `MEK 25 L`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from text.normalise import in_one_alphabet, squeeze
from text.phrases import CJK, IS_CJK, any_of, folded, whole_words, written

WINDOW = 60
"""Characters examined on each side."""
LONGEST_ENDING = 16
"""Characters of the longest ending after a name, and one more; a Hangul syllable has up to four."""

MINERAL_KEYS = frozenset({"H2SO4", "HCL", "HI", "I2", "RP", "WP", "KMNO4", "NAMNO4", "HPA"})
"""Substances whose names take no locants or organic prefixes."""

STRONG_ACIDS = frozenset({"H2SO4", "HCL", "HI"})
"""Acids whose salts and esters are other substances."""

BEFORE_TIGHT_LOCANT = re.compile(r"(?:^|[^a-z0-9.])\d{1,2}[a-z]?['\"]*(?:,\d{1,2}[a-z]?['\"]*)*-$")
BEFORE_COMMA_DIGIT = re.compile(r"\d['\"]*,$|\d-$")
OPEN_BRACKET = re.compile(r"[-\d\])][(\[]+$")
BEFORE_BRACKET = re.compile(r"[(\[{]([^()\[\]{}]*(?:\([^()]*\)[^()\[\]{}]*)*)[)\]}]-?$")

AFTER_TIGHT_LOCANT = re.compile(r"['\"]*-\s?\d|-d\d|\s*\[\d|-\(|-[nospm](?:-|,)|-alpha|-beta|-\d*h-")
KATAKANA, HIRAGANA = re.compile("[\u30a0-\u30ff]"), re.compile("[\u3040-\u309f]")

ISOTOPE = re.compile(r"[- ]?1[23]\d(?!\d|[.,]\d|\s?(?:g|kg|ml|l|%))")
NEXT_WORD = re.compile(r"(?:\s*-\s*|\s+)([a-z].*)", re.DOTALL)
TRUNCATED_END = re.compile(r"\s*(?:\.{2,}|…)\s*$")

SHORTEST_SPACED = 7
"""Letters from which a name spelled with spaces is a word of its own among other spaced words."""
NEAR = 80
"""Characters of context on each side of an abbreviation."""
SMALL_WORD = re.compile(r"[^\W\d_A-ZА-Я]{3}")


def is_piece_of_spelled_word(text: str, places: list[int]) -> bool:
    """Return whether spelled-out letters continue at either end, as in `V_I_B_E_R_S` or `T_O_G_E_T_H_E_R`.

    `places` has the positions of the letters found in the folded text, in order.
    """
    if len(places) < 2 or IS_CJK.match(text[places[0]]):
        return False
    gap_before, gap_after = (text[a + 1 : b] for a, b in (places[:2], places[-2:]))
    if not (gap_before or gap_after) or (gap_before.isspace() and len(places) >= SHORTEST_SPACED):
        return False
    before = text[max(0, places[0] - len(gap_before) - 2) : places[0]]
    after = text[places[-1] + 1 : places[-1] + len(gap_after) + 3]
    return _is_lone_letter(before[::-1], gap_before[::-1]) or _is_lone_letter(after, gap_after)


def _is_lone_letter(beside: str, gap: str) -> bool:
    """Return whether the neighbouring text is the gap followed by a single letter."""
    letters = beside[len(gap) :]
    return gap != "" and beside.startswith(gap) and letters[:1].isalpha() and not letters[1:2].isalnum()


def is_part_of_longer_name(
    text: str, start: int, end: int, key: str, seams: tuple[bool, bool] = (False, False)
) -> bool:
    """Return whether the name at `text[start:end]` of a folded text is only part of another name.

    `key` is that of the named substance. `seams` says whether a word begins at `start`, and whether one
    begins at `end`, without a space.
    """
    start, end = with_attached(text, start, end)
    name = text[start:end]
    before = text[max(0, start - WINDOW) : start] + " " * seams[0]
    after = " " * seams[1] + text[end : end + WINDOW]
    return (
        (before != "" and _is_joined_before(before, name))
        or (after != "" and _is_joined_after(after, name, key))
        or _is_prefixed(before, key)
        or _is_suffixed(after, key)
    )


def _is_joined_before(before: str, name: str) -> bool:
    last = before[-1]
    if not IS_CJK.match(name[0]):
        return last.isalnum() and not IS_CJK.match(last)
    if KATAKANA.match(last) and KATAKANA.match(name[0]):
        return True
    if IS_CJK.match(last):
        return before.endswith(tuple(folded("chemical_names.ends_before")))
    return bool(BEFORE_TIGHT_LOCANT.search(before))


def _is_joined_after(after: str, name: str, key: str) -> bool:
    first = after[0]
    if not IS_CJK.match(first):
        is_word = first.isalnum() and not IS_CJK.match(name[-1])
        return is_word and not _joined_form().match(after)
    if not IS_CJK.match(name[-1]) or HIRAGANA.match(first):
        return False
    if KATAKANA.match(first):
        return not after.startswith(tuple(folded("chemical_names.joined_forms")))
    if key in {"HCL", "H2SO4"} and not after.startswith(tuple(folded("chemical_names.follows_acid"))):
        return True
    begins_longer = after.startswith(tuple(folded("chemical_names.begins_after")))
    return begins_longer and not after.startswith(tuple(folded("chemical_names.begins_no_longer")))


def with_attached(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the span of a name with what its language attaches: an article, a case ending, a particle."""
    if start and text[start - 1].isalpha():
        before = _attached_before().search(text, max(0, start - LONGEST_ENDING), start)
        start = before.start() if before else start
    if text[end : end + 1].isalpha():
        after = _endings().match(in_one_alphabet(text[end : end + LONGEST_ENDING]))
        end += after.end() if after else 0
    return start, end


@cache
def _endings() -> re.Pattern[str]:
    endings = sorted(map(in_one_alphabet, folded("chemical_names.endings")), key=len, reverse=True)
    return re.compile(rf"(?:{'|'.join(endings)})(?![^\W_{CJK}])")


@cache
def _attached_before() -> re.Pattern[str]:
    """Return a pattern for what a language joins to a name before it, such as the Arabic article."""
    return re.compile(rf"(?<![^\W_]){any_of('chemical_names.attached_before')}$")


def _is_prefixed(before: str, key: str) -> bool:
    if OPEN_BRACKET.search(before):
        return True
    if (key == "HCL" and _forms()["salt of a base"].search(before)) or (
        key == "I2" and _forms()["element"].search(before)
    ):
        return True
    beside = before.rstrip() if key == "ETH" else before
    if beside.endswith((")", "]", "}", ")-", "]-", "}-")):
        bracket = BEFORE_BRACKET.search(beside)
        return bracket is None or bool(_forms()["bracket"].search(bracket[1]))
    word = _forms()["word before"].search(before)
    if key in MINERAL_KEYS:
        return word is not None and len(word[1]) > 3
    return bool(word or BEFORE_TIGHT_LOCANT.search(before) or BEFORE_COMMA_DIGIT.search(before))


def _is_suffixed(after: str, key: str) -> bool:
    has_amount = _joined_form().match(after[1:].lstrip())
    if not has_amount and (
        AFTER_TIGHT_LOCANT.match(after)
        or (key not in MINERAL_KEYS - {"HPA"} and _forms()["inverted"].match(after))
    ):
        return True
    if (key == "I2" and ISOTOPE.match(after)) or (not has_amount and _forms()["locant"].match(after)):
        return True
    if (key == "ETH" and _forms()["ether"].match(after)) or _forms()["index name"].match(after):
        return True
    if key in STRONG_ACIDS and _forms()["index salt"].match(after):
        return True
    following = NEXT_WORD.match(after)
    if following is None:
        return False
    rest = following[1]
    names_a_salt = key in STRONG_ACIDS and _forms()["mineral salt"].match(rest)
    return bool(_forms()["compound"].match(rest) or names_a_salt) or _is_cut_off_suffix(rest)


def _is_cut_off_suffix(rest: str) -> bool:
    """Return whether the rest is the cut-off beginning of a word that would make the name longer."""
    cut = TRUNCATED_END.search(rest)
    stump = rest[: cut.start()] if cut else ""
    return stump != "" and any(word.startswith(stump) for word in folded("chemical_names.compound_words"))


@cache
def _forms() -> dict[str, re.Pattern[str]]:
    """Return patterns for what stands before or after a name that is part of a longer one."""

    def stems(*keys: str) -> str:
        return any_of(*(f"nomenclature.{key}" for key in keys))

    tight = rf"{stems('prefixes_before_hyphen')}(?=-)|n,n|[nomp]"
    prefix = rf"(?:[a-z]*{stems('prefix_ends')}|{stems('prefixes')}|{tight})"
    radical_end = stems("radical_ends")
    ether_of = rf"{radical_end}(?![a-z])(?!\s+(?:\S*{radical_end}\s+)?{stems('no_ethers')})"
    radical = rf"\w*{stems('radicals')}(?:\s+{stems('of_radicals')}|$|\s*\.\.)"
    return {
        "bracket": re.compile(f"{stems('bracket_ends')}$"),
        "word before": re.compile(rf"(?:^|[^a-z0-9])({prefix})(?:-|\s+|\s*-\s*)$"),
        "locant": re.compile(
            rf"\s+\d{{1,2}}(?:,\d{{1,2}})*-?\s?[a-z]*(?:{stems('after_locant')}|{stems('ends_after_locant')}\b)"
        ),
        "inverted": re.compile(
            r",\s?(?:[a-z0-9,()'\[\]]+-)+(?:\s|,|$)"
            rf"|,\s?\d\S*(?:{stems('inverted_ends')}(?![a-z])|\.\.|…)"
        ),
        # Index names begin with the parent: `Sulfuric acid, didecyl ester`, `cresol methylamine (1:1)`.
        "index name": re.compile(rf",\s?[^,;|/]{{0,50}}{stems('esters')}(?![a-z])|\s*\(\d:[\d?]\)"),
        "index salt": re.compile(rf",\s?[^,;|/]{{1,50}}{stems('index_salts')}(?![a-z])"),
        "ether": re.compile(
            rf",\s?\S*{ether_of}|\s+{stems('after_ether')}|\s+[а-я0-9-]+\s+{stems('ether_acids')}"
        ),
        "mineral salt": re.compile(stems("salts_of_mineral_acids")),
        "salt of a base": re.compile(rf"{stems('bases_with_salts')}\s+$"),
        "element": re.compile(rf"{stems('bases_with_elements')}\s+$"),
        "compound": re.compile(
            rf"(?:{any_of('chemical_names.compound_words')}|{stems('compound_beginnings')}\w*|{radical}"
            rf"|{stems('esters_of')}\s+\w+)(?![a-z])"
        ),
    }


# Abbreviations.


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An abbreviation and its context."""

    text: str
    """Deobfuscated text."""
    start: int
    end: int
    ends_line: bool
    written: str
    """The abbreviation in its original spelling, with its capitals."""
    around: str
    """The abbreviation and `NEAR` characters of the original text on each side."""

    @property
    def stands_out(self) -> bool:
        """Whether it is in capitals among lower-case words, or the only word besides amounts."""
        if not self.written.isupper():
            return False
        if SMALL_WORD.search(self.around):
            return True
        return len(self.text) <= NEAR and bool(
            _patterns()["only amounts"].fullmatch(self.text[: self.start] + self.text[self.end :])
        )


def has_context(place: Place, *, context: str, tier: int) -> bool:
    """Return whether the context of an abbreviation makes it a substance.

    For `context` see `Name.context`. Bulk goods (tier 3) are also sold under a bare abbreviation.
    """
    patterns = _patterns()
    text, start, end = place.text, place.start, place.end
    near = f"{text[max(0, start - NEAR) : start]} | {text[end : end + NEAR]}"
    if patterns["other"].search(near):
        return False
    if context == "chemistry":
        return bool(patterns["chemistry"].search(near))
    if place.written.casefold() in written("abbreviation_contexts.iodised") or patterns["latin oil"].match(
        text, start
    ):
        return False
    if squeeze(text[start:end]) in _squeezed("abbreviation_contexts.ordinary") and not _is_no_word(
        place, near
    ):
        return False
    if (tier == 3 or context == "element") and patterns["whole text"].fullmatch(text[:start] + text[end:]):
        return True
    return bool(patterns["form"].search(near) or patterns["sale unit"].search(near)) or (
        tier == 1 and _is_sold(place)
    )


def _is_no_word(place: Place, near: str) -> bool:
    """Return whether an abbreviation that is also an ordinary word is used as an abbreviation."""
    patterns = _patterns()
    before = place.text[max(0, place.start - NEAR) : place.start]
    if patterns["chemistry only"].search(near) or patterns["form after"].match(place.text, place.end):
        return True
    is_in_a_sentence = patterns["word before"].search(before) or patterns["word after"].match(
        place.text, place.end
    )
    return place.stands_out and not is_in_a_sentence


def _is_sold(place: Place) -> bool:
    """Return whether an abbreviation in capitals directly follows words of selling and ends its phrase."""
    patterns = _patterns()
    if not (
        place.written.isupper()
        and squeeze(place.text[place.start : place.end]) in _squeezed("abbreviation_contexts.sold_bare")
    ):
        return False
    before = place.text[max(0, place.start - NEAR) : place.start]
    ends_phrase = place.ends_line or patterns["phrase end"].match(place.text, place.end)
    return bool(ends_phrase and patterns["selling"].search(before))


@cache
def _squeezed(key: str) -> frozenset[str]:
    return frozenset(map(squeeze, folded(key)))


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    def phrases(*keys: str) -> str:
        return f"(?:{whole_words(*(f'abbreviation_contexts.{key}' for key in keys))})"

    unit = rf"{any_of('amounts.units')}(?![a-z\u0400-\u052f])"
    bare = "|".join(_squeezed("abbreviation_contexts.sold_bare"))
    joining = rf"(?<![^\W_]){any_of('function_words.joining', chinese=False)}(?![^\W_])"
    return {
        "form": re.compile(phrases("forms")),
        "chemistry": re.compile(phrases("chemistry")),
        "other": re.compile(phrases("other_meanings")),
        "chemistry only": re.compile(phrases("chemistry", "chemistry_only")),
        "sale unit": re.compile(rf"\d\s?{any_of('amounts.sale_units')}\b|\d\s?%"),
        "only amounts": re.compile(rf"(?:[\W\d]|{unit})*"),
        "whole text": re.compile(rf"(?:[\W\d]|{any_of('abbreviation_contexts.whole_text')})*"),
        "latin oil": re.compile(rf"oleum\s+(?!{phrases('forms')})[a-z]{{3,}}(?:ae|i|is|arum|orum)(?![a-z])"),
        "form after": re.compile(rf"\s+{phrases('forms_after')}(?!\s+{phrases('pictures')})"),
        "word before": re.compile(rf"{phrases('word_before')}\s+$"),
        "word after": re.compile(rf"\s+{phrases('word_after')}"),
        "selling": re.compile(rf"{phrases('selling')}(?:[\s:,/&+|–—-]|{bare}|{joining})*$"),
        "phrase end": re.compile(
            rf"\s*(?:$|[.,;:!|/&+()\[\]–—-]|{phrases('goes_on')}|\d[\d., ]{{0,8}}\s?{unit}|[{CJK}])"
        ),
    }


@cache
def _joined_form() -> re.Pattern[str]:
    """Match an amount or a form that sellers append to a name without a space."""
    forms, units = any_of("chemical_names.joined_forms"), any_of("amounts.units")
    return re.compile(rf"(?:\d+(?:[.,]\d+)?\s*(?:%|{units})|{forms})(?![a-z])")
