"""The settings file and the environment: what goes first, what is refused, and that all is documented."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from cli.settings import (
    FILE_VARIABLE,
    SECTIONS,
    SettingsWrong,
    default_of,
    load_settings,
    unknown_variables,
    variable,
)
from scheduler.settings import AlarmSettings, ServiceSettings
from tests.cli.calls import call

MANUAL = Path(__file__).parents[2] / "docs" / "settings.md"


def write(tmp_path: Path, text: str) -> dict[str, str]:
    """Write a settings file and return the environment that names it."""
    path = tmp_path / "settings.toml"
    path.write_text(text, encoding="utf-8")
    return {"PRECURSOR_WATCH_SETTINGS": str(path)}


def test_without_a_file_the_defaults_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is optional where none is named."""
    monkeypatch.chdir(tmp_path)
    assert load_settings(ServiceSettings, {}) == ServiceSettings()


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    """Each value by itself."""
    environ = write(tmp_path, '[alarms]\nquiet_hours = "22:00-06:00"\nurls = ["json://a/"]\n')
    environ["PRECURSOR_WATCH_ALARMS_URLS"] = "json://b/ json://c/"
    found = load_settings(AlarmSettings, environ)
    assert (found.quiet_hours, found.urls) == ("22:00-06:00", ("json://b/", "json://c/"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[servise]\n", r"section \[servise\]; known are service, alarms, maintenance, law"),
        ("[service]\nparalel = 3\n", "unknown key 'paralel'"),
        ("[service]\nparallel = true\n", "parallel is True; it must be a whole number"),
        ("[service]\nparallel = -1\n", "parallel is -1"),
        ("service = 3\n", "is not a section"),
        ("[service\n", "cannot be used"),
        ("[care]\nlog_days = 3\n", r"\[care\] is now called \[maintenance\]"),
        ("[crawl]\nreaders = 2\n", "'readers' is now called 'workers'"),
        ("[alarms]\nquiet = 'x'\n", "unknown key 'quiet'"),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path: Path, text: str, said: str) -> None:
    """The message names the key, the value and the expected values."""
    with pytest.raises(SettingsWrong, match=said):
        load_settings(ServiceSettings, write(tmp_path, text))


def test_a_named_file_that_is_missing(tmp_path: Path) -> None:
    """A typing error in its name does not mean the defaults."""
    with pytest.raises(SettingsWrong, match=r"nowhere\.toml"):
        load_settings(ServiceSettings, {"PRECURSOR_WATCH_SETTINGS": str(tmp_path / "nowhere.toml")})


def test_a_variable_that_cannot_be_used(tmp_path: Path) -> None:
    """The message names the variable."""
    environ = write(tmp_path, "") | {"PRECURSOR_WATCH_SERVICE_PARALLEL": "many"}
    with pytest.raises(SettingsWrong, match="PRECURSOR_WATCH_SERVICE_PARALLEL is 'many'"):
        load_settings(ServiceSettings, environ)
    with pytest.raises(SettingsWrong, match=r"\[care\] is now called \[maintenance\]"):
        load_settings(ServiceSettings, {"PRECURSOR_WATCH_CARE_LOG_DAYS": "3"})


def test_every_variable_is_in_the_manual() -> None:
    """The manual names every environment variable that the programs read."""
    manual, read = MANUAL.read_text(encoding="utf-8"), set()
    for package in (
        "cli",
        "scheduler",
        "crawler",
        "classifier",
        "suppliers",
        "review",
        "store",
        "bulk",
        "text",
    ):
        for path in (MANUAL.parents[1] / package).rglob("*.py"):
            read |= set(re.findall(r"\"(PRECURSOR_WATCH_[A-Z]+)\"", path.read_text(encoding="utf-8")))
    assert len(read) > 5
    assert {name for name in read | {FILE_VARIABLE} if f"`{name}`" not in manual} == set()


@pytest.mark.parametrize("section", SECTIONS)
def test_every_setting_is_in_the_manual(section: str) -> None:
    """With its variable and its default."""
    manual = MANUAL.read_text(encoding="utf-8")
    for field in fields(SECTIONS[section]):
        default = default_of(field)
        shown = "empty" if default in {"", ()} else f"`{default}`"
        assert f"| `{field.name}` | {shown} | " in manual, field.name
        assert variable(section, field.name) in manual


def test_a_variable_that_nothing_reads_is_named() -> None:
    """A mistyped name, and a former one, would leave the default in force without a word."""
    environ = {
        "PRECURSOR_WATCH_SERVICE_PARALEL": "3",
        "PRECURSOR_WATCH_CRAWL_READERS": "2",
        "PRECURSOR_WATCH_XYZ": "",
        "PRECURSOR_WATCH_DB": "store.db",
        "PRECURSOR_WATCH_SERVICE_PARALLEL": "3",
        "HOME": "/root",
    }
    unknown = "The variable PRECURSOR_WATCH_{} is unknown and has no effect"
    assert unknown_variables(environ) == [
        unknown.format("CRAWL_READERS") + "; did you mean PRECURSOR_WATCH_CRAWL_WORKERS?",
        unknown.format("SERVICE_PARALEL") + "; did you mean PRECURSOR_WATCH_SERVICE_PARALLEL?",
        unknown.format("XYZ") + "; docs/settings.md lists those that are read.",
    ]


def test_every_command_warns_of_such_a_variable(monkeypatch: pytest.MonkeyPatch, store_path: Path) -> None:
    """The command still runs."""
    monkeypatch.setenv("PRECURSOR_WATCH_SERVICE_PARALEL", "3")
    called = call("runs", "--db", store_path)
    assert called.exit_code == 0
    assert "PRECURSOR_WATCH_SERVICE_PARALEL is unknown" in called.err


def test_a_file_that_is_no_text_is_named_without_a_codec(tmp_path: Path) -> None:
    """The message has no error number and no codec."""
    (tmp_path / "settings.toml").write_bytes(b"[service]\nparallel = \xff\n")
    with pytest.raises(SettingsWrong, match=r"cannot be used: it is not UTF-8 text \(byte 22\)"):
        load_settings(ServiceSettings, {"PRECURSOR_WATCH_SETTINGS": str(tmp_path / "settings.toml")})
    with pytest.raises(SettingsWrong, match="cannot be used: Is a directory"):
        load_settings(ServiceSettings, {"PRECURSOR_WATCH_SETTINGS": str(tmp_path)})
