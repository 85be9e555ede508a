"""Build the item on the screen: one listing with everything that a reviewer sees. All pure functions."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from review.listing.safe_text import Piece, cut, word_difference
from review.listing.score_reasons import (
    TELLING,
    Bar,
    WordContributions,
    read_bars,
    read_word_contributions,
    signal_words,
)
from review.web.languages import gettext
from review.web.translations import defang, law_words, term_words, word, word_tables
from store.model import NOTICE_KINDS, Decision, Reasons, Span, Stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from review.listing.safe_text import Stretch
    from store.crawl.pictures import ListingPicture
    from store.model import ListingContent, Score, Sighting, Verdict
    from store.review.listings import ListingFile
    from store.review.notices import Notice
    from store.review.office_terms import OfficeHit
    from store.review.workspace import ReviewSettings


MAX_SHOWN_CHARS = 600
"""A field longer than this is cut in the tables; the text pane holds it whole."""

_TEXTS = ("title", "description")
"""Fields whose changes are shown word by word."""

_APART = ("description", "currency", "attributes", "images", "terms")
"""Fields that have a place of their own, or stand with another one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One extracted field."""

    name: str
    value: str
    found_by: str
    """The rule that extracted the field; empty for a row of the page's own table."""
    key: str = ""
    """Name of the field in the code; empty for a row of the page's own table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownTerm:
    """One typed term beside its source text."""

    name: str
    words: str
    """As understood; empty where it was not."""
    text: str
    found_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the text names of one substance, machine or sign, with the law or reason."""

    places: tuple[tuple[str, int], ...]
    """Different words of the text, with the number of their occurrences."""
    kind: str
    substance: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPicture:
    """One picture of the listing."""

    picture: ListingPicture
    text: tuple[Piece, ...]
    """What was read in it, with the evidence marked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """One field that differs from the previous sighting."""

    name: str
    before: str
    after: str
    words: tuple[Stretch, ...] = ()
    """For texts: removed and inserted words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One sighting and its changes."""

    sighting: Sighting
    changed: tuple[Changed, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One listing, ready to be shown."""

    file: ListingFile
    content: ListingContent
    title: tuple[Piece, ...]
    text: tuple[Piece, ...]
    fields: tuple[Field, ...]
    terms: tuple[ShownTerm, ...]
    bars: tuple[Bar, ...]
    telling: tuple[Bar, ...]
    """The longest bars, for the summary."""
    log_odds: float
    wording: WordContributions | None
    """None if the score has no word contributions."""
    evidence: tuple[Evidence, ...]
    pictures: tuple[ShownPicture, ...]
    history: tuple[Seen, ...]
    """Newest first."""
    standing: Verdict | None
    """The last verdict that was not undone."""
    undone: frozenset[int]
    """The undone verdicts."""


def read_item(file: ListingFile) -> Item:
    """Return a listing with its reasons laid out for reading."""
    newest = file.sightings[0]
    reasons = file.score.reasons if file.score else Reasons()
    reasons = replace(
        reasons, spans=(*reasons.spans, *office_spans(file.office_hits), *notice_spans(file.notices))
    )
    undone = frozenset(verdict.undoes for verdict in file.verdicts if verdict.undoes is not None)
    bars = read_bars(file.score.reasons) if file.score else ()
    signs = bars[: len(file.score.reasons.contributions)] if file.score else ()
    given = (
        verdict
        for verdict in reversed(file.verdicts)
        if verdict.decision is not Decision.UNDONE and verdict.stage is not Stage.SECOND
    )
    return Item(
        file=file,
        content=newest.content,
        title=cut(newest.content.title),
        text=cut(newest.text, reasons.spans),
        fields=read_fields(newest.content),
        terms=read_shown_terms(newest.content),
        bars=bars,
        telling=tuple(sorted(signs, key=lambda bar: -bar.length)[:TELLING]),
        log_odds=_log_odds(file.score) if file.score else 0.0,
        wording=read_word_contributions(newest.text, file.score.reasons) if file.score else None,
        evidence=read_evidence(newest.text, reasons),
        pictures=read_shown_pictures(file),
        history=read_history(file.sightings),
        standing=next((verdict for verdict in given if verdict.verdict_id not in undone), None),
        undone=undone,
    )


def office_spans(hits: Sequence[OfficeHit]) -> tuple[Span, ...]:
    """Return the places of office terms in the text, with the author, time and reason of each term."""
    return tuple(
        Span(
            start=start,
            end=end,
            kind="office_term",
            substance=hit.substance,
            note=gettext("added by %(name)s on %(day)s, because: %(why)s")
            % {"name": hit.added_by, "day": f"{hit.added_at:%Y-%m-%d}", "why": hit.why},
        )
        for hit in hits
        for start, end in hit.spans
    )


def flagged_by(file: ListingFile, settings: ReviewSettings) -> tuple[str, ...]:
    """Return the flags of a listing apart from its score: kinds of notices, and `office`."""
    kinds = {each.kind for each in file.notices if not each.is_weak}
    chosen = [kind for kind in NOTICE_KINDS if kind in kinds and getattr(settings, f"flag_{kind}")]
    office = ["office"] if any(hit.retired_at is None for hit in file.office_hits) else []
    return (*chosen, *office)


def notice_spans(notices: Sequence[Notice]) -> tuple[Span, ...]:
    """Return the places of notices in the text, each with the law or rule that names it."""
    return tuple(
        Span(start=start, end=end, kind=each.kind, substance=each.name, note=each.why)
        for each in notices
        if each.kind != "picture"
        for start, end in each.spans
    )


def read_shown_pictures(file: ListingFile) -> tuple[ShownPicture, ...]:
    """Return the pictures of a listing, with the evidence marked in their texts."""
    marked = zip(file.pictures, picture_spans(file), strict=True)
    return tuple(ShownPicture(picture=each, text=cut(each.text or "", spans)) for each, spans in marked)


def picture_spans(file: ListingFile) -> list[list[Span]]:
    """Return the evidence in each picture of a listing, with its places in the text of that picture."""
    spans = [
        Span(start=start, end=end, kind="picture", substance=each.name, note=each.why)
        for each in file.notices
        if each.kind == "picture"
        for start, end in each.spans
    ]
    found, begin = [], 0
    for picture in file.pictures:
        length = len(picture.text or "")
        own = (span for span in spans if begin <= span.start < begin + length)
        found.append([replace(span, start=span.start - begin, end=span.end - begin) for span in own])
        begin += length + 1 if length else 0  # the places are in the joined texts, one line after another
    return found


def read_fields(content: ListingContent) -> tuple[Field, ...]:
    """Return the filled fields in reading order, then the page's property table."""
    fields = [
        Field(
            name=gettext(words),
            value=_shown(content, name),
            found_by=content.provenance.get(name, ""),
            key=name,
        )
        for name, words in word_tables()["fields"].items()
        if name not in _APART and _shown(content, name)
    ]
    rule = content.provenance.get("attributes", "")
    rows = (Field(name=name, value=_short(value), found_by=rule) for name, value in content.attributes)
    return (*fields, *rows)


def read_shown_terms(content: ListingContent) -> tuple[ShownTerm, ...]:
    """Return the typed terms of an offer, as the pages name them."""
    return tuple(
        ShownTerm(
            name=word("terms", term.name),
            words=_short(term_words(term)),
            text=_short(term.text) if term.text else gettext("(only in the saved page)"),
            found_by=term.rule,
        )
        for term in content.terms
    )


def read_evidence(text: str, reasons: Reasons) -> tuple[Evidence, ...]:
    """Return the evidence of the spans, one piece for each law or reason, in the order of the text."""
    found: dict[tuple[str, str, str], Counter[str]] = {}
    for span in sorted(reasons.spans, key=lambda span: span.start):
        words = _short(text[span.start : span.end])
        found.setdefault((span.kind, span.substance, span.note), Counter())[words] += 1
    return tuple(
        Evidence(
            places=tuple(places.items()),
            kind=kind,
            substance=substance,
            note=law_words(signal_words(note)),
        )
        for (kind, substance, note), places in found.items()
    )


def read_history(sightings: Sequence[Sighting]) -> tuple[Seen, ...]:
    """Return each sighting, newest first, with its changes since the previous one."""
    older: list[Sighting | None] = [*sightings[1:], None]
    return tuple(
        Seen(sighting=new, changed=content_changes(old.content, new.content) if old else ())
        for new, old in zip(sightings, older, strict=True)
    )


def content_changes(old: ListingContent, new: ListingContent) -> tuple[Changed, ...]:
    """Return the fields that differ between two contents of a listing."""
    return tuple(
        Changed(
            name=gettext(words),
            before=_shown(old, name),
            after=_shown(new, name),
            words=word_difference(getattr(old, name), getattr(new, name)) if name in _TEXTS else (),
        )
        for name, words in word_tables()["fields"].items()
        if getattr(old, name) != getattr(new, name)
    )


def _shown(content: ListingContent, name: str) -> str:
    value = getattr(content, name)
    if name == "seller_url":
        return _short(defang(value)) if value else ""
    if name == "price_amount":
        return "" if value is None else f"{value:f} {content.currency}".strip()
    if name == "category_path":
        return _short(" › ".join(value))
    if name in {"attributes", "terms"}:
        pairs = (
            value
            if name == "attributes"
            else [(word("terms", term.name), term_words(term) or term.text) for term in value]
        )
        return _short("; ".join(f"{label}: {said}" for label, said in pairs))
    if name == "images":
        return _short(" ".join(defang(url) for url in value))
    return _short(str(value))


def _short(text: str) -> str:
    return text if len(text) <= MAX_SHOWN_CHARS else f"{text[:MAX_SHOWN_CHARS]} … ({len(text):,} characters)"


def _log_odds(score: Score) -> float:
    """Return the logit of the probability, kept finite at its ends."""
    p = min(max(score.p_offer, 1e-9), 1 - 1e-9)
    return math.log(p / (1 - p))
