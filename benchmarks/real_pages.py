"""Crawl a folder of real saved pages, each folder in it as one source, and print what came of it.

python -m benchmarks.real_pages --pages ../shared/data/pages --db var/real.db

Beside pages there may be a list that says which file was which address: `*.csv` or `*.jsonl` with `file` and
`url`. Its usable rows are copied into a manifest; broken lines are passed over. Nothing else is copied.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from classifier.errors import DataFileWrong
from store.database import open_database
from store.scores.scores import standing_listings

if TYPE_CHECKING:
    from collections.abc import Iterator

TABLE = """
[sources.{name}]
name = "{name} (real pages, for measuring only)"
archive = {archive}
supplied_by = "the measuring set"
supplied_on = 2026-11-24
"""


def write_sources(pages: Path, folder: Path) -> Path:
    """Write a sources file with one table for each folder in `pages`, and their manifests, into `folder`."""
    tables = []
    for archive in sorted(path for path in pages.iterdir() if path.is_dir()):
        table = TABLE.format(name=archive.name.lower(), archive=json.dumps(str(archive.resolve())))
        if rows := dict(_addresses(archive)):
            manifest = folder / f"{archive.name}.csv"
            with manifest.open("w", encoding="utf-8", newline="") as handle:
                csv.writer(handle).writerows([("file", "url"), *rows.items()])
            table += f"manifest = {json.dumps(str(manifest))}\n"
        tables.append(table)
    sources = folder / "sources.toml"
    sources.write_text("".join(tables), "utf-8")
    return sources


def _addresses(archive: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(archive.glob("*.csv")):
        with path.open(encoding="utf-8", errors="replace", newline="") as handle:
            yield from _usable(archive, csv.DictReader(handle))
    for path in sorted(archive.glob("*.jsonl")):
        yield from _usable(archive, _json_rows(path.read_bytes()))


def _json_rows(body: bytes) -> Iterator[dict[str, object]]:
    for line in body.splitlines():
        try:
            row = json.loads(line.strip(b"\0 "))
        except ValueError:
            continue
        if isinstance(row, dict):
            yield row


def _usable(
    archive: Path, rows: Iterator[dict[str, object]] | csv.DictReader[str]
) -> Iterator[tuple[str, str]]:
    for row in rows:
        file, url = str(row.get("file") or ""), str(row.get("url") or "")
        if url.startswith(("http://", "https://")) and (archive / file).is_file():
            yield file, url


def crawl(pages: Path, db: Path) -> int:
    """Crawl every folder in `pages` into the store `db`, and return the crawl's exit code."""
    with tempfile.TemporaryDirectory() as scratch:
        sources = write_sources(pages, Path(scratch))
        command = [sys.executable, "-m", "cli", "crawl", "--db", str(db), "--sources", str(sources)]
        return subprocess.run(command, check=False, stdout=sys.stderr).returncode


def texts_read(pages: Path) -> list[str]:
    """Return the text of everything that a crawl of `pages` takes for a listing, rightly or not.

    Raises:
        DataFileWrong: If they could not be crawled whole: nothing flagged of nothing would look well.
    """
    if not pages.is_dir():
        raise DataFileWrong(str(pages), "it is no folder")
    with tempfile.TemporaryDirectory() as scratch:
        store = Path(scratch) / "pages.db"
        if exit_code := crawl(pages, store):
            raise DataFileWrong(str(pages), f"its crawl ended with exit code {exit_code}")
        with closing(open_database(store)) as db:
            return [each.text for batch in standing_listings(db) for each in batch]


def main() -> None:
    """Read the command line, crawl every folder, print the report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.real_pages", description=__doc__)
    parser.add_argument("--pages", type=Path, required=True, help="a folder of folders of saved pages")
    parser.add_argument("--db", type=Path, required=True, help="the store to crawl into")
    chosen = parser.parse_args()
    exit_code = crawl(chosen.pages, chosen.db)
    subprocess.run([sys.executable, "-m", "cli", "report", "--db", str(chosen.db)], check=True)
    sys.exit(exit_code)


if __name__ == "__main__":
    main()
