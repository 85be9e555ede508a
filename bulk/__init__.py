"""BULK: score archives of any size, and crawl many sources, on one machine or on Ray.

The package drives `crawler` and `classifier`; only `cli` imports it.
"""
