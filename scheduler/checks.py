"""The checks behind the alarms: of sources, of other work, and of the whole product.

To add a check, decorate a generator of `Problem`s with `@check`. `docs/operate.md` lists all checks, and a
test compares the list. The checks run in the order of this file.
"""

from __future__ import annotations

import math
import shutil
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

import structlog

from classifier.gazetteer.law import Law
from classifier.gazetteer.state import changes_within, with_imports
from crawler.live.permission import problem
from crawler.render import why_not
from crawler.teach.following import shares_of
from scheduler.health import HISTORY, listings_met, source_health, usual_band
from store.crawl.runs import done_runs, latest_missed, latest_run
from store.messages import counted
from store.model import RunKind, RunOutcome, SourceKind
from store.operations.service import Finding
from store.review.queue import count_queue
from store.review.statistics import count_flagged_since, count_reviewed_since, count_scores_by_band
from store.scores.law_imports import waiting_import
from store.scores.scores import count_awaiting, model_in_use

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from classifier.gazetteer.state import Change
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
"""The wording for each failure in alarms."""

REMEMBERED = timedelta(days=1)
"""How long a missed run stays an alarm after it was found; a later crawl may long have replaced it."""

FIELDS = ("with_title", "with_price", "with_seller")

SHARE_LEAST = 0.15
"""The minimum half-width of a band of shares."""

MIN_PAGES = 10
"""The minimum number of pages for which shares are meaningful."""

DRIFT = 0.25
"""The stability index above which drift is reported."""

MIN_SCORES = 200
"""The minimum number of scores on each side for reporting drift."""

MIN_QUEUE = 50
"""The minimum length of a queue that is reported as growing."""

RECENT = timedelta(days=7)
BEFORE = timedelta(days=30)
PACE = timedelta(days=14)
"""The period for measuring the reviewers' pace."""

NAMED_SUBSTANCES = 6
"""The most substances that an alarm names."""

CHECK_FAILED = "check_failed"
"""The kind of a finding about a check that failed itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckContext:
    """The input of the checks: the store, the declared sources, the time and the operator's settings."""

    db: Database
    database: Path
    """The path of `db`."""
    sources: Mapping[str, DeclaredSource]
    now: datetime
    settings: AlarmSettings
    sources_problem: str = ""
    """Why the sources file on disk is invalid, while the last valid one stays in use; empty if valid."""
    law: Law = field(default_factory=Law)
    """The lists that count; imports are read from the store."""
    _crawls: dict[str, list[Run]] = field(default_factory=dict)

    def crawls(self, source_id: str) -> tuple[Run | None, list[Run]]:
        """Return the newest successful crawl of a source, and the earlier ones; query the store only once."""
        if source_id not in self._crawls:
            self._crawls[source_id] = done_runs(
                self.db, RunKind.CRAWL, source_id=source_id, limit=HISTORY + 1
            )
        done = self._crawls[source_id]
        return (done[0] if done else None), done[1:]


class Problem(NamedTuple):
    """A problem that exists now."""

    subject: str
    """A source's ID or a kind of work; empty for the whole product."""
    sentence: str
    """The finding, the expectation and the remedy, for a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A declared check."""

    kind: str
    """The kind of its findings and alarms."""
    about: str
    """When the alarm is raised, for the operator's manual."""
    find: Callable[[CheckContext], Iterator[Problem]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The result of all checks."""

    findings: tuple[Finding, ...]
    kinds: frozenset[str]
    """The kinds of the checks that did not fail; alarms of other kinds are left unchanged."""


CHECKS: list[Check] = []


def check(kind: str, about: str) -> Callable[[Callable[[CheckContext], Iterator[Problem]]], None]:
    """Declare the decorated function as a check."""
    return lambda find: CHECKS.append(Check(kind=kind, about=about, find=find))


def find_all(context: CheckContext) -> Found:
    """Return all problems; a check that fails is a finding too, and does not stop the others."""
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
            sentence = f"The check {each.kind} failed ({error}); see the service's log. The other checks ran."
            findings.append(Finding(kind=CHECK_FAILED, subject=each.kind, sentence=sentence))
    return Found(findings=tuple(findings), kinds=frozenset(done))


@check("sources_file", "the sources file is invalid after a change; the last valid file stays in use")
def _sources_file(context: CheckContext) -> Iterator[Problem]:
    if context.sources_problem:
        yield Problem(
            "",
            f"{context.sources_problem} The previous sources stay in use until the file is corrected.",
        )


@check(
    "run_failed",
    "the newest crawl of a source, scoring, retraining, check or backup failed, exceeded its time or memory "
    "limit, or was killed",
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
                f"{what} that started at {began} {FAILURES[run.outcome]}: {run.sentence} "
                f"See `precursor-watch logs {run.run_id}`.",
            )


@check(
    "run_missed",
    "no run started at a due time of the last day, e.g. because the service was down",
)
def _run_missed(context: CheckContext) -> Iterator[Problem]:
    for source_id in context.sources:
        run = latest_missed(context.db, RunKind.CRAWL, source_id=source_id)
        if run is not None and run.ended_at is not None and context.now - run.ended_at < REMEMBERED:
            yield Problem(
                source_id,
                f"The crawl of {source_id} due at {run.due_at:%Y-%m-%d %H:%M} UTC was missed: "
                f"{run.sentence} Find out why the service was down or late.",
            )


@check("source_overdue", "a due time passed without any run or record")
def _source_overdue(context: CheckContext) -> Iterator[Problem]:
    for source_id, declared in context.sources.items():
        health = source_health(context.db, declared, database=context.database, now=context.now)
        if health.overdue:
            yield Problem(
                source_id,
                f"{source_id} is overdue: a due time passed and its crawl has not started. See whether other "
                "crawls block it (`precursor-watch status`), or crawl it with `run-now`.",
            )


@check(
    "yield_unusual",
    "a crawl found fewer or more listings than usual for the source, or none at all",
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
            f"{source_id} {silent} last crawl found {counted(count, 'listing', 'listings')}; "
            f"{band.low:.0f} to {band.high:.0f} are usual, by the last {band.runs} runs. Check the site's "
            "pages and the run's outcomes.",
        )


@check(
    "coverage_fallen",
    "fewer listings than usual had a title, price or seller, e.g. because the site changed its pages",
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
                f"Field coverage of {source_id} has fallen: {'; '.join(fallen)}. Its pages may have changed; "
                "check one with `precursor-watch try-page`.",
            )


@check("pages_blocked", "a site answered more pages than usual with a refusal or a challenge")
def _pages_blocked(context: CheckContext) -> Iterator[Problem]:
    yield from _outcome_risen(
        context,
        "blocked",
        "The crawler does not work around blocks: ask the site's operator or the issuer of the permission.",
    )


@check("layout_changed", "more pages than usual could no longer be parsed")
def _layout_changed(context: CheckContext) -> Iterator[Problem]:
    yield from _outcome_risen(
        context,
        "layout_changed",
        "Check one with `precursor-watch try-page`, and correct its page object.",
    )


@check(
    "reader_unfit",
    "a declared reader is invalid or set aside, or its shares of fields found or agreed have fallen since it "
    "was taught",
)
def _reader_unfit(context: CheckContext) -> Iterator[Problem]:
    for source_id, declared in context.sources.items():
        newest, _ = context.crawls(source_id)
        if declared.reader_problem:
            yield Problem(source_id, declared.reader_problem)
        elif declared.reader is None or newest is None:
            continue
        elif newest.counts.get("reader_set_aside") == declared.reader.identity:
            yield Problem(
                source_id,
                f"The declared reader of {source_id} was set aside, and general rules read its pages: see "
                f"the sentence of run {newest.run_id}. Teach the source again with `precursor-watch teach`.",
            )
        elif newest.counts.get("reader_pages", 0) >= MIN_PAGES:
            found, agreement = shares_of(Counter(newest.counts))
            if min(found - declared.reader.found, agreement - declared.reader.agreement) < -SHARE_LEAST:
                yield Problem(
                    source_id,
                    f"The declared reader of {source_id} found its fields on {found:.0%} of item pages "
                    f"({declared.reader.found:.0%} when taught) and agreed with the general rules in "
                    f"{agreement:.0%} ({declared.reader.agreement:.0%}). Its pages may have changed; teach "
                    "the source again with `precursor-watch teach`.",
                )


@check("not_drawn", "a source says `render`, but this machine cannot draw pages")
def _not_drawn(context: CheckContext) -> Iterator[Problem]:
    missing = why_not()
    for source_id, declared in context.sources.items():
        if missing and declared.rendering:
            yield Problem(source_id, f"The pages of {source_id} are read without being drawn. {missing}")


@check("permission_ending", "the permission of a live source ends soon or is not valid")
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


@check("scores_drifting", "the scores of the last week are distributed differently from the month before")
def _scores_drifting(context: CheckContext) -> Iterator[Problem]:
    recent = context.now - RECENT
    after = count_scores_by_band(context.db, since=recent, until=context.now)
    before = count_scores_by_band(context.db, since=recent - BEFORE, until=recent)
    if min(sum(before), sum(after)) >= MIN_SCORES and (index := stability_index(before, after)) > DRIFT:
        yield Problem(
            "",
            f"The scores of the last 7 days are distributed differently from the 30 days before (stability "
            f"index {index:.2f}, above {DRIFT}). Look for new kinds of listings, and consider "
            "`precursor-watch retrain`.",
        )


@check("queue_growing", "more listings wait for a verdict than reviewers clear in the days allowed")
def _queue_growing(context: CheckContext) -> Iterator[Problem]:
    waiting = count_queue(context.db)
    if waiting < MIN_QUEUE:
        return
    since = context.now - PACE
    judged, flagged = count_reviewed_since(context.db, since), count_flagged_since(context.db, since)
    a_day = judged / PACE.days
    if waiting > a_day * context.settings.queue_days and flagged > judged:
        yield Problem(
            "",
            f"{waiting} listings wait for a verdict. In the last 14 days {a_day:.1f} a day were reviewed and "
            f"{flagged / PACE.days:.1f} a day came in. More reviewers or a higher threshold are needed.",
        )


@check("no_model", "listings wait for a score and no model is in use")
def _no_model(context: CheckContext) -> Iterator[Problem]:
    waiting = count_awaiting(context.db)
    if waiting and model_in_use(context.db) is None:
        yield Problem(
            "",
            f"{counted(waiting, 'listing waits', 'listings wait')} for a score and no model is in use; train "
            "one with `precursor-watch retrain`.",
        )


@check("model_stale", "many listings were reviewed since the model in use was trained")
def _model_stale(context: CheckContext) -> Iterator[Problem]:
    model = model_in_use(context.db)
    judged = 0 if model is None else count_reviewed_since(context.db, model.created_at)
    if model is not None and judged >= context.settings.labels_before_retrain:
        yield Problem(
            "",
            f"{judged} listings were reviewed since the model in use was trained on "
            f"{model.created_at:%Y-%m-%d}; train a new one with `precursor-watch retrain`.",
        )


@check(
    "law_changes",
    "an entry of the lists that count, or of an imported list that waits for a lead, soon begins or ends",
)
def _law_changes(context: CheckContext) -> Iterator[Problem]:
    law, days = with_imports(context.db, context.law, even_waiting=True), context.settings.law_days
    changes = changes_within(law, context.now.date(), days) if days else []
    by_day: dict[str, list[Change]] = {}
    for each in changes:
        by_day.setdefault(f"{each.row.profile} {each.day} {each.kind}", []).append(each)
    for subject, same in by_day.items():
        first = same[0]
        names = ", ".join(each.row.substance for each in same[:NAMED_SUBSTANCES])
        more = f" and {len(same) - NAMED_SUBSTANCES} more" if len(same) > NAMED_SUBSTANCES else ""
        begin = "takes effect on" if first.kind == "begins" else "is in force for the last time on"
        yield Problem(
            subject,
            f"The listing of {names}{more} ({first.row.instrument}) {begin} {first.day}; see "
            "`precursor-watch law status`.",
        )


@check("law_waits", "an imported list has waited for a lead for more than a week")
def _law_waits(context: CheckContext) -> Iterator[Problem]:
    waiting = waiting_import(context.db)
    if waiting and context.now - waiting.brought_at > RECENT:
        yield Problem(
            "",
            f"Import {waiting.law_import_id} ({waiting.file_name}) has been waiting for a lead since "
            f"{waiting.brought_at:%Y-%m-%d}; see `precursor-watch law preview`, and accept or reject it.",
        )


@check("disk_low", "little space is left on the disk of the database")
def _disk_low(context: CheckContext) -> Iterator[Problem]:
    free_mb = shutil.disk_usage(context.database.resolve().parent).free / 1e6
    if free_mb < context.settings.disk_free_mb:
        yield Problem(
            "",
            f"{free_mb:,.0f} MB are free on the disk of {context.database}, less than "
            f"{context.settings.disk_free_mb:,}. Free some space, or move the database with "
            "`precursor-watch backup` and `restore`.",
        )


@check("backup_old", "the newest backup is older than allowed")
def _backup_old(context: CheckContext) -> Iterator[Problem]:
    """Find nothing if no backup was ever made, because backups are then not expected."""
    backups = done_runs(context.db, RunKind.BACKUP, limit=1)
    limit = timedelta(days=context.settings.backup_days)
    if backups and (made := backups[0].ended_at) and context.now - made > limit:
        yield Problem(
            "",
            f"The newest backup was made on {made:%Y-%m-%d %H:%M} UTC, more than "
            f"{counted(limit.days, 'day', 'days')} ago; see `precursor-watch runs` for the reason, and make "
            "one with `precursor-watch backup`.",
        )


def stability_index(before: Sequence[int], after: Sequence[int]) -> float:
    """Return the population stability index between two histograms over the same bins.

    The sum of (a - b) ln(a / b) over the shares. One is added to each count, so that an empty bin does not
    give infinity. By convention in credit scoring, below 0.1 is no change and above 0.25 a large one.

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
                f"{newest.counts[outcome]} of {newest.counts['pages']} pages of {source_id} had the outcome "
                f"{outcome}; {band.usual if band else 0:.0%} is usual. {advice}",
            )


def _usual_share(earlier: Sequence[Run], part: str, whole: str) -> Band | None:
    shares = [_share(run, part, whole) for run in earlier if run.counts.get(whole)]
    return usual_band(shares, least=SHARE_LEAST)


def _share(run: Run, part: str, whole: str) -> float:
    return run.counts.get(part, 0) / run.counts[whole]
