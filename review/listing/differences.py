"""What changed in a text, word by word."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

MAX_WORDS = 1_500
"""Longer texts are compared up to here: comparing takes time with the square of the length."""

CONTEXT = 6
"""Words kept on each side of a change; what lies between is left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A stretch of words that was kept, taken out or put in."""

    kind: str
    """`same`, `out`, `in` or `skipped`."""
    text: str


def word_difference(before: str, after: str) -> tuple[Stretch, ...]:
    """Return what was taken out and put in between two texts, with a little of what stands around."""
    old, new = _words(before), _words(after)
    stretches: list[Stretch] = []
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    codes = matcher.get_opcodes()
    for at, (tag, i1, i2, j1, j2) in enumerate(codes):
        if tag == "equal":
            stretches += _shortened(old[i1:i2], is_first=at == 0, is_last=at == len(codes) - 1)
            continue
        if i2 > i1:
            stretches.append(Stretch(kind="out", text="".join(old[i1:i2])))
        if j2 > j1:
            stretches.append(Stretch(kind="in", text="".join(new[j1:j2])))
    return tuple(stretches)


def _shortened(words: list[str], *, is_first: bool, is_last: bool) -> list[Stretch]:
    keep = CONTEXT * 2
    if len(words) <= keep * 2:
        return [Stretch(kind="same", text="".join(words))]
    head = [] if is_first else [Stretch(kind="same", text="".join(words[:keep]))]
    tail = [] if is_last else [Stretch(kind="same", text="".join(words[-keep:]))]
    return [*head, Stretch(kind="skipped", text=" … "), *tail]


def _words(text: str) -> list[str]:
    """Return words and what stands between them; each Han character is a word, as it has no spaces."""
    return re.findall(r"[\u3400-\u9fff]|[^\W\u3400-\u9fff]+|\s+|[^\w\s]", text)[: 2 * MAX_WORDS]
