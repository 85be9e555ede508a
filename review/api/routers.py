"""Every route of the JSON API, in the order of the description."""

from __future__ import annotations

from review.api import (
    account,
    audit,
    cases,
    description,
    figures,
    items,
    listings,
    queue,
    service,
    users,
    verdicts,
)

ROUTERS = (
    items.router, listings.router, verdicts.router, queue.router, cases.router, figures.router,
    account.router, users.router, audit.router, service.router, description.router,
)  # fmt: skip
