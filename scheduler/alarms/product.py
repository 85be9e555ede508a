"""What can be wrong with the product as a whole: queue, model, scores, disk, backups."""

from __future__ import annotations

import shutil
from datetime import timedelta
from typing import TYPE_CHECKING

from scheduler.alarms.bands import stability_index
from store.crawl.runs import done_runs
from store.crawl.text import counted
from store.model import RunKind
from store.operations.alarms import Finding
from store.operations.trends import count_flagged_since, count_judged_since, count_scores_by_band
from store.review.queue import count_queue
from store.scores.models import model_in_use
from store.scores.scores import count_awaiting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scheduler.alarms.look import Look

DRIFT = 0.25
"""The stability index above which scores are said to drift."""

MIN_SCORES = 200
"""Of fewer scores on either side no drift is told."""

MIN_QUEUE = 50
"""A shorter queue is never said to grow."""

RECENT = timedelta(days=7)
BEFORE = timedelta(days=30)
PACE = timedelta(days=14)
"""Over which the reviewers' pace is taken."""


def sources_file(look: Look) -> Iterator[Finding]:
    """Find a sources file that was edited into one that cannot be used."""
    if look.sources_problem:
        yield Finding(
            kind="sources_file",
            sentence=f"{look.sources_problem} The sources as they were before stay in use until it is "
            "mended.",
        )


def scores_drifting(look: Look) -> Iterator[Finding]:
    """Find scores of the last week that lie otherwise than those of the month before."""
    recent = look.now - RECENT
    after = count_scores_by_band(look.db, since=recent, until=look.now)
    before = count_scores_by_band(look.db, since=recent - BEFORE, until=recent)
    if min(sum(before), sum(after)) < MIN_SCORES or (index := stability_index(before, after)) <= DRIFT:
        return
    yield Finding(
        kind="scores_drifting",
        sentence=f"The scores of the last 7 days lie otherwise than those of the 30 days before (stability "
        f"index {index:.2f}, above {DRIFT}). See what is new among the listings, and consider "
        "`precursor-watch retrain`.",
    )


def queue_growing(look: Look) -> Iterator[Finding]:
    """Find a queue longer than reviewers clear in the days set, while more comes in than they clear."""
    waiting = count_queue(look.db)
    if waiting < MIN_QUEUE:
        return
    judged, flagged = (count(look.db, look.now - PACE) for count in (count_judged_since, count_flagged_since))
    a_day = judged / PACE.days
    if waiting > a_day * look.settings.queue_days and flagged > judged:
        yield Finding(
            kind="queue_growing",
            sentence=f"{waiting} listings wait for a verdict, and {a_day:.1f} a day were judged in the "
            f"last 14 days, while {flagged / PACE.days:.1f} a day came in. More reviewers are needed, or a "
            "higher line.",
        )


def no_model(look: Look) -> Iterator[Finding]:
    """Find listings that wait for a score while no model is in use."""
    waiting = count_awaiting(look.db)
    if waiting and model_in_use(look.db) is None:
        yield Finding(
            kind="no_model",
            sentence=f"{counted(waiting, 'listing waits', 'listings wait')} for a score and no model is in "
            "use; make one with `precursor-watch retrain`.",
        )


def model_stale(look: Look) -> Iterator[Finding]:
    """Find a model in use that has not learnt from many verdicts."""
    model = model_in_use(look.db)
    if model is None:
        return
    judged = count_judged_since(look.db, model.created_at)
    if judged >= look.settings.labels_before_retrain:
        yield Finding(
            kind="model_stale",
            sentence=f"{judged} listings were judged since the model in use was trained on "
            f"{model.created_at:%Y-%m-%d}; let it learn from them with `precursor-watch retrain`.",
        )


def disk_low(look: Look) -> Iterator[Finding]:
    """Find a disk with less room than set."""
    free_mb = shutil.disk_usage(look.database.resolve().parent).free / 1e6
    if free_mb < look.settings.disk_free_mb:
        yield Finding(
            kind="disk_low",
            sentence=f"{free_mb:,.0f} MB are free where {look.database} lies, less than "
            f"{look.settings.disk_free_mb:,}. Make room, or move it with `precursor-watch backup` and "
            "`restore`.",
        )


def backup_old(look: Look) -> Iterator[Finding]:
    """Find that the newest backup is too old; where none was ever made, none is expected."""
    backups = done_runs(look.db, RunKind.BACKUP, limit=1)
    limit = timedelta(days=look.settings.backup_days)
    if backups and backups[0].ended_at and look.now - backups[0].ended_at > limit:
        yield Finding(
            kind="backup_old",
            sentence=f"The newest backup was made on {backups[0].ended_at:%Y-%m-%d %H:%M} UTC, more than "
            f"{counted(limit.days, 'day', 'days')} ago; see `precursor-watch runs` for why, and make one "
            "with `precursor-watch backup`.",
        )
