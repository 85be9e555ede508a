"""The schema, as numbered steps that are never edited once released.

To change the schema: add a file `mNNN_what_it_does.py` with one function of that name. When a database is
opened, sqlite-utils applies the missing steps, each in its own transaction, and records their names. SQLite
keeps the comments inside the DDL, so `sqlite-utils schema` and datasette show them.
"""

from importlib import import_module
from pkgutil import iter_modules

from store.sqlite import migrations

__all__ = ["migrations"]

for _step in sorted(module.name for module in iter_modules(__path__)):
    import_module(f"{__name__}.{_step}")
