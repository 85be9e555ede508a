"""Settles under which address a listing is kept: the one it was read at, or the one its page claims."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

from crawler.extract.document import registrable_host
from crawler.extract.item_id import ID_PARAMETERS
from store.crawl.identity import canonical_url

if TYPE_CHECKING:
    from urllib.parse import SplitResult

_ITEM_NUMBER = re.compile(r"\d{5,}")
_TELLS_APART = re.compile(r"[\d_-]")
_START_PAGE = re.compile(r"(?:^|/)(?:index|default|home)\.\w{2,5}$", re.IGNORECASE)


def own_address(read_at: str, claimed: str) -> str:
    """Returns the address of the item whose page this is.

    Templates often name the start page, or one page for all, as canonical. Two items under one address
    would be one listing, and the second be lost, while one item under two is merely shown twice: so the
    claim is believed only where it is plainly about the same item.

    Args:
        read_at: Absolute address of the page.
        claimed: Absolute address that the page gives as canonical; may be empty.

    Returns:
        `claimed`, if it is an http(s) address of the same registrable host, not the start page, and has the
        page's item number, or the same last part of the path without losing a parameter that is more than
        tracking. Otherwise `read_at`.
    """
    if not claimed.startswith(("http://", "https://")) or registrable_host(claimed) != registrable_host(
        read_at
    ):
        return read_at
    try:
        here, there = urlsplit(canonical_url(read_at)), urlsplit(canonical_url(claimed))
    except ValueError:
        return read_at
    return claimed if _is_same_item(here, there) else read_at


def _is_same_item(here: SplitResult, there: SplitResult) -> bool:
    own_path, claimed_path = _bare_path(here), _bare_path(there)
    if not claimed_path:
        return False
    own_name, claimed_name = own_path.rpartition("/")[2], claimed_path.rpartition("/")[2]
    parameters = parse_qsl(here.query)
    named = {value for name, value in parameters if name.lower() in ID_PARAMETERS}
    said = {*claimed_path.split("/"), *(value for _, value in parse_qsl(there.query))}
    if named:
        return named <= said | set(_ITEM_NUMBER.findall(claimed_path))
    if numbers := set(_ITEM_NUMBER.findall(own_name)):
        return bool(numbers & set(_ITEM_NUMBER.findall(f"{claimed_path}?{there.query}")))
    is_same_name = own_name == claimed_name and bool(
        own_path == claimed_path or _TELLS_APART.search(own_name)
    )
    return is_same_name and {value for _, value in parameters} <= said


def _bare_path(parts: SplitResult) -> str:
    """Returns the path as people read it, without slashes at its ends and the name of a start page."""
    return _START_PAGE.sub("", unquote(parts.path).strip("/")).strip("/")
