"""Every check, declared: the kind of its alarm, what it is about, and the function that looks.

To add one, write a function `Look -> Iterator[Finding]` in the module of its matter and declare it here;
`docs/operate.md` lists them all, which a test holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from scheduler.alarms import crawls, product
from scheduler.alarms.look import Check
from store.operations.alarms import Finding

if TYPE_CHECKING:
    from scheduler.alarms.look import Look

log = structlog.get_logger()

CHECKS = (
    Check(
        kind="sources_file",
        about="the sources file was edited so that it cannot be used; the last good one stays in use",
        find=product.sources_file,
    ),
    Check(
        kind="run_failed",
        about="the newest crawl of a source, scoring, retraining, check or backup failed, was ended for its "
        "time or memory, or was killed",
        find=crawls.run_failed,
    ),
    Check(
        kind="run_missed",
        about="it was found within the last day that nothing had been begun for a due time, as when the "
        "service was down",
        find=crawls.run_missed,
    ),
    Check(kind="source_overdue", about="a due time passed and nothing accounts for it", find=crawls.overdue),
    Check(
        kind="yield_unusual",
        about="a crawl met fewer or more listings than the source's own history lets expect, or none at all",
        find=crawls.yield_unusual,
    ),
    Check(
        kind="coverage_fallen",
        about="title, price or seller was read of fewer listings than usual, as when a site changes its "
        "pages",
        find=crawls.coverage_fallen,
    ),
    Check(
        kind="pages_blocked",
        about="a site answered more pages than usual with a refusal or a challenge",
        find=crawls.pages_blocked,
    ),
    Check(
        kind="layout_changed",
        about="more pages than usual could not be understood though they could before",
        find=crawls.layout_changed,
    ),
    Check(
        kind="permission_ending",
        about="the permission of a live source ends soon or does not hold",
        find=crawls.permission_ending,
    ),
    Check(
        kind="scores_drifting",
        about="the scores of the last week lie otherwise than those of the month before",
        find=product.scores_drifting,
    ),
    Check(
        kind="queue_growing",
        about="more waits for a verdict than reviewers clear in the days allowed",
        find=product.queue_growing,
    ),
    Check(kind="no_model", about="listings wait for a score and no model is in use", find=product.no_model),
    Check(
        kind="model_stale",
        about="many listings were judged since the model in use was trained",
        find=product.model_stale,
    ),
    Check(kind="disk_low", about="little room is left where the database lies", find=product.disk_low),
    Check(kind="backup_old", about="the newest backup is older than allowed", find=product.backup_old),
)

CHECK_FAILED = "check_failed"
"""The kind of the finding that a check could not look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one look found."""

    findings: tuple[Finding, ...]
    kinds: frozenset[str]
    """What was looked for without failing; alarms of other kinds are left as they stand."""


def find_all(look: Look) -> Found:
    """Return all that is wrong now; a check that fails is found too, and keeps no other from looking."""
    findings: list[Finding] = []
    looked = {CHECK_FAILED}
    for check in CHECKS:
        try:
            findings += check.find(look)
            looked.add(check.kind)
        except Exception as error:
            log.exception("check_failed", check=check.kind)
            sentence = f"The look for {check.kind} failed ({error}); see the service's log. Others were done."
            findings.append(Finding(kind=CHECK_FAILED, subject=check.kind, sentence=sentence))
    return Found(findings=tuple(findings), kinds=frozenset(looked))
