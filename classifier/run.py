"""The two jobs of this package that touch the store: scoring what is new, and retraining."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from classifier.embedding import open_embedder
from classifier.errors import ModelFolderWrong, NoModelInUse
from classifier.evidence import default_gazetteer
from classifier.examples import from_labels, load_starter
from classifier.folder import load_model, save_model
from classifier.scorer import model_folder, open_scorer
from classifier.training import build_dataset, compare, not_compared, train
from listings import labels, locks, models, runs, scores, times
from listings.database import open_database
from listings.model import Model, RunKind, RunOutcome, Score
from listings.vectors import open_vectors

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from classifier.embedding import Embedder
    from classifier.folder import TrainedModel
    from classifier.scorer import Scorer
    from classifier.training import Comparison, Dataset
    from listings.database import Database
    from listings.model import Run, Sighting

BATCH = 512
"""Sightings scored in one transaction: what an interruption can cost, and what memory holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrainOptions:
    """What a retraining is made of, and what may become of it."""

    starter: Path | None
    """The starter set; None trains on verdicts alone."""
    models_folder: Path
    embedder: str
    """A name or path for `open_embedder`."""
    seed: int = 0
    force: bool = False
    """Promote even a model that is worse or could not be compared; the record says so."""
    dry_run: bool = False
    """Train and compare; write nothing but the vectors that were made."""
    by: str = "retrain"
    """Who asked; kept with the promotion."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrained:
    """What a retraining came to."""

    model: TrainedModel
    comparison: Comparison
    promoted: bool


def score_new(
    database: Path,
    *,
    embedder: Embedder | None = None,
    now: Callable[[], datetime] = times.utc_now,
    progress: Callable[[int, int], None] | None = None,
) -> Run:
    """Score every sighting that the model in use has not scored yet; goes on where it was interrupted.

    Args:
        database: The store.
        embedder: What made the model's vectors; None opens the one its card names.
        now: The clock.
        progress: Called with (scored in this run, all that waited).

    Returns:
        The run, ended.

    Raises:
        NoModelInUse: If no model was promoted yet.
        AlreadyUnderWay: If another process is scoring this store.
        ModelError: If the model's files or its embedder cannot be used.
    """
    with closing(open_database(database, must_exist=True)) as db, locks.hold(database, "score"):
        in_use = models.model_in_use(db)
        if in_use is None:
            raise NoModelInUse
        run = runs.begin_run(db, RunKind.SCORE, now=now())
        try:
            with open_scorer(in_use, database=database, embedder=embedder) as scorer:
                counts = _score_all(db, scorer, run.run_id, now, progress)
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
    progress: Callable[[int], None] | None = None,
) -> Retrained:
    """Train a candidate on the starter set and the verdicts, and promote it if it is not worse.

    Args:
        database: The store; created when it is not there, so that a first model can be trained.
        options: What to train on and what to do with the result.
        embedder: Given by tests; None opens `options.embedder`.
        now: The clock.
        progress: Called with the number of texts embedded since the last call.

    Raises:
        TooFewLabels: If there is nothing to learn from.
        AlreadyUnderWay: If another process is retraining on this store.
        ModelError: If the starter set or the embedder cannot be read.
    """
    with locks.hold(database, "retrain"), closing(open_database(database)) as db:
        run = None if options.dry_run else runs.begin_run(db, RunKind.RETRAIN, now=now())
        try:
            result = _retrain(
                db, database, options, embedder or open_embedder(options.embedder), now, progress
            )
        except Exception as error:
            if run:
                runs.end_run(db, run.run_id, RunOutcome.FAILED, str(error), now=now())
            raise
        if run:
            sentence = f"Model {result.model.model_id}: {result.comparison.sentence}"
            runs.end_run(db, run.run_id, RunOutcome.DONE, sentence, now=now())
        return result


def _score_all(
    db: Database,
    scorer: Scorer,
    run_id: int,
    now: Callable[[], datetime],
    progress: Callable[[int, int], None] | None,
) -> dict[str, int]:
    waiting = scores.count_unscored(db, scorer.model.model_id)
    counts = {"scored": 0, "flagged": 0}
    while batch := scores.unscored_sightings(db, scorer.model.model_id, limit=BATCH):
        fresh = _score_batch(batch, scorer, run_id, now())
        counts["scored"] += scores.record_scores(db, fresh)
        counts["flagged"] += sum(score.p_offer >= score.threshold for score in fresh)
        if progress:
            progress(counts["scored"], waiting)
    return counts


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


def _retrain(
    db: Database,
    database: Path,
    options: RetrainOptions,
    embedder: Embedder,
    now: Callable[[], datetime],
    progress: Callable[[int], None] | None,
) -> Retrained:
    examples = load_starter(options.starter) if options.starter else []
    examples += from_labels(labels.standing_labels(db))
    gazetteer = default_gazetteer()
    with open_vectors(database, embedder.embedder_id) as cache:
        data = build_dataset(examples, embedder=embedder, cache=cache, gazetteer=gazetteer, progress=progress)
    candidate = train(
        data, embedder=embedder, gazetteer_edition=gazetteer.edition, seed=options.seed, now=now()
    )
    comparison = _compare(db, database, candidate, data)
    promoted = not options.dry_run and (options.force or comparison.may_replace)
    if not options.dry_run:
        folder = save_model(candidate, options.models_folder).resolve()
        home = database.resolve().parent
        # Beneath the store's folder the path is kept relative, so that both can be moved together.
        kept_as = folder.relative_to(home) if folder.is_relative_to(home) else folder
        _register(db, candidate, str(kept_as), now())
    if promoted:
        forced = "" if comparison.may_replace else " Promoted by force."
        models.promote(
            db, candidate.model_id, promoted_by=options.by, sentence=comparison.sentence + forced, now=now()
        )
    return Retrained(model=candidate, comparison=comparison, promoted=promoted)


def _compare(db: Database, database: Path, candidate: TrainedModel, data: Dataset) -> Comparison:
    row = models.model_in_use(db)
    try:
        in_use = load_model(model_folder(row, database)) if row else None
    except ModelFolderWrong as error:
        return not_compared(candidate.card["held_out"], str(error))
    return compare(candidate, in_use, data)


def _register(db: Database, model: TrainedModel, folder: str, moment: datetime) -> None:
    row = Model(
        model_id=model.model_id,
        created_at=moment,
        folder=folder,
        embedder_id=model.embedder_id,
        threshold=model.threshold,
        card=model.card,
    )
    models.register_model(db, row)
