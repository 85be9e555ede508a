"""An invented shop whose pages mislead the general rules, in two layouts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.teach.pages import SourcePage

if TYPE_CHECKING:
    from pathlib import Path

BASE = "https://shop.example/"
SELLERS = ("Ana Rojas", "Beto Luna", "Caro Díaz")
LAYOUT = """<!DOCTYPE html><html lang="en"><head><title>Lamp shop</title></head><body>
<div id="top"><h1>Lamp shop</h1><a href="/">home</a></div>
<div class="x81726 offer-box"><div class="offer-name">{title}</div>
<p class="money"><s>$ {old}.00</s> <b class="now" data-amount="{price}.00">$ {price}.00</b>
<i>or 3 x $ 4.00</i></p>
<dl><dt>Offered by</dt><dd>{seller}</dd><dt>Where</dt><dd>Hall {number}</dd></dl>
<div class="words">{words}</div></div>
<ul class="more"><li class="money"><b class="now">$ 1.00</b></li></ul></body></html>"""
CHANGED = """<!DOCTYPE html><html lang="en"><head><title>Lamp shop</title></head><body>
<h1>{title}</h1><section><span class="price">$ {price}.00</span><em>{seller}</em></section>
<div class="description">{words}</div></body></html>"""


def body(number: int, layout: str = LAYOUT) -> bytes:
    """Return the page of one item."""
    text = layout.format(
        title=f"Lamp of kind {number}",
        old=90 + number,
        price=20 + number,
        seller=SELLERS[number % 3],
        number=number,
        words=f"Number {number} is a lamp of brass and glass with a green shade, for a desk, never used.",
    )
    return text.encode()


def page(number: int, layout: str = LAYOUT) -> SourcePage:
    """Return one saved page."""
    return SourcePage(url=f"{BASE}item/{number}", body=body(number, layout))


def truth(number: int) -> dict[str, str]:
    """Return what a person reads on the page of an item."""
    return {
        "title": f"Lamp of kind {number}",
        "price": f"$ {20 + number}.00",
        "seller": SELLERS[number % 3],
        "location": f"Hall {number}",
    }


def write_site(folder: Path, *, first: int, changed: int = 0) -> Path:
    """Write `first` pages of the layout and then `changed` pages of the other one; return the folder."""
    for number in range(1, first + changed + 1):
        path = folder / "item" / f"{number}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body(number, LAYOUT if number <= first else CHANGED))
    return folder
