"""The declared reader of a source: the file `readers/SOURCE.toml` beside the sources file.

version = 2
taught_by = "J. Rojas"
taught_at = 2026-12-02T16:00:00+00:00
found = 0.97         # share of item pages on which every required field was found when it was taught
agreement = 0.81     # share of fields that the general rules then read alike

[fields.title]
css = "h1.ad-title"

[fields.price]
css = '[itemprop="price"]'
attribute = "content"
clean = "price"

[fields.seller]
label = "Vendedor"

[[cases]]
url = "https://andes.example/aviso/7"
sha256 = "9f…"
expected = { title = "Sofá azul", price = "$ 12.500" }
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cssselect import SelectorError
from lxml import etree
from lxml.cssselect import CSSSelector

from crawler.errors import CrawlError
from store.messages import reason_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

AS_READ = "\0"
"""What a person says of a field in place of a value: the value that is read now is right."""
_LONGEST = 300
_NAME = r"(?:[\w-]|\\.)++"
_COMPOUND = rf"(?:\*|{_NAME})?+(?:[#.]{_NAME}|\[{_NAME}(?:[~|^$*]?=\"[^\"\\]*+\")?+\]|:nth-of-type\(\d+\))*+"
_SELECTOR = re.compile(rf"{_COMPOUND}(?:(?:\s*[>+]\s*|\s+){_COMPOUND}){{0,7}}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_ATTRIBUTE = re.compile(r"[A-Za-z_][\w:.-]{0,60}")
_EMPTY = etree.fromstring("<html/>")


class TaughtField(StrEnum):
    """A field that can be taught. The first seven are of an item's own page, the last of a list."""

    TITLE = "title"
    PRICE = "price"
    SELLER = "seller"
    LOCATION = "location"
    QUANTITY = "quantity"
    DESCRIPTION = "description"
    ITEM_ID = "item_id"
    NEXT_PAGE = "next_page"


class Cleaning(StrEnum):
    """How the text at a place becomes a value."""

    TEXT = "text"
    """White space collapsed."""
    PRICE = "price"
    """Without crossed-out and old prices."""
    NAME = "name"
    """A seller's name without ratings and badges."""
    AFTER_COLON = "after_colon"
    """The text after the first colon, e.g. of `Seller: Juana`."""
    NUMBER = "number"
    """An item number without its label."""
    ADDRESS = "address"
    """An absolute http(s) address."""


class ReaderWrong(CrawlError):
    """The file of a declared reader is invalid; the message names the key and the remedy."""

    def __init__(self, path: Path, found: str) -> None:
        super().__init__(
            f"The declared reader {path} cannot be used: {found}. Correct the file, teach the source again, "
            "or remove the file; until then the general rules read its pages."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """The place of one field: a CSS selector, or the label beside the value."""

    css: str = ""
    label: str = ""
    """As shown, without the final colon; empty if `css` is set."""
    attribute: str = ""
    """The attribute of the selected element that holds the value; empty for the element's text."""
    clean: Cleaning = Cleaning.TEXT

    def __str__(self) -> str:
        """Return the place for people, e.g. `.price` or `label Vendedor`."""
        place = f"label {self.label}" if self.label else self.css
        return f"{place} @{self.attribute}" if self.attribute else place


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A taught page with the values that a person confirmed."""

    url: str
    sha256: str
    """Of the unpacked body."""
    expected: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredReader:
    """Where a source shows its fields, with the pages that it was taught on."""

    version: int
    taught_by: str
    taught_at: datetime
    found: float
    """Share of item pages on which every required field was found when it was taught, in [0, 1]."""
    agreement: float
    """Share of compared fields that the general rules then read alike, in [0, 1]."""
    fields: dict[str, Rule]
    cases: tuple[Case, ...] = ()

    @property
    def required(self) -> frozenset[str]:
        """The fields that every taught item page has."""
        cases = (set(case.expected) - {TaughtField.NEXT_PAGE} for case in self.cases)
        of_items = [each for each in cases if each]
        return frozenset(set.intersection(*of_items) & set(self.fields)) if of_items else frozenset()

    @property
    def identity(self) -> int:
        """A hash of the whole file: it changes when the source is taught again or the file corrected."""
        return int(hashlib.sha256(repr(self).encode()).hexdigest()[:12], 16)

    @property
    def digest(self) -> str:
        """The hash of the rules, which changes when pages must be read again."""
        return hashlib.sha256(repr(sorted(self.fields.items())).encode()).hexdigest()[:16]


def load_reader(path: Path) -> DeclaredReader | None:
    """Return the declared reader in a file, or None if there is no file.

    Raises:
        ReaderWrong: If the file is not TOML, or a key is missing, unknown or mistyped.
    """
    if not path.exists():
        return None
    try:
        return _reader(tomllib.loads(path.read_text("utf-8")))
    except tomllib.TOMLDecodeError as error:
        raise ReaderWrong(path, f"it is not TOML ({error})") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ReaderWrong(path, reason_of(error)) from error
    except ValueError as error:
        raise ReaderWrong(path, str(error)) from error


def save_reader(path: Path, reader: DeclaredReader) -> None:
    """Write a declared reader; the version before stays beside it as `SOURCE.VERSION.toml`."""
    path.parent.mkdir(exist_ok=True)
    part = path.with_name(f".{path.name}.new")
    part.write_text(_as_toml(reader), "utf-8")
    load_reader(part)
    if path.exists():
        path.replace(path.with_name(f"{path.stem}.{reader.version - 1}.toml"))
    part.replace(path)


@lru_cache(maxsize=4096)
def compiled(css: str) -> CSSSelector:
    """Return a selector ready for use.

    Raises:
        ValueError: If it is not of the permitted form: tags, classes, ids, attributes and `:nth-of-type(n)`,
            joined by at most seven spaces, `>` or `+`.
    """
    message = f"{css[:80]!r} is not a selector of tags, .classes, #ids, [attributes] and :nth-of-type(n)"
    if not css.strip() or len(css) > _LONGEST or not _SELECTOR.fullmatch(css):
        raise ValueError(message)
    try:
        selector = CSSSelector(css, translator="html")
        selector(_EMPTY)
    except (SelectorError, etree.XPathError) as error:
        raise ValueError(message) from error
    return selector


def _reader(table: dict[str, Any]) -> DeclaredReader:
    kinds = {"version": int, "taught_by": str, "taught_at": datetime, "found": float, "agreement": float}
    _check(table, "the file", kinds | {"fields": dict, "cases": list}, optional=("cases",))
    for name in ("found", "agreement"):
        if not 0 <= table[name] <= 1:
            message = f"{name} is {table[name]}, not a share between 0.0 and 1.0"
            raise ValueError(message)
    if table["taught_at"].tzinfo is None:
        message = "taught_at has no time zone; write it like 2026-12-02T16:00:00+00:00"
        raise ValueError(message)
    if not table["fields"]:
        message = "it teaches no field; add a table such as [fields.title]"
        raise ValueError(message)
    rules = {_known_field(name): _rule(name, each) for name, each in table["fields"].items()}
    cases = tuple(_case(number, each) for number, each in enumerate(table.get("cases", ()), 1))
    return DeclaredReader(**{name: table[name] for name in kinds}, fields=rules, cases=cases)


def _rule(name: str, table: Any) -> Rule:
    where = f"fields.{name}"
    _check(table, where, dict.fromkeys(_names(Rule), str), optional=_names(Rule))
    if bool(table.get("css")) == bool(table.get("label")):
        message = f"{where} needs either css or label"
        raise ValueError(message)
    if table.get("css"):
        try:
            compiled(table["css"])
        except ValueError as error:
            message = f"{where}.css: {error}"
            raise ValueError(message) from error
    if (attribute := table.get("attribute", "")) and not _ATTRIBUTE.fullmatch(attribute):
        message = f"{where}.attribute is {attribute[:80]!r}, which is no attribute's name"
        raise ValueError(message)
    clean = table.get("clean", "text")
    if clean not in set(Cleaning):
        message = f"{where}.clean is {clean[:80]!r}; expected one of {', '.join(Cleaning)}"
        raise ValueError(message)
    return Rule(**{**table, "clean": Cleaning(clean)})


def _case(number: int, table: Any) -> Case:
    where = f"case {number}"
    _check(table, where, {"url": str, "sha256": str, "expected": dict})
    if not _SHA256.fullmatch(table["sha256"]):
        message = f"sha256 of {where} is not 64 digits of 0-9 and a-f"
        raise ValueError(message)
    for name, value in table["expected"].items():
        if not isinstance(value, str):
            message = f"expected.{_known_field(name)} of {where} is not text in quotes"
            raise ValueError(message)  # noqa: TRY004 (the file is wrong, not the program)
    return Case(**table)


def _known_field(name: str) -> str:
    if name not in set(TaughtField):
        message = f"it teaches an unknown field {name!r}; it knows {', '.join(TaughtField)}"
        raise ValueError(message)
    return name


def _check(table: Any, where: str, kinds: Mapping[str, type], optional: tuple[str, ...] = ()) -> None:
    if not isinstance(table, dict):
        message = f"{where} is not a table"
        raise ValueError(message)  # noqa: TRY004 (as above)
    for name, value in table.items():
        if name not in kinds:
            message = f"{where} has an unknown key {name!r}; it knows {', '.join(kinds)}"
            raise ValueError(message)
        if type(value) is not kinds[name]:
            message = f"{name} of {where} is {str(value)[:80]!r}, not of the type {kinds[name].__name__}"
            raise ValueError(message)
    for name in kinds:
        if name not in table and name not in optional:
            message = f"{where} lacks {name!r}"
            raise ValueError(message)


def _names(kind: type) -> tuple[str, ...]:
    return tuple(each.name for each in fields(kind))


def _as_toml(reader: DeclaredReader) -> str:
    lines = [
        f"version = {reader.version}",
        f"taught_by = {_text(reader.taught_by)}",
        f"taught_at = {reader.taught_at.replace(microsecond=0).isoformat()}",
        f"found = {reader.found:.3f}",
        f"agreement = {reader.agreement:.3f}",
    ]
    for name, rule in reader.fields.items():
        lines += ["", f"[fields.{name}]"]
        lines += [f"{key} = {_text(value)}" for key in _names(Rule) if (value := getattr(rule, key))]
    for case in reader.cases:
        lines += ["", "[[cases]]", f"url = {_text(case.url)}", f"sha256 = {_text(case.sha256)}"]
        lines += [f"expected.{name} = {_text(value)}" for name, value in case.expected.items()]
    return "\n".join([*lines, ""])


def _text(value: str) -> str:
    """Return a text as TOML writes it; the escapes of JSON are TOML's, but for surrogates."""
    plain = value.encode("utf-8", "replace").decode("utf-8")
    return json.dumps(plain, ensure_ascii=False).replace("\x7f", "\\u007f")
