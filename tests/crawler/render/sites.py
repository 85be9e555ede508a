"""A shop that draws its pages by script, saved and live, with everything that such a page may try."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from fixtures.misbehaving.answers import html

if TYPE_CHECKING:
    from fixtures.misbehaving.server import Answer

SHOP, STATIC, API, TRACKER = "shop.example", "static.example", "api.example", "tracker.example"
GOODS = {"1": ("Toluene, 200 l drum", "410.50 EUR"), "2": ("Acetic anhydride, 25 kg", "93.00 EUR")}
TEXT = "Technical grade, in closed drums, ready to ship from a dry store. " * 3
DRAW = """
const draw = async () => {
  const answer = await fetch("/api/item/" + location.pathname.split("/").pop());
  const item = await answer.json();
  document.getElementById("root").innerHTML =
    `<h1>${item.title}</h1><p class="price">${item.price}</p><p class="description">${item.text}</p>`;
};
draw();
"""
LIST = """
let page = 0;
const rows = (from) => Array.from({length: 4}, (_, at) => from + at).map((at) =>
  `<li><a href="/thing/${at}">Drum of solvent ${at}</a> <b>${20 + at}.00 EUR</b></li>`).join("");
const show = () => { document.getElementById("rows").innerHTML = rows(4 * page); };
document.getElementById("next").onclick = () => { page += 1; show(); };
show();
"""
GROWING = """
let count = 0;
const grow = () => {
  for (let at = 0; at < 4 && count < 400; at += 1, count += 1) {
    const row = document.createElement("li");
    row.style.height = "300px";
    row.innerHTML = `<a href="/thing/${count}">Drum of solvent ${count}</a> <b>${20 + count}.00 EUR</b>`;
    document.getElementById("rows").append(row);
  }
};
grow();
window.addEventListener("scroll", grow);
"""


def shell(script: str, body: str = '<div id="root"></div>') -> bytes:
    """Return a page that shows nothing until its script runs."""
    return html("Shop", f'{body}<script src="{script}"></script>')


def item_json(number: str) -> bytes:
    """Return the data of an item, as the site's script asks for it."""
    title, price = GOODS[number]
    return json.dumps({"title": title, "price": price, "text": TEXT}).encode()


def inline(script: str, body: str = '<div id="root"></div>') -> bytes:
    """Return a page with a script of its own."""
    return html("Shop", f"{body}<script>{script}</script>")


def play_shop(answer: Answer) -> None:
    """Answer for the shop: items and lists that scripts draw."""
    name = answer.path.rpartition("/")[2]
    if answer.path.startswith("/api/item/") and name in GOODS:
        answer.give(item_json(name), content_type="application/json")
    elif answer.path.startswith("/item/"):
        answer.give(shell(f"http://{STATIC}:{answer.player.port}/app.js"))
    elif answer.path == "/plain":
        answer.give(
            html("Lamp", "<h1>Lamp</h1><p class=price>5.00 EUR</p><p>An old lamp.</p><script>1</script>")
        )
    elif answer.path == "/list":
        answer.give(inline(LIST, '<h1>Solvents</h1><ul id="rows"></ul><button id="next">Next</button>'))
    elif answer.path == "/growing":
        answer.give(inline(GROWING, '<h1>Solvents</h1><ul id="rows"></ul>'))
    else:
        answer.give(b"", 404)


def play_static(answer: Answer) -> None:
    """Answer for the host of the shop's scripts."""
    if answer.path == "/app.js":
        answer.give(DRAW.encode(), content_type="text/javascript")
    else:
        answer.give(b"", 404)
