"""The lexicon holds what it says it holds, and a mistake in it is named."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest

from text.phrases import (
    LexiconError,
    alternatives,
    any_of,
    folded,
    keys,
    read_lexicon,
    whole_words,
    words,
    written,
)

LANGUAGES = {"en", "es", "pt", "fr", "de", "ru", "zh"}


def test_braces_stand_for_choices() -> None:
    """Every choice is spelled out, also nested and empty ones."""
    assert list(alternatives("{a|b} c")) == ["a c", "b c"]
    assert set(alternatives("x{y{1|2}|}")) == {"xy1", "xy2", "x"}


def test_words_come_with_their_language() -> None:
    """Each file's phrases are merged; `nunca` is Spanish and Portuguese."""
    assert {each.language for each in words("function_words.negations") if each.text == "nunca"} == {
        "es",
        "pt",
    }
    assert "não" in written("function_words.negations")
    assert "nao" in folded("function_words.negations")
    assert "words" in keys("function_words")


def test_a_table_that_no_file_has_is_missed() -> None:
    """A misspelt name is no empty list."""
    with pytest.raises(KeyError, match=r"function_words\.plain"):
        words("function_words.plain")


def test_phrases_are_found_as_whole_words() -> None:
    """Between words may stand hyphens, and within Chinese text anything around."""
    nothing = re.compile(whole_words("function_words.negations"))
    assert nothing.search("sold without label")
    assert not nothing.search("notable")
    about = re.compile(whole_words("offers.about", "offers.not_offered_after"))
    assert [found.group() for found in about.finditer("testkits, t shirt, log-book 无试纸纸")] == [
        "t shirt",
        "log-book",
        "试纸",
    ]
    assert re.search(whole_words("topics.talk_customs.topic"), "read it at the borders")
    assert re.fullmatch(any_of("function_words.negations"), "never")


@pytest.mark.parametrize("file", sorted(files("text").joinpath("lexicon").iterdir(), key=str), ids=str)
def test_every_file_opens_with_a_comment(file: Path) -> None:
    """It says which language it is and where the notation is explained."""
    assert file.read_text(encoding="utf-8").startswith("# ")


def test_the_languages_taught_have_a_file_each() -> None:
    """And each has the words that every language needs."""
    assert read_lexicon(files("text") / "lexicon").keys() >= LANGUAGES


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("[packs]\ndrum = ['drum', 'drum']", "xx.toml: packs.drum: 'drum' is listed twice"),
        ("[packs]\ndrum = ['{drum|keg']", "xx.toml: packs.drum: '{drum|keg' has an unmatched brace"),
        ("[packs]\ndrum = ['{drum}']", "'{drum}' has braces without a choice"),
        ("[packs]\ndrum = ['drum|keg']", "'drum|keg' has a | outside braces"),
        ("[packs]\ndrum = ['']", "packs.drum: '' is empty"),
        ("[packs]\ndrum = [' drum']", "' drum' has spaces at an end"),
        ("[packs]\ndrum = ['dr*m']", "'dr*m' has a star that is not its last character"),
        ("[packs]\ndrum = [4]", "packs.drum: 4 is not a string"),
        ("[packs]\ndrum = 'drum'", "packs.drum: this must be a list of phrases, not 'drum'"),
        ("drum = ['drum']", "drum: a list of phrases must be in a table"),
        ("[packs\ndrum = ['drum']", "xx.toml: "),
    ],
)
def test_a_mistake_is_named_with_file_key_and_phrase(content: str, says: str, tmp_path: Path) -> None:
    """Whoever corrects a file by hand is told where to look."""
    (tmp_path / "xx.toml").write_text(content, encoding="utf-8")
    with pytest.raises(LexiconError, match=re.escape(says)):
        read_lexicon(tmp_path)


def test_every_table_is_used() -> None:
    """A key that no code asks for is misspelt, or its words are looked for nowhere."""
    root = Path(__file__).parents[2]
    packages = ("text", "store", "crawler", "classifier", "suppliers", "review", "scheduler", "bulk", "cli")
    code = "\n".join(
        file.read_text(encoding="utf-8") for each in packages for file in (root / each).rglob("*.py")
    )
    names = {name for entries in read_lexicon(files("text") / "lexicon").values() for name in entries}
    unused = [name for name in sorted(names) if not _is_asked_for(name, code)]
    assert unused == []


def _is_asked_for(name: str, code: str) -> bool:
    """Say whether code names a key, or the table that holds it, or composes its name of table and key."""
    *tables, key = name.split(".")
    if name in code or any(f"{'.'.join(tables[:end])}." in code for end in range(2, len(tables) + 1)):
        return True

    def is_quoted(part: str) -> bool:
        return f'"{part}"' in code or f"'{part}'" in code

    is_composed = f"{tables[0]}." in code and is_quoted(key)
    return is_composed or is_quoted(".".join(tables)) or is_quoted(tables[0])
