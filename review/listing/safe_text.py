"""Hostile text made safe to show."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

import nh3
from markupsafe import Markup, escape

from text.characters import SEEN_AS_LATIN

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from store.model import Span


INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f"
    "\u2028-\u202e\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff]"
    # Joiners are ordinary spelling in Persian, Hindi and emoji; between plain letters they hide a word.
    "|(?<=[!-~])[\u200c\u200d]+(?=[!-~])"
)

TELLING = ("cas", "name", "abbreviation", "disguised")
"""Kinds of evidence whose colour a mark of several takes, the first that is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A stretch of text with one marking."""

    text: str
    unseen: str = ""
    """What an invisible character is, e.g. `U+200B ZERO WIDTH SPACE`; empty for text that shows."""
    spans: tuple[Span, ...] = ()
    """The evidence of the mark this stretch belongs to, if any, each name once."""
    opens: bool = False
    """Whether the mark begins here."""
    closes: bool = False
    """Whether it ends here, which is where its labels go."""

    @property
    def kind(self) -> str:
        """The kind of evidence that gives the mark its colour."""
        kinds = [span.kind for span in self.spans]
        return next((kind for kind in TELLING if kind in kinds), kinds[0] if kinds else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mark:
    start: int
    end: int
    spans: tuple[Span, ...] = ()


def cut(text: str, spans: Sequence[Span] = ()) -> tuple[Piece, ...]:
    """Cut `text` at its marks and around its invisible characters.

    Spans that overlap become one mark with all their names; what lies outside the text is ignored. The
    pieces' texts joined are `text`.
    """
    if not spans and not INVISIBLE.search(text):
        return (Piece(text=text),)
    pieces: list[Piece] = []
    for mark in _stretches(len(text), _merged(spans, len(text))):
        stretch = list(_seen(text[mark.start : mark.end]))
        pieces += [
            Piece(
                text=part,
                unseen=name,
                spans=mark.spans,
                opens=bool(mark.spans) and at == 0,
                closes=bool(mark.spans) and at == len(stretch) - 1,
            )
            for at, (part, name) in enumerate(stretch)
        ]
    return tuple(pieces)


def _merged(spans: Sequence[Span], length: int) -> list[_Mark]:
    """Return the marks that spans come to, in the order of the text; no two of them overlap."""
    marks: list[_Mark] = []
    within = [span for span in spans if 0 <= span.start < min(span.end, length)]
    for span in sorted(within, key=lambda span: (span.start, -span.end)):
        end = min(span.end, length)
        if not marks or span.start >= marks[-1].end:
            marks.append(_Mark(start=span.start, end=end, spans=(span,)))
            continue
        last = marks.pop()
        is_new = all((span.kind, span.substance) != (each.kind, each.substance) for each in last.spans)
        named = (*last.spans, span) if is_new else last.spans
        marks.append(_Mark(start=last.start, end=max(last.end, end), spans=named))
    return marks


def _stretches(length: int, marks: Sequence[_Mark]) -> Iterator[_Mark]:
    """Yield the marks and what lies between them, as marks of nothing."""
    at = 0
    for mark in marks:
        if mark.start > at:
            yield _Mark(start=at, end=mark.start)
        yield mark
        at = mark.end
    if at < length:
        yield _Mark(start=at, end=length)


def spell_invisible(value: object) -> object:
    """Return a text with the code of each character that does not show, e.g. `[U+202E]`; else the value.

    It finishes whatever a template prints, so that no field of a listing is forgotten, and it fits where
    `cut` cannot be used: in attributes and titles. What is markup already has been through it.
    """
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return INVISIBLE.sub(lambda found: "".join(f"[U+{ord(each):04X}]" for each in found.group()), value)


def _seen(text: str) -> Iterator[tuple[str, str]]:
    """Yield the parts of `text`, each with what it is if it cannot be seen."""
    at = 0
    for found in INVISIBLE.finditer(text):
        if found.start() > at:
            yield text[at : found.start()], ""
        yield from ((character, _describe(character)) for character in found.group())
        at = found.end()
    if at < len(text):
        yield text[at:], ""


def _describe(character: str) -> str:
    return f"U+{ord(character):04X} {unicodedata.name(character, 'UNNAMED')}"


WORD = re.compile(r"\w+")

LATIN = re.compile(r"[A-Za-z]")


def lookalikes(text: str) -> list[int]:
    """Return the positions of Latin look-alikes in words that also have Latin letters.

    A Greek letter at the beginning of a word is ordinary spelling in chemistry (`αPVP`) and let be.
    """
    if text.isascii():
        return []
    places: list[int] = []
    for found in WORD.finditer(text):
        word = found.group()
        if word.isascii() or not LATIN.search(word):
            continue
        first = 1 if "\u0370" <= word[0] <= "\u03ff" else 0
        places += [found.start() + at for at in range(first, len(word)) if word[at] in SEEN_AS_LATIN]
    return places


def mark_lookalikes(text: str) -> Markup:
    """Return a text as markup in which each look-alike letter is marked and named."""
    parts: list[Markup] = []
    at = 0
    for place in lookalikes(text):
        letter = text[place]
        name = unicodedata.name(letter)
        parts += [
            _shown(text[at:place]),
            Markup('<span class="alike" title="U+{:04X} {}">{}</span>').format(ord(letter), name, letter),
        ]
        at = place + 1
    return Markup("").join([*parts, _shown(text[at:])])


def _shown(text: str) -> Markup:
    return escape(spell_invisible(text))


MAX_WORDS = 1_500
"""Texts are compared up to this length, because the time grows with its square."""

CONTEXT = 6
"""Words shown on each side of a change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A stretch of kept, removed or inserted words."""

    kind: str
    """`same`, `out`, `in` or `skipped`."""
    text: str


def word_difference(before: str, after: str) -> tuple[Stretch, ...]:
    """Return the removed and inserted words between two texts, with some context."""
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


MAX_HTML_CHARS = 2_000_000
"""Longer pages are cut here."""

TAGS = {
    "abbr", "address", "article", "aside", "b", "bdi", "blockquote", "br", "caption", "center", "cite",
    "code", "col", "colgroup", "dd", "del", "details", "div", "dl", "dt", "em", "figcaption", "figure",
    "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "i", "ins", "kbd", "li", "main",
    "mark", "nav", "ol", "p", "pre", "q", "s", "section", "small", "span", "strong", "sub", "summary",
    "sup", "table", "tbody", "td", "tfoot", "th", "thead", "time", "tr", "u", "ul",
}  # fmt: skip
"""Allowed tags: none of them loads, links, runs or sends."""

DROPPED = {
    "script", "style", "template", "noscript", "iframe", "object", "embed", "svg", "math", "select",
    "textarea", "title", "audio", "video",
}  # fmt: skip
"""Tags removed with their content."""

ATTRIBUTES = {
    "*": {"lang", "dir"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
}


def sanitize_page(html: str, *, with_places: bool = False) -> str:
    """Return the page's HTML with only the tags of `TAGS`, for a sandboxed frame under the app's policy.

    `with_places` keeps `data-at`, the place of each element in its page.
    """
    return nh3.clean(
        html[:MAX_HTML_CHARS],
        tags=TAGS,
        clean_content_tags=DROPPED,
        attributes=ATTRIBUTES | ({"*": ATTRIBUTES["*"] | {"data-at"}} if with_places else {}),
        link_rel=None,
        strip_comments=True,
    )
