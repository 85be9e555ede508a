"""Whether everything kept is still what was kept: the database, the evidence and the audit chain."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from crawler.evidence.verify import verify
from listings import audit_check
from listings.backup import check_store, tend_store
from listings.database import open_database
from listings.evidence import evidence_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def check_everything(database: Path, *, progress: Callable[[int, int], None] | None = None) -> str:
    """Check all of it, fold the write-ahead log into the database, and say what was found whole.

    Raises:
        StoreDamaged: If the database is not whole.
        AuditBroken: If the audit log, or a row that it vouches for, is not what it was.
        EvidenceWrong: With the first WARC file, record or page that is not what was kept.
    """
    with closing(open_database(database, must_exist=True)) as db:
        check_store(db, database)
        log = audit_check.verify(db)
        found = verify(db, evidence_folder(database), progress=progress)
        tend_store(db)
    return (
        f"The database is whole, and so is the audit log with {log.entries:,} entries; {found.files:,} "
        f"WARC files, {found.records:,} records and {found.pages:,} pages are as they were kept."
    )
