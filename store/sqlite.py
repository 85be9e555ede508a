"""sqlite-utils without the NumPy and pandas that it imports wherever it finds them.

They would cost every command and every crawl more time than all else it imports, for types that no row of
ours has. Whoever needs either imports it after this as before.
"""

from __future__ import annotations

import sys

_absent = [name for name in ("numpy", "pandas") if name not in sys.modules]
sys.modules.update(dict.fromkeys(_absent))  # type: ignore[arg-type]  # None: importing it fails
try:
    from sqlite_utils import Database, Migrations
finally:
    for _name in _absent:
        del sys.modules[_name]

__all__ = ["Database", "Migrations"]
