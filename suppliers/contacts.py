"""Read the contacts that a text states: phones, e-mail, messengers, sites, wallets, company numbers.

Everything but wallets is read in the folded text (`text.normalise`), where look-alike letters, full-width
forms and emoji digits are plain, and each contact is placed back in the original. The words of each language
(labels, "at", "dot", numbers in words) are in the lexicon. The rules, in order; a later rule leaves the
places of an earlier one alone:

1. wallets and company numbers, by their checksums;
2. e-mail addresses, with the sign or the dot in words or brackets, or spaced letter by letter;
3. links to messengers, and web sites;
4. handles after the name of a messenger;
5. phone numbers: with a plus, after a label, or in the form of the seller's country.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

import phonenumbers
import tldextract
from ahocorasick_rs import AhoCorasick, MatchKind
from phonenumbers import SUPPORTED_REGIONS, PhoneNumberFormat, PhoneNumberType

from store.suppliers.contacts import ContactKind, FoundContact
from suppliers.checksums import NUMBER, eori, find_company_numbers, find_wallets, labelled_number
from text.cas import CAS_SHAPE
from text.normalise import fold, in_one_alphabet
from text.phrases import IS_CJK, any_of, folded, keys, words
from text.places import country_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

LONGEST_READ = 50_000
"""Characters read of one text; the rest is left out."""
MOST_CONTACTS = 200
"""Contacts read from one text; a text with more is a directory, not an offer."""
FEWEST_DIGITS, MOST_DIGITS = 7, 15
"""Digits of a phone number, E.164."""
NEAR = 40
"""Characters between a label and a contact that it may belong to."""

MESSENGERS = frozenset(map(ContactKind, (
    "telegram", "whatsapp", "wechat", "qq", "signal", "wickr", "threema", "session", "icq", "line", "viber",
    "kakaotalk", "zalo", "skype",
)))  # fmt: skip
NUMBERED = MESSENGERS - {ContactKind.QQ, ContactKind.ICQ, ContactKind.WICKR, ContactKind.SESSION}
"""Messengers whose accounts may be phone numbers."""
_NUMBERED_NAMES = frozenset(map(str, MESSENGERS)) | {"phone", "contact"}
"""Names of labels that may share one handle or number."""
HANDLES = {
    ContactKind.TELEGRAM: r"[a-z][a-z0-9_]{3,31}",
    ContactKind.WECHAT: r"[a-z][a-z0-9_-]{5,19}",
    ContactKind.QQ: r"[1-9]\d{4,10}",
    ContactKind.SIGNAL: r"[a-z_][a-z0-9_]{2,31}\.\d{2,9}",
    ContactKind.WICKR: r"[a-z0-9][a-z0-9._-]{2,31}",
    ContactKind.THREEMA: r"[a-z0-9*][a-z0-9]{7}",
    ContactKind.SESSION: r"05[0-9a-f]{64}",
    ContactKind.ICQ: r"\d(?:[ -]?\d){4,8}",
    ContactKind.LINE: r"[a-z0-9][a-z0-9._-]{2,19}",
    ContactKind.KAKAOTALK: r"[a-z0-9][a-z0-9._-]{2,19}",
    ContactKind.SKYPE: r"(?:live:)?[a-z.][a-z0-9._,:-]{4,40}",
}
_HANDLES = {
    kind: re.compile(rf"(?:{form})(?![a-z0-9@]|\.[a-z0-9])" if kind is not ContactKind.SKYPE else form)
    for kind, form in HANDLES.items()
}
ALSO_WORDS = frozenset({ContactKind.LINE, ContactKind.SIGNAL, ContactKind.SESSION})
"""Messengers whose names are ordinary words, so that a handle needs more than a label."""

_SIGNS = re.compile(
    r"[\s:=>@(\[{<|*#~/,;.\"'!+&\u2013\u2014\u2190-\u2bff\u3000-\u303f\U0001f000-\U0001faff-]*"
)
_REMARK = re.compile(r"\s?\([^()\n@\d]{1,24}\)\s?[:=]")
_STRONG = re.compile(r"[:=@>\[\u3010\u2192]|-\s")
_WORD = re.compile(r"[^\W_]+")
_DIGITS = re.compile(r"\d+")
_LETTER_FOR_DIGIT = re.compile(
    r"(?<=\d)[oil](?=[\doil]{2})|(?<=\d\d)[oil](?=\d)|(?<=\d[oil])[oil](?=\d)|(?<![a-z])[ol](?=\d\d)"
)
_AS_DIGIT = {"o": "0", "i": "1", "l": "1"}
_GAP = re.compile(r"(?:[\s().·_/-]|\[|\]|[\u2190-\u2bff\U0001f000-\U0001faff]){0,5}")
_WIDE_GAP = re.compile(r"(?:[\s().,·_/-]|\[|\]|[\u2190-\u2bff\U0001f000-\U0001faff]){0,5}")
_SPACED_LABEL = re.compile(r"(?<![a-z0-9])[a-z](?:[ .][a-z]){3,11}(?![a-z0-9])")
_SPACED_EMAIL = re.compile(r"(?<![a-z0-9])(?:[a-z0-9] ){3,32}@ (?:[a-z0-9.] ){4,48}[a-z0-9](?![a-z0-9])")
_LONG_NUMBER = re.compile(r"[+(]{0,2}\d(?:[ ()\u00a0-]{0,3}\d){8,16}")
_SESSION = re.compile(r"(?<![0-9a-f])05[0-9a-f]{64}(?![0-9a-f])")
_URL = re.compile(r"(?:https?://|(?<![\w@.-])www\.)[^\s<>\"'()\[\]{},;|\u3000-\u303f\u3400-\u9fff]{3,300}")
_BARE = re.compile(
    r"(?<![\w@.:/-])(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,4}[a-z]{2,24}(?![\w@-]|\.[a-z])(?:/[\w./-]{0,100})?"
)
_CAPITALS = {code: code - 32 for code in range(ord("a"), ord("z") + 1)}
_NOT_A_PAGE = re.compile(r"\.(?:jpe?g|png|gif|webp|pdf|svg|css|js)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What is known of the seller before the text is read."""

    regions: tuple[str, ...] = ()
    """Countries whose national phone numbers are read, likeliest first; ISO 3166-1 alpha-2."""
    site: str = ""
    """Registered domain of the marketplace, whose own addresses are no contacts of the seller."""


@dataclass(frozen=True, slots=True)
class _Label:
    """A word of the text that says what follows."""

    start: int
    end: int
    names: frozenset[str]
    """Kinds of contacts, `not_phone`, or a country before a colon for company numbers."""
    is_foreign: bool = False
    """Whether it is in another script than a handle."""


@dataclass(frozen=True, slots=True)
class _Group:
    """Digits that belong together, with their signs."""

    start: int
    end: int
    digits: str
    has_plus: bool
    parts: tuple[tuple[int, int, str], ...] = ()
    """Start, end and digits of each run or word."""


@dataclass(slots=True)
class _Text:
    """A folded text with what was found in it."""

    original: str
    text: str
    offsets: list[tuple[int, int]] | None
    column: str
    context: Context
    found: list[FoundContact] = field(default_factory=list)
    taken: list[tuple[int, int]] = field(default_factory=list)
    """Places of contacts in the folded text."""

    def add(self, kind: ContactKind, value: str, start: int, end: int, rule: str, confidence: float) -> None:
        """Add a contact at a place of the folded text."""
        first, last = (
            (start, end) if self.offsets is None else (self.offsets[start][0], self.offsets[end - 1][1])
        )
        self.add_at(kind, value, first, last, rule, confidence)
        if len(self.taken) < 2 * MOST_CONTACTS:
            self.taken.append((start, end))

    def add_at(
        self, kind: ContactKind, value: str, start: int, end: int, rule: str, confidence: float
    ) -> None:
        """Add a contact at a place of the original, unless there are too many."""
        if len(self.found) >= 2 * MOST_CONTACTS:
            return
        self.found.append(
            FoundContact(
                kind=kind,
                value=value,
                raw=self.original[start:end],
                field=self.column,
                start=start,
                end=end,
                rule=rule,
                confidence=confidence,
            )
        )

    def is_free(self, start: int, end: int) -> bool:
        """Return whether no contact was found in a place of the folded text."""
        return all(end <= first or last <= start for first, last in self.taken)


def read_contacts(text: str, field: str, context: Context) -> list[FoundContact]:
    """Return the contacts that a text states, in the order of the text, without repetitions.

    Args:
        text: Any string; at most `LONGEST_READ` characters are read.
        field: Name of the field that the text is from, for the results.
        context: What is known of the seller.

    Returns:
        At most `MOST_CONTACTS` contacts; a number given for two messengers is two contacts.
    """
    found = sorted(_read(text, field, context).found, key=_place)
    first = {(contact.kind, contact.value): contact for contact in reversed(found)}
    return sorted(first.values(), key=_place)[:MOST_CONTACTS]


def contact_places(text: str, context: Context) -> list[tuple[int, int]]:
    """Return start and end of everything in a text that may be a contact, in order, without overlaps.

    For masking, this is more than `read_contacts` reads: each repetition of a contact, numbers of nine digits
    or more whatever their country, unless they are CAS numbers, and all text beyond what is read.
    """
    read = _read(text, "", context)
    places = [(contact.start, contact.end) for contact in read.found]
    places += [
        match.span() for match in _LONG_NUMBER.finditer(text) if not CAS_SHAPE.fullmatch(match[0].strip())
    ]
    is_full = len(read.found) >= 2 * MOST_CONTACTS or len(text) > LONGEST_READ
    if is_full:
        last = max((end for _start, end in places), default=0)
        places.append((min(last, LONGEST_READ), len(text)))
    merged: list[tuple[int, int]] = []
    for start, end in sorted(places):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _read(text: str, field: str, context: Context) -> _Text:
    text = text[:LONGEST_READ]
    plain = fold(text)
    read = _Text(text, plain.text, None if plain.is_plain else plain.offsets(), field, context)
    for kind, address, start, end in find_wallets(text):
        read.add_at(kind, address, start, end, "checksum", 0.99)
        read.taken.append(_folded_place(read, start, end))
    labels = _labels(read.text)
    for rule in (_read_company_numbers, _read_emails, _read_links, _read_sites, _read_handles, _read_phones):
        rule(read, labels)
    return read


def _start(label: _Label) -> int:
    return label.start


def _place(contact: FoundContact) -> tuple[int, str]:
    return contact.start, contact.kind


def _folded_place(read: _Text, start: int, end: int) -> tuple[int, int]:
    if read.offsets is None:
        return start, end
    starts = [place[0] for place in read.offsets]
    return bisect_left(starts, start), bisect_left(starts, end)


# ---- labels ---------------------------------------------------------------------------------------------


@cache
def _label_words() -> tuple[AhoCorasick, list[str], list[frozenset[str]]]:
    names: dict[str, set[str]] = {}
    for table, prefix in (("messengers", ""), ("company_numbers", "company:")):
        for key in keys(table):
            for phrase in words(f"{table}.{key}"):
                names.setdefault(in_one_alphabet(phrase.folded), set()).add(prefix + key)
    for key in ("phone", "contact", "email", "website", "not_phone"):
        for phrase in words(f"contact_labels.{key}"):
            names.setdefault(in_one_alphabet(phrase.folded), set()).add(key)
    phrases = [phrase for phrase in names if phrase]
    return AhoCorasick(phrases, matchkind=MatchKind.Standard), phrases, [frozenset(names[p]) for p in phrases]


def _labels(text: str) -> list[_Label]:
    """Return the labels of a text in its order; a label inside a longer one is left out."""
    matcher, phrases, names = _label_words()
    found = [
        _Label(start, end, names[index], not text[start:end].isascii())
        for index, start, end in matcher.find_matches_as_indexes(in_one_alphabet(text), overlapping=True)
        if _is_whole(text, start, end)
    ]
    for spaced in _SPACED_LABEL.finditer(text):
        joined = re.sub("[ .]", "", spaced[0])
        if joined in phrases:
            found.append(_Label(*spaced.span(), names[phrases.index(joined)]))
    found.sort(key=lambda label: (label.start, -label.end))
    kept: list[_Label] = []
    for label in found:
        if not kept or label.start >= kept[-1].end:
            kept.append(label)
    return kept


def _is_whole(text: str, start: int, end: int) -> bool:
    """Return whether a place is a word of its own, or in a script without spaces."""
    first, last = text[start], text[end - 1]
    before, after = text[start - 1 : start], text[end : end + 1]
    is_begun = (
        not first.isalnum() or IS_CJK.match(first) or not before.isalnum() or bool(IS_CJK.match(before))
    )
    is_ended = (
        not last.isalnum()
        or IS_CJK.match(last)
        or not after.isalnum()
        or bool(IS_CJK.match(after))
        or (after.isdigit() and not last.isdigit())
    )
    return bool(is_begun and is_ended)


def _label_before(labels: Sequence[_Label], place: int, names: frozenset[str]) -> _Label | None:
    """Return the last label of some names that ends within `NEAR` characters before a place."""
    index = bisect_right(labels, place, key=lambda label: label.end) - 1
    if index >= 0 and place - labels[index].end <= NEAR and labels[index].names & names:
        return labels[index]
    return None


# ---- company numbers ------------------------------------------------------------------------------------


def _read_company_numbers(read: _Text, labels: Sequence[_Label]) -> None:
    capitals = read.text.translate(_CAPITALS)
    for kind, number, start, end in find_company_numbers(capitals):
        if read.is_free(start, end):
            read.add(kind, number, start, end, "check digit", 0.97)
    for label in labels:
        for name in label.names:
            if name.startswith("company:"):
                _read_labelled_company(read, capitals, label, name.removeprefix("company:"))


def _read_labelled_company(read: _Text, capitals: str, label: _Label, country: str) -> None:
    place = label.end
    while place < len(capitals):  # a national number may be given with its country, and lists with commas
        signs = _SIGNS.match(capitals, place)
        number = NUMBER.match(capitals, signs.end() if signs else place)
        if number is None or not read.is_free(*number.span()):
            return
        value: tuple[ContactKind, str] | None
        if country == "EORI":
            known = eori(number[0])
            value = (ContactKind.EORI, known) if known else None
        else:
            value = labelled_number("" if country == "EU" else country, number[0])
        if value is None:
            return
        end = _end_of(number[0], value[1].rpartition(":")[2]) + number.start()
        read.add(*value, number.start(), end, f"label {country}", 0.97)
        place = end if country == "EU" else len(capitals)


def _end_of(written: str, value: str) -> int:
    """Return where the characters of a value end in the number as written."""
    wanted = sum(char.isalnum() for char in value)
    have = 0
    if not written.startswith(value[:2]):
        wanted -= 2 if value[:2].isalpha() else 0
    for at, char in enumerate(written):
        have += char.isalnum()
        if have == wanted:
            return at + 1
    return len(written)


# ---- e-mail ---------------------------------------------------------------------------------------------


@cache
def _email() -> re.Pattern[str]:
    at, dot = any_of("hiding.at"), any_of("hiding.dot")
    sign = rf"\s?[(\[{{<]\s?(?:{at}|@)\s?[)\]}}>]\s?"
    point = rf"\s?[(\[{{<]\s?(?:{dot}|\.)\s?[)\]}}>]\s?|_{dot}_|\s{dot}\s"
    return re.compile(
        r"(?<![a-z0-9._%+-])(?P<local>[a-z0-9](?:[a-z0-9.%+-]|_(?!at_)){0,63})"
        rf"(?P<at>\s?@\s?|{sign}|_{at}_|\s{at}\s|[\u2605\u2606\u25cf\u25ce])"
        rf"(?P<domain>[a-z0-9](?:[a-z0-9-]{{0,62}})(?:(?:(?:\.|{point})[a-z0-9-]{{1,63}}){{1,4}}|(?=\.\s))"
        rf"(?:\.\s(?:{'|'.join(sorted(folded('web.sure_suffixes')))}))?)(?![a-z0-9-])"
    )


@cache
def _points() -> re.Pattern[str]:
    dot = any_of("hiding.dot")
    return re.compile(rf"\s?[(\[{{<]\s?(?:{dot}|\.)\s?[)\]}}>]\s?|_{dot}_|\s{dot}\s|\.\s?")


def _read_emails(read: _Text, labels: Sequence[_Label]) -> None:
    for spaced in _SPACED_EMAIL.finditer(read.text):
        address = spaced[0].replace(" ", "")
        if _has_suffix(address.partition("@")[2]):
            read.add(ContactKind.EMAIL, address, *spaced.span(), "spaced address", 0.95)
    for match in _email().finditer(read.text):
        local, sign = match["local"].strip("."), match["at"]
        domain = _points().sub(".", match["domain"])
        is_bare = sign.strip() == "@" and " " not in match["domain"].strip()
        hides_both = _points().sub("", match["domain"]) != match["domain"].replace(".", "")
        is_word = sign.strip().isalpha() or sign in "\u2605\u2606\u25cf\u25ce"
        label = _label_before(labels, match.start(), frozenset({"email"}))
        if is_word and not hides_both and label is None and len(sign.strip()) < 3:
            continue  # "at" in running text
        end = match.end()
        if not _has_suffix(domain):
            shorter = domain.rpartition(".")[0]
            if not _has_suffix(shorter) or not is_bare:
                continue
            domain, end = shorter, match.end() - len(domain) + len(shorter)
        start = match.start("local")
        if local and read.is_free(start, end):
            rule = "address" if sign == "@" and is_bare else "hidden address"
            read.add(ContactKind.EMAIL, f"{local}@{domain}", start, end, rule, 0.98 if is_bare else 0.93)


@cache
def _suffixes() -> tldextract.TLDExtract:
    """Return the suffix list that the library brings, without a download."""
    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


def _has_suffix(host: str) -> bool:
    """Return whether a host ends in a known public suffix, or in `.example`, as invented hosts do."""
    parts = _suffixes()(host)
    return bool(parts.domain and parts.suffix) or (host.endswith(".example") and host.count(".") > 0)


# ---- links and sites ------------------------------------------------------------------------------------


@cache
def _links() -> re.Pattern[str]:
    hosts = {
        key: "|".join(
            re.escape(phrase.text).replace(r"\.", r"\s?\.\s?") for phrase in words(f"messenger_links.{key}")
        )
        for key in keys("messenger_links")
    }
    kinds = "|".join(f"(?P<{key}>{host})" for key, host in hosts.items())
    return re.compile(
        rf"(?:https?://)?(?<![a-z0-9.-])(?:{kinds})\s?(?:/\s?|(?<==))(?P<handle>[+~@]*[a-z0-9][\w.+-]{{2,40}})(?P<more>/?)"
    )


def _read_links(read: _Text, labels: Sequence[_Label]) -> None:  # noqa: ARG001 (one signature for all rules)
    for match in _links().finditer(read.text):
        kind = next(ContactKind(key) for key in keys("messenger_links") if match[key])
        handle = match["handle"].lstrip("@~").rstrip(".-")
        number = _international(handle.lstrip("+"))
        if kind in NUMBERED and number:
            read.add(kind, number, *match.span(), "link", 0.98)
        elif kind in _HANDLES and not match["more"] and _HANDLES[kind].fullmatch(handle):
            read.add(kind, handle, *match.span(), "link", 0.98)
        else:
            read.taken.append(match.span())


def _read_sites(read: _Text, labels: Sequence[_Label]) -> None:
    dot = any_of("hiding.dot")
    hidden = re.compile(
        rf"(?<![\w@.-])([a-z0-9-]{{2,63}})(?:\s\.\s|\s?\(\.\)\s?|\s?[(\[]{dot}[)\]]\s?|\s{dot}\s)"
        rf"({'|'.join(sorted(folded('web.sure_suffixes')))})(?![\w@-])"
    )
    for match in _URL.finditer(read.text):
        _add_site(read, match[0].partition("://")[2] or match[0], match.start(), match.end(), "link", 0.97)
    for match in _BARE.finditer(read.text):
        host = match[0].partition("/")[0]
        is_named = _label_before(labels, match.start(), frozenset({"website"})) is not None
        if host.rpartition(".")[2] in folded("web.suffixes") or is_named:
            _add_site(read, match[0], match.start(), match.end(), "name", 0.9)
    for match in hidden.finditer(read.text):
        is_named = _label_before(labels, match.start(), frozenset({"website"})) is not None
        if is_named or " " not in match[0].partition(match[1])[2].strip():
            _add_site(read, f"{match[1]}.{match[2]}", *match.span(), "hidden name", 0.9)


def _add_site(read: _Text, address: str, start: int, end: int, rule: str, confidence: float) -> None:
    kept = address.rstrip(".:!?*_-/")
    end -= len(address) - len(kept)
    host, _, path = kept.partition("/")
    host = host.rpartition("@")[2].partition(":")[0].partition("?")[0].removeprefix("www.").removeprefix("m.")
    if not read.is_free(start, end) or not _has_suffix(host) or _NOT_A_PAGE.search(path):
        return
    registered = _suffixes()(host).top_domain_under_public_suffix or host
    if read.context.site and registered == read.context.site:
        return
    path = path.partition("?")[0].strip("/")
    is_shared = host in folded("web.shared_hosts") or registered in folded("web.shared_hosts")
    if is_shared and not path:
        return
    read.add(ContactKind.WEBSITE, f"{host}/{path}" if is_shared else host, start, end, rule, confidence)


# ---- messengers -----------------------------------------------------------------------------------------


def _read_handles(read: _Text, labels: Sequence[_Label]) -> None:
    for match in _SESSION.finditer(read.text):
        if read.is_free(*match.span()):
            read.add(ContactKind.SESSION, match[0], *match.span(), "form", 0.97)
    for chain in _chains(read.text, labels):
        kinds = [ContactKind(name) for label in chain for name in sorted(label.names & set(MESSENGERS))]
        place, is_sure = _skip(read.text, chain[-1].end, labels)
        last = read.text[chain[-1].start : chain[-1].end]
        is_sure = is_sure or chain[-1].is_foreign or last.endswith(" id")
        follows = any(
            label is not chain[0]
            and abs(label.start - chain[0].start) <= 2 * NEAR
            and label.names & _NUMBERED_NAMES - set(map(str, ALSO_WORDS))
            for label in labels[max(0, bisect_left(labels, chain[0].start, key=_start) - 3) :][:7]
        ) or last.endswith(" id")
        while kinds and place is not None:
            end = _add_handle(read, kinds, place, is_sure=is_sure, follows=follows)
            again = re.compile(r"\s?[,/;&]\s?(?=@)").match(read.text, end) if end else None
            place = again.end() + 1 if again else None


def _chains(text: str, labels: Sequence[_Label]) -> Iterator[list[_Label]]:
    """Yield runs of labels with only signs and small words between them, such as `Viber / WhatsApp`."""
    chain: list[_Label] = []
    for label in labels:
        if (
            chain
            and not (label.names & chain[-1].names or (label.names | chain[-1].names) <= _NUMBERED_NAMES)
        ) or (chain and not _is_joined(text[chain[-1].end : label.start])):
            yield chain
            chain = []
        chain.append(label)
    if chain:
        yield chain


def _is_joined(between: str) -> bool:
    found = _WORD.findall(between)
    return (
        len(between) <= 8 and not re.search(r"[\n)\]]", between) and all(word in _filler() for word in found)
    )


@cache
def _filler() -> frozenset[str]:
    return folded("contact_labels.filler")


@cache
def _no_handle() -> frozenset[str]:
    return folded("contact_labels.no_handle") | folded("contact_labels.filler") | frozenset(_label_words()[1])


def _skip(text: str, place: int, labels: Sequence[_Label]) -> tuple[int | None, bool]:  # noqa: ARG001 (so)
    """Return where the contact after a label begins, and whether a sign or word announces it."""
    begin, is_sure = place, False
    if remark := _REMARK.match(text, place):
        place = remark.end() - 1
    for _ in range(4):
        signs = _SIGNS.match(text, place)
        assert signs is not None
        is_sure = is_sure or bool(_STRONG.search(signs[0]))
        place = signs.end()
        word = _WORD.match(text, place)
        if word is None or word[0] not in _filler() or text[word.end() : word.end() + 1] in {"_", "@"}:
            break
        is_sure = is_sure or word[0] in {"id", "username"} or (not word[0].isascii() and len(word[0]) > 1)
        place = word.end()
        if IS_CJK.match(word[0]):
            continue
    return (None, False) if place - begin > NEAR or "\n\n" in text[begin:place] else (place, is_sure)


def _add_handle(
    read: _Text, kinds: Iterable[ContactKind], place: int, *, is_sure: bool, follows: bool
) -> int | None:
    """Add the handle at a place for each messenger whose handles have its form; return its end."""
    end = None
    for kind in kinds:
        match = _HANDLES[kind].match(read.text, place) if kind in _HANDLES else None
        if match is None or not read.is_free(*match.span()):
            continue
        handle = match[0].rstrip("._-,:")
        is_at = read.text[max(0, place - 1) : place] == "@"
        is_name = bool(re.search(r"[\d_.]", handle))
        if handle in _no_handle() or not (is_at or is_sure or is_name):
            continue
        if kind in ALSO_WORDS and not (is_at or is_name or (is_sure and follows)):
            continue
        if kind is ContactKind.SIGNAL and not re.search(r"\.\d\d", handle):
            continue
        value = handle.replace("-", "").replace(" ", "") if kind is ContactKind.ICQ else handle
        if kind is ContactKind.THREEMA:
            begins = place if read.offsets is None else read.offsets[place][0]
            value = handle.upper()
            if not is_sure and read.original[begins : begins + len(handle)] != value:
                continue
        if kind in {ContactKind.QQ, ContactKind.ICQ} and not is_sure and len(value) < 6:
            continue
        end = match.start() + len(handle)
        read.add(kind, value, match.start(), end, "label", 0.95 if is_sure or is_at else 0.9)
        read.taken.pop()
    if end is not None:
        read.taken.append((place, end))
    return end


# ---- phones ---------------------------------------------------------------------------------------------


@cache
def _number_words() -> tuple[re.Pattern[str], dict[str, int]]:
    values: dict[str, int] = {}
    for table in ("number_words", "contact_digits"):
        for key in keys(table):
            if key.isdigit() and int(key) < 1000:
                for phrase in words(f"{table}.{key}"):
                    values.setdefault(phrase.folded, int(key))
    values.pop("", None)
    joined = [word for word in values if IS_CJK.match(word) or "\u1100" <= word[0] <= "\u11ff"]  # or Hangul
    spaced = [word for word in values if word not in joined]
    ordered, together = (
        "|".join(map(re.escape, sorted(each, key=lambda word: (-len(word), word))))
        for each in (spaced, joined)
    )
    return re.compile(rf"(?<![^\W\d_])(?:{ordered})(?![^\W_])|\d+|{together}"), values


def _groups(text: str) -> list[_Group]:
    """Return the runs of digits and number words, joined over separators."""
    pattern, values = _number_words()
    shown = _LETTER_FOR_DIGIT.sub(lambda letter: _AS_DIGIT[letter[0]], text)
    groups: list[_Group] = []
    parts: list[tuple[int, int, str]] = []
    last_value = 0
    for match in pattern.finditer(shown):
        word, is_word = match[0], not match[0].isdigit()
        value = values.get(word, -1) if is_word else -1
        if is_word and value < 0:
            continue
        digits = str(value) if is_word else word
        if parts:
            gap = shown[parts[-1][1] : match.start()]
            gaps = _WIDE_GAP if is_word or last_value >= 0 else _GAP
            is_next = gaps.fullmatch(gap) is not None or (is_word and gap.strip() in _ands())
            if is_next and is_word and last_value >= 20 and last_value % 10 == 0 and value < 10 and value:
                start, _end, before = parts.pop()  # "trente quatre" is 34, "двести четыре" 204
                digits = str(int(before) + value)
                parts.append((start, match.end(), digits))
                last_value = -1 if last_value % 100 else last_value + value
                continue
            if is_next and is_word and last_value >= 100 and last_value % 100 == 0 and 10 <= value < 100:
                start, _end, before = parts.pop()
                parts.append((start, match.end(), str(int(before) + value)))
                last_value = last_value + value if value >= 20 and value % 10 == 0 else -1
                continue
            if not is_next or len(parts) >= 24:
                groups.append(_group(shown, parts))
                parts = []
        parts.append((match.start(), match.end(), digits))
        last_value = value
    if parts:
        groups.append(_group(shown, parts))
    return groups


@cache
def _ands() -> frozenset[str]:
    return frozenset({"et", "y", "e", "und"})


def _group(text: str, parts: list[tuple[int, int, str]]) -> _Group:
    start, end = parts[0][0], parts[-1][1]
    digits = "".join(part[2] for part in parts)
    before = text[max(0, start - 8) : start]
    plus = re.search(rf"(?:\+|(?<![a-z]){any_of('hiding.plus')})[\s(]{{0,2}}$", before)
    begin = start - (len(before) - plus.start()) if plus else start
    if not plus and before.endswith("("):
        begin = start - 1
    return _Group(begin, end, digits, plus is not None, tuple(parts))


def _read_phones(read: _Text, labels: Sequence[_Label]) -> None:
    groups = [group for group in _split(_groups(read.text)) if FEWEST_DIGITS <= len(group.digits) <= 17]
    names_at: dict[int, frozenset[str]] = {}
    for chain in _chains(read.text, labels):
        names = frozenset(name for label in chain for name in label.names)
        names_at[chain[-1].end] = names
    ends = sorted(names_at)
    before: _Group | None = None
    kinds_before: frozenset[str] = frozenset()
    for group in groups:
        if not read.is_free(group.start, group.end):
            continue
        kinds = _kinds_of(read.text, group, labels, names_at, ends)
        if not kinds and before is not None and kinds_before:
            between = read.text[before.end : group.start]
            if re.fullmatch(r"[\s,/;&|\u3001]{1,5}", between) or between.strip() in _filler():
                kinds = kinds_before
        added = next((each for each in _trimmed(read.text, group) if _add_phone(read, each, kinds)), None)
        if added is not None:
            before, kinds_before = added, kinds
        else:
            before, kinds_before = None, frozenset()


def _trimmed(text: str, group: _Group) -> Iterator[_Group]:
    """Yield a group, and without its last or first part if that is a word: it may be of another language."""
    yield group
    parts = group.parts
    for kept, begin, dropped in ((parts[:-1], group.start, parts[-1:]), (parts[1:], None, parts[:1])):
        if kept and not text[dropped[0][0] : dropped[0][1]].isdigit():
            start, has_plus = (kept[0][0], False) if begin is None else (begin, group.has_plus)
            yield _Group(start, kept[-1][1], "".join(part[2] for part in kept), has_plus, kept)


def _split(groups: Iterable[_Group]) -> Iterator[_Group]:
    """Yield groups; one with too many digits for one number is split at its widest gap or slash."""
    for group in groups:
        if len(group.digits) <= MOST_DIGITS or len(group.parts) < 2:
            yield group
            continue
        gaps = [(second[0] - first[1], at) for at, (first, second) in enumerate(pairwise(group.parts), 1)]
        _width, at = max(gaps)
        for parts in (group.parts[:at], group.parts[at:]):
            begin = group.start if parts[0] is group.parts[0] else parts[0][0]
            plus = group.has_plus and parts[0] is group.parts[0]
            yield _Group(begin, parts[-1][1], "".join(part[2] for part in parts), plus, tuple(parts))


def _kinds_of(
    text: str,
    group: _Group,
    labels: Sequence[_Label],
    names_at: dict[int, frozenset[str]],
    ends: Sequence[int],
) -> frozenset[str]:
    """Return the names of the labels before a number, or right after it."""
    known = frozenset(map(str, NUMBERED)) | {"phone", "contact", "not_phone"}
    names: frozenset[str] = frozenset()
    at = bisect_right(ends, group.start) - 1
    if at >= 0:
        remark = _REMARK.match(text, ends[at])
        between = text[remark.end() if remark else ends[at] : group.start]
        is_near = len(between) <= NEAR and "\n" not in between and not re.search(r"[\d@]", between)
        if is_near and (_is_filled(between) or names_at[ends[at]] & {"phone", "contact"}):
            names = names_at[ends[at]] & known
        if "not_phone" in names and len(between.strip(" :.#-\u2116\u00ba")) > 0:
            names -= {"not_phone"}
    after = bisect_left(labels, group.end, key=_start)
    if after < len(labels) and "not_phone" not in names:
        chain = next(chain for chain in _chains(text, labels[after : after + 4]))
        between = text[group.end : chain[0].start]
        names_after = frozenset(name for label in chain for name in label.names) & set(map(str, NUMBERED))
        rest = _SIGNS.match(text, chain[-1].end)
        owns = rest is not None and re.match(r"[\d@+(a-z]", text[rest.end() : rest.end() + 1] or "x")
        is_closed = text[chain[-1].end : chain[-1].end + 1] in {")", "]", "\uff09", ""}
        if names_after and len(between) <= 3 and not between.strip(" (/[-,") and (is_closed or not owns):
            names |= names_after
    return names - {"contact"} if names & _NUMBERED_NAMES - {"contact"} else names


def _is_filled(between: str) -> bool:
    """Return whether only signs and small words are between a label and its number."""
    return all(word in _filler() for word in _WORD.findall(between))


def _add_phone(read: _Text, group: _Group, kinds: frozenset[str]) -> bool:
    text = read.text
    after = text[group.end : group.end + 12]
    if text[group.start - 1 : group.start].isascii() and text[group.start - 1 : group.start].isalnum():
        return False
    if re.match(r"[a-z]|-[a-z]\b|[-/.]?\d", after) and not re.match(r"(?:ext|w|whats)", after):
        return False
    labelled = bool(kinds - {"not_phone"})
    if not labelled and ("not_phone" in kinds or _is_measured(text, group)):
        return False
    regions = read.context.regions
    if labelled and not group.has_plus:
        around = country_in(text[max(0, group.start - NEAR) : group.end + NEAR])
        chinese = ("CN",) if kinds & {"wechat"} else ()
        regions = (*regions, *({around} & SUPPORTED_REGIONS), *chinese)
    number = _number_of(group, regions, labelled=labelled)
    if number is None:
        return False
    value, confidence = number
    rule = "label" if labelled else "plus" if group.has_plus else "form"
    named = [ContactKind(name) for name in sorted(kinds - {"contact", "not_phone"})] or [ContactKind.PHONE]
    for kind in named:
        read.add(kind, value, group.start, group.end, rule, confidence)
    return True


def _is_measured(text: str, group: _Group) -> bool:
    """Return whether a number is an amount, a price or a part of a code."""
    after = text[group.end : group.end + 16]
    unit = re.match(r"\s?([^\W\d_]+|[%$\u20ac\u00a3])", after)
    if unit and not group.has_plus:
        word = unit[1]
        measured = folded("contact_labels.measured")
        if word in measured or (IS_CJK.match(word) and word[0] in measured):
            return True
    before = text[max(0, group.start - 3) : group.start].strip()
    return bool(before) and (
        before[-1] in "$\u20ac\u00a3\u00a5\u20b9#/\\_=" or bool(re.search(r"[a-z\d]-$", before))
    )


def _number_of(group: _Group, regions: Sequence[str], *, labelled: bool) -> tuple[str, float] | None:
    """Return the number in E.164 form with its confidence, or None if no reading of the digits is valid."""
    digits = group.digits
    if group.has_plus:
        trunk = re.sub(r"^(\d{2,3})0", r"\1", digits)  # +44 (0)161 ...
        number = _international(digits) or _international(trunk)
        return (number, 0.98) if number else None
    if (
        digits.startswith("00")
        and (number := _international(digits[2:]))
        and (labelled or len(group.parts) > 1)
    ):
        return number, 0.96
    for region in regions:
        number = _national(digits, region, must_look_dialled=not labelled, parts=len(group.parts))
        if number:
            return number, 0.95 if labelled else 0.9
    if labelled and len(digits) >= 11 and (number := _international(digits)):
        return number, 0.9
    if labelled and re.fullmatch(r"1[3-9]\d{9}", digits) and not regions:
        return f"+86{digits}", 0.85
    return None


def _international(digits: str) -> str | None:
    """Return a number that begins with its country code in E.164 form, or None if it is not valid."""
    if not digits.isdigit() or not FEWEST_DIGITS <= len(digits) <= MOST_DIGITS:
        return None
    try:
        number = phonenumbers.parse(f"+{digits}", None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return str(phonenumbers.format_number(number, PhoneNumberFormat.E164))


def _national(digits: str, region: str, *, must_look_dialled: bool, parts: int) -> str | None:
    try:
        number = phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    if must_look_dialled:
        kind = phonenumbers.number_type(number)
        is_mobile = kind in {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE}
        has_trunk = digits.startswith("0") or (digits[0] in "18" and len(digits) == 11)
        is_long = len(digits) >= 10 and kind is PhoneNumberType.MOBILE
        if not (has_trunk and (parts > 1 or is_mobile)) and not (is_mobile and (is_long or parts > 2)):
            return None
    return str(phonenumbers.format_number(number, PhoneNumberFormat.E164))
