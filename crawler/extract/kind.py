"""Weighs whether a page is one item's own page or a list of several."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from crawler.extract.lines import squeeze

if TYPE_CHECKING:
    from collections.abc import Collection

    from lxml import etree

    from crawler.extract.rows import Rows

_LISTING_LINE = 3
_LONG_DESCRIPTION = 150
_MOST_BUY_BUTTONS = 6
_FULL_PAGE = 20
_BUY = re.compile(
    r"(?:add|move) (?:item )?to (?:your |my |shopping )?(?:cart|bag|basket|trolley)|"
    r"buy(?: it)? now|place bid|"
    r"contact (?:supplier|seller|advertiser)|send (?:inquiry|enquiry|message)|reply|request (?:a )?quote|"
    r"(?:añadir|agregar) al? (?:carr(?:o|ito)|bolsa|cesta)|comprar(?: ahora| agora| já)?|"
    r"contactar(?: al vendedor)?|"
    r"adicionar (?:ao|à) (?:carrinho|sacola)|ajouter au panier|acheter|contacter le vendeur|"
    r"in den (?:warenkorb|einkaufswagen)|jetzt kaufen|anbieter kontaktieren|nachricht (?:senden|schreiben)|"
    r"(?:добавить |положить )?в корзину|купить(?: сейчас)?|написать продавцу|показать телефон|"
    r"加入购物车|加入購物車|立即购买|立即購買|我要購買|我要购买|联系卖家|联系供应商|カートに入れる|장바구니|"
    r"aggiungi al carrello|dodaj do koszyka|do koszyka|do košíka|do košíku|adaugă în coș|adauga in cos|"
    r"sepete ekle|"
    r"הוסף לסל|הוספה לסל|kosárba|i kurv|lägg i varukorg(?:en)?|in winkelwagen",
    re.IGNORECASE,
)
_BUTTONS = ("button", "input", "a")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """What was found on a page that speaks for the one or the other."""

    has_product: bool
    """Structured data or application state names the page's own product."""
    has_offer: bool
    """That product has a price."""
    is_called_product: bool
    """Its meta tags call it a product."""
    has_meta_price: bool
    has_shown_price: bool
    has_heading: bool
    known_labels: int
    """Rows such as *Purity* or *MOQ* outside the rows of lists."""
    description_chars: int
    buy_buttons: int
    """Outside the rows of lists."""
    lists_others: bool
    """Structured data lists products, none of which is the page's own."""
    has_next_page: bool
    is_paged: bool
    best_rows: Rows | None


def is_listing(signs: Signs) -> bool:
    """Says whether more speaks for one item's own page than for a list.

    The weights are set by hand: what only an item's page has counts two or three, what is merely usual one.
    """
    one = 3 * signs.has_product + signs.has_offer + 2 * signs.is_called_product + 2 * signs.has_meta_price
    one += 2 * signs.has_shown_price + min(signs.known_labels, 3) + signs.has_heading
    one += signs.description_chars >= _LONG_DESCRIPTION
    can_buy = 0 < signs.buy_buttons <= _MOST_BUY_BUTTONS and signs.has_shown_price and signs.has_heading
    one += 2 * can_buy
    many = 3 * signs.lists_others + 2 * signs.has_next_page + signs.is_paged
    if signs.best_rows is not None:
        number, priced = len(signs.best_rows.elements), signs.best_rows.priced >= 0.5
        many += (number > 1) + (number >= 5) + (number >= 10) + priced
        many += 2 * (number >= _FULL_PAGE and priced and (signs.is_paged or signs.has_next_page))
    return one >= _LISTING_LINE and one > many


def count_buy_buttons(root: etree._Element, skipped: Collection[etree._Element]) -> int:
    """Counts the buttons that buy or ask for an item, outside the rows of lists; stops at seven."""
    found = 0
    for element in root.iter(*_BUTTONS):
        text = element.get("value") if element.tag == "input" else _label(element)
        if text and len(text) <= 40 and _says_buy(text):
            found += not any(each in skipped for each in element.iterancestors())
        if found > _MOST_BUY_BUTTONS:
            break
    return found


@lru_cache(maxsize=16384)  # menus are the same on all pages of a site
def _says_buy(text: str) -> bool:
    return _BUY.fullmatch(squeeze(text)) is not None


def _label(element: etree._Element) -> str:
    text = (element.text or "").strip()
    return text or (squeeze("".join(element.itertext())) if len(element) <= 3 else "")
