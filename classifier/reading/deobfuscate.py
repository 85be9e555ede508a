"""Undo visual disguises in a text: join separated letters and restore reversed text."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from classifier.reading.model import CasNumber, Mention, Reading, TradeSignal
from text.normalise import fold, units

if TYPE_CHECKING:
    from collections.abc import Iterator

    from text.normalise import Folded

T = TypeVar("T", Mention, CasNumber, TradeSignal)

LETTER = "a-z\u0370-\u03ff\u0400-\u052f"
SIGN = r"(?:[^\w\s()\[\]{}]|_)"
_FIRST = rf"(?<![^\W_])[{LETTER}]"
SIGNED = rf"{_FIRST}(?:(?:{SIGN}{{1,4}}|{SIGN}\s{SIGN})[{LETTER}\d](?![^\W_])){{2,}}(?<!\d)"
SPACED = rf"{_FIRST}(?:\s(?:{SIGN}\s)?[{LETTER}\d](?![^\W_])){{3,}}(?<!\d)"
PICTURE = r"[\u2600-\u2604\u2607-\u27bf\u2b50\u2b55\U0001f000-\U0001faff]"
PICTURED = rf"(?<=[{LETTER}]){PICTURE}{{1,3}}(?=[{LETTER}])"
APART = re.compile(rf"{SIGNED}|{SPACED}|{PICTURED}")
"""Separated letters and emoji inside a word.

A run has at least three letters with punctuation between them, or four with spaces. A digit may replace a
letter.
"""

ASCII_CLASSES = bytes(97 if chr(code).isalnum() else 32 for code in range(128)) + bytes(128)
LONE_LETTERS = re.compile(rb" a +a +a ")
"""Precondition of `APART` in ASCII texts, after each character is reduced to its class."""

LONE_LETTER = re.compile(rf"[\W_][{LETTER}](?![^\W_])")
IS_PICTURE = re.compile(PICTURE)
"""In other texts, `APART` can match only if one of these two does, with a space put before the text."""

CAPITAL = re.compile("[A-Z]")
CASE_SEAM = re.compile(r"(?<=[a-z]{3})(?=[A-Z])")
"""A capital that begins the next word without a space, as in `IodineSolution`."""

DISGUISING = re.compile(
    "[\u00ad\u034f\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\u2800"
    "\u0530-\u058f\u13a0-\u13ff\u1400-\u167f\u1d00-\u1d25\u2070-\u209c\u20d0-\u20f0\u2460-\u24ff\u2776-\u2793\u2c80-\u2cff"
    "\ua4d0-\ua4ff\uab70-\uabbf\uff21-\uff3a\uff41-\uff5a\U0001d400-\U0001d7ff\U0001f100-\U0001f1ff\U000e0000-\U000e01ef]"
)
"""Characters that ordinary titles do not contain."""
NUMBERED = re.compile("&(?:amp;)*#[xX]?[0-9a-fA-F]")
MIXED_WITH = re.compile("[\u0300-\u052f]")
MIXED = re.compile(
    "[A-Za-z][\u0300-\u036f]{2}|[A-Za-z][\u0370-\u03ff\u0400-\u052f]|[\u0370-\u03ff\u0400-\u052f][A-Za-z]"
)
"""Several accents on one letter, and words that mix two scripts."""

RIGHT_TO_LEFT = "\u202e"
OVERRIDE_ENDS = frozenset("\u202c\u2069\n\r\u2029")
MIRRORED = str.maketrans("()[]{}<>", ")(][}{><")


@dataclass(frozen=True, kw_only=True)  # no slots, because of the cached properties
class Deobfuscated:
    """A folded text with its spelled-out words joined, and the original position of each character."""

    folded: Folded
    text: str
    kept: tuple[int, ...] | None
    """Position of each character in the folded text; None if no character was removed."""

    @cached_property
    def spans(self) -> list[tuple[int, int]] | None:
        """Start and end of each character in the original; None if no position changed."""
        if self.kept is None:
            return None if self.folded.is_plain else self.folded.offsets()
        offsets = self.folded.offsets()
        return [offsets[place] for place in self.kept]

    @cached_property
    def seams(self) -> frozenset[int]:
        """Positions where a capital begins the next word without a space before it."""
        original = self.folded.original
        if CAPITAL.search(original) is None:
            return frozenset()
        written = "".join(original[start] for start, _ in self.spans) if self.spans else original
        return frozenset(seam.start() for seam in CASE_SEAM.finditer(written))

    @cached_property
    def lined(self) -> str:
        """The text with the line feeds that folding replaced by spaces."""
        original, spans = self.folded.original, self.spans
        if "\n" not in original:
            return self.text
        if spans is None:
            spans = [(place, place + 1) for place in range(len(original))]
        ends = {place for place, (start, _) in enumerate(spans) if original[start] == "\n"}
        return "".join("\n" if place in ends else each for place, each in enumerate(self.text))

    def is_spelled_out(self, start: int, end: int) -> bool:
        """Return whether the letters of `text[start:end]` were separated."""
        return self.kept is not None and self.kept[end - 1] - self.kept[start] != end - 1 - start

    def seams_of(self, start: int, end: int) -> tuple[bool, bool]:
        """Return whether a word begins at `start`, and whether one begins at `end`, without a space."""
        text = self.text
        if not ((start and text[start - 1].isalnum()) or (end < len(text) and text[end].isalnum())):
            return False, False
        return start in self.seams, end in self.seams


def deobfuscate(text: str) -> Deobfuscated:
    """Fold a text and join its spelled-out words."""
    folded = fold(text)
    runs = [run.span() for run in APART.finditer(folded.text)] if _may_be_apart(folded.text) else []
    kept = tuple(_kept_places(folded.text, runs)) if runs else None
    closed = folded.text if kept is None else "".join(folded.text[place] for place in kept)
    return Deobfuscated(folded=folded, text=closed, kept=kept)


def as_shown(text: str) -> str:
    """Return a disguised text as a reader sees it, in lower case, and any other text unchanged.

    Ordinary accents, other scripts and full-width punctuation are not disguises.
    """
    shown = _shown_otherwise(text)
    return text if shown is None else shown[0].text


def origins_shown(text: str) -> list[tuple[int, int]]:
    """Return the start and end in the original of each character of `as_shown(text)`."""
    shown = _shown_otherwise(text)
    if shown is None:
        return [(place, place + 1) for place in range(len(text))]
    deobfuscated, turned = shown
    spans = deobfuscated.spans or [(place, place + 1) for place in range(len(deobfuscated.text))]
    if turned is None:
        return spans
    origins = [turned[start:end] for start, end in spans]
    return [(min(start for start, _ in each), max(end for _, end in each)) for each in origins]


def _shown_otherwise(text: str) -> tuple[Deobfuscated, list[tuple[int, int]] | None] | None:
    """Return a disguised text deobfuscated, with the original positions if a part was reversed.

    None for a plain text.
    """
    is_disguised = _is_disguised(text)
    if not (is_disguised or _is_apart(text)):
        return None
    turned = in_order_shown(text)
    shown = deobfuscate(turned[0] if turned else text)
    if not (turned or shown.kept or is_disguised):
        return None
    return shown, turned[1] if turned else None


def _is_disguised(text: str) -> bool:
    if "&" in text and NUMBERED.search(text):
        return True
    if text.isascii():
        return False
    return bool(DISGUISING.search(text) or (MIXED_WITH.search(text) and MIXED.search(text)))


def _may_be_apart(text: str) -> bool:
    """Return whether `APART` can match in a lower-case or ASCII text; much faster than `APART` itself."""
    if text.isascii():
        return LONE_LETTERS.search(b" %b " % text.encode().translate(ASCII_CLASSES)) is not None
    return bool(LONE_LETTER.search(f" {text}") or IS_PICTURE.search(text))


def _is_apart(text: str) -> bool:
    small = text if text.isascii() else text.casefold()
    return _may_be_apart(small) and (text.isascii() or APART.search(small) is not None)


def _kept_places(folded: str, runs: list[tuple[int, int]]) -> Iterator[int]:
    position = 0
    for start, end in runs:
        yield from range(position, start)
        is_kept = str.isalnum if _is_spaced(folded, start) else _is_no_sign
        yield from (place for place in range(start, end) if is_kept(folded[place]))
        position = end
    yield from range(position, len(folded))


def _is_spaced(folded: str, start: int) -> bool:
    """Return whether the run at `start` has spaces between its letters."""
    return folded[start].isalnum() and folded[start + 1].isspace()


def _is_no_sign(character: str) -> bool:
    return character.isalnum() or character.isspace()


# Bidirectional text.


def in_order_shown(text: str) -> tuple[str, list[tuple[int, int]]] | None:
    """Return the text in display order if a bidirectional control reverses a part of it.

    Only the right-to-left override reverses Latin letters (UAX #9, rule X4).

    Returns:
        The text, and the start and end of each of its characters in the original; None if no part is
        reversed.
    """
    if RIGHT_TO_LEFT not in text and "&#" not in text:
        return None
    shown: list[tuple[int, int, str]] = []
    turned: list[tuple[int, int, str]] | None = None
    has_turned = False
    for unit in units(text):
        if turned is None:
            turned = [] if unit[2] == RIGHT_TO_LEFT else None
            if turned is None:
                shown.append(unit)
        elif unit[2] in OVERRIDE_ENDS:
            shown += [*reversed(turned), unit]
            has_turned, turned = True, None
        else:
            turned.append((*unit[:2], unit[2].translate(MIRRORED)))
    if turned:
        shown += reversed(turned)
    if not (has_turned or turned):
        return None
    return "".join(character for _, _, character in shown), [(start, end) for start, end, _ in shown]


def moved(reading: Reading, text: str, spans: list[tuple[int, int]]) -> Reading:
    """Return a reading of the displayed text with its spans mapped to the original text."""

    def back(span: tuple[int, int]) -> tuple[int, int]:
        origins = spans[slice(*span)]
        return min(start for start, _ in origins), max(end for _, end in origins)

    return Reading(
        mentions=tuple(
            replace(each, span=back(each.span), how=each.how if each.how == "cas" else "disguised")
            for each in reading.mentions
        ),
        cas_numbers=tuple(replace(each, span=back(each.span)) for each in reading.cas_numbers),
        trade=tuple(
            replace(each, span=back(each.span), text=text[slice(*back(each.span))]) for each in reading.trade
        ),
        goods=tuple(replace(each, span=back(each.span)) for each in reading.goods),
    )


def joined(written: Reading, shown: Reading) -> Reading:
    """Merge the findings in the written and the displayed order of a text."""

    def both(ours: tuple[T, ...], theirs: tuple[T, ...]) -> tuple[T, ...]:
        known = {each.span for each in ours}
        others = tuple(each for each in theirs if each.span not in known)
        return tuple(sorted(ours + others, key=lambda each: each.span))

    return Reading(
        mentions=both(written.mentions, shown.mentions),
        cas_numbers=both(written.cas_numbers, shown.cas_numbers),
        trade=both(written.trade, shown.trade),
        goods=written.goods,
    )
