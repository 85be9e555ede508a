"""Pages that are the same as before are parsed again once the code that parses them has changed."""

from __future__ import annotations

import inspect
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from crawler.extract.page import extract_page
from crawler.live.crawl import PARSER_CODE, code_hash
from crawler.markets import page_class_for
from text import phrases

if TYPE_CHECKING:
    from collections.abc import Iterator


def loaded() -> Iterator[Path]:
    """Yield the files of this product that parsing loads, but for the data model."""
    import_module("crawler.extract.page")
    for name, module in sorted(sys.modules.items()):
        if name.startswith(("crawler.extract", "crawler.markets", "text.")) and (file := module.__file__):
            yield Path(file)


def test_the_hash_covers_all_that_parses() -> None:
    """Extraction, page objects, and how words are read; also after their folders were moved."""
    roots = [Path(root) for package in PARSER_CODE for root in package.__path__]
    files = [*loaded(), *(Path(inspect.getfile(each)) for each in (extract_page, page_class_for, phrases))]
    assert all(any(file.is_relative_to(root) for root in roots) for file in files)


def test_the_hash_changes_with_code_and_data(tmp_path: Path) -> None:
    """A word list is as good as code; bytecode and the place of the folder are not."""
    package = ModuleType("read")
    package.__path__ = [str(tmp_path)]
    (tmp_path / "lexicon").mkdir()
    (tmp_path / "lexicon" / "en.toml").write_text("words = []", "utf-8")
    (tmp_path / "page.py").write_text("pass", "utf-8")
    before = code_hash([package])
    (tmp_path / "page.pyc").write_bytes(b"compiled")
    assert code_hash([package]) == before
    (tmp_path / "lexicon" / "en.toml").write_text("words = ['drum']", "utf-8")
    with_word = code_hash([package])
    assert with_word != before
    (tmp_path / "page.py").rename(tmp_path / "lexicon" / "page.py")
    assert code_hash([package]) not in {before, with_word}
