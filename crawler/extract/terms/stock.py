"""Tells whether an offer can be had: from what its data say, and from what the page shows beside its price."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from crawler.extract.hidden import is_within_hidden

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawler.extract.heading import Heading
    from crawler.extract.lines import Line

IN_STOCK, OUT_OF_STOCK, PREORDER = "in_stock", "out_of_stock", "preorder"
_SAID = (
    (OUT_OF_STOCK, re.compile(r"out ?of ?stock|sold ?out|discontinued|unavailable|^oos$")),
    (PREORDER, re.compile(r"pre ?(?:order|sale)|back ?order|made ?to ?order")),
    (IN_STOCK, re.compile(r"in ?stock|limited ?availability|in ?store ?only|online ?only|^available$")),
)
_OUT = re.compile(
    r"(?:currently |temporarily )?(?:out of stock|sold out|unavailable)(?: online)?|no longer available|"
    r"(?:this )?(?:item|product|listing|offer) is (?:currently |no longer )?(?:out of stock|unavailable|available)|"
    r"(?:producto )?(?:agotado|sin (?:stock|existencias)|no disponible)|fuera de stock|"
    r"(?:produto )?(?:esgotado|indispon[ií]vel)|sem estoque|"
    r"(?:produit )?(?:épuisé|indisponible)|en rupture(?: de stock)?|rupture de stock|"
    r"(?:derzeit |momentan |aktuell )?(?:ausverkauft|nicht (?:verfügbar|lieferbar|vorrätig|auf lager))|vergriffen|"
    r"(?:товара? )?нет в наличии|(?:товар )?(?:закончился|распродан|недоступен)|снят с продажи|"
    r"缺货|无货|暂无库存|售罄|已售完|已售罄|無庫存|補貨中|"
    r"品切れ|在庫切れ|품절|esaurito|non disponibile|uitverkocht|niet (?:op voorraad|leverbaar)|"
    r"wyprzedan[ey]|(?:produkt )?niedostępny|brak w magazynie|vypredané|vyprodáno|nie je na sklade|není skladem|"
    r"stoc epuizat|indisponibil|nincs (?:készleten|raktáron)|slutsåld|udsolgt|utsolgt|loppuunmyyty|tükendi|"
    r"אזל(?: מהמלאי)?|לא במלאי|(?:המוצר )?אינו במלאי|غير متوفر",
    re.IGNORECASE,
)
_IN = re.compile(
    r"in stock|available(?: now)?|ready to ship|en stock|(?:hay )?(?:stock )?disponible|em (?:estoque|stock)|disponível|"
    r"auf lager|lieferbar|verfügbar|vorrätig|sofort lieferbar|(?:есть )?в наличии|有货|现货|有現貨|在庫あり|skladom|skladem|"
    r"dostępny|în stoc|op voorraad|במלאי",
    re.IGNORECASE,
)
_LONGEST = 48
_LINES_READ = 80


def said_stock(text: str) -> str:
    """Reads what data say, e.g. `https://schema.org/OutOfStock` or `in stock`; empty text for other words."""
    plain = re.sub(r"[_-]", " ", text.rpartition("/")[2]).strip().casefold()
    return next((value for value, words in _SAID if words.search(plain)), "")


def shown_stock(lines: Sequence[Line], heading: Heading) -> tuple[str, str]:
    """Finds a short line near the heading that says nothing but whether the offer can be had.

    Where such lines contradict each other, as on pages that hold the words for every variant, none counts.

    Args:
        lines: The page's visible lines, without those of other listings.
        heading: The page's own.

    Returns:
        The line and its value; two empty texts when the page does not say.
    """
    start = next((at for at, line in enumerate(lines) if line.element is heading.element), 0)
    found: dict[str, str] = {}
    for line in lines[start : start + _LINES_READ]:
        text = line.text.strip(" .!:•-()[]")
        if len(text) > _LONGEST:
            continue
        value = _said_alone(text)
        if value and not is_within_hidden(line.element):
            found.setdefault(value, text)
    return next(((text, value) for value, text in found.items()), ("", "")) if len(found) == 1 else ("", "")


@lru_cache(maxsize=16384)  # menus and labels are the same on all pages of a site
def _said_alone(text: str) -> str:
    return OUT_OF_STOCK if _OUT.fullmatch(text) else IN_STOCK if _IN.fullmatch(text) else ""
