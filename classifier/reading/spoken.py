"""Find numbers said in words and abbreviations said as the names of their letters, in seven languages.

The words are folded like the text: no accents, and Cyrillic words of look-alikes only as Latin letters.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from classifier.reading.spoken_marks import (
    ANY_LETTER,
    CALLED,
    FAMILY_WORD,
    LetterNames,
    SaidWords,
    languages_spelled,
    may_say_number,
)
from text.normalise import fold
from text.tokens import WordTable, any_bits

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from classifier.reading.model import TradeKind

DIGITS = {
    "zero oh cero zéro null ноль нуль": "0",
    "one uno um un eins один": "1",
    "two dos dois deux zwei zwo два": "2",
    "three tres três trois drei три": "3",
    "four cuatro quatro quatre vier четыре": "4",
    "five cinco cinq fünf пять": "5",
    "six seis meia sechs шесть": "6",
    "seven siete sete sept sieben семь": "7",
    "eight ocho oito huit acht восемь": "8",
    "nine nueve nove neuf neun девять": "9",
}
"""English, Spanish, Portuguese, French, German, Russian; `meia`, half a dozen, is six."""
CHINESE_DIGITS = dict(zip("零〇一二三四五六七八九幺", "001234567891", strict=True))
DASHES = [
    "dash",
    "hyphen",
    "minus",
    "stroke",
    "slash",
    "guion",
    "guión",
    "menos",
    "raya",
    "hífen",
    "traço",
    "tiret",
    "trait",
    "moins",
    "strich",
    "bindestrich",
    "тире",
    "дефис",
    "минус",
    "черта",
]
CHINESE_DASHES = "杠横减"

LETTERS = (
    (
        "bee cee dee eff gee aitch haitch jay kay el ell em en pee cue kew ar ess tee vee ex wye zed zee",
        "a ay ei e i o oh you",
    ),
    ("be ce efe ge hache jota ka ele eme ene pe cu erre ese uve equis zeta", "a de e i o te u ve"),
    ("bê cê dê efe gê agá jota cá ele eme ene pê quê erre esse tê vê xis zê", "a á e é i o ó u"),
    ("bé cé dé effe gé hache ji ka emme enne pé ku erre esse té vé ixe zède", "a e i o u ah elle"),
    (
        "beh ceh ef eff geh ha jot kah ka el ell em emm en enn pe peh ku er es teh vau ix zett",
        "a ah be ce de e i o qu te u we",
    ),
    ("бэ бе вэ ве гэ дэ жэ зэ ка эль эл эм эн пэ эр эс тэ эф ха цэ че", "а е и о у э и"),
)
"""Names of letters that are hardly words, and those that are, in each language but Chinese."""
CHINESE_SURE = "艾姆|哎姆|诶姆|爱姆|艾马|艾恩|艾娜|诶|艾弗|艾丝|埃斯|克诶|艾勒|艾克斯"
CHINESE_RUN = re.compile(
    rf"(?:(?:{CHINESE_SURE}|阿尔|艾欧|艾尺|艾斯|艾|恩|屁|批|皮|开|凯|比|必|西|迪|踢"
    r"|提|伊|欧|吉|杰|马)[ ·-]?){3,6}"
)
CHINESE_SURE_LETTER = re.compile(CHINESE_SURE)
SURE_LETTERS = 2
"""Letter names that are hardly words, from which a run of them spells something."""

FEWEST_DIGITS = 4
"""Digits from which a number may be the part of a registry number that identifies it."""
NEAR = 48
"""Characters after the words that announce a number, in which its digits stand."""
NEAR_BEFORE = 30
"""Characters before such words."""


FAMILY = re.compile(
    r"(?<![\w.,-])\d{4,7}[ -](?:family|line|clan|group|familie|reihe|gruppe)(?!\w)"
    r"|(?<!\w)(?:familia|linea|grupo|linha|famille|gamme|familie|groupe)\s(?:(?:del?|la|do|da|du|der|des|el)\s){0,2}\d{4,7}(?![\w-])"
    r"|(?:семеиств[оа]|лини[яи]|групп[аы]|линеик[аи])\s\d{4,7}(?![\w-])|(?<!\d)\d{4,7}(?:家族|系列|那一类|那类)"
    r"|(?<![\w.,-])\d{4,7}er[ -](?:reihe|serie|familie|gruppe)"
)
"""The first part of a number, said to be the name of a kind; й is folded to и."""
WORD_OF_FAMILY = re.compile(
    r"^(?:family|line|clan|group|gruppe|linea|grupo|linha|famille|gamme|groupe)$|^(?:famili[ae]|reihe|serie|gruppe)"
    r"|(?:семеиств[оа]|лини[яи]|групп[аы]|линеик[аи])$|家族|系列|那一?类"
)
"""A word, of which `FAMILY` has at least one."""

FILLER = (
    r"(?:something|whatever|blah|anything|two digits|algo|cualquier cosa|dos cifras|qualquer coisa"
    r"|dois digitos|quelque chose|machin|truc|deux chiffres|irgendwas|irgendetwas|zwei ziffern"
    r"|что-то|там|что-нибудь|две цифры)"
)
LEFT_OUT = re.compile(
    rf"\d(?:(?<![\w.,-]\d)\d{{3,6}}(?:[ -]{{1,3}}(?:{FILLER}|dash|hyphen|minus|menos|guion|hifen|tiret|strich"
    r"|тире)){1,4}[ -]{1,3}\d(?!\d)"
    r"|(?<!\d\d)\d{3,6}(?:什么|某某|多少|啥){1,3}\d(?!\d)|(?<![\w.,-]\d)\d{3,6}(?:[x*_?]{2,4}(?!\w)|…|\.{3}))"
)
"""A number whose middle or end is passed over."""

TWO_PARTS = re.compile(r"\d\d-\d")
LAST_PARTS = re.compile(
    r"(?<![^\W_])(?:ends?|ending|last|finish|finishes|termina|acaba|finit|fini|finissant|endet|endziffern?|кончается"
    r"|оканчивается|конец|в конце)\D{1,16}\d{2}-\d(?![\w-])|(?:尾号|结尾|末尾|最后)\D{0,4}\d{2}-\d(?![\w-])"
)
"""The last two parts of a number, said to be its end."""
FOUR_DIGITS = re.compile(r"\d{4}")
CHINESE_NUMBER = re.compile(f"[{CHINESE_DASHES}]|[{CHINESE_DIGITS}]{{5}}")
"""What a text has at least, if `FAMILY`, `LEFT_OUT` or the Chinese ways of saying a number match in it."""


THING = (
    r"(?:oil|powder|wax|crystals?|liquid|stuff|goods|product|salt|base|aceite|polvo|cera|cristal(?:es)?|liquido|producto"
    r"|oleo|po|cristais|produto|huile|poudre|cire|cristaux|liquide|produit|ol|pulver|wachs|kristalle?|flussigkeit|ware"
    r"|produkt|масло|порошок|воск|кристаллы|жидкость|товар|продукт)"
)
NUMBERED = (
    r"(?:product|item|article|code|position|producto|articulo|codigo|posicion|produto|artigo|produit|produkt|artikel"
    r"|posten|продукт|товар|позиция|код)"
)
NICKNAME = re.compile(
    rf"(?<![\w-])(?:[b-df-hj-np-tv-xz]\d?[ -]|[a-z]\d?-){THING}(?!\w)"
    rf"|(?<![\w-]){THING}[ -](?:type |tipo |typ )?[b-df-hj-np-tv-xz]\d?(?![\w-])"
    rf"|(?<![^\W_]){NUMBERED}[ .#№:]{{1,3}}(?:n[or°]?\.? ?)?\d{{1,3}}[a-z]?"
    r"(?![\w-]|[.,:]\d|\s?(?:%|kg|g|l|ml|pcs)\b)"
    r"|(?<![a-z])[a-z]\d?[油粉蜡晶料](?!\w)|(?:产品|货号|代号|编号)[ :]?[a-z]?\d{1,3}(?!\d)"
)
"""A thing called by one letter or a small number. Vowels alone are words: `a powder`, `y aceite`."""
WORD_CALLED = re.compile(f"{THING}|{NUMBERED}")
CHINESE_CALLED = re.compile(r"[a-z\d][油粉蜡晶料]|产品|货号|代号|编号")
"""A word, or what Chinese has instead, of which `NICKNAME` has at least one."""


@cache
def _digit_word() -> str:
    return _any_of(word for words in DIGITS for word in words.split())


@cache
def _spoken_number() -> re.Pattern[str]:
    """Return what finds digits said one by one, and numbers whose separator is said."""
    word, dash = _digit_word(), _any_of(DASHES)
    gap = rf"(?:[ ,./-]{{1,3}}(?:(?:{dash})[ ,./-]{{1,3}})?)"
    part = rf"(?:\d{{1,7}}|{word}(?:[ -]{word}){{0,6}})"
    said = rf"[ ,]{{0,2}}{dash}[ ,]{{0,2}}"
    chinese = f"[{''.join(CHINESE_DIGITS)}]"
    return re.compile(
        rf"(?<![^\W_]){word}(?:{gap}{word}){{3,11}}(?![^\W_])"
        rf"|(?<![^\W_]){part}{said}{part}{said}{part}(?![^\W_])"
        rf"|(?:{chinese}|\d){{2,7}}[{CHINESE_DASHES}](?:{chinese}|\d){{2}}(?:[{CHINESE_DASHES}](?:{chinese}|\d))?"
        rf"|{chinese}{{5,10}}"
    )


@cache
def _digits() -> dict[str, str]:
    said = {fold(word).text: digit for words, digit in DIGITS.items() for word in words.split()}
    return {**said, **CHINESE_DIGITS}


@cache
def _one_digit() -> re.Pattern[str]:
    return re.compile(rf"\d|[{''.join(CHINESE_DIGITS)}]|(?<![^\W_])(?:{_digit_word()})(?![^\W_])")


@cache
def _between_digits() -> re.Pattern[str]:
    return re.compile(rf"[ ,./-]{{0,3}}(?:{_any_of(DASHES)}[ ,./-]{{1,3}})?|[{CHINESE_DASHES}]")


@cache
def _spelled_letters() -> tuple[tuple[re.Pattern[str], re.Pattern[str]], ...]:
    """Return, for each language, what finds a run of letter names and what finds the sure ones in it."""
    shapes = []
    for sure, doubtful in LETTERS:
        name = rf"(?:{_any_of([*sure.split(), *doubtful.split()])}|{_digit_word()})"
        sure_name = _any_of(sure.split())
        run = re.compile(
            rf"(?<![^\W_])(?:{name}(?:[ ,.-]{{1,2}}{name}){{2,6}}|(?P<joined>{sure_name}{{3,6}}))(?![^\W_])"
        )
        shapes.append((run, re.compile(rf"(?<![^\W_]){sure_name}(?![^\W_])")))
    return tuple(shapes)


@cache
def _marks() -> WordTable[int]:
    said = SaidWords(
        digits=_folded(*DIGITS),
        dashes=re.compile(_any_of(DASHES)),
        languages=[
            LetterNames(
                sure=_folded(sure),
                doubtful=_folded(doubtful),
                joined=re.compile(f"{_any_of(sure.split())}{{3,6}}"),
            )
            for sure, doubtful in LETTERS
        ],
        called=WORD_CALLED,
        family=WORD_OF_FAMILY,
    )
    return WordTable(said.bits_of)


def _folded(*lists: str) -> frozenset[str]:
    return frozenset(fold(word).text for words in lists for word in words.split())


def find_spoken(text: str, words: Sequence[str]) -> Iterator[tuple[TradeKind, int, int]]:
    """Yield kind, start and end of each number said in words, nickname and abbreviation spelled out.

    Args:
        text: Folded text.
        words: As `split_words` finds them in it.
    """
    marks = _marks().of(words)
    seen = any_bits(marks)
    yield from (("number_spoken", start, end) for start, end in _numbers(text, marks, seen))
    yield from (("spelled_letters", start, end) for start, end in _spellings(text, marks, seen))
    if seen & CALLED or (not text.isascii() and CHINESE_CALLED.search(text)):
        yield from (("nickname", *found.span()) for found in NICKNAME.finditer(text))


def _numbers(text: str, marks: list[int], seen: int) -> Iterator[tuple[int, int]]:
    is_said = bool(seen) and may_say_number(marks, digits=FEWEST_DIGITS)
    if is_said or (not text.isascii() and CHINESE_NUMBER.search(text)):
        for found in _spoken_number().finditer(text):
            if len(_one_digit().findall(found.group())) >= FEWEST_DIGITS:
                yield found.span()
    if FOUR_DIGITS.search(text):
        yield from (found.span() for found in LEFT_OUT.finditer(text))
        yield from (found.span() for found in FAMILY.finditer(text)) if seen & FAMILY_WORD else ()
    if "-" in text and TWO_PARTS.search(text):
        yield from (found.span() for found in LAST_PARTS.finditer(text))


def _spellings(text: str, marks: list[int], seen: int) -> Iterator[tuple[int, int]]:
    for language in languages_spelled(marks, len(LETTERS), sure=SURE_LETTERS) if seen & ANY_LETTER else ():
        run, sure = _spelled_letters()[language]
        for found in run.finditer(text):
            if found["joined"] or len(sure.findall(found.group())) >= SURE_LETTERS:
                yield found.span()
    if not text.isascii() and CHINESE_SURE_LETTER.search(text):
        for found in CHINESE_RUN.finditer(text):
            if CHINESE_SURE_LETTER.search(found.group()):
                yield found.span()


def spoken_digits(text: str) -> str:
    """Return the digits of a number that is said in words, or in words and figures."""
    return "".join(_digits().get(digit, digit) for digit in _one_digit().findall(text))


def numbers_beside(text: str, start: int, end: int) -> Iterator[str]:
    """Yield each number, in figures or words, in `text[start:end]` and beside it."""
    text = text[max(0, start - NEAR_BEFORE) : end + NEAR]
    number, last = "", 0
    for digit in _one_digit().finditer(text):
        if number and not _between_digits().fullmatch(text[last : digit.start()]):
            yield number
            number = ""
        number += _digits().get(digit.group(), digit.group())
        last = digit.end()
    if number:
        yield number


def is_beside_number(text: str, start: int, end: int) -> bool:
    """Say whether a number of at least four digits, in figures or words, stands beside `text[start:end]`."""
    beside = (text[max(0, start - NEAR_BEFORE) : start], text[end : end + NEAR])
    return any(len(_one_digit().findall(part)) >= FEWEST_DIGITS for part in beside)


def _any_of(words: Iterable[str]) -> str:
    folded = {fold(word).text for word in words}
    return f"(?:{'|'.join(sorted(folded, key=lambda word: (-len(word), word)))})"
