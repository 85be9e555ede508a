"""Retraining: labels to a candidate, compared and tried on all history before it may be used."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from classifier.errors import ModelFolderWrong
from classifier.features.embedding import TransformerEmbedder
from classifier.features.evidence import default_gazetteer
from classifier.features.matrix import evident, features_of, forget_earlier_evidence
from classifier.features.static_embedding import distil
from classifier.model.cascade import cascade_is_on
from classifier.model.persistence import COMPARISON, load_model, save_model
from classifier.scoring.scorer import model_folder
from classifier.training.comparing import Comparison, compare, not_compared
from classifier.training.examples import load_starter
from classifier.training.fit import Cascade, build_dataset, train
from classifier.training.judged import from_labels
from classifier.training.plain_offers import lost_names, unlearned_groups
from classifier.training.rescoring import Rescore, rescore
from store.audit import audit
from store.audit.audit import AuditAction, Origin, Via
from store.database import transaction
from store.model import Model
from store.review.statistics import count_listings
from store.scores import labels, scores
from store.scores.scores import standing_listings
from store.vectors import open_vectors

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    from scipy.sparse import csr_matrix

    from classifier.features.embedding import Embedder
    from classifier.model.persistence import TrainedModel
    from classifier.training.examples import Example
    from classifier.training.fit import Dataset
    from store.database import Database
    from store.vectors import VectorCache

    Progress = Callable[[str, int, int], None]
    """Called with what is being done, how much of it is done, and how much there is."""

    Features = Callable[[Sequence[str]], csr_matrix]


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrainOptions:
    """What a retraining is made of, and what may become of it."""

    starter: Path | None
    """The starter set; None trains on verdicts and imported labels alone."""
    models_folder: Path
    embedder: str
    """A name or path for `open_embedder`."""
    seed: int = 0
    force: bool = False
    """Promote even a model that is worse or could not be compared; the record says so."""
    dry_run: bool = False
    """Train, compare and rescore; write nothing but the vectors that were made."""
    rescore: bool = True
    """Try the candidate on every listing as last seen."""
    by: str = "retrain"
    """Who asked; kept with the promotion."""
    due_at: datetime | None = None
    """The schedule's time, when the service asked for it."""

    def accepts(self, comparison: Comparison) -> bool:
        """Say whether a candidate so compared is promoted, unless in a dry run."""
        return self.force or comparison.may_replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrained:
    """What a retraining came to."""

    model: TrainedModel
    comparison: Comparison
    rescore: Rescore | None
    """None when it was not asked for."""
    promoted: bool

    def record(self) -> dict[str, Any]:
        """Return everything but the model as plain values, for `comparison.json` and other programs."""
        return {
            "model_id": self.model.model_id,
            **asdict(self.comparison),
            "rescore": None if self.rescore is None else asdict(self.rescore),
            "promoted": self.promoted,
        }

    @property
    def why(self) -> str:
        """Say why it was promoted or not."""
        forced = " Promoted by force." if self.promoted and not self.comparison.may_replace else ""
        return self.comparison.sentence + forced

    @property
    def sentence(self) -> str:
        """Say why, and what would change in the queue."""
        return self.why if self.rescore is None else f"{self.why} {self.rescore.sentence}"


def make_candidate(
    db: Database,
    database: Path,
    options: RetrainOptions,
    embedder: Embedder,
    *,
    now: datetime,
    progress: Progress | None,
) -> Retrained:
    """Train a candidate, hold it against the model in use and try it on all history; keep nothing of it."""
    examples = _examples(db, options)
    gazetteer = default_gazetteer()
    with open_vectors(database, embedder.embedder_id) as cache:
        step = _counting(progress, "embedding", len(examples))
        data = build_dataset(examples, embedder=embedder, cache=cache, gazetteer=gazetteer, progress=step)
        candidate = train(
            data,
            embedder=embedder,
            gazetteer_edition=gazetteer.edition,
            seed=options.seed,
            now=now,
            cascade=_cascade(examples, embedder, cache),
        )

        def features(texts: Sequence[str]) -> csr_matrix:
            return features_of(texts, embedder=embedder, cache=cache, gazetteer=gazetteer)

        comparison = _compare(db, database, candidate, data, features, options.seed)
        history = _rescore(db, candidate, features, progress) if options.rescore else None
        if not options.dry_run:
            forget_earlier_evidence(gazetteer, cache)
    promoted = not options.dry_run and options.accepts(comparison)
    return Retrained(model=candidate, comparison=comparison, rescore=history, promoted=promoted)


def keep_candidate(
    db: Database, database: Path, options: RetrainOptions, result: Retrained, *, now: datetime
) -> None:
    """Write the model, what it was compared with and, if it was promoted, that it is in use."""
    candidate = result.model
    folder = save_model(candidate, options.models_folder).resolve()
    record = json.dumps(result.record(), indent=2, ensure_ascii=False)
    (folder / COMPARISON).write_text(record, encoding="utf-8")
    home = database.resolve().parent
    # Beneath the store's folder the path is kept relative, so that both can be moved together.
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


def _cascade(examples: Sequence[Example], embedder: Embedder, cache: VectorCache) -> Cascade | None:
    """Return what a first stage is made of; None when it is off, or for an embedder that cannot be copied."""
    if not cascade_is_on() or not isinstance(embedder, TransformerEmbedder):
        return None
    static = distil(embedder.ready())
    if static is None:
        return None
    texts = [example.text for example in examples]
    return Cascade(static=static, evident=evident(texts, cache=cache, gazetteer=default_gazetteer()))


def _compare(
    db: Database,
    database: Path,
    candidate: TrainedModel,
    data: Dataset,
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
        lost = lost_names(candidate, in_use, default_gazetteer(), features)
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
    """Turn *done since the last call* into *done so far* of a named step."""
    if progress is None:
        return None
    done = 0

    def step(count: int) -> None:
        nonlocal done
        done += count
        progress(what, done, total)

    return step
