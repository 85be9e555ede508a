"""Find the words that announce a contact: names of messengers, and labels of numbers and addresses.

The words are in the lexicon: `messengers`, `company_numbers` and `contact_labels`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from ahocorasick_rs import AhoCorasick, MatchKind

from store.suppliers.contacts import ContactKind
from text.normalise import in_one_alphabet
from text.phrases import IS_CJK, folded, keys, whole_words, words

NEAR = 40
"""Characters between a label and a contact that it may belong to."""

MESSENGERS = frozenset(map(ContactKind, (
    "telegram", "whatsapp", "wechat", "qq", "signal", "wickr", "threema", "session", "icq", "line", "viber",
    "kakaotalk", "zalo", "skype",
)))  # fmt: skip
ALSO_WORDS = frozenset({ContactKind.LINE, ContactKind.SIGNAL, ContactKind.SESSION})
"""Messengers whose names are ordinary words, so that a handle needs more than a label."""
_PLAIN_LABELS = ("phone", "number", "contact", "email", "website", "not_phone", "elsewhere")
"""Keys of `contact_labels` that are labels."""
SHARED = frozenset(MESSENGERS) | {"phone", "number", "contact"}
"""Names of labels that may share one handle or number."""

SIGNS = re.compile(
    r"[\s:=>@(\[{<|*#~/,;.\"'!+&\u2013\u2014\u2190-\u2bff\u3000-\u303f\U0001f000-\U0001faff-]*"
)
WORD = re.compile(r"[^\W_]+")
_LETTERS = re.compile(r"[^\W\d_]+")
SENTENCE_END = re.compile(r"[\n.!?;\u3002\u061f]")


@dataclass(frozen=True, slots=True)
class Label:
    """Words of the text that announce a contact, such as `Viber / WhatsApp`."""

    start: int
    end: int
    names: frozenset[str]
    """Kinds of contacts, or keys of `contact_labels`, or `company:` with a key of `company_numbers`."""
    is_sure: bool = False
    """Whether its last word is in another script than a handle, or announces one."""
    is_list: bool = False
    """Whether several labels were joined."""

    @property
    def messengers(self) -> frozenset[ContactKind]:
        """The messengers that it names."""
        return frozenset(kind for kind in MESSENGERS if kind in self.names)

    def is_announcing(self, text: str) -> bool:
        """Return whether its last word announces a handle, as in "LINE ID"."""
        return text[self.start : self.end].rpartition(" ")[2] in announcing_words()

    @property
    def names_for_numbers(self) -> frozenset[str]:
        """Its names before a number: a word for a telephone and a messenger, such as "tele", is the first."""
        return self.names - MESSENGERS if "phone" in self.names and not self.is_list else self.names


@cache
def _label_words() -> tuple[AhoCorasick, list[str], list[frozenset[str]], frozenset[str]]:
    """Return a matcher of labels, its phrases, their names, and the phrases that may go on."""
    names: dict[str, set[str]] = {}
    beginnings: set[str] = set()
    named = [(f"messengers.{key}", key) for key in keys("messengers")]
    named += [(f"company_numbers.{key}", f"company:{key}") for key in keys("company_numbers")]
    named += [(f"contact_labels.{key}", key) for key in _PLAIN_LABELS]
    for table, name in named:
        for phrase in words(table):
            spelling = in_one_alphabet(phrase.folded)
            names.setdefault(spelling, set()).add(name)
            beginnings |= {spelling} if phrase.is_beginning else set()
    phrases = [phrase for phrase in names if phrase]
    matcher = AhoCorasick(phrases, matchkind=MatchKind.Standard)
    return matcher, phrases, [frozenset(names[phrase]) for phrase in phrases], frozenset(beginnings)


def find_labels(text: str) -> list[Label]:
    """Return the labels of a text in order, without denied, repeated or nested labels."""
    matcher, phrases, names, beginnings = _label_words()
    found = []
    for index, start, end in matcher.find_matches_as_indexes(in_one_alphabet(text), overlapping=True):
        rest = _LETTERS.match(text, end) if phrases[index] in beginnings else None
        place = (start, rest.end() if rest else end)
        if _is_whole(text, *place):
            found.append(Label(*place, names[index], not text[start:end].isascii()))
    found.sort(key=lambda label: (label.start, -label.end))
    kept: list[Label] = []
    last_end = 0
    for label in found:
        if label.start < last_end:
            continue
        last_end = label.end
        before = kept[-1] if kept else None
        between = text[before.end : label.start] if before else ""
        if before and _is_number_of(before, between, label, text[label.start : label.end]):
            continue
        if label.messengers and _is_denied(text, label, before):
            kept.append(Label(label.start, label.end, frozenset({"elsewhere"})))
        elif before and {*before.names, *label.names} <= SHARED and _is_joined(between):
            shared = before.names_for_numbers | label.names_for_numbers
            kept[-1] = Label(before.start, label.end, shared, _is_sure(text, label), is_list=True)
        else:
            kept.append(Label(label.start, label.end, label.names, _is_sure(text, label)))
    return kept


def _is_number_of(before: Label, between: str, label: Label, word: str) -> bool:
    """Return whether a word or sign for a number belongs to the label before, as in "WhatsApp number"."""
    if "number" in label.names and "not_phone" in before.names:
        return _is_joined(between)
    is_number = "number" in label.names or (
        "not_phone" in label.names and (word in small_words() or not any(map(str.isalnum, word)))
    )
    is_of_phone = bool(before.messengers or "phone" in before.names)
    return is_number and is_of_phone and is_one_sentence(between)


def _is_whole(text: str, start: int, end: int) -> bool:
    """Return whether a place is a word of its own, or in a script without spaces."""
    first, last = text[start], text[end - 1]
    before, after = text[start - 1 : start], text[end : end + 1]
    is_begun = not (first.isalnum() and before.isalnum()) or IS_CJK.match(first) or IS_CJK.match(before)
    is_ended = not (last.isalnum() and after.isalnum()) or IS_CJK.match(last) or IS_CJK.match(after)
    return bool(is_begun and (is_ended or (after.isdigit() and not last.isdigit())))


def _is_sure(text: str, label: Label) -> bool:
    return label.is_sure or label.is_announcing(text)


def _is_denied(text: str, label: Label, before: Label | None) -> bool:
    """Return whether a text says that there is no contact of this kind, as in "no Skype" or "Skype: no"."""
    after, before_it = _denials()
    signs = SIGNS.match(text, label.end)
    if signs and after.match(text, signs.end()):
        return True
    denial = before_it.search(text[max(0, label.start - NEAR // 2) : label.start])
    is_labelled = before is not None and denial is not None and before.end >= label.start - len(denial[0]) - 1
    return denial is not None and not is_labelled


@cache
def _denials() -> tuple[re.Pattern[str], re.Pattern[str]]:
    denial = whole_words("contact_labels.denial")
    before = whole_words("contact_labels.denial_before")
    return re.compile(rf"(?:{denial})\s?(?:[,;!)\n\u3001\u3002]|\.(?!\s?[\d+@])|$)"), re.compile(
        rf"(?:{before})\s?$"
    )


def _is_joined(between: str) -> bool:
    """Return whether only signs and small words are between two labels."""
    is_answered = says_same_after(between, 0) and re.search(
        r"[.,;]", between
    )  # "same number." ends a statement
    return len(between) <= 8 and not (is_answered or re.search(r"[\n)\]]", between)) and is_filled(between)


def is_filled(between: str) -> bool:
    """Return whether only signs and small words are between a label and its contact."""
    return all(word in small_words() for word in WORD.findall(between))


def is_one_sentence(between: str) -> bool:
    """Return whether a short text has no end of a sentence."""
    return len(between) <= NEAR and not SENTENCE_END.search(between)


@cache
def small_words() -> frozenset[str]:
    """Return the words that may stand between a label and a contact."""
    return folded("contact_labels.filler", "contact_labels.number")


@cache
def announcing_words() -> frozenset[str]:
    """Return the words after which a handle is sure to follow."""
    return folded("contact_labels.announcing", "hiding.at")


@cache
def no_handles() -> frozenset[str]:
    """Return the words that are never a handle."""
    words_of_labels = frozenset(_label_words()[1])
    return folded("contact_labels.no_handle", "contact_labels.denial") | small_words() | words_of_labels


def says_same_after(text: str, place: int) -> bool:
    """Return whether words at a place say that the messenger there has the number before it."""
    return _same()[0].match(text, place) is not None


def says_same_before(between: str) -> bool:
    """Return whether words between a number and a messenger say that the messenger has this number."""
    return _same()[1].search(between) is not None


@cache
def _same() -> tuple[re.Pattern[str], re.Pattern[str]]:
    same = whole_words("contact_labels.same")
    return re.compile(rf"\W{{0,3}}(?:{same})"), re.compile(rf"(?:{same})[^\d]{{0,6}}$")
