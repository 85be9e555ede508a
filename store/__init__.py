"""The data model and the only access to SQLite.

Callers pass values of `store.model` and get the same values back. Only this package has SQL, and it imports
none of our other packages but `text`.
"""
