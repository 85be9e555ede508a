"""Scrapy's settings of a live crawl, translated once from permission and limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crawler.live.addresses import Reachable
from crawler.live.handler import LiveHandler
from crawler.live.middlewares import (
    BusyMiddleware,
    EvidenceMiddleware,
    PermissionMiddleware,
    RedirectOnce,
    RevalidateMiddleware,
)
from crawler.live.pacing import Pacing
from crawler.live.resolver import (
    NAMES_SETTING,
    REACHABLE_SETTING,
    REFUSALS_SETTING,
    CheckingResolver,
    RefusedHosts,
)
from crawler.live.robots import RobotsMiddleware
from crawler.live.session import SESSION_SETTING
from crawler.run.settings import SHARED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crawler.live.limits import Limits
    from crawler.live.session import Session
    from store.crawl.permissions import Permission

_BUILT_IN = "scrapy.downloadermiddlewares"
MAX_REDIRECTS = 10
MOST_AT_ONCE = 64
"""Requests under way in one crawl, to whichever hosts: each may hold a page of the largest size in memory."""
LONGEST_DELAY_S = 60.0
"""To which AutoThrottle goes by itself; a Crawl-delay may be longer."""


def live_settings(
    session: Session, permission: Permission, names: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    """Return the settings under which a crawl asks a site, and only through the gate.

    Args:
        session: What the crawl's parts share.
        permission: One that holds.
        names: Addresses of hosts, given instead of asked for; for rehearsals on a machine of one's own.
    """
    return {
        **SHARED,
        SESSION_SETTING: session,
        REACHABLE_SETTING: Reachable(permission.private_addresses),
        REFUSALS_SETTING: RefusedHosts(),
        NAMES_SETTING: dict(names),
        "USER_AGENT": session.user_agent,
        **_PARTS,
        **_NEVER,
        **_pace(session.limits, len(session.gate.scope.hosts)),
    }


def _pace(limits: Limits, hosts: int) -> dict[str, Any]:
    """Return how much is asked for at once, how often, and how large an answer may be."""
    delay = limits.seconds_between_requests
    return {
        "AUTOTHROTTLE_ENABLED": True,
        "AUTOTHROTTLE_START_DELAY": delay,
        "AUTOTHROTTLE_MAX_DELAY": max(LONGEST_DELAY_S, delay),
        "AUTOTHROTTLE_TARGET_CONCURRENCY": float(limits.at_once),
        "DOWNLOAD_DELAY": delay,
        "DOWNLOAD_DELAY_JITTER": 0,  # a permitted rate is a bound, not a mean
        "CONCURRENT_REQUESTS": max(16, min(MOST_AT_ONCE, limits.at_once * hosts)),
        "CONCURRENT_REQUESTS_PER_DOMAIN": limits.at_once,
        "DOWNLOAD_TIMEOUT": limits.timeout_s,
        "DOWNLOAD_MAXSIZE": limits.max_page_bytes,
        "RETRY_TIMES": limits.retries,
    }


_PARTS: dict[str, Any] = {
    "TWISTED_DNS_RESOLVER": CheckingResolver,
    "DOWNLOAD_HANDLERS": {
        "http": LiveHandler,
        "https": LiveHandler,
        **dict.fromkeys(("data", "file", "ftp", "s3")),
    },
    "DOWNLOADER_MIDDLEWARES": {
        **dict.fromkeys(
            (
                f"{_BUILT_IN}.offsite.OffsiteMiddleware",  # the gate knows better
                f"{_BUILT_IN}.httpauth.HttpAuthMiddleware",
                f"{_BUILT_IN}.robotstxt.RobotsTxtMiddleware",
                f"{_BUILT_IN}.retry.RetryMiddleware",
                f"{_BUILT_IN}.redirect.RedirectMiddleware",
            )
        ),
        PermissionMiddleware: 5,
        RobotsMiddleware: 100,
        RevalidateMiddleware: 540,
        BusyMiddleware: 550,
        RedirectOnce: 600,
        EvidenceMiddleware: 899,
    },
    "EXTENSIONS": {"scrapy.extensions.throttle.AutoThrottle": None, Pacing: 0},
}
"""What a request passes through; Scrapy's own parts that ours stand in for are left out."""

_NEVER: dict[str, Any] = {
    "ROBOTSTXT_OBEY": False,  # Scrapy's own way of it; ours is stricter and cannot be switched off
    "DOWNLOAD_WARNSIZE": 0,
    "DOWNLOAD_FAIL_ON_DATALOSS": False,  # what did come is evidence, and its page says that it is cut
    "DOWNLOAD_VERIFY_CERTIFICATES": True,
    "REDIRECT_MAX_TIMES": MAX_REDIRECTS,
    "RETRY_GIVE_UP_LOG_LEVEL": "INFO",  # the page's row says it
    "REFERER_ENABLED": False,
    "COOKIES_ENABLED": False,
    "HTTPPROXY_ENABLED": False,  # a proxy would choose the address that is connected to
    "TELNETCONSOLE_ENABLED": False,
    "REMOTE_CONTROL_ENABLED": False,
}
"""What is so for every site and every permission."""
