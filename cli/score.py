"""`score` and `score-archive`: score the store, JSON lines in a pipe, or an archive of any size."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.law import law_options, scoring_settings
from cli.options import AnyFile, ExistingPath, cluster_option, database_option
from cli.output import open_store, progress_bar
from store.messages import counted, harmless

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from classifier.gazetteer import Law
    from classifier.settings import ScoringSettings
    from store.model import Model

PIPE_BATCH = 256
LOOK_S = 1.0
"""The time between two batches beside a crawl: long enough for a batch of many texts to cost little each."""


@click.command(name="score")
@click.option(
    "--json", "pipe", is_flag=True, help="Read listings as JSONL from stdin, write them scored to stdout."
)
@click.option("--follow", is_flag=True, help="Keep scoring while a crawl is under way.")
@law_options
@database_option
def command(law: Law, database: Path, *, pipe: bool, follow: bool) -> None:
    """Score every sighting that the model in use has not scored yet.

    With --json nothing in the store is changed. Each line of standard input is an object with a title and
    perhaps a description; it is printed with p_offer, flagged, threshold, model_id and reasons. A line that
    cannot be read is named on standard error and left out; the exit code is then 1.

    With --follow the command scores beside the crawls of this database and ends after the last of them. The
    model is opened once, and new listings are in the queue while the crawls run.

    Example: precursor-watch score

    Example: precursor-watch score --follow

    Example: precursor-watch score --json < listings.jsonl | jq 'select(.flagged) | .title'
    """
    if pipe:
        _score_pipe(database, law)
        return
    if follow or _crawls(database):
        leave_cores_to_others()
    from classifier.scoring import score_new

    with progress_bar("scoring") as show:
        run = score_new(
            database,
            settings=scoring_settings(law),
            progress=show,
            may_come=partial(is_crawling, database) if follow else lambda: False,
        )
    click.echo(run.sentence)


@click.command(name="score-archive")
@click.argument("source", type=ExistingPath)
@click.option(
    "--output",
    "-o",
    required=True,
    type=AnyFile,
    help="Where the flagged listings are written, as JSON lines.",
)
@law_options
@database_option
@cluster_option("Score")
def score_archive_command(law: Law, source: Path, output: Path, database: Path, cluster: str | None) -> None:
    """Score every listing of an archive with the model in use and write the flagged ones.

    SOURCE is JSONL (also .gz), Parquet (extra "parquet"), or any format that `crawl` reads: WARC, WACZ, ZIP,
    MHTML, HTML or a folder of them. Memory does not grow with its size. After an interruption, even a kill,
    the same command resumes; OUTPUT.checkpoint says how far it got. The store is read only for the model.

    A line that cannot be read is left out and the exit code is 1, as with `score --json`; the first five are
    named on standard error with the reason.

    With --cluster the work is done on many machines; the output is the same, in the same order.

    Example: precursor-watch score-archive evidence/2026.wacz -o flagged.jsonl
    """
    from bulk.archives import check_that_some_were_read
    from classifier.errors import LinesLeftOut

    model = _model(database)
    score = _score_here if cluster is None else partial(_score_on_cluster, cluster)
    with progress_bar("scoring") as show:
        counts = score(source, output, model, database, scoring_settings(law), show)
    check_that_some_were_read(source, output, counts)
    listings = counted(counts["listings"], "listing", "listings")
    click.echo(f"{listings} scored, {counts['flagged']} flagged, in {output}.")
    if counts["left_out"]:
        raise LinesLeftOut(counts["left_out"])


def leave_cores_to_others() -> None:
    """Have NumPy and PyTorch use one thread, unless the environment says how many; call it before they load.

    Beside a crawl and its workers, one thread for each core would spend most of its time waiting busily for
    another thread that has no core.
    """
    os.environ.setdefault("OMP_NUM_THREADS", "1")


def is_crawling(database: Path) -> bool:
    """Return whether a crawl is under way; if so, wait a little, so that it may find something."""
    is_crawling = _crawls(database)
    if is_crawling:
        time.sleep(LOOK_S)
    return is_crawling


def _crawls(database: Path) -> bool:
    from store.locks import work_of, work_under_way
    from store.model import RunKind

    crawls = work_of(RunKind.CRAWL, "")
    return any(work.startswith(crawls) for work in work_under_way(database))


def _score_pipe(database: Path, law: Law) -> None:
    from classifier.errors import LinesLeftOut
    from classifier.scoring import open_scorer
    from classifier.training.examples import row_text

    model = _model(database)
    with open_scorer(model, database=database, settings=scoring_settings(law)) as scorer:
        bad_lines: list[int] = []
        for batch in _batches(bad_lines):
            for row, scored in zip(batch, scorer.score([row_text(row) for row in batch]), strict=True):
                flagged = scored.p_offer >= model.threshold
                said = {"p_offer": scored.p_offer, "flagged": flagged, "threshold": model.threshold}
                reasons = {"model_id": model.model_id, "reasons": asdict(scored.reasons)}
                line = json.dumps({**row, **said, **reasons}, ensure_ascii=False)
                click.echo(line.encode("utf-8", "replace"))  # a lone surrogate must not end the pipe
    if bad_lines:
        raise LinesLeftOut(len(bad_lines))


def _batches(bad_lines: list[int]) -> Iterator[list[dict[str, object]]]:
    """Yield the lines of standard input in batches; name those that cannot be read, and note their place."""
    from classifier.errors import DataFileWrong
    from classifier.training.examples import json_object

    batch: list[dict[str, object]] = []
    for number, line in enumerate(sys.stdin.buffer, start=1):
        try:
            batch += [json_object("standard input", number, line)] if line.strip() else []
        except DataFileWrong as error:
            bad_lines.append(number)
            click.echo(harmless(error.of_one_line()), err=True)
        if len(batch) == PIPE_BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _score_here(
    source: Path,
    output: Path,
    model: Model,
    database: Path,
    settings: ScoringSettings,
    progress: Callable[[int, int], None],
) -> dict[str, int]:
    from bulk.archives import score_archive
    from classifier.scoring import open_scorer

    # Vectors of an archive are not wanted again, and in memory they would grow with it.
    with (
        tempfile.TemporaryDirectory(prefix="precursor-watch-") as scratch,
        open_scorer(
            model, database=database, vectors_beside=Path(scratch) / "archive.db", settings=settings
        ) as scorer,
    ):
        return score_archive(
            source,
            output,
            scorer,
            model_id=model.model_id,
            threshold=model.threshold,
            law=str(settings.law),
            progress=progress,
        )


def _score_on_cluster(
    address: str,
    source: Path,
    output: Path,
    model: Model,
    database: Path,
    settings: ScoringSettings,
    progress: Callable[[int, int], None],
) -> dict[str, int]:
    from bulk.archives import write_parts
    from bulk.cluster import joined
    from bulk.cluster_scoring import Job, score_on_cluster, with_one_backend, worker_scorer

    source, database = source.resolve(), database.resolve()
    job = Job(
        source=source,
        model_id=model.model_id,
        threshold=model.threshold,
        open_scorer=partial(worker_scorer, model, database, with_one_backend(settings, model, database)),
    )
    with joined(address):
        scored = partial(score_on_cluster, job)
        return write_parts(
            source, output, scored, model_id=model.model_id, law=str(settings.law), progress=progress
        )


def _model(database: Path) -> Model:
    from classifier.errors import NoModelInUse
    from store.scores.scores import model_in_use

    with open_store(database) as db:
        model = model_in_use(db)
    if model is None:
        raise NoModelInUse
    return model
