"""Who we say we are to a site."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from store.crawl.permissions import Permission

ROBOT = "precursor-watch"
"""Our name before robots.txt and in the word of a page to robots."""


def user_agent(permission: Permission) -> str:
    """Return the product, its version, and where the site's operator can reach us."""
    return f"{ROBOT}/{version(ROBOT)} (+{permission.contact})"
