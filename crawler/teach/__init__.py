"""Declared readers: a marketplace taught by pointing at a few of its pages, kept as one TOML file a source.

The general rules read a page first; the declared reader replaces the fields that it was taught. No code runs
from its file. The package imports `crawler.extract`, `crawler.archives`, `store` and `text`.
"""
