"""KEPT: the data model and the one door to SQLite.

What comes in are values of `store.model`; what goes out are the same values, read back.
SQL is written in this package and nowhere else. It imports none of our other packages.
"""
