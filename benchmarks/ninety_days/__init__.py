"""Ninety days of the service under a clock turned by hand: `python -m benchmarks.ninety_days`.

The real service, scheduler, ledger, alarms and store; in the place of child processes, crawls of an invented
world that are done in this process and fail in every way that children can. Nothing sleeps.
"""
