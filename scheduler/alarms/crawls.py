"""What can be wrong with the runs of one source, or of other work in the ledger."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from crawler.live.permission import problem
from scheduler.alarms.bands import usual_band
from scheduler.health import listings_met, source_health
from store.crawl.runs import latest_missed, latest_run
from store.crawl.text import counted
from store.model import RunKind, RunOutcome, SourceKind
from store.operations.alarms import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scheduler.alarms.look import Look
    from store.model import Run

FAILURES = {
    RunOutcome.FAILED: "failed",
    RunOutcome.TIMED_OUT: "took too long",
    RunOutcome.OUT_OF_MEMORY: "ran out of memory",
    RunOutcome.KILLED: "was killed",
}
"""What an alarm says of each."""

REMEMBERED = timedelta(days=1)
"""How long after it was found a missed run is an alarm; the crawl that stood for it may be done long "
"since."""

FIELDS = ("with_title", "with_price", "with_seller")

SHARE_LEAST = 0.15
"""The least half-width of a band of shares."""

MIN_PAGES = 10
"""Of a crawl of fewer pages no share is told."""


def run_failed(look: Look) -> Iterator[Finding]:
    """Find sources whose newest crawl did not do its work, and other work whose newest run did not."""
    crawls = [(RunKind.CRAWL, source_id) for source_id in look.sources]
    others = [(kind, None) for kind in RunKind if kind is not RunKind.CRAWL]
    for kind, source_id in [*crawls, *others]:
        run = latest_run(look.db, kind, source_id=source_id)
        if run is not None and run.outcome in FAILURES:
            what = f"The {kind} of {source_id}" if source_id else f"The {kind} of the store"
            yield Finding(
                kind="run_failed",
                subject=source_id or kind,
                sentence=f"{what} that began at {_moment(run)} {FAILURES[run.outcome]}: "
                f"{run.sentence} See `precursor-watch logs {run.run_id}`.",
            )


def run_missed(look: Look) -> Iterator[Finding]:
    """Find sources of which it was found within the last day that a due time had passed unseen."""
    for source_id in look.sources:
        run = latest_missed(look.db, RunKind.CRAWL, source_id=source_id)
        if run is not None and run.ended_at is not None and look.now - run.ended_at < REMEMBERED:
            yield Finding(
                kind="run_missed",
                subject=source_id,
                sentence=f"The crawl of {source_id} due at {run.due_at:%Y-%m-%d %H:%M} UTC was missed: "
                f"{run.sentence} See why the service was down or behind.",
            )


def overdue(look: Look) -> Iterator[Finding]:
    """Find sources of which a due time passed that nothing accounts for."""
    for source_id, declared in look.sources.items():
        health = source_health(look.db, declared, database=look.database, now=look.now)
        if health.overdue:
            yield Finding(
                kind="source_overdue",
                subject=source_id,
                sentence=f"{source_id} is overdue: a due time passed and its crawl has not begun. Look "
                "whether other crawls hold it up (`precursor-watch status`), or crawl it with `run-now`.",
            )


def yield_unusual(look: Look) -> Iterator[Finding]:
    """Find sources whose newest crawl met fewer or more listings than they usually do."""
    for source_id in look.sources:
        newest, *earlier = _crawls(look, source_id)
        band = usual_band([_listings(run) for run in earlier])
        if newest is None or band is None or band.holds(_listings(newest)):
            continue
        count = _listings(newest)
        silent = "is silent: its" if count == 0 else "has an unusual yield: its"
        yield Finding(
            kind="yield_unusual",
            subject=source_id,
            sentence=f"{source_id} {silent} last crawl met {counted(count, 'listing', 'listings')}, "
            f"where {band.low:.0f} to {band.high:.0f} are usual after {band.runs} runs. Open the site's "
            "pages and the run's outcomes.",
        )


def coverage_fallen(look: Look) -> Iterator[Finding]:
    """Find sources of whose listings a field is read less often than usual."""
    for source_id in look.sources:
        newest, *earlier = _crawls(look, source_id)
        if newest is None or _listings(newest) < MIN_PAGES:
            continue
        fallen = [_fallen(newest, earlier, field) for field in FIELDS]
        if words := [each for each in fallen if each]:
            yield Finding(
                kind="coverage_fallen",
                subject=source_id,
                sentence=f"Fields of {source_id} have fallen: {'; '.join(words)}. Its pages may have "
                "changed; look at one with `precursor-watch try-page`.",
            )


def pages_blocked(look: Look) -> Iterator[Finding]:
    """Find sources that refused more pages than usual."""
    yield from _outcome_risen(
        look,
        kind="pages_blocked",
        outcome="blocked",
        advice="Nothing is worked around: ask the site's operator, or whoever gave the permission.",
    )


def layout_changed(look: Look) -> Iterator[Finding]:
    """Find sources more of whose pages than usual were once understood and are no longer."""
    yield from _outcome_risen(
        look,
        kind="layout_changed",
        outcome="layout_changed",
        advice="Look at one with `precursor-watch try-page`, and mend its page object.",
    )


def permission_ending(look: Look) -> Iterator[Finding]:
    """Find live sources whose permission ends within the days set, or does not hold."""
    for source_id, declared in look.sources.items():
        if declared.source.kind is not SourceKind.LIVE:
            continue
        permission = declared.permission
        if wrong := problem(permission, look.now):
            sentence = f"{source_id} cannot be crawled: {wrong}."
        elif permission is None or permission.valid_until is None:
            continue
        else:
            days = (permission.valid_until - look.now.date()).days
            if days > look.settings.permission_days:
                continue
            sentence = f"The permission of {source_id} ends on {permission.valid_until}. Renew it in time."
        yield Finding(kind="permission_ending", subject=source_id, sentence=sentence)


def _crawls(look: Look, source_id: str) -> list[Run | None]:
    """Return the newest crawl that did its work, and those before it; the first is None where none did."""
    return [*look.crawls(source_id)] or [None]


def _outcome_risen(look: Look, *, kind: str, outcome: str, advice: str) -> Iterator[Finding]:
    for source_id in look.sources:
        newest, *earlier = _crawls(look, source_id)
        if newest is None or newest.counts.get("pages", 0) < MIN_PAGES:
            continue
        share = _share(newest, outcome, "pages")
        history = [_share(run, outcome, "pages") for run in earlier if run and run.counts.get("pages")]
        band = usual_band(history, least=SHARE_LEAST)
        if share > (SHARE_LEAST if band is None else band.high):
            yield Finding(
                kind=kind,
                subject=source_id,
                sentence=f"{newest.counts[outcome]} of {newest.counts['pages']} pages of {source_id} came "
                f"out as {outcome}, where {band.usual if band else 0:.0%} is usual. {advice}",
            )


def _fallen(newest: Run, earlier: list[Run | None], field: str) -> str:
    history = [_share(run, field, "listings") for run in earlier if run and run.counts.get("listings")]
    band = usual_band(history, least=SHARE_LEAST)
    share = _share(newest, field, "listings")
    if band is None or share >= band.low:
        return ""
    return f"{field.removeprefix('with_')} {share:.0%}, usually {band.usual:.0%}"


def _listings(run: Run | None) -> int:
    return listings_met(run) if run else 0


def _share(run: Run, part: str, whole: str) -> float:
    return run.counts.get(part, 0) / run.counts[whole]


def _moment(run: Run) -> str:
    return f"{run.due_at or run.requested_at:%Y-%m-%d %H:%M} UTC"
