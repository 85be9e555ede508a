"""`score-archive`: what is flagged is written once, whatever the format, and a kill changes nothing."""

from __future__ import annotations

import gzip
import json
import multiprocessing
import os
import signal
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from bulk.archives import check_that_some_were_read, open_listings, score_archive
from bulk.command import BulkFailed
from classifier.scoring import ScoredText
from fixtures.builders.store import NOW
from store.errors import StoreError
from store.model import Reasons
from store.review.office_terms import OfficeTerm

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

ROWS = [{"id": number, "title": f"Lot {number}" + " of PMK" * (number % 10 == 3)} for number in range(200)]
PAGE = """<html><head><title>{0}</title><script type="application/ld+json">
{{"@context": "https://schema.org", "@type": "Product", "name": "{0}", "offers":
{{"@type": "Offer", "price": "5", "priceCurrency": "EUR"}}}}</script></head>
<body><h1>{0}</h1></body></html>"""


@dataclass
class Scorer:
    """Flags what names PMK; kills its own process at the n-th call, if told to."""

    killed_at: int = 0
    calls: int = 0

    def score(self, texts: Sequence[str]) -> list[ScoredText]:
        """Return 0.9 or 0.1."""
        self.calls += 1
        if self.calls == self.killed_at:
            os.kill(os.getpid(), signal.SIGKILL)
        return [ScoredText(p_offer=0.9 if "PMK" in text else 0.1, reasons=Reasons()) for text in texts]


def run(
    source: Path, output: Path, scorer: Scorer | None = None, *, model: str = "m1", law: str = "un"
) -> dict[str, int]:
    """Score in batches of 16."""
    scorer = scorer or Scorer()
    return score_archive(source, output, scorer, model_id=model, threshold=0.5, law=law, batch=16)


def lines_of(output: Path) -> list[dict[str, Any]]:
    """Return what was written."""
    return [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """200 listings as JSON lines, an empty line among them."""
    path = tmp_path / "archive.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in ROWS[:50]) + "\n\n", encoding="utf-8")
    with path.open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in ROWS[50:])
    return path


def test_a_listing_that_names_a_term_of_the_office_is_written_whatever_its_score(
    source: Path, tmp_path: Path
) -> None:
    """With the term, who may read why, and its place; a resumed run needs the same terms."""
    term = OfficeTerm(
        office_term_id=4, term="lot 8", substance="PMK", why="Case 7", added_by="ada", added_at=NOW
    )
    output = tmp_path / "out.jsonl"

    def score(*terms: OfficeTerm) -> dict[str, int]:
        return score_archive(
            source, output, Scorer(), model_id="m1", threshold=0.5, law="un", terms=terms, batch=16
        )

    assert score(term)["flagged"] == 21
    (named,) = [row for row in lines_of(output) if "office_terms" in row]
    assert (named["id"], named["p_offer"]) == (8, 0.1)
    assert named["office_terms"] == [
        {"term": "lot 8", "substance": "PMK", "why": "Case 7", "spans": [[0, 5]]}
    ]
    with pytest.raises(BulkFailed, match="another office_terms"):
        score()


def test_flagged_listings_are_written_with_their_score(source: Path, tmp_path: Path) -> None:
    """In the order of the input, with all that the input said of them."""
    counts = run(source, tmp_path / "out.jsonl")
    found = lines_of(tmp_path / "out.jsonl")
    assert [row["id"] for row in found] == list(range(3, 200, 10))
    assert found[0] | {"reasons": 0} == ROWS[3] | {
        "p_offer": 0.9, "threshold": 0.5, "model_id": "m1", "reasons": 0,
    }  # fmt: skip
    assert (counts["listings"], counts["flagged"], counts["done"]) == (200, 20, source.stat().st_size)


def test_lines_that_cannot_be_read_are_summed_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The first few are named, without Python's words; the others are counted."""
    source = tmp_path / "bad.jsonl"
    source.write_bytes(b"\xee\xff\n" * 20 + b'{"title": "a"}\n')
    counts = run(source, tmp_path / "out.jsonl")
    assert (counts["listings"], counts["left_out"]) == (1, 20)
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "Left out of bad.jsonl: line 1 is not text in UTF-8."
    assert said[5:] == ["Skipped 15 more invalid lines."]


def test_a_file_without_a_listing_is_refused(tmp_path: Path) -> None:
    """No empty output file is left, which a later step would take for a day without offers."""
    source, output = tmp_path / "bad.jsonl", tmp_path / "out.jsonl"
    source.write_bytes(b"\xee\xff\n" * 3)
    counts = run(source, output)
    with pytest.raises(BulkFailed, match="has no valid line"):
        check_that_some_were_read(source, output, counts)
    assert [path.name for path in tmp_path.iterdir()] == ["bad.jsonl"]


@pytest.mark.parametrize(
    "name", ["garbage.zip", "garbage.wacz", "garbage.warc.gz", "garbage.parquet", "empty"]
)
def test_an_archive_without_a_page_is_refused(name: str, tmp_path: Path) -> None:
    """An unreadable or empty archive is an error, and no output file is left."""
    if name == "empty":
        (tmp_path / name).mkdir()
    else:
        (tmp_path / name).write_bytes(b"\x8b\x00garbage" * 500)
    with pytest.raises(StoreError, match=rf"{name} (has no|is not a valid)"):
        run(tmp_path / name, tmp_path / "out.jsonl")
    assert not list(tmp_path.glob("out.jsonl*"))


def test_a_finished_archive_is_not_scored_again(source: Path, tmp_path: Path) -> None:
    """A second run reads and writes nothing."""
    first = run(source, tmp_path / "out.jsonl")
    again = Scorer()
    assert run(source, tmp_path / "out.jsonl", again) == first
    assert again.calls == 0


@pytest.mark.process
@pytest.mark.parametrize("is_packed", [False, True])
def test_a_killed_run_is_gone_on_with(source: Path, tmp_path: Path, *, is_packed: bool) -> None:
    """After SIGKILL in the sixth batch, with half a line left behind, the output is the undisturbed one."""
    if is_packed:
        packed = tmp_path / "archive.jsonl.gz"
        packed.write_bytes(gzip.compress(source.read_bytes()))
        source = packed
    run(source, tmp_path / "whole.jsonl")
    output = tmp_path / "killed.jsonl"
    child = multiprocessing.get_context("fork").Process(
        target=run, args=(source, output, Scorer(killed_at=6))
    )
    child.start()
    child.join(timeout=300)
    assert child.exitcode == -signal.SIGKILL
    with output.open("ab") as file:
        file.write(b'{"id": 1')
    later = Scorer()
    run(source, output, later)
    assert 0 < later.calls < 13
    assert output.read_bytes() == (tmp_path / "whole.jsonl").read_bytes()


def test_another_input_or_model_is_refused(source: Path, tmp_path: Path) -> None:
    """One output is of one input, one model and one law."""
    output = tmp_path / "out.jsonl"
    run(source, output)
    with pytest.raises(BulkFailed, match="started with another model_id"):
        run(source, output, model="m2")
    with pytest.raises(BulkFailed, match="started with another law"):
        run(source, output, law="us")
    (tmp_path / "other.jsonl").write_text("{}\n", encoding="utf-8")
    with pytest.raises(BulkFailed, match="started with another input and size"):
        run(tmp_path / "other.jsonl", output)
    (tmp_path / "mine.jsonl").write_text("my notes\n", encoding="utf-8")
    with pytest.raises(BulkFailed, match="exists without a checkpoint"):
        run(source, tmp_path / "mine.jsonl")


@pytest.mark.parametrize(("left", "said"), [(None, "is missing"), (7, "has 7 bytes")])
def test_an_output_that_lost_bytes_is_refused(
    source: Path, tmp_path: Path, left: int | None, said: str
) -> None:
    """An output shorter than its checkpoint is an error and is not padded."""
    output, mark = tmp_path / "out.jsonl", tmp_path / "out.jsonl.checkpoint"
    written = run(source, output)["bytes"]
    kept = mark.read_bytes()
    if left is None:
        output.unlink()
    else:
        os.truncate(output, left)
    with pytest.raises(BulkFailed, match=f"{said}, but out.jsonl.checkpoint says that {written:,} bytes"):
        run(source, output)
    assert (output.stat().st_size if output.exists() else None) == left
    assert mark.read_bytes() == kept


def test_a_bad_line_is_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A malformed line is named, and the other lines are scored."""
    source = tmp_path / "archive.jsonl"
    source.write_text('{"title": "PMK"}\nnot JSON\n{"title": "PMK too"}\n', encoding="utf-8")
    assert run(source, tmp_path / "out.jsonl")["flagged"] == 2
    assert "line 2 is not JSON" in capsys.readouterr().err


def test_saved_pages_are_read(tmp_path: Path) -> None:
    """A folder of pages, as WARC and WACZ, goes through the same reader as a crawl."""
    folder = tmp_path / "site"
    folder.mkdir()
    for name, title in (("a", "Garden bench"), ("b", "PMK oil"), ("c", "PMK powder")):
        (folder / f"{name}.html").write_text(PAGE.format(title), encoding="utf-8")
    (folder / "broken.html").write_bytes(b"")
    counts = run(folder, tmp_path / "out.jsonl")
    assert (counts["done"], counts["listings"], counts["flagged"]) == (4, 3, 2)
    assert sorted(row["title"] for row in lines_of(tmp_path / "out.jsonl")) == ["PMK oil", "PMK powder"]


def test_parquet_is_read(tmp_path: Path) -> None:
    """Row by row, as far as the package for it is installed."""
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pyarrow.Table.from_pylist(ROWS), tmp_path / "archive.parquet")
    counts = run(tmp_path / "archive.parquet", tmp_path / "out.jsonl")
    assert (counts["done"], counts["flagged"]) == (200, 20)


@pytest.mark.parametrize("name", ["archive.jsonl", "archive.jsonl.gz", "archive.parquet", "site"])
def test_stretches_of_an_archive_hold_each_unit_once(source: Path, tmp_path: Path, name: str) -> None:
    """Parts hold every unit exactly once, even if a part ends inside a line."""
    path = tmp_path / name
    match name:
        case "archive.jsonl.gz":
            path.write_bytes(gzip.compress(source.read_bytes()))
        case "archive.parquet":
            pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
            parquet.write_table(pyarrow.Table.from_pylist(ROWS), path, row_group_size=30)
        case "site":
            path.mkdir()
            for number in range(3):
                (path / f"{number}.html").write_text(PAGE.format(f"Bench {number}"), encoding="utf-8")
    with open_listings(path, warn=print) as listings:
        total, whole = listings.count(), list(listings.read(0))
        cuts = [0, *range(1, total, max(1, total // 17)), total]
        read = [list(listings.read(start, stop)) for start, stop in pairwise(cuts)]
    assert [unit for stretch in read for unit in stretch] == whole
    assert (whole[-1][0], sum(len(rows) for _done, _of, rows in whole)) == (
        total,
        3 if name == "site" else 200,
    )
