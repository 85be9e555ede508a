"""`score-archive`: the flagged listings of an archive of any size, without a crawl and without the store."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click

from cli.options import database_option


@click.command(name="score-archive")
@click.argument("source", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--output",
    "-o",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the flagged listings are written, as JSON lines.",
)
@database_option
def command(source: Path, output: Path, database: Path) -> None:
    """Score every listing of an archive with the model in use and write the flagged ones.

    SOURCE is JSONL (also .gz), Parquet (extra "parquet"), or what `crawl` reads: WARC, WACZ, ZIP, MHTML,
    HTML or a folder of them. Memory does not grow with it. Interrupted, even killed, the same command goes
    on where it was; OUTPUT.checkpoint says how far. The store is read for the model and not written.

    Example: precursor-watch score-archive evidence/2026.wacz -o flagged.jsonl
    """
    from classifier.errors import NoModelInUse
    from classifier.scorer import open_scorer
    from cli.archive_scoring import score_archive
    from cli.output import reading
    from cli.progress import progress_bar
    from listings.models import model_in_use

    with reading(database) as db:
        model = model_in_use(db)
    if model is None:
        raise NoModelInUse
    # Vectors of an archive are not wanted again, and in memory they would grow with it.
    with (
        tempfile.TemporaryDirectory(prefix="precursor-watch-") as scratch,
        open_scorer(model, database=database, vectors_beside=Path(scratch) / "archive.db") as scorer,
        progress_bar("scoring") as show,
    ):
        counts = score_archive(
            source, output, scorer, model_id=model.model_id, threshold=model.threshold, progress=show
        )
    click.echo(f"{counts['listings']} listings scored, {counts['flagged']} flagged, in {output}.")
