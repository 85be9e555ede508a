"""Score texts with reasons, and run the scoring of unscored sightings in the store.

A `Scorer` holds a loaded model, its embedder, the gazetteer and the vector cache. Scoring itself is a pure
function of texts, vectors, a model and a gazetteer.
"""

from __future__ import annotations

from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import compress
from typing import TYPE_CHECKING, Self

import numpy as np

from classifier.errors import EmbedderMismatch, NoModelInUse
from classifier.explain.nearest import nearest
from classifier.explain.word_contributions import word_shares
from classifier.features.embedding import fastest, open_embedder, weights_of
from classifier.features.evidence import (
    FEATURES,
    evidence_matrix,
    evidence_spans,
    has_evidence,
    offered_keys,
    read_all,
)
from classifier.features.matrix import embed_as_shown, keep_evidence
from classifier.features.words import count_words
from classifier.gazetteer import gazetteer_of
from classifier.gazetteer.state import with_imports
from classifier.model.estimator import sigmoid
from classifier.model.persistence import load_model
from classifier.notices import NoticeReader, notices_under
from classifier.reading.matcher import uncollected
from classifier.settings import DEFAULT_SETTINGS, ScoringSettings
from store import locks, times
from store.crawl import runs
from store.crawl.identity import text_hash
from store.database import open_database
from store.messages import counted
from store.model import Contribution, Reasons, RunKind, RunOutcome, Score, ScoreStage
from store.review import notices, office_terms
from store.review.notices import Notice
from store.scores import law_imports, scores
from store.vectors import open_vectors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix

    from classifier.features.embedding import Backend, Embedder
    from classifier.gazetteer import Gazetteer
    from classifier.model.cascade import FirstStage
    from classifier.model.persistence import TrainedModel
    from classifier.reading import Reading
    from store.crawl.pictures import Pictured
    from store.database import Database
    from store.model import Model, Run, Sighting, WordShare
    from store.vectors import VectorCache

SOUND = "what the text sounds like"
"""Name of the contribution of the whole embedding."""

WORDING = "the words it uses"
"""Name of the contribution of all words."""

NAMES = (*FEATURES, SOUND, WORDING)
SHOWN_CONTRIBUTIONS = 8

EXPLAINED_FROM = 0.5
"""Share of the threshold from which nearest examples and words are found; nobody reads lower scores."""

REMEMBERED = 4_096
"""Scored texts that a scorer remembers, because neighbouring listings often share a text."""

BATCH = 512
"""Sightings scored in one transaction; it bounds the memory and the loss in an interruption."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredText:
    """A probability with its reasons."""

    p_offer: float
    reasons: Reasons


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadTexts:
    """Texts with the features that both stages use, without embeddings."""

    texts: Sequence[str]
    readings: Sequence[Reading]
    evidence: NDArray[np.float32]
    """Shape (n, len(FEATURES))."""
    words: csr_matrix
    """Shape (n, COLUMNS)."""

    @classmethod
    def of(cls, texts: Sequence[str], gazetteer: Gazetteer) -> Self:
        """Read texts and count their words."""
        readings = read_all(texts, gazetteer)
        evidence = evidence_matrix(texts, readings)
        return cls(texts=texts, readings=readings, evidence=evidence, words=count_words(texts))

    def at(self, rows: Sequence[int]) -> ReadTexts:
        """Return the given rows, in the given order."""
        return ReadTexts(
            texts=[self.texts[row] for row in rows],
            readings=[self.readings[row] for row in rows],
            evidence=self.evidence[rows],
            words=self.words[rows],
        )


def score_readings(read: ReadTexts, vectors: NDArray[np.float32], model: TrainedModel) -> list[ScoredText]:
    """Return each text's calibrated probability of being an offer, with its reasons.

    Args:
        read: The texts, as built by `store.crawl.identity.listing_text`; may be empty.
        vectors: float32 of shape (texts, dimensions), made by the model's embedder.
        model: A model with the features of this release, as checked at load.

    Returns:
        One `ScoredText` for each text, in order; contributions and rest add up to the log-odds.
    """
    if not read.texts:
        return []
    terms, constant = model.linear.terms(read.evidence, vectors, read.words), model.linear.constant
    probabilities = sigmoid(terms.sum(axis=1) + constant)
    scored = [
        ScoredText(p_offer=float(probabilities[index]), reasons=_reasons(terms[index], constant, reading))
        for index, reading in enumerate(read.readings)
    ]
    explained = np.flatnonzero(probabilities >= model.threshold * EXPLAINED_FROM).tolist()
    likely = read.at(explained)
    near_each = nearest(likely.texts, vectors[explained], model.neighbours)
    for index, near, (words, rest) in zip(explained, near_each, _wording(likely, model), strict=True):
        reasons = replace(scored[index].reasons, neighbours=near, wording=words, rest_wording=rest)
        scored[index] = replace(scored[index], reasons=reasons)
    return scored


def settle_readings(read: ReadTexts, stage: FirstStage) -> list[ScoredText | None]:
    """Return the score of each text that the first stage settles, and None for the other texts."""
    settled: list[ScoredText | None] = [None] * len(read.texts)
    rows = [row for row, reading in enumerate(read.readings) if not has_evidence(reading)]
    if not rows or stage.threshold <= 0:
        return settled
    left, constant = read.at(rows), stage.linear.constant
    terms = stage.linear.terms(left.evidence, stage.static(left.texts), left.words)
    probabilities = sigmoid(terms.sum(axis=1) + constant)
    for index in np.flatnonzero(probabilities < stage.threshold).tolist():
        reasons = replace(_reasons(terms[index], constant, left.readings[index]), stage=ScoreStage.FIRST)
        settled[rows[index]] = ScoredText(p_offer=float(probabilities[index]), reasons=reasons)
    return settled


def check_embedder(model: TrainedModel, embedder_id: str) -> None:
    """Check that the model was fitted on vectors of these weights, in any backend.

    Raises:
        EmbedderMismatch: If the ids differ.
    """
    if model.embedder_id != weights_of(embedder_id):
        raise EmbedderMismatch(model.embedder_id, embedder_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorer:
    """Scores texts with one model."""

    model: TrainedModel
    embedder: Embedder
    gazetteer: Gazetteer
    cache: VectorCache

    cascade: bool = True
    """Let the first stage of the model, if any, settle texts that are clearly no offers."""

    _recent: dict[str, ScoredText] = field(default_factory=dict, init=False, repr=False)
    """Scored texts by hash, oldest first."""

    def score(self, texts: Sequence[str]) -> list[ScoredText]:
        """Return each text's probability and reasons, in order; equal texts are read once."""
        hashes = [text_hash(text) for text in texts]
        fresh = {key: text for key, text in zip(hashes, texts, strict=True) if key not in self._recent}
        self._recent.update(zip(fresh, self._score(list(fresh.values())), strict=True))
        scored = [self._recent[key] for key in hashes]
        for key in list(self._recent)[: max(0, len(self._recent) - REMEMBERED)]:
            del self._recent[key]
        return scored

    def _score(self, texts: Sequence[str]) -> list[ScoredText]:
        read = ReadTexts.of(texts, self.gazetteer)
        keep_evidence(texts, read.readings, read.evidence, self.gazetteer, self.cache)
        scored: list[ScoredText | None] = [None] * len(texts)
        if self.cascade and self.model.first_stage:
            scored = settle_readings(read, self.model.first_stage)
        left = read.at([row for row, settled in enumerate(scored) if settled is None])
        vectors = embed_as_shown(left.texts, self.embedder, self.cache)
        whole = iter(score_readings(left, vectors, self.model))
        return [settled or next(whole) for settled in scored]


@contextmanager
def open_scorer(
    model: Model,
    *,
    database: Path,
    embedder: Embedder | None = None,
    keep_vectors: bool = True,
    vectors_beside: Path | None = None,
    settings: ScoringSettings = DEFAULT_SETTINGS,
) -> Iterator[Scorer]:
    """Open a registered model for scoring.

    Args:
        model: As registered in the store.
        database: The store where the model is registered.
        embedder: The embedder of the model's vectors; None opens the embedder named on the model card.
        keep_vectors: Keep vectors beside the store for later runs; otherwise in memory.
        vectors_beside: Keep vectors beside this file instead.
        settings: The law, and how texts are read and embedded.

    Raises:
        ModelFolderWrong: If the model's files cannot be used.
        EmbedderMismatch: If the model was fitted on the vectors of another embedder.
    """
    with uncollected():
        trained = load_model(model_folder(model, database))
        if model.model_id != trained.model_id:  # the same files under the law of an import
            trained = replace(trained, model_id=model.model_id)
        embedder = embedder or fastest(open_embedder(str(trained.card["embedder"])), backend=settings.backend)
        check_embedder(trained, embedder.embedder_id)
        gazetteer = gazetteer_of(settings.law, systematic_names=settings.systematic_names)
        # Compile the reader's patterns now: beside a crawl, the first texts are still to come.
        read_all([f"{gazetteer.substances[0].name} 25 kg, 99 %"], gazetteer)
    beside = vectors_beside or (database if keep_vectors else None)
    with open_vectors(beside, embedder.embedder_id) as cache:
        yield Scorer(
            model=trained,
            embedder=embedder,
            gazetteer=gazetteer,
            cache=cache,
            cascade=settings.cascade,
        )


def backend_for(model: Model, database: Path, settings: ScoringSettings) -> Backend:
    """Return the backend that `open_scorer` would choose for a model's embedder on this machine."""
    card = load_model(model_folder(model, database)).card
    return fastest(open_embedder(str(card["embedder"])), backend=settings.backend).backend


def model_folder(model: Model, database: Path) -> Path:
    """Return the folder of a registered model, which may be relative to the store's folder."""
    return database.resolve().parent / model.folder


def score_new(
    database: Path,
    *,
    settings: ScoringSettings = DEFAULT_SETTINGS,
    embedder: Embedder | None = None,
    now: Callable[[], datetime] = times.utc_now,
    progress: Callable[[int, int], None] | None = None,
    may_come: Callable[[], bool] = lambda: False,
    together: int = BATCH,
) -> Run:
    """Score all sightings that the model in use has not scored yet; this resumes an interrupted run.

    Then the texts in pictures are scored together with the text of their listing, the office terms
    are looked for (`store.review.office_terms`), and notices are read (`classifier.notices`). At last the
    history is scored under an import of the law that waits for a decision (`store.scores.law_imports`).

    Args:
        database: The store.
        settings: The law, and how texts are read and embedded. The imports that the store has accepted count.
        embedder: The embedder of the model's vectors; None opens the embedder named on the model card.
        now: The clock.
        progress: Called with (sightings scored in this run, unscored sightings at its start).
        may_come: Returns whether more sightings may come; called at the start and before each further pass.
            It may wait.
        together: Sightings scored in one transaction.

    Returns:
        The ended run.

    Raises:
        NoModelInUse: If no model was promoted yet.
        AlreadyUnderWay: If another process is scoring this store.
        ModelError: If the model's files or its embedder cannot be used, or what reads systematic names is
            missing.
    """
    with closing(open_database(database, must_exist=True)) as db, locks.hold(database, "score"):
        in_use = scores.model_in_use(db)
        if in_use is None:
            raise NoModelInUse
        settings = replace(settings, law=with_imports(db, settings.law))
        reader = NoticeReader(law=settings.law, systematic_names=settings.systematic_names)
        run = runs.begin_run(db, RunKind.SCORE, now=now())
        show = progress or (lambda _done, _of: None)
        try:
            waiting = scores.count_unscored(db, in_use.model_id)
            may_more_come = may_come()
            is_due = waiting or notices.are_pictures_due(db, in_use.model_id)
            if is_due or may_more_come:  # otherwise the model need not be opened, which takes seconds
                with open_scorer(in_use, database=database, embedder=embedder, settings=settings) as scorer:
                    step = partial(_score_all, db, scorer, run.run_id, now, together)
                    done = step(lambda done: show(done, waiting))
                    while may_more_come:
                        may_more_come = may_come()
                        done += step(partial(_show_more, show, done))
                    notices.record_picture_notices(
                        db,
                        partial(picture_notices, scorer=scorer),
                        model_id=in_use.model_id,
                        run_id=run.run_id,
                        now=now(),
                    )
            office_terms.record_hits(db, run_id=run.run_id, now=now())
            notices.record_notices(db, reader, read_with=reader.read_with, run_id=run.run_id, now=now())
            would_flag = _score_under_import(db, database, settings, embedder, run.run_id, now, show)
            counts = scores.count_scored(db, run.run_id, in_use.model_id)
        except Exception as error:
            runs.end_run(db, run.run_id, RunOutcome.FAILED, str(error), now=now())
            raise
        sentence = (
            f"{counts['scored']} scored, {counts['flagged']} flagged by model {in_use.model_id} under "
            f"{settings.law}."
        )
        if named := counts.get("office_terms"):
            sentence += f" Office terms were found {counted(named, 'time', 'times')}."
        sentence += would_flag
        runs.end_run(db, run.run_id, RunOutcome.DONE, sentence, counts=counts, now=now())
        return runs.get_run(db, run.run_id)


def _score_under_import(
    db: Database,
    database: Path,
    settings: ScoringSettings,
    embedder: Embedder | None,
    run_id: int,
    now: Callable[[], datetime],
    show: Callable[[int, int], None],
) -> str:
    """Score the history under a waiting import, keep what it would flag, and return a sentence on that.

    A sighting that comes meanwhile goes first: this run then ends, and the next one goes on.
    """
    waiting = law_imports.waiting_import(db)
    model = law_imports.model_under_import(db, waiting) if waiting else None
    if waiting is None or model is None:
        return ""
    if unscored := scores.count_unscored(db, model.model_id):
        settings = replace(settings, law=with_imports(db, settings.law, even_waiting=True))
        with open_scorer(model, database=database, embedder=embedder, settings=settings) as scorer:
            _score_all(
                db,
                scorer,
                run_id,
                now,
                BATCH,
                lambda done: show(done, unscored),
                goes_on=lambda: scores.newest_is_scored(db),
            )
    if unscored := scores.count_unscored(db, model.model_id):
        wait = counted(unscored, "sighting waits", "sightings wait")
        return f" {wait} for a score under import {waiting.law_import_id}."
    before, law = with_imports(db, settings.law), with_imports(db, settings.law, even_waiting=True)
    found = law_imports.preview(db, waiting, notices_under=partial(notices_under, before, law))
    assert found
    law_imports.keep_preview(db, waiting, found, now=now())
    would = counted(found.entering + found.noticed, "listing would", "listings would")
    return (
        f" Under import {waiting.law_import_id} of the law, {would} newly be flagged; "
        f"see precursor-watch law preview."
    )


def picture_notices(batch: Sequence[Pictured], scorer: Scorer) -> list[list[Notice]]:
    """Return the notices of each sighting for what its pictures say: one for each substance offered there.

    The text in the pictures is read by itself, and must hold evidence by itself. Then the model scores the
    text of the listing with that of the pictures below it; the notice is weak if that score is below the
    threshold. Signs of an offer without a listed substance are a notice only if it is not.
    """
    readings = read_all([each.said for each in batch], scorer.gazetteer)
    rows = [row for row, reading in enumerate(readings) if has_evidence(reading)]
    scored = scorer.score([f"{batch[row].text}\n{batch[row].said}" for row in rows])
    found: list[list[Notice]] = [[] for _ in batch]
    for row, text in zip(rows, scored, strict=True):
        begin, is_weak = len(batch[row].text) + 1, text.p_offer < scorer.model.threshold
        spans = [span for span in text.reasons.spans if span.start >= begin]
        places = [(span.start - begin, span.end - begin) for span in spans]
        named: dict[str, list[int]] = {}
        for index, span in enumerate(spans):
            if span.substance and span.kind != "mention":
                named.setdefault(span.substance, []).append(index)
        found[row] = [
            Notice(
                kind="picture",
                code=substance,
                name=substance,
                why=spans[indexes[0]].note,
                is_weak=is_weak,
                spans=tuple(places[index] for index in indexes),
            )
            for substance, indexes in named.items()
        ]
        if spans and not named and not is_weak:
            why = "; ".join(dict.fromkeys(span.note for span in spans if span.note))
            found[row] = [
                Notice(kind="picture", code="signs", name="signs of an offer", why=why, spans=tuple(places))
            ]
    return found


def _reasons(terms: NDArray[np.float64], constant: float, reading: Reading) -> Reasons:
    values = terms.tolist()
    named = list(compress(zip(NAMES, values, strict=True), values))
    ranked = sorted(named, key=lambda item: -abs(item[1]))
    shown = ranked[:SHOWN_CONTRIBUTIONS]
    offered = list(offered_keys(reading).values())
    return Reasons(
        contributions=tuple(Contribution(feature=name, log_odds=value) for name, value in shown),
        rest_log_odds=constant + sum(value for _name, value in ranked[SHOWN_CONTRIBUTIONS:]),
        constant_log_odds=constant,
        spans=evidence_spans(reading),
        substances=tuple(mention.substance.name for mention in offered),
        family=offered[0].substance.family if offered else "",
        tier=offered[0].substance.tier if offered else None,
    )


def _wording(read: ReadTexts, model: TrainedModel) -> list[tuple[tuple[WordShare, ...], float]]:
    terms = model.linear.word_terms(read.words)
    by_column = (dict(zip(row.indices.tolist(), row.data.tolist(), strict=True)) for row in terms)
    return [word_shares(text, added) for text, added in zip(read.texts, by_column, strict=True)]


def _score_all(
    db: Database,
    scorer: Scorer,
    run_id: int,
    now: Callable[[], datetime],
    together: int,
    progress: Callable[[int], None],
    *,
    goes_on: Callable[[], bool] = lambda: True,
) -> int:
    """Score the unscored sightings while `goes_on()`, and return their number."""
    done, last = 0, 0
    while goes_on() and (
        batch := scores.unscored_sightings(db, scorer.model.model_id, after=last, limit=together)
    ):
        last = batch[-1].sighting_id
        fresh = _score_batch(batch, scorer, run_id, now())
        done += scores.record_scores(db, fresh)
        progress(done)
    return done


def _show_more(show: Callable[[int, int], None], before: int, done: int) -> None:
    show(before + done, before + done)


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
