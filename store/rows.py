"""Convert the frozen values of the store to rows and back.

The fields of a value have the names of the columns. In SQL, times are ISO 8601 text, decimals are text, and
tuples, mappings and nested values are JSON.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast, get_args, get_origin, get_type_hints

import msgspec

from store import times
from store.model import ListingContent, Score, Sighting, Term

if TYPE_CHECKING:
    from store.sqlite import Database

Row = Any
"""A `sqlite3.Row` or a mapping: anything indexed by column name."""

Arguments = Sequence[object] | dict[str, object]
"""Arguments of a query, by position or by name."""

T = TypeVar("T")


def insert(db: Database, table: str, values: Mapping[str, object], *, ignore: bool = False) -> int | None:
    """Insert one row into an append-only table and return its rowid.

    With `ignore`, return None if there is a row with this key, instead of raising the error of the trigger
    that guards the table.
    """
    names = ", ".join(values)
    marks = ", ".join("?" * len(values))
    statement = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608 (no input in it)
    try:
        return db.conn.execute(statement, tuple(values.values())).lastrowid
    except sqlite3.IntegrityError as error:
        if ignore and error.sqlite_errorcode == sqlite3.SQLITE_CONSTRAINT_TRIGGER:
            return None
        raise


def columns_of(value: object) -> dict[str, object]:
    """Return the fields of a value as they are stored, by column."""
    return {field.name: _stored(getattr(value, field.name)) for field in fields(value)}  # type: ignore[arg-type]


def read(kind: type[T], row: Row, **given: object) -> T:
    """Return a value read from the columns of its field names.

    NULL is read as None, or as the default of a field that cannot be None. The row has a column for every
    field that is not `given`.
    """
    make: Callable[..., T] = kind
    return make(
        **given, **{column.name: column.read(row) for column in _columns(make) if column.name not in given}
    )


def find(db: Database, kind: type[T], query: str, arguments: Arguments = ()) -> T | None:
    """Return the first row that a query selects, read as a value, or None."""
    row = db.execute(query, arguments).fetchone()
    return None if row is None else read(kind, row)


def select(db: Database, kind: type[T], query: str, arguments: Arguments = ()) -> list[T]:
    """Return all rows that a query selects, each read as a value."""
    return [read(kind, row) for row in db.execute(query, arguments)]


def sighting_from(row: Row) -> Sighting:
    """Read a sighting with its content."""
    return read(Sighting, row, content=read(ListingContent, row))


def score_row(score: Score) -> dict[str, object]:
    """Return the columns of `scores`; some reasons have their own column, for queries in SQL."""
    reasons = score.reasons
    of_reasons = {"family": reasons.family, "tier": reasons.tier, "stage": reasons.stage}
    return columns_of(score) | {"substances": to_json(reasons.substances)} | of_reasons


def to_json(value: object) -> str:
    """Return compact JSON with readable non-ASCII text; dataclasses become objects of their fields."""
    return _ENCODER.encode(value)


def clean(text: str) -> str:
    """Return `text` storable as UTF-8, with the lone surrogates and NULs of hostile pages replaced."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


class _Column(NamedTuple):
    """The conversion of one field."""

    name: str
    convert: Callable[[Any], object] | None
    null: Callable[[], object]
    """Returns the value for NULL."""

    def read(self, row: Row) -> object:
        value = row[self.name]
        if value is None:
            return self.null()
        return value if self.convert is None else self.convert(value)


@cache
def _columns(kind: Callable[..., object]) -> tuple[_Column, ...]:
    return tuple(_columns_to_read(kind))


def _columns_to_read(kind: Any) -> Iterator[_Column]:
    hints = get_type_hints(kind)
    for field in fields(kind):
        hint = hints[field.name]
        options = get_args(hint)
        is_optional = type(None) in options
        if is_optional:
            hint = next(option for option in options if option is not type(None))
        if is_optional or (field.default is MISSING and field.default_factory is MISSING):
            null = _constant(None)
        elif field.default_factory is not MISSING:
            null = field.default_factory
        else:
            null = _constant(field.default)
        yield _Column(field.name, _conversion(hint), null)


def _constant(value: object) -> Callable[[], object]:
    return lambda: value


def _conversion(hint: Any) -> Callable[[Any], object] | None:
    kind = get_origin(hint) or hint
    if kind in {str, int, float}:
        return None
    if kind is datetime:
        return times.from_text
    if kind in {tuple, dict, Mapping} or is_dataclass(kind):
        return msgspec.json.Decoder(hint).decode
    return cast("Callable[[Any], object]", kind)


def _stored(value: object) -> object:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, datetime):
        return times.to_text(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, (tuple, Mapping)) or is_dataclass(value):
        return clean(to_json(value))
    return value


def _plain(value: object) -> object:
    """Return a value in a form that JSON has; `asdict` would first copy its contents deeply."""
    if isinstance(value, Term):
        named = ((field.name, getattr(value, field.name)) for field in fields(value))
        return {name: each for name, each in named if each not in {"", None}}
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_plain)
