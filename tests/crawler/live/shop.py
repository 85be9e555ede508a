"""A small well-behaved shop over HTTP, whose goods can be changed between two crawls."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fixtures.misbehaving.answers import html

if TYPE_CHECKING:
    from collections.abc import Callable

    from fixtures.misbehaving.server import Answer

HOST = "shop.example"


@dataclass(slots=True, kw_only=True)
class Shop:
    """The pages of a site, and its behaviour besides answering."""

    goods: list[str] = field(default_factory=lambda: [f"chair {number}" for number in range(12)])
    unlisted: set[str] = field(default_factory=set)
    """Goods that no list names any more, though their pages may stand."""
    gone: set[str] = field(default_factory=set)
    marks: bool = False
    """Whether pages come with an ETag."""
    robots: str = ""
    before: Callable[[Answer], bool] = lambda _: False
    """Called with each request; true when it has answered itself."""

    def play(self, answer: Answer) -> None:
        """Answer a request."""
        if self.before(answer):
            return
        name = answer.path.removeprefix("/item/").replace("-", " ")
        if answer.path == "/robots.txt":
            answer.give(self.robots.encode(), content_type="text/plain")
        elif answer.path == "/":
            self._give(answer, html("Shop", '<h1>Shop</h1><a href="/list">All chairs</a>'))
        elif answer.path == "/list":
            self._give(answer, html("Chairs", f"<h1>Chairs</h1><ul>{self._rows()}</ul>"))
        elif name in self.goods and name not in self.gone:
            price = f"<p class=price>{20 + self.goods.index(name)}.50 EUR</p>"
            self._give(answer, html(name, f"<h1>{name}</h1>{price}<p>Well kept, from a dry room.</p>"))
        else:
            answer.give(html("404", "Not found"), 404)

    def _rows(self) -> str:
        shown = [name for name in self.goods if name not in self.unlisted]
        return "".join(
            f'<li><a href="/item/{name.replace(" ", "-")}">{name}</a> <b>{20 + at}.50 EUR</b></li>'
            for at, name in enumerate(shown)
        )

    def _give(self, answer: Answer, body: bytes) -> None:
        mark = f'"{hash(body):x}"'
        if self.marks and answer.headers.get("If-None-Match") == mark:
            answer.give(b"", 304, ETag=mark)
        elif self.marks:
            answer.give(body, ETag=mark)
        else:
            answer.give(body)
