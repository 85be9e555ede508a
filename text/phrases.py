"""The phrase engine: the word lists of every language, and the patterns that find their phrases.

The words that the product looks for stand in `text/lexicon/<language>.toml`, one file for each language (ISO 639-1
code; `zxx.toml` holds signs and codes of no language). Each file has the same tables; a table that a language does
not need is left out. `words("labels.price")` returns the phrases of key `price` in table `[labels]` of all files.

Notation, the same in every table:

- `{a|b} c` stands for `a c` and `b c`, and `{a |}b` for `a b` and `b`. Choices may nest.
- `label*` stands for every word that begins with `label`. Without the star, whole words are meant. Chinese is written
  without spaces, so its phrases match anywhere and need no star.
- Case, accents and full-width forms do not matter: texts and phrases are folded alike (`text.normalise.fold`).
- In `whole_words` a space matches spaces or hyphens, and a hyphen matches a hyphen, a space or nothing.

To add a table: write `[table]` and `key = ["phrase", ...]` into the files, with a comment above that says what belongs
there, and ask for `words("table.key")` where the phrases are needed. Ask inside a cached function, not at import: the
files are read once, when the first phrase is asked for. The files are checked then; `LexiconError` names file, key
and phrase.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from text.normalise import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from importlib.resources.abc import Traversable

CJK = r"\u3400-\u9fff"
"""Chinese characters, for use in a character class."""

IS_CJK = re.compile(f"[{CJK}]")
INNERMOST_CHOICE = re.compile(r"\{([^{}]*)\}")


class LexiconError(ValueError):
    """A file of the lexicon is not written as it should be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """One spelling of a phrase of the lexicon."""

    text: str
    """As written, with its choices made and without the star."""
    folded: str
    language: str
    """Of the file that lists it: an ISO 639-1 code, or `zxx`."""
    is_beginning: bool
    """Whether the phrase was written with a star: a longer word may begin so."""


@cache
def words(name: str) -> tuple[Phrase, ...]:
    """Return each spelling of the phrases under a key, in all languages.

    Args:
        name: Table and key with a dot between, e.g. `labels.price`.

    Raises:
        LexiconError: If a file is not written as it should be.
        KeyError: If no file has this key.
    """
    return tuple(
        dict.fromkeys(
            Phrase(
                text=spelling.removesuffix("*").strip(),
                folded=fold(spelling.removesuffix("*").strip()).text,
                language=language,
                is_beginning=spelling.endswith("*"),
            )
            for language, phrase in _listed(name)
            for spelling in alternatives(phrase)
        )
    )


@cache
def keys(table: str) -> tuple[str, ...]:
    """Return the names below a table, in all languages: `keys("goods")` holds `everyday` and `material`."""
    names = (name for entries in _lexicon().values() for name in entries if name.startswith(f"{table}."))
    return tuple(dict.fromkeys(name.removeprefix(f"{table}.").partition(".")[0] for name in names))


@cache
def folded(*names: str) -> frozenset[str]:
    """Return the folded spellings of the phrases under some keys."""
    return frozenset(
        spelling.strip()
        for name in names
        for _language, phrase in _listed(name)
        for spelling in alternatives(fold(phrase.removesuffix("*")).text)
    )


@cache
def written(*names: str) -> frozenset[str]:
    """Return the spellings of the phrases under some keys as the files write them, with their accents."""
    return frozenset(phrase.text for name in names for phrase in words(name))


@cache
def by_key(table: str) -> dict[str, tuple[str, ...]]:
    """Return the phrases of a table as the files write them, by key; for tables of what is written for what."""
    return {key: tuple(phrase.text for phrase in words(f"{table}.{key}")) for key in keys(table)}


@cache
def any_of(*names: str, chinese: bool | None = None) -> str:
    """Return a pattern that matches any phrase under some keys wherever it stands, the longest first.

    Args:
        names: The keys.
        chinese: Whether to match only the phrases in Chinese, or only the others; all of them if None.
    """
    phrases = (one for one in folded(*names) if chinese is None or bool(IS_CJK.search(one)) is chinese)
    return f"(?:{'|'.join(map(re.escape, _longest_first(phrases)))})"


@cache
def whole_words(*names: str) -> str:
    """Return a pattern that matches any phrase under some keys as whole words; Chinese ones anywhere.

    What all words share stands outside of the alternation: a branch that begins with a letter is passed over
    at once where another letter stands, one that begins with a condition is not; and where no Chinese sign
    stands, no Chinese phrase is tried.
    """
    phrases = [phrase for name in names for phrase in words(name)]
    return _whole_words(
        {phrase.folded for phrase in phrases if not phrase.is_beginning},
        {phrase.folded for phrase in phrases if phrase.is_beginning},
    )


def _whole_words(phrases: Iterable[str], beginnings: Iterable[str] = ()) -> str:
    chinese: list[str] = []
    others: list[str] = []
    longer: list[str] = []
    for phrase in _longest_first(phrases):
        (chinese if IS_CJK.match(phrase) else others).append(_as_pattern(phrase))
    for phrase in _longest_first(beginnings):
        (chinese if IS_CJK.match(phrase) else longer).append(_as_pattern(phrase))
    sorts = [f"(?:{_by_first(others)})(?![a-z0-9\u0400-\u052f])"] if others else []
    sorts += [_by_first(longer)] if longer else []
    spaced = [rf"(?<![^\W_])(?:{'|'.join(sorts)})"] if sorts else []
    return "|".join([*spaced, *([f"(?=[{CJK}])(?:{_by_first(chinese)})"] if chinese else [])])


def _as_pattern(phrase: str) -> str:
    return re.escape(phrase).replace(r"\ ", r"[\s-]+").replace(r"\-", r"[\s-]?")


@cache
def phrase_matcher(*names: str) -> re.Pattern[str]:
    """Return what finds any phrase under some keys in a folded text, as whole words."""
    return re.compile(whole_words(*names))


def alternatives(text: str) -> Iterator[str]:
    """Yield `text` once for each choice in its braces, which may nest; spellings may repeat."""
    choice = INNERMOST_CHOICE.search(text)
    if choice is None:
        yield text
        return
    for part in choice[1].split("|"):
        yield from alternatives(text[: choice.start()] + part + text[choice.end() :])


def read_lexicon(folder: Traversable) -> dict[str, dict[str, tuple[str, ...]]]:
    """Return the phrases of each language by table and key, in the order of the files' names.

    Raises:
        LexiconError: If a file is not written as it should be; the message says where.
    """
    lexicon: dict[str, dict[str, tuple[str, ...]]] = {}
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if file.name.endswith(".toml"):
            try:
                tables = tomllib.loads(file.read_text(encoding="utf-8"))
            except tomllib.TOMLDecodeError as error:
                raise LexiconError(f"{file.name}: {error}") from error
            lexicon[file.name.removesuffix(".toml")] = dict(_entries(file.name, tables))
    return lexicon


def _listed(name: str) -> list[tuple[str, str]]:
    """Return the phrases under a key as the files write them, each with its language."""
    listed = [
        (language, phrase)
        for language, entries in _lexicon().items()
        if name in entries
        for phrase in entries[name]
    ]
    if not listed:
        raise KeyError(name)
    return listed


@cache
def _lexicon() -> dict[str, dict[str, tuple[str, ...]]]:
    return read_lexicon(files("text") / "lexicon")


def _entries(file: str, table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, tuple[str, ...]]]:
    for key, value in table.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            yield from _entries(file, value, f"{name}.")
        elif not prefix:
            raise LexiconError(f"{file}: {name}: a list of phrases must stand in a table, e.g. [labels]")
        elif not isinstance(value, list):
            raise LexiconError(f"{file}: {name}: this must be a list of phrases, not {value!r}")
        else:
            listed: set[object] = set()
            for phrase in value:
                if fault := "is listed twice" if phrase in listed else _fault(phrase):
                    raise LexiconError(f"{file}: {name}: {phrase!r} {fault}")
                listed.add(phrase)
            yield name, tuple(value)


def _fault(phrase: object) -> str:
    """Return what is wrong with a phrase, or the empty text."""
    if not isinstance(phrase, str):
        return "is no text: put it in quotation marks"
    bare, choices = phrase, []
    while choice := INNERMOST_CHOICE.search(bare):
        choices.append(choice[1])
        bare = bare[: choice.start()] + bare[choice.end() :]
    faults = {
        "is empty": not phrase.strip(),
        "has spaces at an end or side by side": phrase != " ".join(phrase.split()),
        "has braces without a choice: write {a|b}": any("|" not in choice for choice in choices),
        "has a brace without its partner": "{" in bare or "}" in bare,
        "has a | outside of braces": "|" in bare,
        "has a star that is not its last character": "*" in phrase.removesuffix("*"),
    }
    return next((says for says, is_fault in faults.items() if is_fault), "")


def _longest_first(phrases: Iterable[str]) -> list[str]:
    return sorted(phrases, key=lambda phrase: (-len(phrase), phrase))


def _by_first(patterns: Sequence[str]) -> str:
    """Return an alternation with one branch for each first letter, in their order: few are tried anywhere."""
    rests: dict[str, list[str]] = {}
    for pattern in patterns:
        first = pattern[: 2 if pattern.startswith("\\") else 1]
        rests.setdefault(first, []).append(pattern[len(first) :])
    return "|".join(f"{first}(?:{'|'.join(rest)})" for first, rest in rests.items())
