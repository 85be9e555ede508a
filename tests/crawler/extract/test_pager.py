"""Tests of finding the next page."""

from __future__ import annotations

import pytest

from crawler.extract.links import is_paged, next_page
from tests.crawler.extract.pages import document

_PAGE_2 = "https://shop.example/list?page=2"


@pytest.mark.parametrize(
    "html",
    [
        '<head><link rel="next" href="?page=2"></head>',
        '<a rel="next" href="?page=2">more</a>',
        '<a href="?page=2">Next</a>',
        '<a href="?page=2">Next »</a>',
        '<a href="?page=2">›</a>',
        '<a href="?page=2" aria-label="Next page"><svg></svg></a>',
        '<a href="?page=2">Siguiente</a>',
        '<a href="?page=2">Próxima página</a>',
        '<a href="?page=2">Suivant</a>',
        '<a href="?page=2">Weiter</a>',
        '<a href="?page=2">След.</a>',
        '<a href="?page=2">下一页</a>',
        '<li class="pagination-next"><a href="?page=2"><i></i></a></li>',
        '<div><b>1</b> <a href="?page=2">2</a> <a href="?page=3">3</a></div>',
        '<ul><li class="on"><span>1</span></li><li><a href="?page=2">2</a></li></ul>',
        '<nav><a class="btn active" href="?page=1">1</a><a class="btn" href="?page=2">2</a></nav>',
        '<div class="nav-next"><a href="?page=2">Newer offers →</a></div>',
        '<head><link rel="next" href="?stale=9"></head><a class="next" href="?page=2">▸</a>',
    ],
)
def test_next_page_is_found(html: str) -> None:
    """Relations, words, arrows, names and numbers all lead on."""
    assert next_page(document(html, url="https://shop.example/list")) == _PAGE_2


@pytest.mark.parametrize(
    "html",
    [
        '<a href="?page=1">« Previous</a> <a href="?page=1">1</a> <b>2</b>',
        '<div class="slider"><a href="/photo2">Next</a></div>',
        '<a href="javascript:go()">Next</a>',
        "<p>What comes next is not known.</p>",
        '<span class="prev_next"><a rel="prev" href="?page=1">«</a></span>',
        '<a class="next" href="?limit=all">Show all</a>',
        '<table class="calendar"><tr><td>1</td><td><a href="?d=2">2</a></td></tr></table>',
        '<a href="/events?month=2026-12">»</a>',
        '<div class="nav-previous"><a href="?page=3">Older posts</a></div>',
    ],
)
def test_last_page_has_no_next(html: str) -> None:
    """Earlier pages, sliders and scripts are not the next page."""
    assert next_page(document(html, url="https://shop.example/list?page=2")) is None


def test_numbered_links_make_a_page_one_of_several() -> None:
    """Two numbers in a row are a pager; one is not."""
    assert is_paged(document('<a href="?p=1">1</a> <a href="?p=2">2</a> <b>3</b>'))
    assert not is_paged(document('<a href="?p=1">1</a>'))
