"""Many saved pages to crawl: the fixture marketplaces as folders, repeated under other hosts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fixtures.marketplaces.build import write_site
from fixtures.marketplaces.data import STEMS, read_site

if TYPE_CHECKING:
    from pathlib import Path


def write_pages(folder: Path, at_least: int) -> list[Path]:
    """Write whole copies of the marketplaces until there are enough pages.

    Args:
        folder: Made if it is not there.
        at_least: How many pages there are to be.

    Returns:
        Every page's file.
    """
    copies = 0
    written: list[Path] = []
    while len(written) < at_least:
        for stem in STEMS:
            copy = folder / f"{stem}-{copies}"
            write_site(stem, "folder", copy)
            _move_host(copy, read_site(stem).base_url, f"https://copy{copies}.{stem}.example")
            written += sorted(copy.glob("*.html"))
        copies += 1
    return written


def _move_host(folder: Path, old: str, new: str) -> None:
    for path in [*folder.glob("*.html"), folder / "manifest.csv"]:
        path.write_bytes(path.read_bytes().replace(old.encode(), new.encode()))
