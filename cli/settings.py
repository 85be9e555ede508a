"""The settings file and the environment, read here and nowhere else, and checked whole at the start.

One TOML file, `precursor-watch.toml` where the command is called or what PRECURSOR_WATCH_SETTINGS names.
A variable `PRECURSOR_WATCH_SECTION_KEY` goes before the file, e.g. `PRECURSOR_WATCH_ALARMS_QUIET_HOURS`.
`docs/settings.md` lists every key, which a test holds.
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from classifier.gazetteer.law import LawSettings
from crawler.workers import CrawlSettings
from scheduler.settings import AlarmSettings, MaintenanceSettings, ServiceSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

SECTIONS: dict[str, type[Any]] = {
    "service": ServiceSettings,
    "alarms": AlarmSettings,
    "maintenance": MaintenanceSettings,
    "law": LawSettings,
    "crawl": CrawlSettings,
}
"""Each package declares its own; a new section is declared here."""

RENAMED = {"care": "maintenance"}
"""Former names of sections, each with the present one."""

PREFIX = "PRECURSOR_WATCH"
FILE_VARIABLE = f"{PREFIX}_SETTINGS"
DEFAULT_FILE = Path("precursor-watch.toml")

Section = TypeVar("Section")


class SettingsWrong(click.UsageError):
    """The settings file or a variable cannot be used; the message names the key and the mend."""


def load_settings(section: type[Section], environ: Mapping[str, str] | None = None) -> Section:
    """Return one section, each value from the environment, else the file, else its default.

    The whole file is checked, whatever section is asked for, so that a mistyped name is found at once.

    Raises:
        SettingsWrong: If the file cannot be read, or it or a variable holds an unknown or mistyped key.
    """
    environ = os.environ if environ is None else environ
    document, origin = _document(environ)
    for former, present in RENAMED.items():
        if former in document or any(name.startswith(variable(former, "")) for name in environ):
            raise SettingsWrong(f"The settings [{former}] are called [{present}] now; rename them.")
    for name in document:
        if name not in SECTIONS:
            raise SettingsWrong(f"{origin} has a section [{name}]; it knows {', '.join(SECTIONS)}.")
    name = next(name for name, known in SECTIONS.items() if known is section)
    given = {
        **_checked(document.get(name, {}), section, f"{origin} [{name}]"),
        **_from(environ, name, section),
    }
    return section(**given)


def variable(section: str, key: str) -> str:
    """Return the name of the environment variable of a setting."""
    return f"{PREFIX}_{section}_{key}".upper()


def default_of(field: Field[Any]) -> Any:
    """Return a setting's default; every setting has one."""
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
        raise SettingsWrong(f"The settings file {path} cannot be used: {error}.") from error


def _checked(table: Any, section: type[Any], origin: str) -> dict[str, Any]:
    if not isinstance(table, dict):
        raise SettingsWrong(f"{origin} is no section; begin it with [section] on a line of its own.")
    known = {field.name: field for field in fields(section)}
    for key in table:
        if key not in known:
            raise SettingsWrong(f"{origin} has an unknown key {key!r}; it knows {', '.join(known)}.")
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
                raise SettingsWrong(f"{origin} is {text!r}, which is neither true nor false.")
            return text.lower() == "true"
        case int():
            if not text.strip().isdecimal():
                raise SettingsWrong(f"{origin} is {text!r}, which is no whole number from 0 on.")
            return int(text)
        case tuple():
            return tuple(text.split())
        case _:
            return text


def _value(value: Any, field: Field[Any], origin: str) -> Any:
    default = default_of(field)
    if (
        isinstance(default, tuple)
        and isinstance(value, list)
        and all(isinstance(each, str) for each in value)
    ):
        return tuple(value)
    if type(value) is not type(default) or (isinstance(value, int) and value < 0):
        raise SettingsWrong(f"{origin} is {value!r}; it must be {_KINDS[type(default)]}.")
    return value


_KINDS = {bool: "true or false", int: "a whole number from 0 on", str: "a text", tuple: "a list of texts"}
