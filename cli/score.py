"""`score`: score what is new in the store, or JSON lines in a pipe."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from cli.options import database_option

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PIPE_BATCH = 256


@click.command(name="score")
@click.option(
    "--json", "pipe", is_flag=True, help="Read listings as JSONL from stdin, write them scored to stdout."
)
@database_option
def command(database: Path, *, pipe: bool) -> None:
    """Score every sighting that the model in use has not scored yet.

    With --json nothing in the store is changed: each line of standard input is an object with a title
    and perhaps a description, and comes out with p_offer, flagged, threshold, model_id and reasons.

    Example: precursor-watch score

    Example: precursor-watch score --json < listings.jsonl | jq 'select(.flagged) | .title'
    """
    if pipe:
        _score_pipe(database)
        return
    from classifier.run import score_new
    from cli.progress import progress_bar

    with progress_bar("scoring") as show:
        run = score_new(database, progress=show)
    click.echo(run.sentence)


def _score_pipe(database: Path) -> None:
    from classifier.errors import NoModelInUse
    from classifier.examples import row_text
    from classifier.scorer import open_scorer
    from cli.output import reading
    from listings.models import model_in_use

    with reading(database) as db:
        model = model_in_use(db)
    if model is None:
        raise NoModelInUse
    with open_scorer(model, database=database) as scorer:
        for batch in _batches():
            for row, scored in zip(batch, scorer.score([row_text(row) for row in batch]), strict=True):
                flagged = scored.p_offer >= model.threshold
                said = {"p_offer": scored.p_offer, "flagged": flagged, "threshold": model.threshold}
                reasons = {"model_id": model.model_id, "reasons": asdict(scored.reasons)}
                line = json.dumps({**row, **said, **reasons}, ensure_ascii=False)
                click.echo(line.encode("utf-8", "replace"))  # a lone surrogate must not end the pipe


def _batches() -> Iterator[list[dict[str, object]]]:
    from classifier.examples import json_object

    batch: list[dict[str, object]] = []
    for number, line in enumerate(sys.stdin.buffer, start=1):
        if line.strip():
            batch.append(json_object("standard input", number, line))
        if len(batch) == PIPE_BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
