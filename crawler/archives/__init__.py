"""Saved copies of sites: folders, HTML files, ZIP, MHTML, WARC, ARC and WACZ, read page by page.

A path comes in; pages under their original URLs go out. The package imports `store` only.
"""

from __future__ import annotations

from crawler.archives.archive import MAX_PAGE_BYTES, Archive, ArchiveContents, open_archive, why_no_page
from crawler.archives.captures import ArchiveError, ArchiveFault, SavedPage

__all__ = [
    "MAX_PAGE_BYTES",
    "Archive",
    "ArchiveContents",
    "ArchiveError",
    "ArchiveFault",
    "SavedPage",
    "open_archive",
    "why_no_page",
]
