"""Retrain: train a candidate on the labels, compare it with the model in use, and try it on all listings.

A candidate is promoted if it is not worse. A dry run shows the same results and writes only vectors.
"""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from classifier.errors import ModelFolderWrong
from classifier.features.embedding import TransformerEmbedder, fastest, open_embedder
from classifier.features.matrix import evident, features_of, forget_earlier_evidence
from classifier.features.static_embedding import distil
from classifier.gazetteer import gazetteer_of
from classifier.model.persistence import load_model, save_model, sign_manifest, write_comparison
from classifier.scoring import model_folder
from classifier.settings import DEFAULT_SETTINGS, ScoringSettings
from classifier.training.compare import Comparison, compare, lost_names, not_compared, unlearned_groups
from classifier.training.examples import load_starter
from classifier.training.fit import Cascade, build_dataset, from_labels, train
from classifier.training.shipped_vectors import put_shipped
from store import locks, times
from store.audit import audit
from store.audit.audit import AuditAction, Origin, Via
from store.crawl import runs
from store.database import open_database, transaction
from store.messages import counted
from store.model import Model, RunKind, RunOutcome
from store.review.statistics import count_listings
from store.scores import labels, scores
from store.scores.labels import TEACHING
from store.scores.scores import standing_listings
from store.vectors import open_vectors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from classifier.features.embedding import Embedder
    from classifier.gazetteer import Gazetteer
    from classifier.model.persistence import TrainedModel
    from classifier.training.examples import Example
    from classifier.training.fit import Dataset
    from store.database import Database
    from store.model import Decision
    from store.scores.scores import Standing
    from store.vectors import VectorCache

    Progress = Callable[[str, int, int], None]
    """Called with the name of the step, the amount done, and the total."""

    Features = Callable[[Sequence[str]], csr_matrix]

SHOWN = 10
"""Listings shown for each kind of change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrainOptions:
    """Options of a retraining."""

    starter: Path | None
    """The starter set; None trains on verdicts and imported labels alone."""
    models_folder: Path
    embedder: str
    """A name or path for `open_embedder`."""
    settings: ScoringSettings = DEFAULT_SETTINGS
    seed: int = 0
    force: bool = False
    """Promote even a model that is worse or could not be compared; the record notes this."""
    dry_run: bool = False
    """Train, compare and rescore, but write only vectors."""
    rescore: bool = True
    """Try the candidate on the newest sighting of every listing."""
    by: str = "retrain"
    """The person or service that requested the retraining; recorded with the promotion."""
    due_at: datetime | None = None
    """The scheduled time of a retraining by the service."""

    def accepts(self, comparison: Comparison) -> bool:
        """Return whether a candidate with this comparison is promoted, except in a dry run."""
        return self.force or comparison.may_replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A listing that the candidate would add to the queue, remove from it, or score against a verdict."""

    listing_id: str
    title: str
    url: str
    p_candidate: float
    p_in_use: float | None
    decision: Decision | None


@dataclass(slots=True, kw_only=True)
class Rescore:
    """Changes that a candidate would make, over the newest sightings of all listings."""

    counts: dict[str, int]
    """`listings`; those `entering` and `leaving` the queue; those `turning` against a standing verdict that
    the model in use agrees with; verdicts contradicted by the candidate and by the model in use; listings
    that the model in use left `unscored`."""
    shown: dict[str, list[Change]]
    """The first listings that enter, leave and turn."""

    @property
    def sentence(self) -> str:
        """The counts as a sentence."""
        against = counted(self.counts["contradicted_by_candidate"], "standing verdict", "standing verdicts")
        in_use = ""
        if self.counts["unscored"] < self.counts["listings"]:
            in_use = f", the model in use {self.counts['contradicted_by_in_use']}"
        return (
            f"Of {self.counts['listings']} listings as last seen, {self.counts['entering']} would enter "
            f"the queue, {self.counts['leaving']} leave it, {self.counts['turning']} turn against a verdict; "
            f"it contradicts {against}{in_use}."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrained:
    """The result of a retraining."""

    model: TrainedModel
    comparison: Comparison
    rescore: Rescore | None
    """None if it was not requested."""
    promoted: bool

    def record(self) -> dict[str, Any]:
        """Return the result without the model as plain values, for `comparison.json` and other programs."""
        return {
            "model_id": self.model.model_id,
            **asdict(self.comparison),
            "rescore": None if self.rescore is None else asdict(self.rescore),
            "promoted": self.promoted,
        }

    @property
    def why(self) -> str:
        """Why the candidate was promoted or not."""
        forced = " Promoted by force." if self.promoted and not self.comparison.may_replace else ""
        return self.comparison.sentence + forced

    @property
    def sentence(self) -> str:
        """The reason, and the changes in the queue."""
        return self.why if self.rescore is None else f"{self.why} {self.rescore.sentence}"


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
        database: The store; created if missing, so that a first model can be trained.
        options: The options of the retraining.
        embedder: An embedder for tests; None opens `options.embedder`.
        now: The clock.
        progress: Called during each long step.

    Raises:
        TooFewLabels: If there are too few labels.
        AlreadyUnderWay: If another process is retraining on this store.
        ModelError: If the starter set or the embedder cannot be read.
    """
    with locks.hold(database, "retrain"), closing(open_database(database)) as db:
        run = None
        if not options.dry_run:
            run = runs.begin_run(db, RunKind.RETRAIN, due_at=options.due_at, now=now())
        try:
            embedder = embedder or fastest(open_embedder(options.embedder), backend=options.settings.backend)
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


def make_candidate(
    db: Database,
    database: Path,
    options: RetrainOptions,
    embedder: Embedder,
    *,
    now: datetime,
    progress: Progress | None,
) -> Retrained:
    """Train a candidate, compare it with the model in use, try it on all listings, and write only vectors."""
    examples = _examples(db, options)
    settings = options.settings
    gazetteer = gazetteer_of(settings.law, systematic_names=settings.systematic_names)
    with open_vectors(database, embedder.embedder_id) as cache:
        put_shipped(cache, embedder.embedder_id, [row.text for row in examples if row.origin == "starter"])
        step = _counting(progress, "embedding", len(examples))
        data = build_dataset(examples, embedder=embedder, cache=cache, gazetteer=gazetteer, progress=step)
        candidate = train(
            data,
            embedder=embedder,
            gazetteer_edition=gazetteer.edition,
            seed=options.seed,
            now=now,
            cascade=_cascade(examples, embedder, cache, gazetteer) if settings.cascade else None,
        )

        def features(texts: Sequence[str]) -> csr_matrix:
            return features_of(texts, embedder=embedder, cache=cache, gazetteer=gazetteer)

        comparison = _compare(db, database, candidate, data, gazetteer, features, options.seed)
        history = _rescore(db, candidate, features, progress) if options.rescore else None
        if not options.dry_run:
            forget_earlier_evidence(gazetteer, cache)
    promoted = not options.dry_run and options.accepts(comparison)
    return Retrained(model=candidate, comparison=comparison, rescore=history, promoted=promoted)


def keep_candidate(
    db: Database, database: Path, options: RetrainOptions, result: Retrained, *, now: datetime
) -> None:
    """Write the model and its comparison, and promote it if the result allows."""
    candidate = result.model
    folder = save_model(candidate, options.models_folder).resolve()
    record = json.dumps(result.record(), indent=2, ensure_ascii=False)
    write_comparison(folder, record)
    sign_manifest(folder, database)
    home = database.resolve().parent
    # A path below the store's folder is stored as relative, so that both can be moved together.
    kept_as = folder.relative_to(home) if folder.is_relative_to(home) else folder
    row = Model(
        model_id=candidate.model_id,
        created_at=now,
        folder=str(kept_as),
        embedder_id=candidate.embedder_id,
        threshold=candidate.threshold,
        card=candidate.card,
    )
    origin = Origin(via=Via.CLI if options.due_at is None else Via.SERVICE)
    with transaction(db):
        scores.register_model(db, row)
        audit.record(
            db,
            AuditAction.MODEL_TRAINED,
            actor=options.by,
            origin=origin,
            subject=f"model:{candidate.model_id}",
            details={"promoted": result.promoted, "forced": options.force, "why": result.why},
            now=now,
        )
        if result.promoted:
            scores.promote(
                db, candidate.model_id, promoted_by=options.by, sentence=result.why, origin=origin, now=now
            )


def _examples(db: Database, options: RetrainOptions) -> list[Example]:
    starter = load_starter(options.starter) if options.starter else []
    return starter + from_labels(labels.imported_labels(db) + labels.standing_labels(db))


def _cascade(
    examples: Sequence[Example], embedder: Embedder, cache: VectorCache, gazetteer: Gazetteer
) -> Cascade | None:
    """Return the parts of a first stage; None for an embedder without static copy."""
    texts = [example.text for example in examples]
    static = distil(embedder.ready(), texts) if isinstance(embedder, TransformerEmbedder) else None
    if static is None:
        return None
    return Cascade(static=static, evident=evident(texts, cache=cache, gazetteer=gazetteer))


def _compare(
    db: Database,
    database: Path,
    candidate: TrainedModel,
    data: Dataset,
    gazetteer: Gazetteer,
    features: Features,
    seed: int,
) -> Comparison:
    row = scores.model_in_use(db)
    try:
        in_use = load_model(model_folder(row, database)) if row else None
    except ModelFolderWrong as error:
        return not_compared(candidate.card["held_out"], str(error))
    lost, unlearned = [], 0
    if in_use and in_use.embedder_id == candidate.embedder_id:
        lost = lost_names(candidate, in_use, gazetteer, features)
        unlearned = unlearned_groups(candidate, in_use, data)
    return compare(candidate, in_use, data, lost=lost, unlearned=unlearned, seed=seed)


def _rescore(db: Database, candidate: TrainedModel, features: Features, progress: Progress | None) -> Rescore:
    in_use = scores.model_in_use(db)
    return rescore(
        standing_listings(db),
        score=lambda texts: candidate.pipeline.predict_proba(features(texts))[:, 1],
        threshold=candidate.threshold,
        threshold_in_use=in_use.threshold if in_use else None,
        progress=_counting(progress, "rescoring", count_listings(db)),
    )


def _counting(progress: Progress | None, what: str, total: int) -> Callable[[int], None] | None:
    """Return a callback that adds up counts into the progress of a named step."""
    if progress is None:
        return None
    done = 0

    def step(count: int) -> None:
        nonlocal done
        done += count
        progress(what, done, total)

    return step


def rescore(
    batches: Iterable[Sequence[Standing]],
    *,
    score: Callable[[Sequence[str]], NDArray[np.float64]],
    threshold: float,
    threshold_in_use: float | None,
    progress: Callable[[int], None] | None = None,
) -> Rescore:
    """Return the changes that a candidate would make in the queue; one batch is in memory at a time.

    `score` returns the candidate's probabilities for texts. Without a model in use, its threshold is None.
    """
    sorts = ("entering", "leaving", "turning")
    names = ("listings", *sorts, "contradicted_by_candidate", "contradicted_by_in_use", "unscored")
    found = Rescore(counts=dict.fromkeys(names, 0), shown={sort: [] for sort in sorts})
    for batch in batches:
        for listing, p_offer in zip(batch, score([listing.text for listing in batch]), strict=True):
            flagged_now = _is_flagged(listing.p_offer, threshold_in_use)
            for what in _changes(listing, flagged_now=flagged_now, would_flag=bool(p_offer >= threshold)):
                found.counts[what] += 1
                if what in found.shown and len(found.shown[what]) < SHOWN:
                    found.shown[what].append(_change(listing, float(p_offer)))
        if progress:
            progress(len(batch))
    return found


def _is_flagged(p_offer: float | None, threshold: float | None) -> bool:
    return p_offer is not None and threshold is not None and p_offer >= threshold


def _changes(listing: Standing, *, flagged_now: bool, would_flag: bool) -> Iterable[str]:
    yield "listings"
    is_scored = listing.p_offer is not None
    if not is_scored:
        yield "unscored"
    if listing.decision is None:
        if flagged_now != would_flag:
            yield "entering" if would_flag else "leaving"
        return
    label = TEACHING.get(listing.decision)
    if label is None:
        return
    agrees_now = is_scored and flagged_now == bool(label)
    if is_scored and not agrees_now:
        yield "contradicted_by_in_use"
    if would_flag != bool(label):
        yield "contradicted_by_candidate"
        if agrees_now:
            yield "turning"


def _change(listing: Standing, p_offer: float) -> Change:
    return Change(
        listing_id=listing.listing_id,
        title=listing.title,
        url=listing.url,
        p_candidate=round(p_offer, 4),
        p_in_use=None if listing.p_offer is None else round(listing.p_offer, 4),
        decision=listing.decision,
    )
