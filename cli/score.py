"""`score`: score what is new in the store, or JSON lines in a pipe."""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING

import click

from cli.law import law_options
from cli.options import database_option

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PIPE_BATCH = 256
LOOK_S = 1.0
"""Between two looks at what a crawl has found: what many texts share of a batch's cost is small then."""


@click.command(name="score")
@click.option(
    "--json", "pipe", is_flag=True, help="Read listings as JSONL from stdin, write them scored to stdout."
)
@click.option("--follow", is_flag=True, help="Go on with what comes while a crawl is under way.")
@law_options
@database_option
def command(database: Path, *, pipe: bool, follow: bool) -> None:
    """Score every sighting that the model in use has not scored yet.

    With --json nothing in the store is changed: each line of standard input is an object with a title
    and perhaps a description, and comes out with p_offer, flagged, threshold, model_id and reasons.
    A line that cannot be read is named on standard error and left out; the others are scored, and the
    exit code is 1 at the end.

    With --follow it scores beside the crawls of this database, and ends after the last of them: the model is
    opened once, and what they find is in the queue while they run.

    Example: precursor-watch score

    Example: precursor-watch score --follow

    Example: precursor-watch score --json < listings.jsonl | jq 'select(.flagged) | .title'
    """
    if pipe:
        _score_pipe(database)
        return
    if follow or _crawls(database):
        leave_cores_to_others()
    from classifier.scoring.run import score_new
    from cli.progress import progress_bar

    with progress_bar("scoring") as show:
        run = score_new(
            database, progress=show, may_come=partial(is_crawling, database) if follow else lambda: False
        )
    click.echo(run.sentence)


def leave_cores_to_others() -> None:
    """Have NumPy and PyTorch use one thread, unless the environment says how many; call it before they load.

    A thread for each core, beside a crawl and its readers, spends most of its time waiting busily for another
    that has no core.
    """
    os.environ.setdefault("OMP_NUM_THREADS", "1")


def is_crawling(database: Path) -> bool:
    """Return whether a crawl is under way; if so, after a while in which it may find something."""
    is_crawling = _crawls(database)
    if is_crawling:
        time.sleep(LOOK_S)
    return is_crawling


def _crawls(database: Path) -> bool:
    from store.locks import work_of, work_under_way
    from store.model import RunKind

    crawls = work_of(RunKind.CRAWL, "")
    return any(work.startswith(crawls) for work in work_under_way(database))


def _score_pipe(database: Path) -> None:
    from classifier.errors import LinesLeftOut, NoModelInUse
    from classifier.scoring.scorer import open_scorer
    from classifier.training.examples import row_text
    from cli.output import reading
    from store.scores.scores import model_in_use

    with reading(database) as db:
        model = model_in_use(db)
    if model is None:
        raise NoModelInUse
    with open_scorer(model, database=database) as scorer:
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
    from store.messages import harmless

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
