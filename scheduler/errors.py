"""The errors of this package, each a sentence for the operator."""

from __future__ import annotations

from store.errors import StoreError


class SchedulerError(StoreError):
    """Base of every error of this package."""


class ScheduleWrong(SchedulerError):
    """A cron line cannot be used; the message quotes it and says why."""

    def __init__(self, cron: str, found: str) -> None:
        super().__init__(f"The schedule {cron!r} cannot be used: {found}.")


class NothingScheduled(SchedulerError):
    """The sources file gives no source a schedule, so the service would wait for ever."""

    def __init__(self) -> None:
        super().__init__(
            "No source in the sources file has a schedule; give one a line like "
            'schedule = { cron = "30 3 * * *", timezone = "America/Lima" }, or use `crawl` by hand.'
        )
