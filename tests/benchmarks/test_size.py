"""The script that measures the product's own code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.size import language_words, read_modules

if TYPE_CHECKING:
    from pathlib import Path

CODE = '''
"""Words of a docstring, such as acetone, do not count."""
import re
COLUMNS = ("price", "seller")
HELP = "Print the price of the seller."
SIGNS = ("precio", "日")
PRICE = re.compile(r"(?P<seller>price|[a-z]+)" + whole_words("labels.price"))
TOLD = f"the price is {PRICE}"
'''


def test_words_that_the_product_looks_for_are_told_from_messages_and_names(tmp_path: Path) -> None:
    """Patterns, other scripts and other languages count; messages, columns and lexicon keys do not."""
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "prices.py").write_text(CODE, encoding="utf-8")
    modules = read_modules(tmp_path, ["text"])
    found = language_words(modules, frozenset({"price", "seller", "acetone"}), frozenset({"precio"}))
    assert found == [
        ("text/prices.py", 6, "precio"),
        ("text/prices.py", 6, "日"),
        ("text/prices.py", 7, "price"),
    ]
