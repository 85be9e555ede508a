"""How predicted values are held against the accepted ones: the public benchmark's way.

Every page has at most one prediction a field. A wrong one is a false positive and, where there was a right
one, a miss as well (`evaluate.py` of scrapinghub/product-extraction-benchmark). A page that says nothing of
availability counts as in stock, for every reader alike.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from text.money import Place, currency_code

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from benchmarks.extraction_truth import Expected

_TRADE_MARK = re.compile("[\u2122\u2120\u0099]")
_SITE_BEHIND = re.compile(r"\s[–|:]\s[^–|:]*$")
Prediction = dict[str, str]
"""Field to value; what was not found is absent."""


@dataclass(slots=True)
class Counts:
    """Right, wrong and missed predictions of one field."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    def add(self, *, expected: bool, predicted: bool, is_right: bool) -> None:
        """Count one page."""
        self.right += is_right
        self.wrong += predicted and not is_right
        self.missed += expected and not is_right

    @property
    def precision(self) -> float:
        """Share of predictions that are right; 1 when there are none to make."""
        return self._share(self.wrong)

    @property
    def recall(self) -> float:
        """Share of expected values that were found."""
        return self._share(self.missed)

    @property
    def f1(self) -> float:
        """Harmonic mean of both."""
        return 2 * self.right / whole if (whole := 2 * self.right + self.wrong + self.missed) else 1.0

    def as_json(self) -> dict[str, float]:
        """Return every figure, for programs."""
        return {
            "precision": self.precision,
            "recall": self.recall,
            "f1": self.f1,
            "support": self.right + self.missed,
        }

    def _share(self, other: int) -> float:
        return self.right / (self.right + other) if self.right + other else float(not self.wrong)


def matches(field: str, page: Expected, prediction: Prediction) -> bool:
    """Whether a page's prediction is one of the accepted values.

    Price as a decimal number, sku and availability as written, brand and gtin without regard to case, spaces
    and leading zeros, titles as `titles_agree`; a currency is right when the sign the page shows may mean it.
    """
    value = prediction.get(field)
    if value is None:
        return False
    if field == "currency":
        return any(_may_mean(sign, value) for sign in page.values[field])
    if field == "title":
        return any(titles_agree(each, value, loosely=page.loose_title) for each in page.values[field])
    normal = _NORMAL.get(field, str)
    return normal(value) in {normal(each) for each in page.values[field]}


def score(pages: Iterable[tuple[Expected, Prediction]], field: str) -> Counts:
    """Count one field over all pages."""
    counts = Counts()
    for page, prediction in pages:
        counts.add(
            expected=bool(page.values[field]),
            predicted=field in prediction,
            is_right=matches(field, page, prediction),
        )
    return counts


def titles_agree(expected: str, found: str, *, loosely: bool) -> bool:
    """Whether two titles name the same; loosely, when one holds all words of the other."""
    one, other = _words(expected), _words(found)
    if not loosely:
        return one == other
    bare = _words(_SITE_BEHIND.sub("", expected))  # a document's title ends in the site's name
    return any(
        each and other and (set(each) <= set(other) or set(other) <= set(each)) for each in (one, bare)
    )


def _words(text: str) -> list[str]:
    # NFKC would write the sign of a trade mark as two letters, which no page shows.
    return re.findall(r"\w+", unicodedata.normalize("NFKC", _TRADE_MARK.sub(" ", text)).casefold())


def _decimal(text: str) -> str:
    try:
        return str(Decimal(text).normalize())
    except InvalidOperation:
        return text


def _may_mean(sign: str, code: str) -> bool:
    if sign == code or currency_code(sign, Place()) == code:
        return True
    # `$` and `kr` are shared by many; the set gives the sign alone.
    return (sign == "$" and code[-1:] in {"D", "N", "S", "P", "U"}) or (sign == "kr" and code[-1:] == "K")


_NORMAL: Mapping[str, Callable[[str], str]] = {
    "price": _decimal,
    "brand": lambda text: " ".join(_words(text)),
    "gtin": lambda text: re.sub(r"\D", "", text).lstrip("0"),
}
