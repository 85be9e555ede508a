"""Permission and limits of a live source, read from their tables of the sources file.

[sources.andes-live]
name = "Andes Clasificados"
live = true
start = ["https://andes.example/quimicos/"]

[sources.andes-live.permission]
basis = "consent"                      # consent, order, own_site, terms
reference = "Letter of 2 October 2026, no. 114"
approved_by = "J. Rojas, head of unit"
read_by = "M. Soto, legal"             # who read the terms; for the basis `terms`
valid_from = 2026-10-05
valid_until = 2027-03-31
scope = ["https://andes.example/quimicos/"]
contact = "https://agency.example/monitor"
seconds_between_requests = 5
at_once = 1                            # optional, like all that follow
max_pages = 2000
max_bytes = 500_000_000
private_addresses = ["10.1.2.3"]

[sources.andes-live.limits]            # optional; our own bounds, see `crawler.live.limits`
timeout_s = 30
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from crawler.live.limits import Limits
from store.crawl.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Mapping

_TEXT = ("basis", "reference", "approved_by", "read_by", "contact")
_DAYS = ("valid_from", "valid_until")
_LISTS = ("scope", "private_addresses")
_WHOLE = frozenset(
    {"at_once", "max_pages", "max_bytes", "max_page_bytes", "retries", "blocked_in_a_row", "barren_pages"}
)


def read_permission(table: Mapping[str, Any]) -> Permission:
    """Return a permission as the file has it; whether it holds is another question.

    Raises:
        ValueError: If a key is unknown or its value of the wrong kind; the message names the key.
    """
    for name, value in table.items():
        if name in _TEXT:
            _expect(name, value, is_right=isinstance(value, str), kind="a text")
        elif name in _DAYS:
            is_day = isinstance(value, date) and not isinstance(value, datetime)
            _expect(name, value, is_right=is_day, kind="a date like 2026-10-05")
        elif name in _LISTS:
            is_list = isinstance(value, list) and all(isinstance(each, str) for each in value)
            _expect(name, value, is_right=is_list, kind="a list of texts")
        elif name in Permission.__slots__:
            _expect_number(name, value)
        else:
            known = ", ".join(Permission.__slots__)
            raise ValueError(f"permission has an unknown key {name!r}; it knows {known}")
    values: dict[str, Any] = {
        name: tuple(value) if name in _LISTS else value for name, value in table.items()
    }
    return Permission(**values)


def read_limits(table: Mapping[str, Any]) -> Limits:
    """Return limits as the file has them.

    Raises:
        ValueError: If a key is unknown, or its value no number above 0; the message names the key.
    """
    for name, value in table.items():
        if name not in Limits.__slots__:
            known = ", ".join(Limits.__slots__)
            raise ValueError(f"limits has an unknown key {name!r}; it knows {known}")
        _expect_number(name, value)
        if value <= 0 and name != "retries":
            raise ValueError(f"limits.{name} is {value}, which is not above 0")
    return Limits(**table)


def _expect_number(name: str, value: object) -> None:
    kinds = int if name in _WHOLE else (int, float)
    is_number = isinstance(value, kinds) and not isinstance(value, bool)
    _expect(name, value, is_right=is_number, kind="a whole number" if name in _WHOLE else "a number")


def _expect(name: str, value: object, *, is_right: bool, kind: str) -> None:
    if not is_right:
        raise ValueError(f"{name} is {value!r}, not {kind}")
