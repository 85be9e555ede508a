"""Each check, on a store with one fault and on a store without faults."""

from __future__ import annotations

import shutil
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from crawler.render import Rendering
from crawler.sources.sources import DeclaredSource, Schedule
from crawler.teach.reader import DeclaredReader, Rule
from fixtures.builders import store as build
from scheduler.checks import CHECK_FAILED, CHECKS, Check, CheckContext, Problem, find_all
from scheduler.settings import AlarmSettings
from store.crawl.runs import begin_run, end_run, record_not_run
from store.crawl.sources import Basis, Permission, declare_source
from store.database import open_in_memory
from store.model import RunKind, RunOutcome, SourceKind
from store.scores.law_imports import bring_law

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from store.database import Database

NOW = build.NOW
DAY = timedelta(days=1)
WELL = {"pages": 40, "listing": 36, "category": 4, "listings": 36, "with_title": 36, "with_price": 30,
        "with_seller": 20}  # fmt: skip
PERMISSION = Permission(
    basis=Basis.CONSENT,
    reference="Letter 12",
    approved_by="A. Nowak",
    valid_from=date(2026, 1, 1),
    valid_until=date(2027, 12, 31),
    scope=("https://andes.example/",),
    contact="watch@agency.example",
    seconds_between_requests=5,
)


@pytest.fixture
def db() -> Iterator[Database]:
    """A store in which the source andes is declared."""
    with closing(open_in_memory()) as db:
        declare_source(db, build.ANDES, now=NOW - 60 * DAY)
        yield db


def look(db: Database, tmp_path: Path, **changes: object) -> CheckContext:
    """Return a look at noon at one source that is due each night."""
    declared = DeclaredSource(source=build.ANDES, schedule=Schedule(cron="30 3 * * *", timezone="UTC"))
    base = CheckContext(
        db=db,
        database=tmp_path / "store.db",
        sources={"andes": declared},
        now=NOW,
        settings=AlarmSettings(disk_free_mb=0),
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def nights(db: Database, *counts: Mapping[str, int], outcome: RunOutcome = RunOutcome.DONE) -> None:
    """Leave one crawl a night, the last of them last night."""
    for index, each in enumerate(counts):
        due = NOW.replace(hour=3, minute=30) - DAY * (len(counts) - 1 - index)
        run = begin_run(db, RunKind.CRAWL, source_id="andes", due_at=due, now=due)
        end_run(db, run.run_id, outcome, "A sentence.", counts=each, now=due)


def found(context: CheckContext) -> dict[str, str]:
    """Return the findings by kind."""
    return {finding.kind: finding.sentence for finding in find_all(context).findings}


def test_where_all_is_well_nothing_is_found(db: Database, tmp_path: Path) -> None:
    """A month of like nights, the last like the others."""
    nights(db, *[WELL] * 30)
    assert found(look(db, tmp_path)) == {}


def test_every_alarm_is_in_the_manual() -> None:
    """With when it is raised."""
    manual = (Path(__file__).parents[2] / "docs" / "operate.md").read_text(encoding="utf-8")
    for check in CHECKS:
        assert f"| `{check.kind}` | {check.about[0].upper()}{check.about[1:]} |" in manual


def test_every_kind_is_declared_once() -> None:
    """The kind names the alarm, so two checks may not share one."""
    assert len({check.kind for check in CHECKS}) == len(CHECKS)


def test_a_check_that_fails_is_found_and_keeps_no_other_from_looking(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And its own alarms are left as they stand."""

    def broken(_: CheckContext) -> Iterator[Problem]:
        raise OSError("no such device")

    nights(db, {}, outcome=RunOutcome.FAILED)
    changed = (Check(kind="disk_low", about="-", find=broken), *CHECKS)
    monkeypatch.setattr("scheduler.checks.CHECKS", changed)
    seen = find_all(look(db, tmp_path))
    assert {finding.kind for finding in seen.findings} == {CHECK_FAILED, "run_failed"}
    assert "no such device" in next(each.sentence for each in seen.findings if each.kind == CHECK_FAILED)


@pytest.mark.parametrize(
    ("last", "kind", "said"),
    [
        ({"pages": 40, "category": 40, "listings": 0}, "yield_unusual", "silent: its last crawl found 0"),
        ({**WELL, "listings": 12, "with_title": 12, "with_price": 10, "with_seller": 8},
         "yield_unusual", "found 12 listings; 27 to 45 are usual, by the last 29 runs"),
        ({**WELL, "listings": 90, "with_title": 90, "with_price": 75, "with_seller": 50},
         "yield_unusual", "found 90 listings"),
        ({**WELL, "with_price": 2}, "coverage_fallen", "price 6%, usually 83%"),
        ({**WELL, "blocked": 20}, "pages_blocked", "20 of 40 pages of andes had the outcome blocked"),
        ({**WELL, "layout_changed": 30}, "layout_changed", "30 of 40 pages"),
    ],
)  # fmt: skip
def test_a_night_unlike_the_others(
    db: Database, tmp_path: Path, last: Mapping[str, int], kind: str, said: str
) -> None:
    """The usual range comes from the history of the source."""
    nights(db, *[WELL] * 29, last)
    assert set(found(look(db, tmp_path))) == {kind}
    assert said in found(look(db, tmp_path))[kind]


def test_of_a_young_source_nothing_is_learnt(db: Database, tmp_path: Path) -> None:
    """Three nights make no custom."""
    nights(db, WELL, WELL, {"pages": 40, "category": 40, "listings": 0})
    assert found(look(db, tmp_path)) == {}


@pytest.mark.parametrize(
    "outcome", [RunOutcome.FAILED, RunOutcome.TIMED_OUT, RunOutcome.OUT_OF_MEMORY, RunOutcome.KILLED]
)
def test_a_crawl_that_did_not_do_its_work(db: Database, tmp_path: Path, outcome: RunOutcome) -> None:
    """The sentence of the run is quoted, and where to read more."""
    nights(db, {}, outcome=outcome)
    assert "A sentence. See `precursor-watch logs 1`." in found(look(db, tmp_path))["run_failed"]


@pytest.mark.parametrize("kind", [RunKind.SCORE, RunKind.BACKUP, RunKind.VERIFY])
def test_other_work_that_failed(db: Database, tmp_path: Path, kind: RunKind) -> None:
    """Scoring, backup and checks are work on the whole store."""
    nights(db, WELL)
    run = begin_run(db, kind, now=NOW)
    end_run(db, run.run_id, RunOutcome.FAILED, "The disk is full.", now=NOW)
    assert f"The {kind} of the store" in found(look(db, tmp_path))["run_failed"]


def test_a_missed_run_is_remembered_for_a_day(db: Database, tmp_path: Path) -> None:
    """From when it was found, though a later crawl stood for it long since."""
    due = NOW.replace(hour=3, minute=30) - DAY
    record_not_run(
        db,
        RunKind.CRAWL,
        source_id="andes",
        due_at=due,
        outcome=RunOutcome.MISSED,
        sentence="Nothing began it.",
        now=NOW - timedelta(hours=2),
    )
    nights(db, WELL)
    assert "2026-11-23 03:30 UTC was missed" in found(look(db, tmp_path))["run_missed"]
    later = look(db, tmp_path, now=NOW + timedelta(hours=12))
    assert "run_missed" in found(later)
    assert "run_missed" not in found(replace(later, now=NOW + DAY))


def test_a_due_time_that_nothing_accounts_for(db: Database, tmp_path: Path) -> None:
    """A night without any row, at noon."""
    nights(db, WELL)
    assert set(found(look(db, tmp_path, now=NOW + DAY))) == {"source_overdue"}


@pytest.mark.parametrize(
    ("until", "said"),
    [
        (date(2026, 12, 1), "ends on 2026-12-01"),
        (date(2026, 11, 1), "ended on 2026-11-01"),
        (None, "its last day"),
    ],
)
def test_a_permission_near_its_end(db: Database, tmp_path: Path, until: date | None, said: str) -> None:
    """The finding comes early enough for a renewal, and stays after the end."""
    nights(db, WELL)
    live = DeclaredSource(
        source=replace(build.ANDES, kind=SourceKind.LIVE), permission=replace(PERMISSION, valid_until=until)
    )
    assert said in found(look(db, tmp_path, sources={"andes": live}))["permission_ending"]


def test_a_long_permission_is_no_finding(db: Database, tmp_path: Path) -> None:
    """The permission is valid for another year."""
    nights(db, WELL)
    live = DeclaredSource(source=replace(build.ANDES, kind=SourceKind.LIVE), permission=PERMISSION)
    assert found(look(db, tmp_path, sources={"andes": live})) == {}


def test_a_full_disk(db: Database, tmp_path: Path) -> None:
    """The limit is the operator's."""
    nights(db, WELL)
    free_mb = shutil.disk_usage(tmp_path).free // 1_000_000
    settings = AlarmSettings(disk_free_mb=free_mb + 1_000)
    assert set(found(look(db, tmp_path, settings=settings))) == {"disk_low"}


def test_an_old_backup_where_backups_are_made(db: Database, tmp_path: Path) -> None:
    """No backup is expected if none was ever made."""
    nights(db, WELL)
    run = begin_run(db, RunKind.BACKUP, now=NOW - 3 * DAY)
    end_run(db, run.run_id, RunOutcome.DONE, "Done.", now=NOW - 3 * DAY)
    assert set(found(look(db, tmp_path))) == {"backup_old"}


def test_listings_without_a_model(db: Database, tmp_path: Path) -> None:
    """The finding counts the waiting listings and names the remedy."""
    build.see(db, build.crawl_run(db), "https://andes.example/1", build.FULL)
    assert "1 listing waits for a score" in found(look(db, tmp_path))["no_model"]


def test_a_sources_file_that_cannot_be_used(db: Database, tmp_path: Path) -> None:
    """The problem is quoted."""
    nights(db, WELL)
    assert "no TOML" in found(look(db, tmp_path, sources_problem="It is no TOML."))["sources_file"]


READ = {"reader_pages": 20, "reader_found": 20, "reader_compared": 60, "reader_agreed": 54}
READER = DeclaredReader(
    version=3, taught_by="ada", taught_at=NOW, found=1.0, agreement=0.9, fields={"title": Rule(css="h1")}
)


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        (READ, ""),
        (READ | {"reader_found": 15}, "on 75% of item pages (100% when taught)"),
        (READ | {"reader_agreed": 30}, "agreed with the general rules in 50% (90%)"),
        (READ | {"reader_set_aside": READER.identity}, "was set aside"),
        (READ | {"reader_set_aside": 2}, ""),
    ],
)
def test_a_declared_reader_that_falls_is_found(
    counts: Mapping[str, int], said: str, db: Database, tmp_path: Path
) -> None:
    """A reader that is set aside, or that finds or agrees less than when it was taught."""
    nights(db, {**WELL, **counts})
    declared = DeclaredSource(source=build.ANDES, reader=READER)
    problem = found(look(db, tmp_path, sources={"andes": declared})).get("reader_unfit", "")
    assert said in problem
    assert bool(said) == bool(problem)


def test_a_declared_reader_that_is_wrong_is_found(db: Database, tmp_path: Path) -> None:
    """The alarm is the sentence about its file."""
    declared = DeclaredSource(source=build.ANDES, reader_problem="The file is wrong.")
    assert found(look(db, tmp_path, sources={"andes": declared}))["reader_unfit"] == "The file is wrong."


def test_source_whose_pages_cannot_be_drawn_is_an_alarm(
    db: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only a source that says `render` needs a browser."""
    drawn = {"andes": DeclaredSource(source=build.ANDES, rendering=Rendering())}
    plain = {"andes": DeclaredSource(source=build.ANDES)}
    assert "not_drawn" not in found(look(db, tmp_path, sources=drawn))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "Chromium is missing" in found(look(db, tmp_path, sources=drawn))["not_drawn"]
    assert "not_drawn" not in found(look(db, tmp_path, sources=plain))


LISTED = {
    "profile": "us", "instrument": "US: a rule", "list": "List I", "substance": "Cinnamaldehyde",
    "family": "other", "tier": "3", "status": "in force", "source": "FR", "confidence": "high",
}  # fmt: skip


@pytest.mark.parametrize(
    ("days", "row", "said"),
    [
        (
            30,
            {"since": "2026-12-10"},
            "The listing of Cinnamaldehyde (US: a rule) takes effect on 2026-12-10;",
        ),
        (30, {"since": "2026", "until": "2026-12-10"}, "is in force for the last time on 2026-12-10"),
        (10, {"since": "2026-12-10"}, ""),
        (0, {"since": "2026-12-10"}, ""),
        (30, {"since": "2026-12-10", "profile": "canada"}, ""),
        (30, {"since": "2026-12-10", "status": "proposed"}, ""),
        (30, {"since": "2026-11-24"}, ""),
    ],
)
def test_an_entry_of_the_law_near_its_day(
    db: Database, tmp_path: Path, days: int, row: dict[str, str], said: str
) -> None:
    """Of the office's own profiles, also while the import waits."""
    nights(db, WELL)
    bring_law(db, "us.csv", [LISTED | row], why="a rule", by="ada", now=NOW)
    settings = AlarmSettings(disk_free_mb=0, law_days=days)
    seen = found(look(db, tmp_path, settings=settings)).get("law_changes", "")
    assert said in seen
    assert bool(said) == bool(seen)


def test_an_import_of_the_law_that_waits(db: Database, tmp_path: Path) -> None:
    """A week is long enough for a lead."""
    nights(db, WELL)
    bring_law(db, "us.csv", [LISTED], why="a rule", by="ada", now=NOW - 7 * DAY)
    assert "law_waits" not in found(look(db, tmp_path))
    later = look(db, tmp_path, now=NOW + DAY)
    assert "Import 1 (us.csv) has been waiting" in found(later)["law_waits"]
