"""The settings, read from one TOML file and from the environment.

The file is the one that PRECURSOR_WATCH_SETTINGS names, or `precursor-watch.toml` in the working directory.
A variable `PRECURSOR_WATCH_SECTION_KEY` overrides the file, e.g. `PRECURSOR_WATCH_ALARMS_QUIET_HOURS`.
`docs/settings.md` lists every key; a test checks that.
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import MISSING, Field, fields
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from classifier.gazetteer.law import LawSettings
from crawler.pictures import PictureSettings
from crawler.workers import CrawlSettings
from scheduler.settings import AlarmSettings, MaintenanceSettings, ServiceSettings
from store.messages import reason_of
from suppliers.update import ContactSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

SECTIONS: dict[str, type[Any]] = {
    "service": ServiceSettings,
    "alarms": AlarmSettings,
    "maintenance": MaintenanceSettings,
    "law": LawSettings,
    "crawl": CrawlSettings,
    "pictures": PictureSettings,
    "contacts": ContactSettings,
}
"""Every section, with its dataclass in the package that uses it."""

RENAMED = {"care": "maintenance"}
"""Former names of sections, with the present names."""

RENAMED_KEYS = {"care_limit_minutes": "maintenance_limit_minutes", "readers": "workers"}
"""Former names of keys, with the present names."""

OTHER_VARIABLES = (
    "SETTINGS", "DB", "SOURCES", "REVIEWER", "LOG", "EMBEDDER", "BACKEND", "IUPAC", "CASCADE",
)  # fmt: skip
"""The variables that are no settings of a section, without the prefix."""

PREFIX = "PRECURSOR_WATCH"
FILE_VARIABLE = f"{PREFIX}_SETTINGS"
DEFAULT_FILE = Path("precursor-watch.toml")

Section = TypeVar("Section")


class SettingsWrong(click.UsageError):
    """The settings file or a variable is invalid; the message names the key and the remedy."""


def load_settings(section: type[Section], environ: Mapping[str, str] | None = None) -> Section:
    """Return a section, with each value from the environment, the file or its default, in this order.

    The whole file is checked, so that a mistyped name or value in any section is reported at once.

    Raises:
        SettingsWrong: If the file cannot be read, or it or a variable holds an unknown or mistyped key.
    """
    environ = os.environ if environ is None else environ
    document, origin = _document(environ)
    for former, present in RENAMED.items():
        if former in document or any(name.startswith(variable(former, "")) for name in environ):
            raise SettingsWrong(f"The section [{former}] is now called [{present}]; rename it.")
    for name in document:
        if name not in SECTIONS:
            raise SettingsWrong(f"{origin} has an unknown section [{name}]; known are {', '.join(SECTIONS)}.")
    checked = {
        name: _checked(table, SECTIONS[name], f"{origin} [{name}]") for name, table in document.items()
    }
    name = next(name for name, known in SECTIONS.items() if known is section)
    return section(**{**checked.get(name, {}), **_from(environ, name, section)})


def unknown_variables(environ: Mapping[str, str]) -> list[str]:
    """Return a sentence on each variable with our prefix that nothing reads."""
    known = {f"{PREFIX}_{name}" for name in OTHER_VARIABLES}
    known |= {variable(name, each.name) for name, section in SECTIONS.items() for each in fields(section)}
    renamed = {
        variable(section, former): variable(section, present)
        for former, present in RENAMED_KEYS.items()
        for section in SECTIONS
    }
    bare = {name.removeprefix(f"{PREFIX}_"): name for name in known}
    sentences = []
    for name in sorted(name for name in environ if name.startswith(f"{PREFIX}_") and name not in known):
        meant = renamed.get(name) or next(
            map(bare.get, get_close_matches(name.removeprefix(f"{PREFIX}_"), bare, n=1)), None
        )
        hint = f"; did you mean {meant}?" if meant else "; docs/settings.md lists those that are read."
        sentences.append(f"The variable {name} is unknown and has no effect{hint}")
    return sentences


def variable(section: str, key: str) -> str:
    """Return the name of the environment variable of a setting."""
    return f"{PREFIX}_{section}_{key}".upper()


def default_of(field: Field[Any]) -> Any:
    """Return the default of a setting; every setting has one."""
    assert field.default is not MISSING
    return field.default


def _document(environ: Mapping[str, str]) -> tuple[dict[str, Any], str]:
    named = environ.get(FILE_VARIABLE)
    path = Path(named) if named else DEFAULT_FILE
    if not named and not path.exists():
        return {}, str(path)
    try:
        return tomllib.loads(path.read_text(encoding="utf-8")), f"The settings file {path}"
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsWrong(f"The settings file {path} cannot be used: {reason_of(error)}.") from error


def _checked(table: Any, section: type[Any], origin: str) -> dict[str, Any]:
    if not isinstance(table, dict):
        raise SettingsWrong(f"{origin} is not a section; start it with [section] on its own line.")
    known = {field.name: field for field in fields(section)}
    for key in table:
        if RENAMED_KEYS.get(key) in known:
            raise SettingsWrong(f"{origin}: the key {key!r} is now called {RENAMED_KEYS[key]!r}; rename it.")
        if key not in known:
            raise SettingsWrong(f"{origin} has an unknown key {key!r}; known are {', '.join(known)}.")
    return {key: _value(value, known[key], f"{origin} {key}") for key, value in table.items()}


def _from(environ: Mapping[str, str], name: str, section: type[Any]) -> dict[str, Any]:
    found = {}
    for field in fields(section):
        text = environ.get(variable(name, field.name))
        if text is not None:
            found[field.name] = _read(text, field, variable(name, field.name))
    return found


def _read(text: str, field: Field[Any], origin: str) -> Any:
    match default_of(field):
        case bool():
            if text.lower() not in {"true", "false"}:
                raise SettingsWrong(f"{origin} is {text!r}; it must be true or false.")
            return text.lower() == "true"
        case int():
            if not text.strip().isdecimal():
                raise SettingsWrong(f"{origin} is {text!r}; it must be a whole number, 0 or more.")
            return int(text)
        case tuple():
            return tuple(text.split())
        case StrEnum():
            return _choice(text, field, origin)
        case _:
            return text


def _value(value: Any, field: Field[Any], origin: str) -> Any:
    default = default_of(field)
    if isinstance(default, StrEnum):
        return _choice(value, field, origin)
    if (
        isinstance(default, tuple)
        and isinstance(value, list)
        and all(isinstance(each, str) for each in value)
    ):
        return tuple(value)
    if type(value) is not type(default) or (isinstance(value, int) and value < 0):
        raise SettingsWrong(f"{origin} is {value!r}; it must be {_KINDS[type(default)]}.")
    return value


def _choice(value: Any, field: Field[Any], origin: str) -> Any:
    choices: dict[str, Any] = {str(choice): choice for choice in type(default_of(field))}
    if value not in choices:
        raise SettingsWrong(f"{origin} is {value!r}; it must be one of {', '.join(choices)}.")
    return choices[value]


_KINDS = {
    bool: "true or false",
    int: "a whole number, 0 or more",
    str: "a string",
    tuple: "a list of strings",
}
