"""Tests of label-and-value rows, by layout and by language."""

from __future__ import annotations

import pytest

from crawler.extract.elements import visible_lines
from crawler.extract.labelled_rows import labelled_rows
from tests.crawler.extract.pages import document
from text.page_words import Label, known_label


@pytest.mark.parametrize(
    ("html", "name", "value"),
    [
        ("<dl><dt>Purity:</dt><dd>99 %</dd></dl>", "Purity", "99 %"),
        ("<table><tr><th>CAS No.</th><td>77-92-9</td></tr></table>", "CAS No.", "77-92-9"),
        ("<table><tr><td>纯度</td><td>98%</td></tr></table>", "纯度", "98%"),
        ("<table><tr><td>CAS</td><td>77-92-9</td><td>Purity</td><td>98%</td></tr></table>", "Purity", "98%"),
        ("<ul><li><b>Pureza:</b> 99 %</li></ul>", "Pureza", "99 %"),
        ("<p>Минимальный заказ: 25 кг</p>", "Минимальный заказ", "25 кг"),
        ("<div>起订量：1千克</div>", "起订量", "1千克"),
        ("<div><span>Reinheit</span> <span>99 %</span></div>", "Reinheit", "99 %"),
        ("<div><div>Verkäufer</div><div>Musterlabor GmbH</div></div>", "Verkäufer", "Musterlabor GmbH"),
        ("<li>Farbton nach Karte: blau</li>", "Farbton nach Karte", "blau"),
    ],
)
def test_row_is_found(html: str, name: str, value: str) -> None:
    """Tables, lists, lines and pairs of elements all give rows."""
    rows = labelled_rows(visible_lines(document(html).root))
    assert (name, value) in [(row.name, row.value) for row in rows]


@pytest.mark.parametrize(
    "html",
    [
        "<p>We open at 10:30 every day</p>",
        "<p>See https://shop.example/about for more</p>",
        "<p>Note well: read this</p>",
    ],
)
def test_running_text_is_no_row(html: str) -> None:
    """A colon alone does not make a property."""
    assert labelled_rows(visible_lines(document(html).root)) == []


@pytest.mark.parametrize(
    ("text", "label"),
    [
        *((text, Label.MINIMUM_ORDER) for text in ("Min. Order:", "Pedido mínimo", "Encomenda mínima")),
        *((text, Label.MINIMUM_ORDER) for text in ("Commande minimum", "Mindestbestellmenge")),
        *((text, Label.MINIMUM_ORDER) for text in ("Мин. заказ", "起订量：")),
        *((text, Label.SELLER) for text in ("Supplier", "Vendedor", "Fornecedor", "Vendeur", "Verkäufer")),
        *((text, Label.SELLER) for text in ("Продавец", "供应商")),
        *((text, Label.LOCATION) for text in ("Ships from", "UBICACION", "Localização", "Lieu", "Standort")),
        *((text, Label.LOCATION) for text in ("Город", "所在地")),
        *((text, Label.PACK) for text in ("Packaging", "Envase", "Embalagem", "Conditionnement", "Gebinde")),
        *((text, Label.PACK) for text in ("Фасовка", "包装")),
        ("Lovely weather", None),
        ("x" * 50, None),
    ],
)
def test_label_is_known_in_seven_languages(text: str, label: Label | None) -> None:
    """Case, accents and final colons do not matter."""
    assert known_label(text) is label
