"""The options `--profile` and `--as-of`, and the section `[law]` of the settings behind them."""

from __future__ import annotations

import os
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

P = ParamSpec("P")
T = TypeVar("T")


def law_options(command: Callable[P, T]) -> Callable[P, T]:
    """Give a command the two options; while it runs, what they or the settings say is the law."""

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
        with chosen_law(str(profile or ""), str(as_of or "")):
            return command(*arguments, **options)

    return under_the_law


def _profile(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    return _checked(value, profile=value)


def _as_of(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    return _checked(value, as_of=value)


def _checked(value: str | None, *, profile: str | None = None, as_of: str | None = None) -> str | None:
    """Return the value of an option; one that is none is misuse, unlike the same in the settings."""
    from classifier.gazetteer.law import DEFAULT_INSTRUMENTS, LawWrong, read_law

    if value:
        try:
            read_law(DEFAULT_INSTRUMENTS if profile is None else [profile], as_of or "")
        except LawWrong as error:
            raise click.BadParameter(str(error)) from error
    return value


@contextmanager
def chosen_law(profile: str = "", as_of: str = "") -> Iterator[None]:
    """Make the given law, or else that of the settings, the one this process and its children read.

    Raises:
        LawWrong: If there is no such instrument or date.
        SettingsWrong: If the settings file cannot be used.
    """
    from classifier.gazetteer.law import AS_OF_VARIABLE, PROFILE_VARIABLE, LawSettings, read_law
    from cli.settings import load_settings

    settings = load_settings(LawSettings)
    law = read_law([profile] if profile else settings.profile, as_of or settings.as_of)
    said = {
        PROFILE_VARIABLE: " ".join(law.instruments),
        AS_OF_VARIABLE: law.as_of.isoformat() if law.as_of else "",
    }
    before = {name: os.environ.get(name) for name in said}
    os.environ.update(said)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
