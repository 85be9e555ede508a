"""The options `--profile` and `--as-of` with the section `[law]` behind them, and the settings of scoring."""

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
    """Give a command the two options; it is called with the law that they or the settings name, `law`."""

    @click.option(
        "--profile",
        "law_profile",
        callback=_profile,
        help="Whose lists count, commas between: un, incb, us, eu, china, mexico.  [default: un,incb,us,eu]",
    )
    @click.option(
        "--as-of",
        "law_as_of",
        metavar="DATE",
        callback=_as_of,
        help="Read the law as it stood on a date (YYYY-MM-DD).",
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
    """Return the value of an option; a wrong one is misuse, unlike the same value in the settings."""
    from classifier.gazetteer.law import DEFAULT_INSTRUMENTS, LawWrong, read_law

    if value:
        try:
            read_law(DEFAULT_INSTRUMENTS if profile is None else [profile], as_of or "")
        except LawWrong as error:
            raise click.BadParameter(str(error)) from error
    return value


def chosen_law(profile: str = "", as_of: str = "") -> Law:
    """Return the given law; what is not given comes from the settings.

    Raises:
        LawWrong: If there is no such instrument or date.
        SettingsWrong: If the settings file cannot be used.
    """
    from classifier.gazetteer.law import LawSettings, read_law
    from cli.settings import load_settings

    settings = load_settings(LawSettings)
    return read_law([profile] if profile else settings.profile, as_of or settings.as_of)


def scoring_settings(law: Law, environ: Mapping[str, str] = os.environ) -> ScoringSettings:
    """Return the settings of scoring under a law; the others come from the environment alone."""
    from classifier.features.embedding import BACKENDS
    from classifier.settings import ScoringSettings

    backend = environ.get("PRECURSOR_WATCH_BACKEND", "auto")
    return ScoringSettings(
        law=law,
        systematic_names=environ.get("PRECURSOR_WATCH_IUPAC", "off") == "on",
        backend=next((each for each in BACKENDS if each == backend), None),
        cascade=environ.get("PRECURSOR_WATCH_CASCADE", "on") != "off",
    )
