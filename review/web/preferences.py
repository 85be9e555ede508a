"""A person's preferences for pages: the keys and the time zone."""

from __future__ import annotations

import json
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, available_timezones

from jinja2 import pass_context

from review.web.errors import ReviewError
from review.web.languages import N_
from review.web.translations import word_tables
from store.errors import Word

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from fastapi import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferred:
    """The keys and the time zone that a person prefers."""

    keys: Mapping[str, str] = field(default_factory=dict)
    """The own key by the usual one; only what differs."""
    zone: str = ""
    """IANA name, e.g. `America/Lima`; empty for UTC alone."""


PREFERRED: ContextVar[Preferred] = ContextVar("preferred", default=Preferred())  # noqa: B039 (frozen)
"""Of the person whose page is being made."""


class KeysClash(ReviewError):
    """A key was chosen twice."""

    def __init__(self, key: str, first: str, second: str) -> None:
        super().__init__(
            N_(
                "The key “%(key)s” cannot do two things (“%(first)s” and “%(second)s”). Choose another for "
                "one of them. Nothing was changed."
            ),
            key=key,
            first=Word(first),
            second=Word(second),
        )


class KeyUnfit(ReviewError):
    """A key was left out, or is none that can be pressed."""

    status = 422

    def __init__(self, key: str, action: str) -> None:
        super().__init__(
            N_("“%(key)s” cannot be the key for “%(action)s”: choose one letter, digit or sign."),
            key=key,
            action=Word(action),
        )


class ZoneUnknown(ReviewError):
    """There is no time zone of this name."""

    def __init__(self, zone: str) -> None:
        super().__init__(
            N_("There is no time zone “%(zone)s”. Choose one such as America/Lima. Nothing was changed."),
            zone=zone,
        )


@cache
def zones() -> tuple[str, ...]:
    """Return the names of all time zones."""
    return tuple(sorted(available_timezones()))


def preferred_by(preferences: Mapping[str, str], request: Request) -> Preferred:
    """Return the preferences of a person; the default time zone is the browser's."""
    zone = preferences.get("time_zone") or request.cookies.get("zone", "")
    return Preferred(keys=read_keys(preferences.get("keys", "")), zone=zone if zone in zones() else "")


@cache
def key_actions() -> dict[str, str]:
    """Return what each key does, by the key as the program comes."""
    tables = word_tables()
    return {
        **{choice["key"]: choice["words"] for choice in (*tables["decisions"], *tables["reasons"])},
        **{usual: words for usual, words in tables["keys"].items() if len(usual) == 1},
    }


def read_keys(kept: str) -> dict[str, str]:
    """Return a person's keys from a preference, without keys that the program no longer knows."""
    return {usual: own for usual, own in json.loads(kept or "{}").items() if usual in key_actions()}


def write_keys(chosen: Mapping[str, str]) -> str:
    """Return the preference for own keys, given by the usual ones.

    Raises:
        KeyUnfit: If one is empty, a space or longer than a character.
        KeysClash: If two are the same.
    """
    actions = key_actions()
    taken: dict[str, str] = {}
    for usual, words in actions.items():
        own = chosen.get(usual, usual)
        if len(own) != 1 or not own.isprintable() or own.isspace():
            raise KeyUnfit(own, words)
        if own in taken:
            raise KeysClash(own, actions[taken[own]], words)
        taken[own] = usual
    return json.dumps({usual: own for own, usual in taken.items() if own != usual}, ensure_ascii=False)


def check_zone(zone: str) -> str:
    """Return the name of a zone as it is kept; empty for the browser's.

    Raises:
        ZoneUnknown: If there is none of that name.
    """
    if zone and zone not in zones():
        raise ZoneUnknown(zone)
    return zone


@pass_context  # else Jinja would work it out once, when it compiles the template
def preferred_key(_context: object, usual: str) -> str:
    """Return the key that the person prefers to a usual key."""
    return PREFERRED.get().keys.get(usual, usual)


def when(moment: datetime) -> str:
    """Return a time in UTC and in the person's zone, e.g. `2026-11-02 08:00 UTC (03:00 UTC−5)`."""
    said = f"{moment:%Y-%m-%d %H:%M} UTC"
    local = moment.astimezone(ZoneInfo(PREFERRED.get().zone or "UTC"))
    offset = local.utcoffset()
    if not offset:
        return said
    hours, minutes = divmod(abs(int(offset.total_seconds())) // 60, 60)
    ahead = f"UTC{'+' if offset.days >= 0 else '−'}{hours}{f':{minutes:02}' if minutes else ''}"
    day = "" if local.date() == moment.date() else f"{local:%Y-%m-%d} "
    return f"{said} ({day}{local:%H:%M} {ahead})"
