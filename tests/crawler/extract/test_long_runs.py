"""Pages made to keep the extractor busy: one takes time by its length, not by the square of it."""

from __future__ import annotations

import time
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
    return json_ld({**PRODUCT, "name": run, "description": run, "category": run, "sku": run}).encode()


def shown(run: str) -> bytes:
    """Return a page that shows the run as title, heading, price, label and row of a table."""
    part = run[: len(run) // 5]
    fields = f"<h1>{part}</h1><p class=price>{part}</p><p>Price: {part}</p><table><tr><td>{part}<td>x</table>"
    return f"<html><title>{part}</title><body>{fields}".encode()


def linked(run: str) -> bytes:
    """Return a page with the run as a link, a class and a script's state."""
    part = run[: len(run) // 3]
    return f'<html><body><a href="/{part}" class="{part}">x</a><h1>x</h1><script>{part}</script>'.encode()


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
def test_four_times_the_page_takes_about_as_much_longer(run: str, write: Callable[[str], bytes]) -> None:
    """A run of 200,000 characters costs no sixteenfold of 50,000; two seconds are for noise."""
    taken = []
    for size in (50_000, 200_000):
        page = response(write(run * (size // len(run))))
        began = time.process_time()
        assert extract_page(page).sentence.endswith(".")
        taken.append(time.process_time() - began)
    assert taken[1] < 8 * taken[0] + 2


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
def test_four_times_the_elements_take_about_as_much_longer(shape: str) -> None:
    """12,000 elements take far less than sixteen times as long as 3,000; two seconds allow for noise."""
    taken = []
    for size in (3_000, 12_000):
        page = response(f"<html><body><h1>Citric acid</h1>{SHAPES[shape](size)}</body></html>".encode())
        began = time.process_time()
        assert extract_page(page).sentence.endswith(".")
        taken.append(time.process_time() - began)
    assert taken[1] < 8 * taken[0] + 2
