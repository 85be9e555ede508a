"""Archives that other projects test their readers on, some of them broken on purpose."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawler.archives import open_archive

FOLDER = Path(__file__).parents[4] / "shared" / "data" / "archives"
PATHS = sorted(path for path in FOLDER.glob("*") if path.suffix not in {".md", ".csv"})


@pytest.mark.skipif(not PATHS, reason="The real archives are not beside this checkout.")
@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_a_real_archive_is_read_without_raising(path: Path) -> None:
    """Every page can be fetched, and every missing page has a reason."""
    with open_archive(path) as archive:
        pages = [archive.fetch(url) for url in archive.urls()]
    assert all(page is not None and (page.fault is None or page.sentence) for page in pages)
    assert all(fault.sentence for fault in archive.faults)
