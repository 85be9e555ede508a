"""MANY: archives of any size and crawls of many sources, on one machine or on Ray.

It drives `crawler` and `classifier`; only `cli` imports it.
"""
