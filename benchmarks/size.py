"""Measure the size and the shape of the product's own code against its aims: `make size`.

    python -m benchmarks.size             # the table
    python -m benchmarks.size --list      # with the names behind each figure, and each package's share
    python -m benchmarks.size --show      # every word of natural language, with file and line

Each figure counts Python files of the product's packages, read from their syntax; nothing is imported.

- Lines: all lines of all files, blank ones too.
- Modules with a single importer: modules that exactly one other product module imports, anywhere in its text.
  An import of a name from a package is followed through the package's `__init__.py` to the module that
  defines the name. `__init__.py` and `__main__.py` are not counted, nor are the commands in `cli/`, which
  `cli.main` loads by name.
- Import circles: groups of modules that reach one another through imports of any kind, those for types too.
- Repeated file names: names that occur in two packages or more. `__init__.py`, `__main__.py`, `settings.py`
  and `errors.py` are not counted; in each package they play the same part.
- Words of natural language: words that the product looks for in listings and pages, and that stand in Python
  instead of `text/lexicon/*.toml`. A word counts if it is
    (a) in any string constant, and written in another script than Latin: three letters, or a Han, kana or
        Hangul sign;
    (b) in a literal pattern of `re`, three letters or more, and in a lexicon; or
    (c) a member of a collection (tuple, list, set, dictionary), four letters or more, and in a lexicon of
        another language than English, but not in the English one.
  Docstrings and f-strings do not count, nor do codes in capitals and the names of HTML, CSS, HTTP, MIME,
  robots.txt, schema.org and our tables in `SYNTAX`. English members of collections do not count either:
  those left are columns, keys and headings. Messages, SQL and help texts are no patterns and no collections.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
import tomllib
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

ROOT = Path(__file__).parents[1]
PACKAGES = ("text", "store", "crawler", "classifier", "suppliers", "review", "scheduler", "bulk", "cli")
LEXICON = Path("text/lexicon")
SAME_PART = {"__init__.py", "__main__.py", "settings.py", "errors.py"}

WORD = re.compile(r"[^\W\d_]+")
RANGE = re.compile(r"[^a-z\s]-\S")
"""A range of letters in a pattern, which is no word."""
HAN = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
NO_WORDS = re.compile(r"\[[^\]]*\]|\(\?P?<\w*>?|\\[A-Za-z]")
"""Parts of a pattern that hold letters but no words: classes, groups and escapes."""
MIN_SCRIPT, MIN_PATTERN, MIN_FOREIGN = 3, 3, 4
MAX_WORD = 20
"""A longer run of letters is a table of letters."""
SYNTAX = frozenset(
    {
        "agent", "algo", "application", "article", "aside", "audio", "auto", "body", "challenge", "clean",
        "concurrent", "content", "date", "display", "feed", "form", "gtin", "head", "hidden", "html", "http",
        "line", "link", "main", "meta", "name", "none", "null", "only", "precursor", "product", "rate",
        "request", "robots", "rss", "section", "select", "serve", "signal", "sku", "source", "stage", "table",
        "time", "title", "type", "user", "visit", "watch",
    }
)  # fmt: skip
"""Words of a lexicon that are also names in HTML, HTTP, MIME, robots.txt, schema.org or our own tables."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """A file of the product."""

    name: str
    path: Path
    tree: ast.Module
    lines: int

    @property
    def is_package(self) -> bool:
        """Return whether it is the `__init__.py` of a package."""
        return self.path.name == "__init__.py"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One row of the table."""

    what: str
    value: int
    aim: str
    found: list[str]
    """The names behind the figure."""


def read_modules(root: Path, packages: Iterable[str] = PACKAGES) -> dict[str, Module]:
    """Return every module of the packages by its dotted name; an `__init__.py` by that of its package."""
    modules = {}
    for package in packages:
        for path in sorted((root / package).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            relative = path.relative_to(root)
            name = ".".join(relative.with_suffix("").parts).removesuffix(".__init__")
            modules[name] = Module(
                name=name, path=relative, tree=ast.parse(text), lines=len(text.splitlines())
            )
    return modules


def imports_of(modules: Mapping[str, Module]) -> dict[str, set[str]]:
    """Return the modules that each module imports, each name followed to the module that defines it."""
    return {
        module.name: {
            target
            for base, name in _imported(module)
            if (target := _origin(modules, base, name)) and target != module.name
        }
        for module in modules.values()
    }


def single_importers(modules: Mapping[str, Module], imports: Mapping[str, set[str]]) -> dict[str, str]:
    """Return each module that exactly one module imports, with that module; a re-export is no importer."""
    importers: dict[str, set[str]] = defaultdict(set)
    for name, targets in imports.items():
        for target in targets:
            if not (modules[name].is_package and target.startswith(f"{name}.")):
                importers[target].add(name)
    return {
        name: next(iter(found))
        for name, found in importers.items()
        if len(found) == 1
        and modules[name].path.name not in {"__init__.py", "__main__.py"}
        and not name.startswith("cli.")
    }


def circles(imports: Mapping[str, set[str]]) -> list[list[str]]:
    """Return each group of modules that reach one another: the strongly connected ones, after Tarjan."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(name: str) -> None:
        index[name] = low[name] = len(index)
        stack.append(name)
        for target in imports[name]:
            if target not in index:
                visit(target)
                low[name] = min(low[name], low[target])
            elif target in stack:
                low[name] = min(low[name], index[target])
        if low[name] == index[name]:
            at = stack.index(name)
            group, stack[at:] = stack[at:], []
            if len(group) > 1:
                found.append(sorted(group))

    for name in imports:
        if name not in index:
            visit(name)
    return sorted(found)


def repeated_names(modules: Mapping[str, Module]) -> dict[str, list[str]]:
    """Return the file names that occur more than once, with their paths."""
    paths: dict[str, list[str]] = defaultdict(list)
    for module in modules.values():
        paths[module.path.name].append(str(module.path))
    return {name: at for name, at in paths.items() if len(at) > 1 and name not in SAME_PART}


def language_words(
    modules: Mapping[str, Module], english: frozenset[str], foreign: frozenset[str]
) -> list[tuple[str, int, str]]:
    """Return path, line and word of each word of natural language, as the module docstring defines.

    Args:
        modules: As `read_modules` returns them.
        english: Words of the English lexicon, in lower case.
        foreign: Words of all other lexicons that no English one has.
    """
    found: set[tuple[str, int, str]] = set()
    for module in modules.values():
        path = str(module.path)
        for line, text in _constants(module.tree):
            found |= {(path, line, word) for word in _words(RANGE.sub(" ", text)) if _is_other_script(word)}
        for line, text in _patterns(module.tree):
            words = (word for word in _words(NO_WORDS.sub(" ", text)) if len(word) >= MIN_PATTERN)
            found |= {(path, line, word) for word in words if _is_read(word, english | foreign)}
        for line, text in _members(module.tree):
            words = (word for word in _words(text) if len(word) >= MIN_FOREIGN)
            found |= {(path, line, word) for word in words if _is_read(word, foreign)}
    return sorted(found)


def read_lexicons(folder: Path) -> tuple[frozenset[str], frozenset[str]]:
    """Return the English words and the words of no English lexicon, in lower case; none without a folder."""
    by_language = {
        path.stem: {
            word.lower()
            for text in _texts(tomllib.loads(path.read_text(encoding="utf-8")))
            for word in _words(text)
        }
        for path in sorted(folder.glob("*.toml"))
    }
    english = by_language.pop("en", set())
    foreign = set().union(*by_language.values()) - english
    return frozenset(english), frozenset(word for word in foreign if len(word) >= MIN_FOREIGN)


def measure(root: Path) -> list[Figure]:
    """Return all figures of a checkout."""
    modules = read_modules(root)
    imports = imports_of(modules)
    single = single_importers(modules, imports)
    names = repeated_names(modules)
    around = circles(imports)
    words = language_words(modules, *read_lexicons(root / LEXICON))
    by_package = Counter(name.split(".")[0] for name in modules)
    lines = Counter[str]()
    for module in modules.values():
        lines[module.name.split(".")[0]] += module.lines
    return [
        Figure(what="product lines", value=sum(lines.values()), aim="42,000", found=_shares(lines)),
        Figure(what="modules", value=len(modules), aim="260", found=_shares(by_package)),
        Figure(
            what="modules with a single importer",
            value=len(single),
            aim="40",
            found=[f"{name} <- {importer}" for name, importer in sorted(single.items())],
        ),
        Figure(
            what="import circles", value=len(around), aim="0", found=[" - ".join(each) for each in around]
        ),
        Figure(
            what="repeated file names",
            value=len(names),
            aim="few",
            found=[f"{name}: {', '.join(at)}" for name, at in sorted(names.items())],
        ),
        Figure(
            what="words of natural language",
            value=len(words),
            aim="0",
            found=[f"{path}:{line}: {word}" for path, line, word in words],
        ),
    ]


def main() -> None:
    """Print the table, and with `--list` or `--show` what is behind the figures."""
    parser = argparse.ArgumentParser(description="Measure the product's own code against its aims.")
    parser.add_argument("--list", action="store_true", help="name what is behind each figure")
    parser.add_argument("--show", action="store_true", help="print each word of natural language")
    given = parser.parse_args()
    sys.setrecursionlimit(10_000)
    figures = measure(ROOT)
    print(f"{'':32}{'now':>8}{'aim':>10}")
    for figure in figures:
        print(f"{figure.what:32}{figure.value:>8,}{figure.aim:>10}")
        if given.list or (given.show and figure.what == "words of natural language"):
            print("".join(f"    {each}\n" for each in figure.found), end="")


def _imported(module: Module) -> Iterator[tuple[str, str]]:
    """Yield module and name of each import; the name is empty for `import module`."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, ""
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = module.name.split(".")
                parts = parts[: len(parts) - node.level + module.is_package]
                base = ".".join([*parts, *([base] if base else [])])
            for alias in node.names:
                yield base, alias.name


def _origin(modules: Mapping[str, Module], base: str, name: str) -> str | None:
    """Return the module that defines a name imported from `base`, or None for one that is not ours."""
    if name and f"{base}.{name}" in modules:
        return f"{base}.{name}"
    if base not in modules:
        return None
    if modules[base].is_package:
        for other, imported in _imported(modules[base]):
            if imported == name and other != base:
                return _origin(modules, other, name) or base
    return base


def _constants(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield line and text of every string constant but docstrings and f-strings."""
    skipped: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            skipped.add(id(node.value))
        elif isinstance(node, ast.JoinedStr):
            skipped.update(map(id, ast.walk(node)))
    yield from (
        (line, text) for node in ast.walk(tree) if id(node) not in skipped for line, text in _text_of(node)
    )


def _patterns(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield line and text of the literal parts of every pattern that a function of `re` gets."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("re.") and node.args:
            yield from _literal_parts(ast.Tuple(elts=[node.args[0]]))


def _literal_parts(node: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the string constants of an expression; arguments of calls are names of lexicon keys."""
    yield from _text_of(node)
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.Call):
            yield from _literal_parts(child)


def _members(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield line and text of each string constant in a literal collection."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Tuple | ast.List | ast.Set | ast.Dict):
            for member in [*node.keys, *node.values] if isinstance(node, ast.Dict) else node.elts:
                yield from _text_of(member)


def _text_of(node: ast.AST | None) -> Iterator[tuple[int, str]]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
        value = node.value
        yield node.lineno, value if isinstance(value, str) else value.decode("latin-1")


def _words(text: str) -> list[str]:
    return [word for word in WORD.findall(text) if len(word) <= MAX_WORD]


def _is_read(word: str, lexicon: frozenset[str]) -> bool:
    return word.lower() in lexicon and word.lower() not in SYNTAX and not word.isupper()


def _is_other_script(word: str) -> bool:
    if HAN.search(word):
        return True
    return len(word) >= MIN_SCRIPT and all(ord(letter) >= 0x0370 and letter.isalpha() for letter in word)


def _texts(value: Any) -> Iterator[str]:
    """Yield every text of a TOML document, keys apart."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def _shares(counts: Counter[str]) -> list[str]:
    return [f"{package:12}{counts[package]:>8,}" for package in PACKAGES]


if __name__ == "__main__":
    main()
