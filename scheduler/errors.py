"""The errors of this package, each a sentence for the operator."""

from __future__ import annotations

from store.errors import StoreError


class SchedulerError(StoreError):
    """The base of all errors of this package."""


class ScheduleWrong(SchedulerError):
    """A cron line is invalid; the message quotes it and gives the reason."""

    def __init__(self, cron: str, found: str) -> None:
        super().__init__(f"The schedule {cron!r} is invalid: {found}.")


class NothingScheduled(SchedulerError):
    """No source has a schedule, so the service would have nothing to do."""

    def __init__(self) -> None:
        super().__init__(
            "No source in the sources file has a schedule; add a line such as "
            'schedule = { cron = "30 3 * * *", timezone = "America/Lima" } to one, or use `crawl` by hand.'
        )
