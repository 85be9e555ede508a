"""Tests of decoding pages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.extract.document import decode_page

_RUSSIAN = "<html><body><p>Продаём глицерин и лимонную кислоту со склада в больших бочках</p></body></html>"
_CHINESE = "<html><body><p>专业供应柠檬酸和甘油，现货充足，欢迎来电咨询洽谈合作。</p></body></html>"
_SPANISH = "<html><body><p>Ácido cítrico en envase de 25 kg, envío a toda España, señor</p></body></html>"


@pytest.mark.parametrize(
    ("text", "encoding", "content_type"),
    [
        (_RUSSIAN, "windows-1251", "text/html; charset=windows-1251"),
        (_RUSSIAN, "windows-1251", "text/html; charset=utf-8"),
        (_RUSSIAN, "windows-1251", "text/html; charset=iso-8859-1"),
        (_RUSSIAN, "utf-8", "text/html; charset=windows-1251"),
        (_CHINESE, "gb18030", "text/html; charset=gb2312"),
        (_CHINESE, "gb18030", None),
        (_CHINESE, "utf-8", "text/html; charset=gbk"),
        (_SPANISH, "cp1252", "text/html; charset=iso-8859-1"),
        (_SPANISH, "utf-8", None),
        (_SPANISH, "utf-8-sig", "text/html; charset=iso-8859-1"),
        (_SPANISH, "utf-16", None),
    ],
)
def test_text_is_decoded_whatever_is_declared(text: str, encoding: str, content_type: str | None) -> None:
    """Bytes that can only be one charset outweigh a wrong declaration."""
    assert decode_page(text.encode(encoding), content_type) == text


def test_meta_declaration_is_used() -> None:
    """Without a header the page's own declaration counts."""
    page = '<html><head><meta charset="windows-1251"></head><body>цена</body></html>'
    assert "цена" in decode_page(page.encode("cp1251"))


@pytest.mark.parametrize(
    ("language", "text", "encoding"),
    [
        ("en", "Crème brûlée torch. Réglable, à recharger; livrée sans gaz.", "cp1252"),
        ("fr", "Crème brûlée", "cp1252"),
        (
            "pl",
            "Kwas cytrynowy spożywczy, worki po dwadzieścia pięć kilogramów, wysyłka następnego dnia",
            "cp1250",
        ),
        ("en", "Продаём глицерин и лимонную кислоту со склада в больших бочках", "cp1251"),
    ],
)
def test_a_wrong_declaration_of_utf_8_is_settled_by_the_language(
    language: str, text: str, encoding: str
) -> None:
    """A page in a Western language is Windows-1252 where its bytes allow it; others are detected."""
    page = f'<html lang="{language}"><head><meta charset="utf-8"></head><body><p>{text}</p></body></html>'
    assert decode_page(page.encode(encoding)) == page


def test_few_damaged_bytes_do_not_change_the_charset() -> None:
    """One broken byte in a UTF-8 page becomes one replacement character."""
    body = _RUSSIAN.encode().replace(b"</p>", b"\xff</p>")
    assert decode_page(body, "text/html; charset=utf-8").count("\ufffd") == 1


@given(
    st.binary(max_size=300),
    st.sampled_from([None, "", "text/html; charset=nonsense", "text/html; charset=gb2312"]),
)
def test_any_bytes_are_decoded(body: bytes, content_type: str | None) -> None:
    """Decoding never fails."""
    decode_page(body, content_type)
