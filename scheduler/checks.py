"""Every check of the alarms: what can be wrong with a source, with other work, or with the whole product.

To add a check, write a generator of `Problem`s and put `@check` before it; `docs/operate.md` lists them all,
which a test holds. The order here is the order in which they are done.
"""

from __future__ import annotations

import math
import shutil
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

import structlog

from crawler.live.permission import problem
from scheduler.health import HISTORY, listings_met, source_health, usual_band
from store.crawl.runs import done_runs, latest_missed, latest_run
from store.messages import counted
from store.model import RunKind, RunOutcome, SourceKind
from store.operations.alarms import Finding
from store.review.queue import count_queue
from store.review.statistics import count_flagged_since, count_judged_since, count_scores_by_band
from store.scores.scores import count_awaiting, model_in_use

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from crawler.sources.sources import DeclaredSource
    from scheduler.settings import AlarmSettings
    from store.database import Database
    from store.model import Run
    from store.operations.service import Band

log = structlog.get_logger()

FAILURES = {
    RunOutcome.FAILED: "failed",
    RunOutcome.TIMED_OUT: "took too long",
    RunOutcome.OUT_OF_MEMORY: "ran out of memory",
    RunOutcome.KILLED: "was killed",
}
"""How an alarm names each outcome."""

REMEMBERED = timedelta(days=1)
"""How long a missed run stays an alarm after it was found; the crawl in its place may be done long since."""

FIELDS = ("with_title", "with_price", "with_seller")

SHARE_LEAST = 0.15
"""The least half-width of a band of shares."""

MIN_PAGES = 10
"""Shares of a crawl of fewer pages say nothing."""

DRIFT = 0.25
"""The stability index above which scores are said to drift."""

MIN_SCORES = 200
"""With fewer scores on either side no drift is reported."""

MIN_QUEUE = 50
"""A shorter queue is never said to grow."""

RECENT = timedelta(days=7)
BEFORE = timedelta(days=30)
PACE = timedelta(days=14)
"""The time over which the reviewers' pace is measured."""

CHECK_FAILED = "check_failed"
"""The kind of the finding that a check itself failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckContext:
    """What the checks examine: the store, the declared sources, the clock and the operator's settings."""

    db: Database
    database: Path
    """Where `db` lies."""
    sources: Mapping[str, DeclaredSource]
    now: datetime
    settings: AlarmSettings
    sources_problem: str = ""
    """Why the sources file on disk cannot be used, while the last good one is; empty when it can."""
    _crawls: dict[str, list[Run]] = field(default_factory=dict)

    def crawls(self, source_id: str) -> tuple[Run | None, list[Run]]:
        """Return the newest crawl of a source that did its work, and those before it; read them once."""
        if source_id not in self._crawls:
            self._crawls[source_id] = done_runs(
                self.db, RunKind.CRAWL, source_id=source_id, limit=HISTORY + 1
            )
        done = self._crawls[source_id]
        return (done[0] if done else None), done[1:]


class Problem(NamedTuple):
    """Something that is wrong now."""

    subject: str
    """A source's id or another piece of work; empty for the whole product."""
    sentence: str
    """For a person: what was found, what was expected, what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One declared check."""

    kind: str
    """Of the findings, and of the alarms they become."""
    about: str
    """For the operator's manual: when it is raised."""
    find: Callable[[CheckContext], Iterator[Problem]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The result of all checks."""

    findings: tuple[Finding, ...]
    kinds: frozenset[str]
    """The checks that did not fail; alarms of other kinds are left as they stand."""


CHECKS: list[Check] = []


def check(kind: str, about: str) -> Callable[[Callable[[CheckContext], Iterator[Problem]]], None]:
    """Declare the decorated function as a check."""
    return lambda find: CHECKS.append(Check(kind=kind, about=about, find=find))


def find_all(context: CheckContext) -> Found:
    """Return everything that is wrong now; a check that fails is a finding too, and stops no other."""
    findings: list[Finding] = []
    done = {CHECK_FAILED}
    for each in CHECKS:
        try:
            findings += [
                Finding(kind=each.kind, subject=subject, sentence=sentence)
                for subject, sentence in each.find(context)
            ]
            done.add(each.kind)
        except Exception as error:
            log.exception("check_failed", check=each.kind)
            sentence = f"The look for {each.kind} failed ({error}); see the service's log. Others were done."
            findings.append(Finding(kind=CHECK_FAILED, subject=each.kind, sentence=sentence))
    return Found(findings=tuple(findings), kinds=frozenset(done))


@check(
    "sources_file", "the sources file was edited so that it cannot be used; the last good one stays in use"
)
def _sources_file(context: CheckContext) -> Iterator[Problem]:
    if context.sources_problem:
        yield Problem(
            "",
            f"{context.sources_problem} The sources as they were before stay in use until it is mended.",
        )


@check(
    "run_failed",
    "the newest crawl of a source, scoring, retraining, check or backup failed, was ended for its time or "
    "memory, or was killed",
)
def _run_failed(context: CheckContext) -> Iterator[Problem]:
    crawls = [(RunKind.CRAWL, source_id) for source_id in context.sources]
    others = [(kind, None) for kind in RunKind if kind is not RunKind.CRAWL]
    for kind, source_id in [*crawls, *others]:
        run = latest_run(context.db, kind, source_id=source_id)
        if run is not None and run.outcome in FAILURES:
            what = f"The {kind} of {source_id or 'the store'}"
            began = f"{run.due_at or run.requested_at:%Y-%m-%d %H:%M} UTC"
            yield Problem(
                source_id or kind,
                f"{what} that began at {began} {FAILURES[run.outcome]}: {run.sentence} "
                f"See `precursor-watch logs {run.run_id}`.",
            )


@check(
    "run_missed",
    "it was found within the last day that nothing had been begun for a due time, as when the service was "
    "down",
)
def _run_missed(context: CheckContext) -> Iterator[Problem]:
    for source_id in context.sources:
        run = latest_missed(context.db, RunKind.CRAWL, source_id=source_id)
        if run is not None and run.ended_at is not None and context.now - run.ended_at < REMEMBERED:
            yield Problem(
                source_id,
                f"The crawl of {source_id} due at {run.due_at:%Y-%m-%d %H:%M} UTC was missed: "
                f"{run.sentence} See why the service was down or behind.",
            )


@check("source_overdue", "a due time passed and nothing accounts for it")
def _source_overdue(context: CheckContext) -> Iterator[Problem]:
    for source_id, declared in context.sources.items():
        health = source_health(context.db, declared, database=context.database, now=context.now)
        if health.overdue:
            yield Problem(
                source_id,
                f"{source_id} is overdue: a due time passed and its crawl has not begun. Look whether other "
                "crawls hold it up (`precursor-watch status`), or crawl it with `run-now`.",
            )


@check(
    "yield_unusual",
    "a crawl met fewer or more listings than the source's own history lets expect, or none at all",
)
def _yield_unusual(context: CheckContext) -> Iterator[Problem]:
    for source_id in context.sources:
        newest, earlier = context.crawls(source_id)
        band = usual_band([listings_met(run) for run in earlier])
        if newest is None or band is None or band.holds(count := listings_met(newest)):
            continue
        silent = "is silent: its" if count == 0 else "has an unusual yield: its"
        yield Problem(
            source_id,
            f"{source_id} {silent} last crawl met {counted(count, 'listing', 'listings')}, "
            f"where {band.low:.0f} to {band.high:.0f} are usual after {band.runs} runs. Open the site's "
            "pages and the run's outcomes.",
        )


@check(
    "coverage_fallen",
    "title, price or seller was read of fewer listings than usual, as when a site changes its pages",
)
def _coverage_fallen(context: CheckContext) -> Iterator[Problem]:
    for source_id in context.sources:
        newest, earlier = context.crawls(source_id)
        if newest is None or listings_met(newest) < MIN_PAGES:
            continue
        fallen = []
        for name in FIELDS:
            share, band = _share(newest, name, "listings"), _usual_share(earlier, name, "listings")
            if band is not None and share < band.low:
                fallen.append(f"{name.removeprefix('with_')} {share:.0%}, usually {band.usual:.0%}")
        if fallen:
            yield Problem(
                source_id,
                f"Fields of {source_id} have fallen: {'; '.join(fallen)}. Its pages may have changed; look "
                "at one with `precursor-watch try-page`.",
            )


@check("pages_blocked", "a site answered more pages than usual with a refusal or a challenge")
def _pages_blocked(context: CheckContext) -> Iterator[Problem]:
    yield from _outcome_risen(
        context,
        "blocked",
        "Nothing is worked around: ask the site's operator, or whoever gave the permission.",
    )


@check("layout_changed", "more pages than usual could not be understood though they could before")
def _layout_changed(context: CheckContext) -> Iterator[Problem]:
    yield from _outcome_risen(
        context,
        "layout_changed",
        "Look at one with `precursor-watch try-page`, and mend its page object.",
    )


@check("permission_ending", "the permission of a live source ends soon or does not hold")
def _permission_ending(context: CheckContext) -> Iterator[Problem]:
    for source_id, declared in context.sources.items():
        if declared.source.kind is not SourceKind.LIVE:
            continue
        permission = declared.permission
        until = permission.valid_until if permission else None
        if wrong := problem(permission, context.now):
            yield Problem(source_id, f"{source_id} cannot be crawled: {wrong}.")
        elif until and (until - context.now.date()).days <= context.settings.permission_days:
            yield Problem(source_id, f"The permission of {source_id} ends on {until}. Renew it in time.")


@check("scores_drifting", "the scores of the last week lie otherwise than those of the month before")
def _scores_drifting(context: CheckContext) -> Iterator[Problem]:
    recent = context.now - RECENT
    after = count_scores_by_band(context.db, since=recent, until=context.now)
    before = count_scores_by_band(context.db, since=recent - BEFORE, until=recent)
    if min(sum(before), sum(after)) >= MIN_SCORES and (index := stability_index(before, after)) > DRIFT:
        yield Problem(
            "",
            f"The scores of the last 7 days lie otherwise than those of the 30 days before (stability index "
            f"{index:.2f}, above {DRIFT}). See what is new among the listings, and consider "
            "`precursor-watch retrain`.",
        )


@check("queue_growing", "more waits for a verdict than reviewers clear in the days allowed")
def _queue_growing(context: CheckContext) -> Iterator[Problem]:
    waiting = count_queue(context.db)
    if waiting < MIN_QUEUE:
        return
    since = context.now - PACE
    judged, flagged = count_judged_since(context.db, since), count_flagged_since(context.db, since)
    a_day = judged / PACE.days
    if waiting > a_day * context.settings.queue_days and flagged > judged:
        yield Problem(
            "",
            f"{waiting} listings wait for a verdict, and {a_day:.1f} a day were judged in the last 14 days, "
            f"while {flagged / PACE.days:.1f} a day came in. More reviewers are needed, or a higher "
            "threshold.",
        )


@check("no_model", "listings wait for a score and no model is in use")
def _no_model(context: CheckContext) -> Iterator[Problem]:
    waiting = count_awaiting(context.db)
    if waiting and model_in_use(context.db) is None:
        yield Problem(
            "",
            f"{counted(waiting, 'listing waits', 'listings wait')} for a score and no model is in use; make "
            "one with `precursor-watch retrain`.",
        )


@check("model_stale", "many listings were judged since the model in use was trained")
def _model_stale(context: CheckContext) -> Iterator[Problem]:
    model = model_in_use(context.db)
    judged = 0 if model is None else count_judged_since(context.db, model.created_at)
    if model is not None and judged >= context.settings.labels_before_retrain:
        yield Problem(
            "",
            f"{judged} listings were judged since the model in use was trained on "
            f"{model.created_at:%Y-%m-%d}; let it learn from them with `precursor-watch retrain`.",
        )


@check("disk_low", "little room is left where the database lies")
def _disk_low(context: CheckContext) -> Iterator[Problem]:
    free_mb = shutil.disk_usage(context.database.resolve().parent).free / 1e6
    if free_mb < context.settings.disk_free_mb:
        yield Problem(
            "",
            f"{free_mb:,.0f} MB are free where {context.database} lies, less than "
            f"{context.settings.disk_free_mb:,}. Make room, or move it with `precursor-watch backup` and "
            "`restore`.",
        )


@check("backup_old", "the newest backup is older than allowed")
def _backup_old(context: CheckContext) -> Iterator[Problem]:
    """Find nothing where no backup was ever made: none is expected there."""
    backups = done_runs(context.db, RunKind.BACKUP, limit=1)
    limit = timedelta(days=context.settings.backup_days)
    if backups and (made := backups[0].ended_at) and context.now - made > limit:
        yield Problem(
            "",
            f"The newest backup was made on {made:%Y-%m-%d %H:%M} UTC, more than "
            f"{counted(limit.days, 'day', 'days')} ago; see `precursor-watch runs` for why, and make one "
            "with `precursor-watch backup`.",
        )


def stability_index(before: Sequence[int], after: Sequence[int]) -> float:
    """Return the population stability index between two histograms over the same bins.

    The sum of (a - b) ln(a / b) over the shares; one is added to each count so that an empty bin gives no
    infinity. By custom of credit scoring below 0.1 is no change and above 0.25 a large one.

    >>> stability_index([90, 10], [90, 10])
    0.0
    """
    first = [(count + 1) / (sum(before) + len(before)) for count in before]
    second = [(count + 1) / (sum(after) + len(after)) for count in after]
    return sum((b - a) * math.log(b / a) for a, b in zip(first, second, strict=True))


def _outcome_risen(context: CheckContext, outcome: str, advice: str) -> Iterator[Problem]:
    for source_id in context.sources:
        newest, earlier = context.crawls(source_id)
        if newest is None or newest.counts.get("pages", 0) < MIN_PAGES:
            continue
        band = _usual_share(earlier, outcome, "pages")
        if _share(newest, outcome, "pages") > (SHARE_LEAST if band is None else band.high):
            yield Problem(
                source_id,
                f"{newest.counts[outcome]} of {newest.counts['pages']} pages of {source_id} came out as "
                f"{outcome}, where {band.usual if band else 0:.0%} is usual. {advice}",
            )


def _usual_share(earlier: Sequence[Run], part: str, whole: str) -> Band | None:
    shares = [_share(run, part, whole) for run in earlier if run.counts.get(whole)]
    return usual_band(shares, least=SHARE_LEAST)


def _share(run: Run, part: str, whole: str) -> float:
    return run.counts.get(part, 0) / run.counts[whole]
