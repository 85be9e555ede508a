"""The operator's own bounds on a live crawl; the stricter of these, the permission and robots.txt holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from store.crawl.permissions import Permission


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds with their defaults; each is a key of `[sources.NAME.limits]`."""

    seconds_between_requests: float = 1.0
    """To one host, at least."""
    at_once: int = 1
    """Requests under way to one host, at most."""
    max_pages: int = 10_000
    """Requests in one run, at most."""
    max_bytes: int = 2_000_000_000
    """Bytes received in one run, at most."""
    max_page_bytes: int = 20_000_000
    """Of one body, as it comes and unpacked."""
    timeout_s: float = 60.0
    """From the request to the last byte of the answer."""
    retries: int = 2
    """How often a request is repeated after a failure or a busy site (HTTP 429, 5xx)."""
    backoff_s: float = 10.0
    """First wait after a failure where the site names none; doubled each time."""
    longest_wait_s: float = 600.0
    """A site that asks for more (Retry-After) ends the crawl; the next goes there again."""
    blocked_in_a_row: int = 5
    """So many refusals one after the other end the crawl: it is not wanted there."""
    barren_pages: int = 50
    """So many pages of one form that lead to nothing new, and no more of that form are asked for."""


def stricter(limits: Limits, permission: Permission) -> Limits:
    """Return the limits, made as strict as the permission where that is stricter."""
    values = {name: getattr(limits, name) for name in limits.__slots__}
    values["seconds_between_requests"] = max(
        limits.seconds_between_requests, permission.seconds_between_requests or 0.0
    )
    for name in ("at_once", "max_pages", "max_bytes"):
        values[name] = min(getattr(limits, name), getattr(permission, name))
    return Limits(**values)
