"""The one place that says whether a request may be sent: asked when it is made, and when it goes out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.exceptions import IgnoreRequest

from crawler.live.permission import problem
from crawler.live.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from crawler.live.limits import Limits
    from store.crawl.permissions import Permission


class Refused(IgnoreRequest):
    """A request was not sent; says why."""


class HostRefused(Refused):
    """No address of a host may be reached; says why."""


class Stopped(Refused):
    """Nothing more may be sent in this crawl; says why."""


class Gate:
    """Lets requests pass while the permission holds, within its scope and budgets."""

    def __init__(
        self,
        permission: Permission,
        limits: Limits,
        now: Callable[[], datetime],
        *,
        withdrawn: Callable[[], str] = lambda: "",
        sent: int = 0,
        received: int = 0,
    ) -> None:
        """Take a permission that holds, and what an interrupted attempt at the run has used already.

        `withdrawn` says in words that the permission was withdrawn meanwhile, or nothing.
        """
        self._permission = permission
        self._limits = limits
        self._now = now
        self._withdrawn = withdrawn
        self._sent = sent
        self._received = received
        self.scope = Scope(permission.scope)
        self.stopped = ""
        """Why nothing more is sent; empty while it is."""
        self.is_budget_used = False
        """Whether the reason is that a budget was used up: an orderly end."""

    def check(self, url: str) -> None:
        """Do nothing if a request may be sent now.

        Raises:
            Stopped: If none may be sent any more.
            Refused: If this one may not.
        """
        if not self.stopped:
            self.stopped = self._end()
        if self.stopped:
            raise Stopped(self.stopped)
        if why := self.scope.why_not(url):
            raise Refused(f"It was not asked for: {why}.")

    def send(self, url: str) -> None:
        """Check once more, at the moment of sending, and count the request.

        Raises:
            Refused: As `check`.
        """
        self.check(url)
        self._sent += 1

    def receive(self, count: int) -> bool:
        """Count bytes that came, and return whether more may."""
        self._received += count
        return self._received < self._limits.max_bytes

    def stop(self, why: str) -> None:
        """Let nothing more pass; the first reason stands."""
        self.stopped = self.stopped or why

    def _end(self) -> str:
        if why := problem(self._permission, self._now()) or self._withdrawn():
            return f"Nothing more was asked for, because {why}."
        self.is_budget_used = True
        if self._sent >= self._limits.max_pages:
            return f"The budget of {self._limits.max_pages:,} requests in one run was used up."
        if self._received >= self._limits.max_bytes:
            return f"The budget of {self._limits.max_bytes:,} bytes in one run was used up."
        self.is_budget_used = False
        return ""
