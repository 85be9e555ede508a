"""Tests of telling sellers' names."""

from __future__ import annotations

import pytest

from crawler.extract.offer import looks_like_name


@pytest.mark.parametrize(
    "text", ["Orrery Reagents", "青禾湾化工有限公司", "ООО «Северный Плёс»", "Juana Prueba"]
)
def test_name_is_told(text: str) -> None:
    """Names of companies and people in several scripts."""
    assert looks_like_name(text)


@pytest.mark.parametrize(
    "text",
    [
        "Chat Now",
        "Contact supplier",
        "Enviar mensaje",
        "联系供应商",
        "Supplier:",
        "US $12.00",
        "4.8",
        "x" * 200,
    ],
)
def test_button_label_or_price_is_no_name(text: str) -> None:
    """Text beside a name is not part of the name."""
    assert not looks_like_name(text)
