"""Read an amount with its unit out of a short text, in several languages, e.g. `25 кг/мешок` as 25 kg."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache

_UNITS = {
    "kg": "kg, kgs, kilogram, kilograms, kilo, kilos, kilogramo, kilogramos, quilo, quilos, quilograma, "
    "kilogramm, kilogrammes, кг, килограмм, килограмма, 公斤, 千克",
    "g": "g, gr, gram, grams, gramo, gramos, grama, gramas, gramm, gramme, grammes, г, гр, грамм, 克",
    "mg": "mg, мг, 毫克",
    "t": "t, ton, tons, tonne, tonnes, mt, metric ton, metric tons, tonelada, toneladas, tonnen, тонна, тонны, "
    "тонн, т, 吨",
    "lb": "lb, lbs, pound, pounds, libra, libras",
    "oz": "oz, ounce, ounces, onza, onzas",
    "L": "l, lt, ltr, liter, liters, litre, litres, litro, litros, л, литр, литра, литров, 升",
    "mL": "ml, cc, мл, 毫升",
    "gal": "gal, gallon, gallons, galón, galones",
    "pcs": "pcs, pc, piece, pieces, unit, units, unidad, unidades, unidade, pieza, piezas, peça, peças, stück, "
    "stk, pièce, pièces, шт, штук, штука, set, sets, 件, 个, 台, 套, 只",
}
_CONTAINERS = {
    "drum": "drum, drums, barrel, barrels, tambor, tambores, bidón, bidones, fass, fässer, fût, fûts, бочка, "
    "бочке, бочки, 桶",
    "bag": "bag, bags, sack, sacks, bolsa, bolsas, saco, sacos, sack, säcke, beutel, sac, sacs, sachet, мешок, "
    "мешке, мешки, пакет, пакете, 袋",
    "bottle": "bottle, bottles, botella, botellas, frasco, frascos, garrafa, flasche, flaschen, bouteille, flacon, "
    "бутылка, бутылке, флакон, 瓶",
    "box": "box, boxes, carton, cartons, caja, cajas, caixa, caixas, karton, kartons, boîte, коробка, коробке, 箱, 盒",
    "canister": "canister, jerrycan, jerry can, kanister, bidon, galão, канистра, канистре",
    "ibc": "ibc, ibc tank",
    "can": "can, tin, lata, dose, банка, 罐",
}
_BLANK = r"[ \u00a0\u2009\u202f]"
WHOLE_NUMBER = (
    # Not the tail of another number (0.25, 1/2, 5-10) nor of a word; of Chinese alone, which writes no spaces.
    r"(?:(?<=\d[x×х*])|(?<![^\W\u3400-\u9fff])(?<!\d[.,’'/–-])(?<!\s[.,])(?<!^[.,]))"
    rf"(?:\d{{1,3}}(?:(?:{_BLANK}|[.,’'])\d{{3}})+(?!\d)(?:[.,]\d{{1,2}}(?!\d))?|\d+(?:[.,]\d+)?|(?<![^\s(])\.\d+)"
)
"""Pattern of a number from its first digit on, with or without decimals and thousands; it has no groups."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """An amount of a unit, maybe in a container."""

    amount: Decimal
    unit: str
    container: str = ""


def read_quantity(text: str) -> Quantity | None:
    """Read the first amount that has a unit, or None.

    Args:
        text: E.g. `25kg/drum`, `1 метрическая тонна`, `起订量 5 千克`.
    """
    found = _pattern().search(text.casefold())
    if found is None:
        return None
    amount = read_number(found["number"])
    unit = _symbols()[" ".join(found["unit"].split())]
    return None if amount is None else Quantity(amount, unit, container_in(found["rest"] or ""))


def unit_after_slash(text: str) -> str:
    """Return the unit of a price such as `$40 / kg`, `40 €/Stück`, `40 руб. за кг` or `40元/千克`, or none."""
    found = _per().search(text.casefold())
    return _symbols()[" ".join(found["unit"].split())] if found else ""


def container_in(text: str) -> str:
    """Return the container a text names, e.g. `drum`, or empty text."""
    found = _container_pattern().search(text.casefold())
    return _container_names()[found[0]] if found else ""


def read_number(text: str) -> Decimal | None:
    """Read a number whose last separator is the decimal one unless three digits follow it.

    >>> read_number("1.000"), read_number("99,5"), read_number("1 250.75"), read_number("0.125")
    (Decimal('1000'), Decimal('99.5'), Decimal('1250.75'), Decimal('0.125'))
    """
    bare = re.sub(rf"{_BLANK}|[’']", "", text)
    whole, separator, rest = bare[:-1], "", ""
    at = max(bare.rfind("."), bare.rfind(","))
    if at >= 0:
        whole, separator, rest = bare[:at], bare[at], bare[at + 1 :]
    if separator and (len(rest) != 3 or whole in {"", "0"}):  # no thousands begin with nothing
        bare = f"{re.sub(r'[.,]', '', whole)}.{rest}"
    else:
        bare = re.sub(r"[.,]", "", bare)
    try:
        return Decimal(bare)
    except InvalidOperation:
        return None


@cache
def _symbols() -> dict[str, str]:
    return {word.strip(): unit for unit, words in _UNITS.items() for word in words.split(",")}


@cache
def _container_names() -> dict[str, str]:
    return {word.strip(): name for name, words in _CONTAINERS.items() for word in words.split(",")}


def _words(words: dict[str, str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


@cache
def _pattern() -> re.Pattern[str]:
    return re.compile(
        rf"(?P<number>{WHOLE_NUMBER})\s?-?(?P<unit>{_words(_symbols())})(?![a-zа-яё])(?P<rest>.{{0,24}})"
    )


@cache
def _per() -> re.Pattern[str]:
    return re.compile(
        rf"(?:/|\bper\b|\bpor\b|\bpro\b|\bpar\b|\bза\b|每)\s?(?:1\s?)?(?P<unit>{_words(_symbols())})(?![a-zа-яё])"
    )


@cache
def _container_pattern() -> re.Pattern[str]:
    latin = _words(_container_names())
    return re.compile(rf"(?<![a-zа-яёà-ÿ])(?:{latin})(?![a-zа-яёà-ÿ])")
