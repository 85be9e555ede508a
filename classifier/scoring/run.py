"""The two jobs of this package that touch the store, each a run in the ledger: scoring and retraining."""

from __future__ import annotations

from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

from classifier.errors import NoModelInUse
from classifier.features.embedding import fastest, open_embedder
from classifier.scoring.scorer import open_scorer
from classifier.training.retraining import Retrained, RetrainOptions, keep_candidate, make_candidate
from store import locks, times
from store.crawl import runs
from store.database import open_database
from store.model import RunKind, RunOutcome, Score
from store.scores import scores

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from classifier.features.embedding import Embedder
    from classifier.scoring.scorer import Scorer
    from classifier.training.retraining import Progress
    from store.database import Database
    from store.model import Run, Sighting

__all__ = ["BATCH", "RetrainOptions", "Retrained", "retrain", "score_new"]

BATCH = 512
"""Sightings scored in one transaction: what an interruption can cost, and what memory holds."""


def score_new(
    database: Path,
    *,
    embedder: Embedder | None = None,
    now: Callable[[], datetime] = times.utc_now,
    progress: Callable[[int, int], None] | None = None,
    may_come: Callable[[], bool] = lambda: False,
    together: int = BATCH,
) -> Run:
    """Score every sighting that the model in use has not scored yet; goes on where it was interrupted.

    Args:
        database: The store.
        embedder: What made the model's vectors; None opens the one its card names.
        now: The clock.
        progress: Called with (scored in this run, all that waited).
        may_come: Asked before each look at what waits, whether to look once more after it; it may wait.
        together: Sightings scored in one transaction.

    Returns:
        The run, ended.

    Raises:
        NoModelInUse: If no model was promoted yet.
        AlreadyUnderWay: If another process is scoring this store.
        ModelError: If the model's files or its embedder cannot be used.
    """
    with closing(open_database(database, must_exist=True)) as db, locks.hold(database, "score"):
        in_use = scores.model_in_use(db)
        if in_use is None:
            raise NoModelInUse
        run = runs.begin_run(db, RunKind.SCORE, now=now())
        told = progress or (lambda _done, _of: None)
        try:
            waiting = scores.count_unscored(db, in_use.model_id)
            goes_on = may_come()
            if waiting or goes_on:  # otherwise the model need not be opened, which takes seconds
                with open_scorer(in_use, database=database, embedder=embedder) as scorer:
                    step = partial(_score_all, db, scorer, run.run_id, now, together)
                    done = step(lambda done: told(done, waiting))
                    while goes_on:
                        goes_on = may_come()
                        done += step(partial(_told_more, told, done))
            counts = scores.count_scored(db, run.run_id)
        except Exception as error:
            runs.end_run(db, run.run_id, RunOutcome.FAILED, str(error), now=now())
            raise
        sentence = f"{counts['scored']} scored, {counts['flagged']} flagged by model {in_use.model_id}."
        runs.end_run(db, run.run_id, RunOutcome.DONE, sentence, counts=counts, now=now())
        return runs.get_run(db, run.run_id)


def retrain(
    database: Path,
    options: RetrainOptions,
    *,
    embedder: Embedder | None = None,
    now: Callable[[], datetime] = times.utc_now,
    progress: Progress | None = None,
) -> Retrained:
    """Train a candidate on the starter set, verdicts and imported labels; promote it if it is not worse.

    Args:
        database: The store; created when it is not there, so that a first model can be trained.
        options: What to train on and what to do with the result.
        embedder: Given by tests; None opens `options.embedder`.
        now: The clock.
        progress: Told how far each long step is.

    Raises:
        TooFewLabels: If there is nothing to learn from.
        AlreadyUnderWay: If another process is retraining on this store.
        ModelError: If the starter set or the embedder cannot be read.
    """
    with locks.hold(database, "retrain"), closing(open_database(database)) as db:
        run = None
        if not options.dry_run:
            run = runs.begin_run(db, RunKind.RETRAIN, due_at=options.due_at, now=now())
        try:
            embedder = embedder or fastest(open_embedder(options.embedder), database)
            result = make_candidate(db, database, options, embedder, now=now(), progress=progress)
            if run:
                keep_candidate(db, database, options, result, now=now())
        except Exception as error:
            if run:
                runs.end_run(db, run.run_id, RunOutcome.FAILED, str(error), now=now())
            raise
        if run:
            sentence = f"Model {result.model.model_id}: {result.sentence}"
            counts = result.rescore.counts if result.rescore else {}
            runs.end_run(db, run.run_id, RunOutcome.DONE, sentence, counts=counts, now=now())
        return result


def _score_all(
    db: Database,
    scorer: Scorer,
    run_id: int,
    now: Callable[[], datetime],
    together: int,
    progress: Callable[[int], None],
) -> int:
    """Score what waits, and return how much that was."""
    done, last = 0, 0
    while batch := scores.unscored_sightings(db, scorer.model.model_id, after=last, limit=together):
        last = batch[-1].sighting_id
        fresh = _score_batch(batch, scorer, run_id, now())
        done += scores.record_scores(db, fresh)
        progress(done)
    return done


def _told_more(told: Callable[[int, int], None], before: int, done: int) -> None:
    told(before + done, before + done)


def _score_batch(batch: list[Sighting], scorer: Scorer, run_id: int, moment: datetime) -> list[Score]:
    scored = scorer.score([sighting.text for sighting in batch])
    return [
        Score(
            sighting_id=sighting.sighting_id,
            model_id=scorer.model.model_id,
            run_id=run_id,
            scored_at=moment,
            p_offer=text.p_offer,
            threshold=scorer.model.threshold,
            reasons=text.reasons,
        )
        for sighting, text in zip(batch, scored, strict=True)
    ]
