"""Read the contacts that a text states: phones, e-mail, messengers, sites, wallets, company numbers.

Everything but wallets is read in the text without its disguises (`suppliers.disguises`), and each contact is
placed back in the original. Labels say what follows (`suppliers.labels`); their words are in the lexicon. The
rules, in order; a later rule leaves the places of an earlier one alone:

1. wallets and company numbers, by their checksums (`suppliers.checksums`);
2. e-mail addresses, links to messengers, and web sites (`suppliers.addresses`);
3. handles after the name of a messenger;
4. numbers (`suppliers.phone_numbers`): with a plus, after a label, or in the form of the seller's country.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING

from phonenumbers import SUPPORTED_REGIONS

from store.suppliers.contacts import ContactKind, FoundContact
from suppliers.addresses import Address, find_emails, find_sites
from suppliers.checksums import company_number, find_company_numbers, find_wallets
from suppliers.disguises import Undisguised, undisguise
from suppliers.labels import (
    ALSO_WORDS,
    MESSENGERS,
    NEAR,
    SENTENCE_END,
    SHARED,
    SIGNS,
    WORD,
    Label,
    announcing_words,
    find_labels,
    is_filled,
    is_one_sentence,
    no_handles,
    says_same_after,
    says_same_before,
    small_words,
)
from suppliers.phone_numbers import (
    FEWEST_DIGITS,
    DigitGroup,
    digit_groups,
    international,
    number_of,
    without_outer_word,
)
from text.cas import CAS_SHAPE
from text.page_words import country_in
from text.phrases import IS_CJK, folded, keys, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

LONGEST_READ = 50_000
"""Characters read of one text; the rest is left out."""
MOST_CONTACTS = 200
"""Contacts read from one text; a text with more is a directory, not an offer."""

HANDLES = {
    ContactKind.TELEGRAM: r"[a-z][a-z0-9_]{3,31}",
    ContactKind.WECHAT: r"[a-z][a-z0-9_-]{5,19}",
    ContactKind.SIGNAL: r"[a-z_][a-z0-9_]{2,31}\.\d{2,9}",
    ContactKind.WICKR: r"[a-z0-9][a-z0-9._-]{2,31}",
    ContactKind.THREEMA: r"[a-z0-9*][a-z0-9]{7}",
    ContactKind.SESSION: r"05[0-9a-f]{64}",
    ContactKind.LINE: r"[a-z0-9][a-z0-9._-]{2,19}",
    ContactKind.KAKAOTALK: r"[a-z0-9][a-z0-9._-]{2,19}",
    ContactKind.SKYPE: r"(?:live:)?[a-z.][a-z0-9._,:-]{4,40}",
}
"""Forms of handles, by the rules of each messenger."""
ACCOUNT_NUMBERS = {ContactKind.QQ: (5, 11), ContactKind.ICQ: (5, 9)}
"""Fewest and most digits of messengers whose accounts are numbers of their own."""
_DIGITS_OF_MOBILE = 11
NUMBERED = MESSENGERS - {*ACCOUNT_NUMBERS, ContactKind.WICKR, ContactKind.SESSION}
"""Messengers whose accounts may be phone numbers."""

_HANDLES = {
    kind: re.compile(
        rf"(?=[0-9._-]*[a-z])(?:{form})"
        + (r"(?![a-z0-9@]|\.[a-z0-9])" if kind is not ContactKind.SKYPE else "")
    )
    for kind, form in HANDLES.items()
}
_REMARK = re.compile(r"\s?\([^()\n@\d]{1,24}\)\s?[:=]")
_STRONG = re.compile(r"[:=@>\[\u3010\u2192]|-\s")
_LONG_NUMBER = re.compile(r"[+(]{0,2}\d(?:[ ()\u00a0-]{0,3}\d){8,16}")
_AT_HANDLE = re.compile(r"@([\w.-]{3,40})([^@\w][^@\n]{0,9})$")
_SESSION = re.compile(r"(?<![0-9a-f])05[0-9a-f]{64}(?![0-9a-f])")
_CAPITALS = {code: code - 32 for code in range(ord("a"), ord("z") + 1)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The facts of the seller that are known before the text is read."""

    regions: tuple[str, ...] = ()
    """Countries whose national phone numbers are read, likeliest first; ISO 3166-1 alpha-2."""
    site: str = ""
    """Registered domain of the marketplace, whose own addresses are no contacts of the seller."""


@dataclass(slots=True)
class _Reading:
    """A text with what was found in it."""

    plain: Undisguised
    labels: list[Label]
    column: str
    context: Context
    found: list[FoundContact] = field(default_factory=list)
    taken: list[tuple[int, int]] = field(default_factory=list)
    """Places of contacts."""

    @property
    def text(self) -> str:
        """The text without disguises."""
        return self.plain.text

    def add(self, kind: ContactKind, value: str, start: int, end: int, rule: str, confidence: float) -> None:
        """Add a contact, unless there are too many."""
        first, last = self.plain.original_place(start, end)
        if len(self.found) < 2 * MOST_CONTACTS:
            self.found.append(
                FoundContact(
                    kind=kind,
                    value=value,
                    raw=self.plain.original[first:last],
                    field=self.column,
                    start=first,
                    end=last,
                    rule=rule,
                    confidence=confidence,
                )
            )

    def take(self, start: int, end: int) -> None:
        """Keep a place from later rules."""
        if len(self.taken) < 2 * MOST_CONTACTS:
            self.taken.append((start, end))

    def is_free(self, start: int, end: int) -> bool:
        """Return whether no contact was found in a place."""
        return all(end <= first or last <= start for first, last in self.taken)

    def text_left(self) -> str:
        """Return the text with null characters in the places of contacts."""
        parts, place = [], 0
        for start, end in sorted(self.taken):
            parts += [self.text[place:start], "\0" * (end - max(start, place))]
            place = max(place, end)
        return "".join([*parts, self.text[place:]])

    def has_label(self, place: int, name: str) -> bool:
        """Return whether the last label before a place is near and has a name."""
        index = bisect_right(self.labels, place, key=attrgetter("end")) - 1
        return index >= 0 and place - self.labels[index].end <= NEAR and name in self.labels[index].names


def read_contacts(text: str, field: str, context: Context) -> list[FoundContact]:
    """Return the contacts that a text states, in the order of the text, without repetitions.

    At most `LONGEST_READ` characters are read. At most `MOST_CONTACTS` are returned; a number given for two
    messengers is two contacts.
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


def _read(text: str, field: str, context: Context) -> _Reading:
    plain = undisguise(text[:LONGEST_READ])
    read = _Reading(plain, find_labels(plain.text), field, context)
    for rule in (_read_wallets, _read_company_numbers, _read_addresses, _read_handles, _read_numbers):
        rule(read)
    return read


def _place(contact: FoundContact) -> tuple[int, str]:
    return contact.start, contact.kind


# ---- wallets and company numbers ------------------------------------------------------------------------


def _read_wallets(read: _Reading) -> None:
    for kind, address, start, end in find_wallets(read.plain.original):
        place = read.plain.place_of(start, end)
        read.add(kind, address, *place, "checksum", 0.99)
        read.take(*place)


def _read_company_numbers(read: _Reading) -> None:
    capitals = read.text.translate(_CAPITALS)
    for kind, number, start, end in find_company_numbers(capitals):
        if read.is_free(start, end):
            read.add(kind, number, start, end, "check digit", 0.97)
            read.take(start, end)
    for label in read.labels:
        types = [name.partition(":")[2] for name in sorted(label.names) if name.startswith("company:")]
        if types:
            _read_labelled_company(read, capitals, label.end, types)
    for match in _tax_numbers(read.context.regions).finditer(capitals):
        found = company_number(capitals, match.start(), ())
        if found and found[0] is ContactKind.VAT and found[2] == match.end() and read.is_free(*match.span()):
            read.add(found[0], found[1], *match.span(), "check digit", 0.9)
            read.take(*match.span())


@cache
def _tax_numbers(regions: tuple[str, ...]) -> re.Pattern[str]:
    """Return a pattern of tax numbers that begin with the seller's country and need no label."""
    return re.compile(rf"(?<![0-9A-Z])(?:{'|'.join(regions) or '(?!)'}) ?[0-9A-Z]{{8,12}}(?![0-9A-Z])")


def _read_labelled_company(read: _Reading, capitals: str, place: int, types: list[str]) -> None:
    """Read the number near a label, and the numbers that follow it in a list."""
    countries = [each for each in types if each not in {"ANY", "EORI"}] or list(read.context.regions)
    last, is_list = place + NEAR, False
    while begin := re.compile(r"(?<![0-9A-Z])[0-9A-Z]").search(capitals, place, last):
        number = company_number(capitals, begin.start(), countries, is_eori="EORI" in types)
        if number and read.is_free(begin.start(), number[2]):
            kind, value, end = number
            read.add(kind, value, begin.start(), end, "label", 0.97)
            read.take(begin.start(), end)
            place, last, is_list = end, end + 4, True
        elif is_list or "\n\n" in capitals[place : begin.start()]:
            return
        else:
            place = begin.end()


# ---- addresses and links --------------------------------------------------------------------------------


def _read_addresses(read: _Reading) -> None:
    _add_addresses(read, find_emails(read.text, lambda place: read.has_label(place, "email")))
    _read_links(read)
    sites = find_sites(read.text, lambda place: read.has_label(place, "website"), read.context.site)
    _add_addresses(read, sites)


def _add_addresses(read: _Reading, addresses: Iterable[Address]) -> None:
    for address in addresses:
        if read.is_free(address.start, address.end):
            read.add(
                address.kind, address.value, address.start, address.end, address.rule, address.confidence
            )
            read.take(address.start, address.end)


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


def _read_links(read: _Reading) -> None:
    for match in _links().finditer(read.text):
        kind = next(ContactKind(key) for key in keys("messenger_links") if match[key])
        handle = match["handle"].lstrip("@~").rstrip(".-")
        number = international(handle.lstrip("+"))
        if kind in NUMBERED and number:
            read.add(kind, number, *match.span(), "link", 0.98)
        elif kind in _HANDLES and not match["more"] and _HANDLES[kind].fullmatch(handle):
            read.add(kind, handle, *match.span(), "link", 0.98)
        read.take(*match.span())


# ---- handles --------------------------------------------------------------------------------------------


def _read_handles(read: _Reading) -> None:
    for match in _SESSION.finditer(read.text):
        if read.is_free(*match.span()):
            read.add(ContactKind.SESSION, match[0], *match.span(), "form", 0.97)
            read.take(*match.span())
    for index, label in enumerate(read.labels):
        kinds = sorted(label.messengers & set(HANDLES))
        if not kinds:
            continue
        neighbours = read.labels[max(0, index - 3) : index] + read.labels[index + 1 : index + 4]
        is_named = (
            label.is_list
            or label.is_announcing(read.text)
            or any(
                abs(other.start - label.start) <= 2 * NEAR and other.names & (SHARED - ALSO_WORDS)
                for other in neighbours
            )
        )
        limit = read.labels[index + 1].start if index + 1 < len(read.labels) else len(read.text)
        end: int | None = None
        for place, is_sure in _handle_places(read.text, label, limit):
            if limit < len(read.text) and _is_of_next(read.text, label, place, limit):
                continue
            end = end or _add_handle(read, kinds, place, is_sure=is_sure, is_named=is_named)
        while end and (again := re.compile(r"\s?[,/;&]\s?@").match(read.text, end)):
            end = _add_handle(read, kinds, again.end(), is_sure=True, is_named=is_named)
        before = _handle_before(read.text, label, read.labels[index - 1].end if index else 0)
        if end is None and before is not None:
            _add_handle(read, kinds, before, is_sure=True, is_named=is_named)


def _is_of_next(text: str, label: Label, place: int, following: int) -> bool:
    """Return whether the word at a place belongs to the next label, as in "on Wickr or acid99 on Kik"."""
    word = re.compile(r"\S+\s").match(text, place)
    if word is None or not WORD.search(text, label.end, place):
        return False
    between = text[word.end() : following]
    return WORD.search(between) is not None and len(between) < NEAR // 4 and is_filled(between)


def _handle_before(text: str, label: Label, last: int) -> int | None:
    """Return where a handle right before a label begins, as in "@acid on Telegram", unless another has it."""
    found = _AT_HANDLE.search(text, max(last, label.start - NEAR), label.start)
    is_owned = found is not None and last > 0 and is_filled(text[last : found.start()])
    return None if found is None or is_owned or not is_filled(found[2]) else found.start(1)


def _handle_places(text: str, label: Label, limit: int) -> Iterator[tuple[int, bool]]:
    """Yield where the handle after a label may begin, and whether a sign or word announces it."""
    place, is_sure = label.end, label.is_sure
    if remark := _REMARK.match(text, place):
        place = remark.end() - 1
    for _ in range(4):
        signs = SIGNS.match(text, place)
        assert signs is not None
        is_sure = is_sure or bool(_STRONG.search(signs[0]))
        place = signs.end()
        word = WORD.match(text, place)
        announces = word is not None and word[0] in announcing_words()
        is_small = word is not None and (announces or word[0] in small_words())
        if word is None or not is_small or text[word.end() : word.end() + 1] in {"_", "@"}:
            break
        is_sure = is_sure or announces or (not word[0].isascii() and len(word[0]) > 1)
        place = word.end()
    if place - label.end <= NEAR and "\n\n" not in text[label.end : place]:
        yield place, is_sure
    sign = re.compile(r"@\s?(?=[a-z0-9])").search(text, label.end, min(limit, label.end + NEAR))
    if sign and not SENTENCE_END.search(text, label.end, sign.start()):
        yield sign.end(), True


def _add_handle(
    read: _Reading, kinds: Sequence[ContactKind], place: int, *, is_sure: bool, is_named: bool
) -> int | None:
    """Add the handle at a place for each messenger whose handles have its form; return its end."""
    end = None
    is_at = read.text[max(0, place - 1) : place] == "@"
    for kind in kinds:
        match = _HANDLES[kind].match(read.text, place)
        if match is None or not read.is_free(*match.span()):
            continue
        handle = match[0].rstrip("._-,:")
        is_name = bool(re.search(r"[\d_.]", handle))
        if handle in no_handles() or not (is_at or is_sure or is_name):
            continue
        if kind in ALSO_WORDS and not (is_at or is_name or (is_sure and is_named)):
            continue
        if kind is ContactKind.SIGNAL and not re.search(r"\.\d\d", handle):
            continue
        if kind is ContactKind.THREEMA:
            first, last = read.plain.original_place(place, place + len(handle))
            handle = handle.upper()
            if not is_sure and read.plain.original[first:last] != handle:
                continue
        end = place + len(handle)
        read.add(kind, handle, place, end, "label", 0.95 if is_sure or is_at else 0.9)
    if end is not None:
        read.take(place, end)
    return end


# ---- numbers --------------------------------------------------------------------------------------------


def _read_numbers(read: _Reading) -> None:
    before: tuple[DigitGroup, frozenset[str]] | None = None
    for group in digit_groups(read.text_left()):
        names = _names_of(read, group)
        if not names and before is not None:  # the second of two numbers
            between = read.text[before[0].end : group.start]
            if re.fullmatch(r"[\s,/;&|\u3001]{1,5}", between) or between.strip() in small_words():
                names = before[1]
        added = next(
            (each for each in without_outer_word(read.text, group) if _add_number(read, each, names)), None
        )
        before = (added, names) if added else None


def _names_of(read: _Reading, group: DigitGroup) -> frozenset[str]:
    """Return the names of the labels that a number belongs to: before it, or right after it."""
    text, labels = read.text, read.labels
    names: frozenset[str] = frozenset()
    index = bisect_right(labels, group.start, key=attrgetter("end"))
    if index:
        label = labels[index - 1]
        remark = _REMARK.match(text, label.end)
        between = text[remark.end() if remark else label.end : group.start]
        is_near = len(between) <= NEAR and not re.search(r"[\n\d@]", between)
        is_open = label.names & {"phone", "contact"} or (
            label.messengers - ALSO_WORDS and is_one_sentence(between)
        )
        if is_near and (is_open or is_filled(between)):
            names = label.names_for_numbers
        if "not_phone" in names and between.strip(" :.#-\u2116\u00ba"):
            names -= {"not_phone"}
    after = bisect_left(labels, group.end, key=attrgetter("start"))
    if after < len(labels) and "not_phone" not in names:
        names |= _names_after(read, group, labels[after], names)
    return names


def _names_after(read: _Reading, group: DigitGroup, label: Label, names: frozenset[str]) -> frozenset[str]:
    text, between = read.text, read.text[group.end : label.start]
    messengers = label.messengers & NUMBERED
    if not messengers or len(between) > NEAR or re.search(r"[\n\d@]", between):
        return frozenset()
    signs = SIGNS.match(text, label.end)
    assert signs is not None
    owns = not read.is_free(label.start, signs.end() + 1) or re.match(
        r"[\d@+(a-z]", text[signs.end() : signs.end() + 1]
    )
    if says_same_after(text, label.end) or (not owns and says_same_before(between)):
        return messengers | {"phone"} if not names & SHARED else messengers
    is_closed = text[label.end : label.end + 1] in {")", "]", ""}
    is_next = len(between) <= 3 and not between.strip(" (/[-,")
    return messengers if is_next and (is_closed or not owns) else frozenset()


def _add_number(read: _Reading, group: DigitGroup, names: frozenset[str]) -> bool:
    """Add the account or phone number that digits are; return whether they are one."""
    text, digits = read.text, group.digits
    before, after = text[group.start - 1 : group.start], text[group.end : group.end + 12]
    at = bisect_left(read.labels, group.start, key=attrgetter("end"))
    is_after_label = at < len(read.labels) and read.labels[at].end == group.start
    if before.isascii() and before.isalnum() and not is_after_label:
        return False
    if re.match(r"[a-z]|-[a-z]\b|[-/.]?\d", after) and not re.match(r"(?:ext|w|whats)", after):
        return False
    kinds = [kind for kind, (fewest, most) in ACCOUNT_NUMBERS.items() if fewest <= len(digits) <= most]
    is_amount = _has_unit(text, group)
    accounts = [kind for kind in kinds if kind in names and digits[0] != "0" and not is_amount]
    for kind in accounts:
        read.add(kind, digits, group.start, group.end, "label", 0.95)
    is_account = bool(accounts)
    is_labelled = bool(names & (NUMBERED | {"phone", "number", "contact"}))
    if accounts and len(digits) < _DIGITS_OF_MOBILE and "phone" not in names:  # "QQ 2098761234, same WeChat"
        is_labelled, names = False, names - NUMBERED
    if is_labelled or not (is_account or "not_phone" in names or is_amount or _is_code(text, group)):
        rule = "label" if is_labelled else "plus" if group.has_plus else "form"
        if number := _phone_of(read, group, names, is_labelled=is_labelled):
            for name in sorted(names & (NUMBERED | {"phone"})) or ["phone"]:
                read.add(ContactKind(name), number[0], group.start, group.end, rule, number[1])
            is_account = True
    if is_account:
        read.take(group.start, group.end)
    return is_account


def _phone_of(
    read: _Reading, group: DigitGroup, names: frozenset[str], *, is_labelled: bool
) -> tuple[str, float] | None:
    if len(group.digits) < FEWEST_DIGITS:
        return None
    regions = read.context.regions
    if is_labelled and not group.has_plus:
        around = country_in(read.text[max(0, group.start - NEAR) : group.end + NEAR])
        chinese = ("CN",) if ContactKind.WECHAT in names else ()
        regions = (*regions, *({around} & SUPPORTED_REGIONS), *chinese)
    return number_of(group, regions, is_labelled=is_labelled)


def _has_unit(text: str, group: DigitGroup) -> bool:
    """Return whether a number is an amount or a price, by the word or sign after it."""
    unit = re.match(r"\s?([^\W\d_]+|[%$\u20ac\u00a3])", text[group.end : group.end + 16])
    if unit is None or group.has_plus:
        return False
    measured = folded("contact_labels.measured")
    return unit[1] in measured or (IS_CJK.match(unit[1]) is not None and unit[1][0] in measured)


def _is_code(text: str, group: DigitGroup) -> bool:
    """Return whether a number is a price or a part of a code, by the sign before it."""
    before = text[max(0, group.start - 3) : group.start]
    return re.search(r"[$\u20ac\u00a3\u00a5\u20b9#=]\s*$|[/\\_]$|[a-z\d]-$", before) is not None
