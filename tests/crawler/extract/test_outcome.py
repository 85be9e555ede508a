"""Tests of what pages turn out to be when no listing is on them."""

from __future__ import annotations

import pytest

from crawler.extract.outcome import MAX_BYTES
from crawler.extract.page import extract_page
from store.model import PageOutcome
from tests.crawler.extract.pages import response

_ARTICLE = "<html><head><title>Notes</title></head><body><p>Nothing for sale here.</p></body></html>"


@pytest.mark.parametrize(
    ("body", "status", "outcome"),
    [
        (b"", 200, PageOutcome.EMPTY),
        (b" \r\n\t\x00", 200, PageOutcome.EMPTY),
        (b"\x89PNG\r\n\x1a\n....", 200, PageOutcome.NOT_HTML),
        (b"%PDF-1.7 ...", 200, PageOutcome.NOT_HTML),
        (b"PK\x03\x04....", 200, PageOutcome.NOT_HTML),
        (b'{"price": 12}', 200, PageOutcome.NOT_HTML),
        (b"<?xml version='1.0'?><rss></rss>", 200, PageOutcome.NOT_HTML),
        (b"User-agent: *\nDisallow: /", 200, PageOutcome.NOT_HTML),
        (b"<html><body><h1>Citric acid</h1><div class='pri", 200, PageOutcome.TRUNCATED),
        (b'<html><head><script type=\'application/ld+json\'>{"name": "Citr', 200, PageOutcome.TRUNCATED),
        (b"<html><body><script>a('<script>')</script><p>Nothing</p>", 200, PageOutcome.NOT_UNDERSTOOD),
        (_ARTICLE.encode(), 404, PageOutcome.GONE),
        (_ARTICLE.encode(), 410, PageOutcome.GONE),
        (_ARTICLE.encode(), 401, PageOutcome.BLOCKED),
        (_ARTICLE.encode(), 403, PageOutcome.BLOCKED),
        (_ARTICLE.encode(), 429, PageOutcome.BLOCKED),
        (_ARTICLE.encode(), 200, PageOutcome.NOT_UNDERSTOOD),
        (_ARTICLE.encode(), None, PageOutcome.NOT_UNDERSTOOD),
        (_ARTICLE.encode(), 500, PageOutcome.NOT_UNDERSTOOD),
    ],
)
def test_outcome_of_bytes_and_status(body: bytes, status: int | None, outcome: PageOutcome) -> None:
    """Every page has one outcome and a full sentence about it."""
    reading = extract_page(response(body, status=status))
    assert reading.outcome is outcome
    assert reading.sentence.endswith(".")
    assert reading.listing is None


@pytest.mark.parametrize(
    ("title", "text", "outcome"),
    [
        ("Just a moment...", "Checking your browser before you go on.", PageOutcome.BLOCKED),
        ("Attention", "Please solve the captcha to continue.", PageOutcome.BLOCKED),
        ("安全验证", "请完成滑动验证", PageOutcome.BLOCKED),
        ("Page not found", "Sorry.", PageOutcome.GONE),
        ("Shop", "This listing has been removed.", PageOutcome.GONE),
        ("Avisos", "Este anuncio finalizado ya no está disponible.", PageOutcome.GONE),
        ("Loja", "O produto não está mais disponível.", PageOutcome.GONE),
        ("Markt", "Diese Anzeige ist nicht mehr verfügbar.", PageOutcome.GONE),
        ("Доска", "Объявление снято с публикации: объявление удалено.", PageOutcome.GONE),
        ("化学网", "该产品已下架", PageOutcome.GONE),
    ],
)
def test_outcome_in_words(title: str, text: str, outcome: PageOutcome) -> None:
    """Sites often say *gone* or *no entry* with status 200."""
    page = f"<html><head><title>{title}</title></head><body><p>{text}</p></body></html>"
    assert extract_page(response(page)).outcome is outcome


def test_log_in_wall_is_blocked() -> None:
    """A page that shows only a password field is not worked around."""
    page = "<html><body><h1>Sign in</h1><form><input name=u><input type=password name=p></form></body></html>"
    assert extract_page(response(page)).outcome is PageOutcome.BLOCKED


def test_list_with_a_log_in_form_stays_a_list() -> None:
    """Forums and shops show a log-in form beside their rows."""
    rows = "".join(
        f'<li class=row><a href="/i/{n}">Citric acid lot {n}</a> <b>$1{n}</b></li>' for n in range(5)
    )
    page = f"<html><body><form>Log in <input type=password></form><ul>{rows}</ul></body></html>"
    assert extract_page(response(page)).outcome is PageOutcome.CATEGORY


def test_large_page_is_not_parsed() -> None:
    """A page above the limit is only measured."""
    assert extract_page(response(" " * MAX_BYTES + "<p>")).outcome is PageOutcome.TOO_LARGE


def test_comment_alone_is_unreadable() -> None:
    """Markup without any element cannot be read."""
    assert extract_page(response("<!-- nothing -->")).outcome is PageOutcome.UNREADABLE
