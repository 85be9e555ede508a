"""Every route of the JSON API, in the order of the description."""

from __future__ import annotations

from review.api import account, audit, description, queue, users

ROUTERS = (queue.router, account.router, users.router, audit.router, description.router)
