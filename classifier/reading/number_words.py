"""Read numbers in words and figures, in seven languages: `cento e três`, `einundvierzigtausend`, `六十六`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from text.normalise import fold
from text.tokens import WORD, WordTable, split_words

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping

SAID = {
    0: "zero oh nought cero zéro null ноль нуль",
    1: "one uno un um une ein eins один одна единица",
    2: "two dos dois duas deux zwei zwo два две двойка",
    3: "three tres três trois drei три тройка",
    4: "four cuatro quatro quatre vier четыре четвёрка",
    5: "five cinco cinq fünf пять пятёрка",
    6: "six seis meia sechs шесть шестёрка",
    7: "seven siete sete sept sieben семь семёрка",
    8: "eight ocho oito huit acht восемь восьмёрка",
    9: "nine nueve nove neuf neun девять девятка",
    10: "ten diez dez dix zehn десять",
    11: "eleven once onze elf одиннадцать",
    12: "twelve doce doze douze zwölf двенадцать",
    13: "thirteen trece treze treize dreizehn тринадцать",
    14: "fourteen catorce quatorze catorze vierzehn четырнадцать",
    15: "fifteen quince quinze fünfzehn пятнадцать",
    16: "sixteen dieciséis dezesseis dezasseis seize sechzehn шестнадцать",
    17: "seventeen diecisiete dezessete dezassete siebzehn семнадцать",
    18: "eighteen dieciocho dezoito achtzehn восемнадцать",
    19: "nineteen diecinueve dezenove dezanove neunzehn девятнадцать",
    20: "twenty veinte vinte vingt vingts zwanzig двадцать",
    30: "thirty treinta trinta trente dreißig dreissig тридцать",
    40: "forty cuarenta quarenta quarante vierzig сорок",
    50: "fifty cincuenta cinquenta cinquante fünfzig пятьдесят",
    60: "sixty sesenta sessenta soixante sechzig шестьдесят",
    70: "seventy setenta septante siebzig семьдесят",
    80: "eighty ochenta oitenta huitante achtzig восемьдесят",
    90: "ninety noventa nonante neunzig девяносто",
    100: "hundred cien ciento cem cento cent cents hundert сто",
    200: "doscientos duzentos двести",
    300: "trescientos trezentos триста",
    400: "cuatrocientos quatrocentos четыреста",
    500: "quinientos quinhentos пятьсот",
    600: "seiscientos seiscentos шестьсот",
    700: "setecientos setecentos семьсот",
    800: "ochocientos oitocentos восемьсот",
    900: "novecientos novecentos девятьсот",
    1000: "thousand mil mille tausend тысяча тысячи тысяч",
}
"""English, Spanish, Portuguese, French, German, Russian. `Meia`, half a dozen, is six."""
AND = frozenset({"and", "y", "e", "et", "und"})
HUNDRED, THOUSAND = 100, 1000
VINGT, AFTER_DIX = frozenset({"vingt", "vingts"}), frozenset({"sept", "huit", "neuf"})
TEENS = range(10, 20)
"""French: `quatre-vingt`, `dix-sept`, `soixante-dix`."""
GERMAN = re.compile(
    "dreizehn|vierzehn|funfzehn|sechzehn|siebzehn|achtzehn|neunzehn|zwanzig|dreissig|vierzig|funfzig|sechzig|siebzig"
    "|achtzig|neunzig|hundert|tausend|null|eins?|zwei|drei|vier|funf|sechs|sieben|acht|neun|zehn|elf|zwolf|und"
)
"""Parts of a German number, which is one word, folded."""
LONGEST_GAP = 2
"""Characters between the words of one number: a hyphen or spaces."""

CHINESE = dict(zip("零〇一二三四五六七八九幺两", (0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2), strict=True))
CHINESE_RUN = re.compile(f"[{''.join(CHINESE)}十]+")
FIGURES = re.compile(r"\d+")
LETTER_AS_FIGURE = re.compile(r"(?<=\d)[oil](?=[\doil]*\d)|(?<![^\W_])o(?=\d)")
LETTER_FOR_FIGURE = re.compile(r"\d[oil][\doil]*\d|o\d")
"""What a text has at least if `LETTER_AS_FIGURE` matches in it; it begins with what is rare."""
AS_FIGURE = {"o": "0", "i": "1", "l": "1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number of a text, as it would be written in figures."""

    digits: str
    start: int
    end: int

    @property
    def is_in_words(self) -> bool:
        """Whether it is not in figures."""
        return self.end - self.start != len(self.digits)


def may_be_in_turn(text: str, words: Iterable[str], known: Container[str], begun: Container[str]) -> bool:
    """Say, in a fraction of the time that `find_numbers` takes, if numbers of a folded text may make one.

    Args:
        text: Folded text.
        words: As `split_words` finds them in it.
        known: The numbers looked for.
        begun: All that they begin with.
    """
    figures = FIGURES.findall(text)
    if any(_parts().of(words)):
        return True
    if not text.isascii() and CHINESE_RUN.search(text):
        return True
    for first, digits in enumerate(figures):
        made = digits
        for following in figures[first + 1 :]:
            if made not in begun:
                break
            made += following
            if made in known:
                return True
    return False


def in_figures(text: str) -> str:
    """Return a folded text with the letters that stand for figures in its numbers as those, equally long."""
    if not LETTER_FOR_FIGURE.search(text):
        return text
    return LETTER_AS_FIGURE.sub(lambda found: AS_FIGURE[found.group()], text)


def find_numbers(text: str) -> list[Number]:
    """Return every number of a folded text, in its order."""
    numbers = [
        Number(digits=found.group(), start=found.start(), end=found.end()) for found in FIGURES.finditer(text)
    ]
    if any(_parts().of(split_words(text))):
        numbers += _in_words(text)
    if not text.isascii():
        numbers += _in_chinese(text)
    return sorted(numbers, key=lambda number: number.start)


def _in_words(text: str) -> Iterator[Number]:
    run: list[tuple[str, int, int, int]] = []
    for found in WORD.finditer(text):
        parts = _parts()[found.group()]
        if not parts and found.group() not in AND:
            continue
        gap = text[run[-1][3] : found.start()] if run else ""
        if len(gap) > LONGEST_GAP or gap.strip(" -"):
            yield from _numbers_of(run)
            run = []
        run += [(word, value, found.start(), found.end()) for word, value in parts]
        if not parts and run:
            run[-1] = (*run[-1][:3], found.end())
    yield from _numbers_of(run)


def _numbers_of(run: list[tuple[str, int, int, int]]) -> Iterator[Number]:
    """Yield the numbers that words side by side say, each as long as grammar lets it be."""
    number: int | None = None
    first = last = 0
    for word, value, start, end in run:
        grown = None if number is None else _grown(number, word, value)
        if number is not None and grown is None:
            yield Number(digits=str(number), start=first, end=last)
        if grown is None:
            first = start
        number, last = value if grown is None else grown, end
    if number is not None:
        yield Number(digits=str(number), start=first, end=last)


def _grown(number: int, word: str, value: int) -> int | None:
    """Return a number with one more word of it, or None where that begins the next number."""
    below = number % HUNDRED
    if value == THOUSAND:
        return number * THOUSAND if 0 < number < THOUSAND else None
    if value == HUNDRED and 0 < number % THOUSAND < 10:
        return number + number % THOUSAND * (HUNDRED - 1)
    if word in VINGT and below == 4:
        return number - 4 + 80
    if value in TEENS and below in {60, 80}:
        return number + value
    if value < 10 and below in TEENS:
        return number + value if word in AFTER_DIX and below % 20 == 10 else None
    room = THOUSAND if value >= HUNDRED else HUNDRED if value >= 10 else 10
    return number + value if number and value and number % room == 0 else None


def _in_chinese(text: str) -> Iterator[Number]:
    for found in CHINESE_RUN.finditer(text):
        yield Number(digits=_chinese_digits(found.group()), start=found.start(), end=found.end())


def _chinese_digits(said: str) -> str:
    """Return `66` for 六十六 and `1609` for 一六零九."""
    tens, ten, ones = said.partition("十")
    if ten and len(tens) <= 1 and len(ones) <= 1:
        return str(10 * CHINESE.get(tens, 1) + CHINESE.get(ones, 0))
    return "".join(str(CHINESE[character]) for character in said if character in CHINESE)


@cache
def _values() -> Mapping[str, int]:
    return {fold(word).text: value for value, words in SAID.items() for word in words.split()}


@cache
def _parts() -> WordTable[tuple[tuple[str, int], ...]]:
    """Return what each word says of a number: a part, or several in a German word, or none."""
    return WordTable(_parts_of)


def _parts_of(word: str) -> tuple[tuple[str, int], ...]:
    if word in _values():
        return ((word, _values()[word]),)
    pieces = GERMAN.findall(word)
    if len(pieces) < 2 or "".join(pieces) != word:
        return ()
    parts = [(piece, _values().get(piece, 0)) for piece in pieces]
    for place, ((unit, _), (joint, _)) in enumerate(pairwise(parts[:-1])):
        if joint == "und" and unit != "und":
            parts[place], parts[place + 2] = parts[place + 2], parts[place]
    return tuple(part for part in parts if part[0] != "und")
