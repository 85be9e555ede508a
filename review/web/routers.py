"""Every route of the JSON API, in the order of the description."""

from __future__ import annotations

from review.accounts import api_account as account
from review.accounts import api_users as users
from review.cases import api_cases as cases
from review.listing import api_listing as listings
from review.oversight import api_audit as audit
from review.oversight import api_figures as figures
from review.oversight import api_service as service
from review.queue import api_items as items
from review.queue import api_queue as queue
from review.queue import api_verdicts as verdicts
from review.web import description

ROUTERS = (
    items.router, listings.router, verdicts.router, queue.router, cases.router, figures.router,
    account.router, users.router, audit.router, service.router, description.router,
)  # fmt: skip
