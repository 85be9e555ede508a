"""UNATTENDED: the service that owns the clock, and how every due time came out.

What comes in are the sources file and the store; what goes out are child processes that crawl and score,
and rows in the run ledger. It may import crawler, classifier, review and listings, but nothing heavy:
the work itself happens in the child processes. APScheduler is known here and nowhere else.
"""
