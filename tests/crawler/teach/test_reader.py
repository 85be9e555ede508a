"""Tests of the file of a declared reader: written and read alike, and refused with a sentence."""

from __future__ import annotations

import random
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from crawler.sources.sources import load_sources, reader_file
from crawler.teach.reader import ReaderWrong, compiled, load_reader, save_reader
from tests.crawler.teach.test_teaching import taught

if TYPE_CHECKING:
    from pathlib import Path

WHOLE = """version = 1
taught_by = "ada"
taught_at = 2026-12-02T16:00:00+00:00
found = 1.0
agreement = 0.5
[fields.title]
css = "h1"
"""


def test_a_reader_is_kept_with_its_earlier_version(tmp_path: Path) -> None:
    """What is written is read again, and a second version leaves the first beside it."""
    path, reader = tmp_path / "readers" / "shop.toml", taught().reader
    save_reader(path, reader)
    assert load_reader(path) == reader
    save_reader(path, reader)
    assert {each.name for each in path.parent.iterdir()} == {"shop.toml", f"shop.{reader.version - 1}.toml"}


@pytest.mark.parametrize(
    ("found", "instead", "said"),
    [
        ('css = "h1"', 'css = "h1::before"', "fields.title.css: 'h1::before' is not a selector"),
        ('css = "h1"', 'css = "h1:has(a)"', "is not a selector"),
        ('css = "h1"', 'css = "a > > b"', "is not a selector"),
        ('css = "h1"', 'css = "//h1"', "is not a selector"),
        ('css = "h1"', "css = 7", "css of fields.title is '7', not of the type str"),
        ('css = "h1"', 'css = "h1"\nlabel = "x"', "needs either css or label"),
        ('css = "h1"', 'run = "rm -r"', "unknown key 'run'"),
        ('css = "h1"', 'css = "h1"\nclean = "eval"', "clean is 'eval'; expected one of text, price"),
        ('css = "h1"', 'css = "h1"\nattribute = "on click"', "which is no attribute's name"),
        ("[fields.title]", "[fields.colour]", "unknown field 'colour'; it knows title"),
        ("found = 1.0", "found = 7.0", "not a share between 0.0 and 1.0"),
        ("version = 1", "", "lacks 'version'"),
        ("+00:00", "", "has no time zone"),
        ("version = 1", "version = ", "it is not TOML"),
        ('css = "h1"', 'css = "h1"\n[[cases]]\nurl = "x"\nsha256 = "0"\nexpected = {}', "not 64 digits"),
    ],
)
def test_a_wrong_file_is_refused_in_a_sentence(found: str, instead: str, said: str, tmp_path: Path) -> None:
    """The sentence names the file, the key and the remedy."""
    path = tmp_path / "shop.toml"
    path.write_text(WHOLE, "utf-8")
    assert load_reader(path) is not None
    path.write_text(WHOLE.replace(found, instead, 1), "utf-8")
    with pytest.raises(ReaderWrong) as raised:
        load_reader(path)
    assert said in str(raised.value)
    assert "the general rules read its pages" in str(raised.value)


def test_random_bytes_are_no_reader(tmp_path: Path) -> None:
    """Whatever lies in the file, no other error is raised."""
    dice, path = random.Random(7), tmp_path / "shop.toml"
    for _ in range(300):
        whole = bytearray(WHOLE.encode())
        for _ in range(dice.randint(1, 6)):
            whole[dice.randrange(len(whole))] = dice.randrange(256)
        path.write_bytes(whole)
        with suppress(ReaderWrong):
            load_reader(path)


def test_long_selectors_are_refused_at_once() -> None:
    """Neither length nor nesting reaches the compiler of selectors."""
    for css in ("a " * 5_000, "a>" * 149 + "a", "[" * 300, ".a" * 400, "a" * 299 + "!"):
        with pytest.raises(ValueError, match="is not a selector"):
            compiled(css)


def test_a_source_with_a_wrong_reader_stays_usable(tmp_path: Path) -> None:
    """The sources file stays valid, and the source says what is wrong with its reader."""
    sources = tmp_path / "sources.toml"
    sources.write_text(
        '[sources.shop]\nname = "Shop"\narchive = "saved"\nsupplied_by = "x"\nsupplied_on = 2026-11-24\n',
        "utf-8",
    )
    path = reader_file(sources, "shop")
    path.parent.mkdir()
    path.write_text("not TOML", "utf-8")
    declared = load_sources(sources)["shop"]
    assert declared.reader is None
    assert "it is not TOML" in declared.reader_problem
    path.write_text(WHOLE, "utf-8")
    assert load_sources(sources)["shop"].reader is not None
