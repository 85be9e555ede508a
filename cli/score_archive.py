"""`score-archive`: the flagged listings of an archive of any size, without a crawl and without the store."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bulk.cluster import cluster_option
from cli.law import law_options
from cli.options import database_option
from store.messages import counted

if TYPE_CHECKING:
    from collections.abc import Callable

    from store.model import Model


@click.command(name="score-archive")
@click.argument("source", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--output",
    "-o",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the flagged listings are written, as JSON lines.",
)
@law_options
@database_option
@cluster_option("Score")
def command(source: Path, output: Path, database: Path, cluster: str | None) -> None:
    """Score every listing of an archive with the model in use and write the flagged ones.

    SOURCE is JSONL (also .gz), Parquet (extra "parquet"), or what `crawl` reads: WARC, WACZ, ZIP, MHTML,
    HTML or a folder of them. Memory does not grow with it. Interrupted, even killed, the same command goes
    on where it was; OUTPUT.checkpoint says how far. The store is read for the model and not written.

    A line that cannot be read is left out, the first five with the reason on standard error; the others are
    scored, and the exit code is 1 at the end, as with `score --json`.

    With --cluster the same is done on many machines; the output is the same, in the same order.

    Example: precursor-watch score-archive evidence/2026.wacz -o flagged.jsonl
    """
    from bulk.archive_scoring import check_that_some_were_read
    from classifier.errors import LinesLeftOut, NoModelInUse
    from cli.output import reading
    from cli.progress import progress_bar
    from store.scores.scores import model_in_use

    with reading(database) as db:
        model = model_in_use(db)
    if model is None:
        raise NoModelInUse
    score = _score_here if cluster is None else partial(_score_on_cluster, cluster)
    with progress_bar("scoring") as show:
        counts = score(source, output, model, database, show)
    check_that_some_were_read(source, output, counts)
    listings = counted(counts["listings"], "listing", "listings")
    click.echo(f"{listings} scored, {counts['flagged']} flagged, in {output}.")
    if counts["left_out"]:
        raise LinesLeftOut(counts["left_out"])


def _score_here(
    source: Path, output: Path, model: Model, database: Path, progress: Callable[[int, int], None]
) -> dict[str, int]:
    from bulk.archive_scoring import score_archive
    from classifier.scoring.scorer import open_scorer

    # Vectors of an archive are not wanted again, and in memory they would grow with it.
    with (
        tempfile.TemporaryDirectory(prefix="precursor-watch-") as scratch,
        open_scorer(model, database=database, vectors_beside=Path(scratch) / "archive.db") as scorer,
    ):
        return score_archive(
            source, output, scorer, model_id=model.model_id, threshold=model.threshold, progress=progress
        )


def _score_on_cluster(
    address: str,
    source: Path,
    output: Path,
    model: Model,
    database: Path,
    progress: Callable[[int, int], None],
) -> dict[str, int]:
    from bulk.archive_scoring import write_parts
    from bulk.cluster import joined
    from bulk.cluster_scoring import Job, owner_settings, score_on_cluster, worker_scorer

    source, database = source.resolve(), database.resolve()
    job = Job(
        source=source,
        model_id=model.model_id,
        threshold=model.threshold,
        open_scorer=partial(worker_scorer, model, database, owner_settings(model, database)),
    )
    with joined(address):
        scored = partial(score_on_cluster, job)
        return write_parts(source, output, scored, model_id=model.model_id, progress=progress)
