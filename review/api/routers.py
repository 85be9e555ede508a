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
    users,
    verdicts,
)

ROUTERS = (
    items.router, listings.router, verdicts.router, queue.router, cases.router, figures.router,
    account.router, users.router, audit.router, description.router,
)  # fmt: skip
