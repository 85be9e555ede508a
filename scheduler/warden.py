"""What looks after the service: each thing at its pace, one failing look never ending another."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

import structlog

from crawler.sources.sources import load_sources
from scheduler.alarms.look import Look
from scheduler.alarms.messages import check_addresses, is_quiet
from scheduler.alarms.watch import tell, watch
from scheduler.ping import Unanswered, ping
from store import times
from store.database import open_database
from store.errors import ListingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from crawler.sources.sources import DeclaredSource
    from scheduler.service import Service
    from scheduler.work import Settings

log = structlog.get_logger()

SWEEP_S = 60.0
"""How often due times without a row, and what is wrong, are looked for."""


class Warden:
    """Looks after a service, called again and again by its loop.

    What may take long (messages, the ping) is done by a thread of its own, and left out while the last has
    not ended.
    """

    def __init__(
        self, settings: Settings, service: Service, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin with everything to be looked at.

        Args:
            settings: Of the service.
            service: Whom to look after.
            clock: Seconds, from a clock that nobody can put forward or back.

        Raises:
            AlarmAddressWrong: If an address for messages cannot be used.
            QuietHoursWrong: If the quiet hours cannot be read.
        """
        check_addresses(settings.alarms.urls)
        is_quiet(settings.alarms, times.utc_now())
        self._settings = settings
        self._service = service
        self._clock = clock
        self._looked_at = clock()
        self._paces: dict[str, float] = {}
        self._declared: Mapping[str, DeclaredSource] = load_sources(settings.sources_file)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="alarms")
        self._sending: Future[None] | None = None

    def looked_at(self) -> float:
        """Return when `look` was last called, by the clock that nobody can put forward or back."""
        return self._looked_at

    def look(self) -> None:
        """Do what has come to its turn."""
        self._looked_at = self._clock()
        self._do("look", 0.0, self._service.look)
        self._do("sweep", SWEEP_S, self._service.sweep)
        self._do("watch", SWEEP_S, self.watch)
        if self._sending is None or self._sending.done():
            self._sending = self._thread.submit(self._send)

    def watch(self) -> None:
        """Look for what is wrong, and settle which alarms stand."""
        if not self._service.sources_problem:
            self._declared = load_sources(self._settings.sources_file)
        with closing(open_database(self._settings.database)) as db:
            watch(
                Look(
                    db=db,
                    database=self._settings.database,
                    sources=self._declared,
                    now=times.utc_now(),
                    settings=self._settings.alarms,
                    sources_problem=self._service.sources_problem,
                )
            )

    def send(self) -> None:
        """Tell people what they were not told yet, if its time has come."""
        with closing(open_database(self._settings.database)) as db:
            tell(db, self._settings.alarms, now=times.utc_now())

    def close(self) -> None:
        """Wait for a message that is being sent."""
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _send(self) -> None:
        self._do("messages", SWEEP_S, self.send)
        if self._settings.alarms.ping_url:
            self._do("ping", self._settings.alarms.ping_minutes * 60, self._ping)

    def _ping(self) -> None:
        try:
            ping(self._settings.alarms.ping_url)
        except Unanswered as error:
            log.warning("ping_unanswered", error=str(error))

    def _do(self, name: str, pace_s: float, work: Callable[[], None]) -> None:
        """Do it unless it was done less than `pace_s` ago; what goes wrong is logged and tried again."""
        now = self._clock()
        if now - self._paces.get(name, -1e9) < pace_s:
            return
        self._paces[name] = now
        try:
            work()
        except ListingsError as error:
            log.warning("look_failed", look=name, error=str(error))
        except Exception:
            log.exception("look_failed", look=name)
