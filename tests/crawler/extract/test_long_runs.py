"""Pages made to keep the extractor busy: the time grows with the length of a page, not with its square.

No clock is read. A run of half a million characters takes a fraction of a second. A search that begins anew
at each character would take half an hour: `faulthandler_timeout` ends it.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from crawler.extract.page import extract_page
from tests.crawler.extract.pages import response
from tests.crawler.extract.samples import PRODUCT, json_ld

if TYPE_CHECKING:
    from collections.abc import Callable

UNDECODABLE = b"\xe9\xff\x81\x9d" * 2000


def of_product(run: str) -> bytes:
    """Return a page whose structured data holds the run as every text."""
    data = json_ld({**PRODUCT, "name": run, "description": run, "category": run, "sku": run})
    return f"<html><head>{data}</head><body><h1>Citric acid</h1></body></html>".encode()


def shown(run: str) -> bytes:
    """Return a page that shows the run as title, heading, price, label and row of a table."""
    fields = f"<h1>{run}</h1><p class=price>{run}</p><p>Price: {run}</p><table><tr><td>{run}<td>x</table>"
    return f"<html><title>{run}</title><body>{fields}".encode()


def linked(run: str) -> bytes:
    """Return a page with the run as a link, a class and a script's state."""
    return f'<html><body><a href="/{run}" class="{run}">x</a><h1>x</h1><script>{run}</script>'.encode()


def undecodable(run: str) -> bytes:
    """Return a page in a character set that has to be guessed."""
    return b"<html><body>" + run.encode() + UNDECODABLE


RUNS = [
    "<",
    "<a ",
    "<script ",
    "<style>",
    "<!--",
    "&#",
    "a",
    "a: ",
    "1",
    "1 ",
    "$1 ",
    "1,",
    " | ",
    "> ",
    "x=[",
]


@pytest.mark.parametrize("write", [of_product, shown, linked, undecodable])
@pytest.mark.parametrize("run", RUNS)
def test_a_long_run_is_searched_once(run: str, write: Callable[[str], bytes]) -> None:
    """Half a million characters that nearly match, wherever a page has text, are read within the limit."""
    assert extract_page(response(write(run * (500_000 // len(run))))).sentence.endswith(".")


SHAPES: dict[str, Callable[[int], str]] = {
    "cells of one row": lambda n: f"<table><tr>{''.join(f'<td>c{i}</td>' for i in range(n))}</tr></table>",
    "labels and values of one row": lambda n: (
        f"<table><tr>{''.join(f'<th>h{i}</th><td>v{i}</td>' for i in range(n // 2))}</tr></table>"
    ),
    "one row of links": lambda n: (
        f"<table><tr>{''.join(f'<td><a href=/p{i}>Item {i}</a> $5</td>' for i in range(n))}</tr></table>"
    ),
    "rows under a wide heading": lambda n: (
        f"<table><tr>{'<th>h</th>' * (n // 2)}</tr>"
        f"{''.join(f'<tr><td><a href=/p{i}>Item {i}</a> $5</td></tr>' for i in range(n // 2))}</table>"
    ),
    "groups of rows": lambda n: "".join(
        f"<div class={'x' * (i % 90) + 'y' * (i // 90)}><a href=/p{i}{k}>An item {i}</a> $5</div>"
        for i in range(n // 2)
        for k in "ab"
    ),
    "lines of one paragraph": lambda n: f"<p>{''.join(f'l{i}<br>' for i in range(n))}</p>",
    "assignments in a script": lambda n: f"<script>{'a = {1;' * 4 * n}</script>",
    "inline elements in a row": lambda n: "".join(
        f"<li><a href=/i{k}>Item {k}</a>{'<span>s</span>' * (n // 4)}</li>" for k in range(4)
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_four_times_the_elements_need_about_four_times_the_calls(shape: str) -> None:
    """Calls of functions are counted: sixteen times as many would be work by the square of the elements.

    Addresses that are remembered between pages make it somewhat more or less than four.
    """
    calls_of(SHAPES[shape](10))  # loads what is loaded once
    assert calls_of(SHAPES[shape](2_000)) < 8 * calls_of(SHAPES[shape](500))


def calls_of(body: str) -> int:
    """Return how many functions are called while a page is read, steps of generators included."""
    page = response(f"<html><body><h1>Citric acid</h1>{body}</body></html>".encode())
    calls = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        assert extract_page(page).sentence.endswith(".")
    finally:
        sys.setprofile(before)
    return calls
