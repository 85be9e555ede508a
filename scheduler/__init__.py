"""UNATTENDED: the service that starts work on schedule and records the outcome of every due time.

Input: the sources file and the store. Output: child processes that crawl and score, and rows in the run
ledger. The package may import crawler, classifier, review and listings, but nothing heavy: child processes do
the work. Only this package imports APScheduler.
"""
