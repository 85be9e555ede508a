"""The options `--profile` and `--as-of`, which default to the section `[law]`, and the scoring settings."""

from __future__ import annotations

import os
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from classifier.gazetteer import Law
    from classifier.settings import ScoringSettings

P = ParamSpec("P")
T = TypeVar("T")


def law_options(command: Callable[Concatenate[Law, P], T]) -> Callable[P, T]:
    """Add `--profile` and `--as-of` to a command, and pass it the chosen law as its first argument."""

    @click.option(
        "--profile",
        "law_profile",
        callback=_profile,
        help="Comma-separated lists to use, e.g. un,us,canada; `law status` names them all.  "
        "[default: un,incb,us,eu]",
    )
    @click.option(
        "--as-of",
        "law_as_of",
        metavar="DATE",
        callback=_as_of,
        help="Use the law as of a date (YYYY-MM-DD).",
    )
    @wraps(command)
    def under_the_law(*arguments: P.args, **options: P.kwargs) -> T:
        profile, as_of = options.pop("law_profile"), options.pop("law_as_of")
        return command(chosen_law(str(profile or ""), str(as_of or "")), *arguments, **options)

    return under_the_law


def _profile(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    return _checked(value, profile=value)


def _as_of(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    return _checked(value, as_of=value)


def _checked(value: str | None, *, profile: str | None = None, as_of: str | None = None) -> str | None:
    """Return a valid option value; an invalid one is misuse (exit code 2), unlike in the settings."""
    from classifier.gazetteer.law import DEFAULT_INSTRUMENTS, LawWrong, read_law

    if value:
        try:
            read_law(DEFAULT_INSTRUMENTS if profile is None else [profile], as_of or "")
        except LawWrong as error:
            raise click.BadParameter(str(error)) from error
    return value


def chosen_law(profile: str = "", as_of: str = "") -> Law:
    """Return the law for a profile and a date; an empty one comes from the settings.

    Raises:
        LawWrong: If there is no such instrument or date.
        SettingsWrong: If the settings file cannot be used.
    """
    from classifier.gazetteer.law import LawSettings, read_law
    from cli.settings import load_settings

    settings = load_settings(LawSettings)
    return read_law([profile] if profile else settings.profile, as_of or settings.as_of)


def scoring_settings(law: Law, environ: Mapping[str, str] = os.environ) -> ScoringSettings:
    """Return the scoring settings for a law; the others come from the environment."""
    from classifier.features.embedding import BACKENDS
    from classifier.settings import ScoringSettings

    backend = environ.get("PRECURSOR_WATCH_BACKEND", "auto")
    return ScoringSettings(
        law=law,
        systematic_names=environ.get("PRECURSOR_WATCH_IUPAC", "off") == "on",
        backend=next((each for each in BACKENDS if each == backend), None),
        cascade=environ.get("PRECURSOR_WATCH_CASCADE", "on") != "off",
    )
