"""Ratios against what one would use instead, both measured in one run on the same input.

Only ratios are meant to be compared between machines. Nothing here is a test: a loaded machine fails nothing.
"""
