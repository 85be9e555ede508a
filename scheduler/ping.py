"""The service's sign of life, for a watcher elsewhere that alarms when it stays away."""

from __future__ import annotations

from urllib.error import URLError
from urllib.request import Request, urlopen

from scheduler.errors import SchedulerError

TIMEOUT_S = 10


class Unanswered(SchedulerError):
    """The watcher did not take the sign of life."""


def ping(url: str) -> None:
    """Ask `url` once.

    Raises:
        Unanswered: If it is no http(s) address, cannot be reached, or does not answer with success.
    """
    if not url.startswith(("http://", "https://")):
        raise Unanswered(f"The ping address {url!r} is no http(s) address; mend [alarms] ping_url.")
    request = Request(url, headers={"User-Agent": "precursor-watch"})  # noqa: S310 (http(s) only, see above)
    try:
        with urlopen(request, timeout=TIMEOUT_S):  # noqa: S310 (as above)
            return
    except (URLError, OSError, ValueError) as error:
        raise Unanswered(f"The ping address was not answered: {error}.") from error
