"""The lexicon: the word lists of every language, and patterns that find their phrases.

The lexicon is in `text/lexicon/<language>.toml`, one file per language (ISO 639-1 code; `zxx.toml` has signs
and codes that belong to no language). All files have the same tables, except tables that a language does not
need. `words("labels.price")` returns the phrases of key `price` in table `[labels]` of all files.

Notation, the same in every table:

- `{a|b} c` means `a c` and `b c`, and `{a |}b` means `a b` and `b`. Choices may nest.
- `label*` means every word that begins with `label`. Phrases without a star match whole words. Chinese,
  Japanese and Thai are written without spaces, so their phrases match anywhere and need no star.
- Case, accents and full-width forms do not matter: texts and phrases are folded alike
  (`text.normalise.fold`).
- In `whole_words` a space matches spaces or hyphens, and a hyphen matches a hyphen, a space or nothing.

To add a table: add `[table]` and `key = ["phrase", ...]` to the files, with a comment on its contents, and
call `words("table.key")` in a cached function, not at import. The first call reads and checks all files;
`LexiconError` names the file, key and phrase.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from text.normalise import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from importlib.resources.abc import Traversable

CJK = r"\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff"
"""Scripts without spaces (Chinese, Japanese, Thai and Lao), for use in a character class."""

NO_LANGUAGE = "zxx"
"""The file of signs and codes that belong to no language."""
IS_CJK = re.compile(f"[{CJK}]")
INNERMOST_CHOICE = re.compile(r"\{([^{}]*)\}")


class LexiconError(ValueError):
    """A file of the lexicon is malformed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """One spelling of a phrase of the lexicon."""

    text: str
    """The phrase as written, with its choices resolved and without the star."""
    folded: str
    language: str
    """Language of the file: an ISO 639-1 code, or `zxx`."""
    is_beginning: bool
    """Whether the phrase has a star and so matches the beginning of longer words."""


def languages() -> tuple[str, ...]:
    """Return the codes of the languages that have a file, in alphabetical order."""
    return tuple(code for code in _lexicon() if code != NO_LANGUAGE)


@cache
def words(name: str) -> tuple[Phrase, ...]:
    """Return each spelling of the phrases under a key such as `labels.price`, in all languages.

    Raises:
        LexiconError: If a file is malformed.
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
    """Return the keys of a table in all languages: `keys("goods")` includes `everyday` and `material`."""
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
    """Return the unfolded spellings of the phrases under some keys, with accents."""
    return frozenset(phrase.text for name in names for phrase in words(name))


@cache
def by_key(table: str) -> dict[str, tuple[str, ...]]:
    """Return the unfolded phrases of a table by key, for tables of substitutions."""
    return {key: tuple(phrase.text for phrase in words(f"{table}.{key}")) for key in keys(table)}


@cache
def any_of(*names: str, chinese: bool | None = None) -> str:
    """Return a pattern that matches any phrase under some keys anywhere, longest first.

    With `chinese`, only the phrases in scripts without spaces, or only the others.
    """
    phrases = (one for one in folded(*names) if chinese is None or bool(IS_CJK.search(one)) is chinese)
    return f"(?:{'|'.join(map(re.escape, _longest_first(phrases)))})"


@cache
def whole_words(*names: str) -> str:
    """Return a pattern for folded texts: any phrase under some keys as whole words, Chinese ones anywhere.

    Shared conditions are outside the alternation, because the regex engine quickly skips a branch that begins
    with a letter, but not one that begins with a lookaround. One lookahead skips all Chinese phrases.
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
    sorts = [rf"(?:{_by_first(others)})(?![^\W_{CJK}])"] if others else []
    sorts += [_by_first(longer)] if longer else []
    spaced = [rf"(?<![^\W_])(?:{'|'.join(sorts)})"] if sorts else []
    return "|".join([*spaced, *([f"(?=[{CJK}])(?:{_by_first(chinese)})"] if chinese else [])])


def _as_pattern(phrase: str) -> str:
    return re.escape(phrase).replace(r"\ ", r"[\s-]+").replace(r"\-", r"[\s-]?")


def find_phrase(phrase: str, text: str) -> list[tuple[int, int]]:
    """Return the start and end of each place of a phrase in a text, as whole words.

    Case, accents, full-width forms and look-alike letters do not matter; a space matches spaces or hyphens,
    and a hyphen matches a hyphen, a space or nothing. No notation of the lexicon applies.
    """
    folded_text = fold(text)
    found = list(_phrase_matcher(fold(phrase).text.strip()).finditer(folded_text.text))
    places = folded_text.offsets() if found else []
    return [(places[each.start()][0], places[each.end() - 1][1]) for each in found]


@lru_cache(maxsize=1024)
def _phrase_matcher(folded_phrase: str) -> re.Pattern[str]:
    return re.compile(_whole_words([folded_phrase]))


def alternatives(text: str) -> Iterator[str]:
    """Yield `text` once for each combination of the choices in its braces; spellings may repeat."""
    choice = INNERMOST_CHOICE.search(text)
    if choice is None:
        yield text
        return
    for part in choice[1].split("|"):
        yield from alternatives(text[: choice.start()] + part + text[choice.end() :])


def read_lexicon(folder: Traversable) -> dict[str, dict[str, tuple[str, ...]]]:
    """Return the phrases of each language by table and key, in the order of the file names.

    Raises:
        LexiconError: If a file is malformed; the message gives the position.
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
    """Return the unresolved phrases under a key, each with its language."""
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
            raise LexiconError(f"{file}: {name}: a list of phrases must be in a table, e.g. [labels]")
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
    """Return the fault of a phrase, or an empty string."""
    if not isinstance(phrase, str):
        return "is not a string: put it in quotation marks"
    bare, choices = phrase, []
    while choice := INNERMOST_CHOICE.search(bare):
        choices.append(choice[1])
        bare = bare[: choice.start()] + bare[choice.end() :]
    faults = {
        "is empty": not phrase.strip(),
        "has spaces at an end or repeated spaces": phrase != " ".join(phrase.split()),
        "has braces without a choice: write {a|b}": any("|" not in choice for choice in choices),
        "has an unmatched brace": "{" in bare or "}" in bare,
        "has a | outside braces": "|" in bare,
        "has a star that is not its last character": "*" in phrase.removesuffix("*"),
    }
    return next((says for says, is_fault in faults.items() if is_fault), "")


def _longest_first(phrases: Iterable[str]) -> list[str]:
    return sorted(phrases, key=lambda phrase: (-len(phrase), phrase))


def _by_first(patterns: Sequence[str]) -> str:
    """Return an alternation grouped by first letter, so that few branches are tried at each position."""
    rests: dict[str, list[str]] = {}
    for pattern in patterns:
        first = pattern[: 2 if pattern.startswith("\\") else 1]
        rests.setdefault(first, []).append(pattern[len(first) :])
    return "|".join(f"{first}(?:{'|'.join(rest)})" for first, rest in rests.items())
