"""`score` and `score-archive`: score the store, JSON lines from a pipe, or an archive of any size."""

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
    from store.review.office_terms import OfficeTerm

PIPE_BATCH = 256
LOOK_S = 1.0
"""Time between two batches during a crawl: long enough for efficient batches."""


@click.command(name="score")
@click.option(
    "--json",
    "pipe",
    is_flag=True,
    help="Read listings as JSONL from stdin, and write them with scores to stdout.",
)
@click.option("--follow", is_flag=True, help="Keep scoring while a crawl is under way.")
@law_options
@database_option
def command(law: Law, database: Path, *, pipe: bool, follow: bool) -> None:
    """Score every sighting that the model in use has not scored yet.

    --json leaves the store unchanged. Each line of standard input is an object with a title and an optional
    description; it is printed with p_offer, flagged, threshold, model_id and reasons. An invalid line is
    reported on standard error and skipped; the exit code is then 1.

    --follow scores new listings while crawls of this database run, and ends after the last crawl. The model
    is loaded only once.

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
    help="The file for the flagged listings, as JSON lines.",
)
@law_options
@database_option
@cluster_option("Score")
def score_archive_command(law: Law, source: Path, output: Path, database: Path, cluster: str | None) -> None:
    """Score every listing of an archive with the model in use, and write the flagged listings.

    SOURCE is JSONL (also .gz), Parquet (extra "parquet"), or any format that `crawl` reads: WARC, WACZ,
    ZIP, MHTML, HTML or a folder of them. Memory use does not depend on its size. After an interruption,
    even a kill, the same command resumes from OUTPUT.checkpoint. Only the model and the office terms are
    read from the store. A listing that names an office term is written with the term, whatever its score.

    An invalid line is skipped, and the exit code is then 1, as with `score --json`. The first five are
    reported on standard error with the reason.

    With --cluster, many machines share the work; the output is the same, in the same order.

    Example: precursor-watch score-archive evidence/2026.wacz -o flagged.jsonl
    """
    from bulk.archives import check_that_some_were_read
    from classifier.errors import LinesLeftOut
    from store.review.office_terms import list_terms

    model = _model(database)
    with open_store(database) as db:
        terms = tuple(list_terms(db, is_retired=False))
    score = _score_here if cluster is None else partial(_score_on_cluster, cluster)
    with progress_bar("scoring") as show:
        counts = score(source, output, model, terms, database, scoring_settings(law), show)
    check_that_some_were_read(source, output, counts)
    listings = counted(counts["listings"], "listing", "listings")
    click.echo(f"{listings} scored, {counts['flagged']} flagged, in {output}.")
    if counts["left_out"]:
        raise LinesLeftOut(counts["left_out"])


def leave_cores_to_others() -> None:
    """Limit NumPy and PyTorch to one thread unless the environment sets a number; call before their import.

    Beside a crawl and its workers, one thread per core would mostly busy-wait for threads without a core.
    """
    os.environ.setdefault("OMP_NUM_THREADS", "1")


def is_crawling(database: Path) -> bool:
    """Return whether a crawl is running; if so, wait `LOOK_S` first, so that new listings can arrive."""
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
                click.echo(line.encode("utf-8", "replace"))  # a lone surrogate must not break the pipe
    if bad_lines:
        raise LinesLeftOut(len(bad_lines))


def _batches(bad_lines: list[int]) -> Iterator[list[dict[str, object]]]:
    """Yield standard input in batches; report each invalid line and add its number to `bad_lines`."""
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
    terms: tuple[OfficeTerm, ...],
    database: Path,
    settings: ScoringSettings,
    progress: Callable[[int, int], None],
) -> dict[str, int]:
    from bulk.archives import score_archive
    from classifier.scoring import open_scorer

    # Vectors of an archive are not reused, and in memory they would grow with it.
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
            terms=terms,
            progress=progress,
        )


def _score_on_cluster(
    address: str,
    source: Path,
    output: Path,
    model: Model,
    terms: tuple[OfficeTerm, ...],
    database: Path,
    settings: ScoringSettings,
    progress: Callable[[int, int], None],
) -> dict[str, int]:
    from bulk.archives import write_parts
    from bulk.cluster import Job, joined, score_on_cluster, with_one_backend, worker_scorer

    source, database = source.resolve(), database.resolve()
    job = Job(
        source=source,
        model_id=model.model_id,
        threshold=model.threshold,
        open_scorer=partial(worker_scorer, model, database, with_one_backend(settings, model, database)),
        terms=terms,
    )
    with joined(address):
        scored = partial(score_on_cluster, job)
        return write_parts(
            source,
            output,
            scored,
            model_id=model.model_id,
            law=str(settings.law),
            terms=terms,
            progress=progress,
        )


def _model(database: Path) -> Model:
    from classifier.errors import NoModelInUse
    from store.scores.scores import model_in_use

    with open_store(database) as db:
        model = model_in_use(db)
    if model is None:
        raise NoModelInUse
    return model
