"""The schema, as numbered steps that are never edited once released.

To change the schema: add a file `mNNN_what_it_does.sql`, and tables that only grow to its line `append-only`.
If the step must compute rows, add a function of the same name to `computed.py`; the function runs after the
SQL. When a database is opened, sqlite-utils applies the missing steps, each in its own transaction, and
records their names. SQLite keeps the comments inside the DDL, so `sqlite-utils schema` and datasette show
them.
"""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

from store.migrations import computed
from store.sqlite import migrations, refuse_changes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlite_utils import Database

__all__ = ["append_only", "migrations"]

_FILES = {path.stem: path for path in Path(__file__).parent.glob("m*.sql")}
_COMPUTED = {name: step for name, step in vars(computed).items() if re.match(r"m\d{3}_", name)}
_APPEND_ONLY = re.compile(r"^-- append-only: (.+)$", re.MULTILINE)


def append_only(step: str) -> list[str]:
    """Return the tables whose rows never change from this step on."""
    return " ".join(_APPEND_ONLY.findall(_sql(step))).split()


def _sql(step: str) -> str:
    return _FILES[step].read_text(encoding="utf-8") if step in _FILES else ""


def _statements(sql: str) -> Iterator[str]:
    """Split SQL into statements; `executescript` would commit the transaction of the step."""
    lines: list[str] = []
    for line in sql.splitlines():
        if lines or (line and not line.startswith("--")):
            lines.append(line)
            if sqlite3.complete_statement("\n".join(lines)):
                yield "\n".join(lines)
                lines = []


def _step(name: str) -> Callable[[Database], None]:
    def apply(db: Database) -> None:
        for statement in _statements(_sql(name)):
            db.execute(statement)
        for table in append_only(name):
            refuse_changes(db, table)
        if name in _COMPUTED:
            _COMPUTED[name](db)

    return apply


for _name in sorted(_FILES.keys() | _COMPUTED.keys()):
    migrations(name=_name)(_step(_name))
