"""Pages made to keep a pattern busy: reading one takes time by its length, not by the square of it."""

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
