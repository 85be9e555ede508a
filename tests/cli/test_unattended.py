"""`run`, `status`, `runs` and `sources` as an operator or a monitoring system calls them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from cli.main import group
from cli.options import PROGRAM
from cli.score import is_crawling, leave_cores_to_others
from crawler.sources.sources import load_sources
from fixtures.builders import store as build
from fixtures.marketplaces.build import write_site
from store.crawl.runs import begin_run, end_run, list_runs
from store.crawl.sources import declare_source
from store.database import open_database
from store.locks import hold, work_of
from store.model import RunKind, RunOutcome
from store.operations.service import Finding, get_alarm, pause_of, settle
from store.scores.scores import count_awaiting
from store.times import utc_now

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

TABLE = build.declared("andes", "Andes [bold]", cron="0 0 1 1 *", timezone="America/Lima") + build.declared(
    "pontus", "Pontus"
)


@pytest.fixture
def sources_file(store_path: Path) -> Path:
    """Two sources with their archives, one of them with a schedule: each New Year in Lima."""
    path = store_path.with_name("sources.toml")
    path.write_text(TABLE, encoding="utf-8")
    for name in ("andes", "pontus"):
        path.with_name(name).mkdir()
        path.with_name(name).joinpath("1.html").touch()
    return path


def call(*arguments: object) -> Result:
    """Call the command line in this process."""
    return CliRunner().invoke(group, [str(argument) for argument in arguments])


def crawl(store_path: Path, sources_file: Path, outcome: RunOutcome | None, *, ago: timedelta) -> None:
    """Leave a crawl of andes in the ledger."""
    then = utc_now() - ago
    with closing(open_database(store_path)) as db:
        declare_source(db, load_sources(sources_file)["andes"].source, now=then)
        run = begin_run(db, RunKind.CRAWL, source_id="andes", now=then)
        if outcome:
            end_run(db, run.run_id, outcome, "A sentence [with] brackets.", counts={"pages": 2}, now=then)


def status(store_path: Path, sources_file: Path) -> tuple[int, dict[str, Any]]:
    """Return the exit code of `status --json` and what it says of andes."""
    result = call("status", "--db", store_path, "--sources", sources_file, "--json")
    return result.exit_code, json.loads(result.stdout)["sources"][0]


@pytest.mark.parametrize(
    ("outcome", "ago", "exit_code", "overdue"),
    [
        (RunOutcome.DONE, timedelta(minutes=5), 0, False),
        (RunOutcome.FAILED, timedelta(minutes=5), 1, False),
        (RunOutcome.KILLED, timedelta(minutes=5), 1, False),
        (RunOutcome.OUT_OF_MEMORY, timedelta(minutes=5), 1, False),
        (RunOutcome.TIMED_OUT, timedelta(minutes=5), 1, False),
        (RunOutcome.DONE, timedelta(days=400), 1, True),
        (None, timedelta(minutes=5), 1, False),
        (None, timedelta(days=400), 1, True),
    ],
)
def test_status_exits_with_1_when_a_person_should_look(
    store_path: Path,
    sources_file: Path,
    outcome: RunOutcome | None,
    ago: timedelta,
    exit_code: int,
    overdue: bool,  # noqa: FBT001 (a column of the table above)
) -> None:
    """The last crawl failed or was interrupted, or a due time passed and nothing accounts for it."""
    crawl(store_path, sources_file, outcome, ago=ago)
    code, andes = status(store_path, sources_file)
    assert (code, andes["overdue"]) == (exit_code, overdue)


def test_status_says_a_scheduled_source_that_was_never_crawled_is_overdue(
    store_path: Path, sources_file: Path
) -> None:
    """A source that is crawled by hand never is."""
    result = call("status", "--db", store_path, "--sources", sources_file, "--json")
    andes, pontus = json.loads(result.stdout)["sources"]
    assert (andes["overdue"], pontus["overdue"]) == (True, False)
    assert result.exit_code == 1


def test_status_exits_with_1_when_the_last_scoring_failed(store_path: Path, sources_file: Path) -> None:
    """A failed scoring keeps new listings out of the queue, so `status` gives it as the reason."""
    crawl(store_path, sources_file, RunOutcome.DONE, ago=timedelta(minutes=5))
    with closing(open_database(store_path)) as db:
        run = begin_run(db, RunKind.SCORE, now=utc_now())
        end_run(db, run.run_id, RunOutcome.FAILED, "No embedder.", now=utc_now())
    assert status(store_path, sources_file)[0] == 1
    said = call("status", "--db", store_path, "--sources", sources_file).stderr
    assert "precursor-watch: The last scoring ended badly: failed." in said


def test_a_run_without_an_ending_is_under_way_while_its_lock_is_held(
    store_path: Path, sources_file: Path
) -> None:
    """A run counts as running while its lock is held, and as interrupted afterwards."""
    crawl(store_path, sources_file, None, ago=timedelta(days=400))
    arguments = ("status", "--db", store_path, "--sources", sources_file)
    with hold(store_path, "crawl-andes"):
        assert status(store_path, sources_file)[0] == 0
        assert "under way, started" in call(*arguments).stdout
        assert "under way" in call("runs", "--db", store_path).stdout
    assert status(store_path, sources_file)[1]["standing"] == "interrupted"
    assert "interrupted" in call("runs", "--db", store_path).stdout


@pytest.mark.process
def test_without_a_model_the_real_service_scores_nothing_and_status_says_what_waits(
    store_path: Path, sources_file: Path
) -> None:
    """`run --once` crawls, starts no scoring, and exits with 1 as `status` does, with what to do."""
    write_site("labware-shop", "folder", sources_file.with_name("andes"))
    command = [*PROGRAM, "run", "--once", "--db", str(store_path), "--sources", str(sources_file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "no_model_in_use" in done.stderr
    shown = " ".join(done.stdout.split())
    with closing(open_database(store_path)) as db:
        waiting = count_awaiting(db)
        runs = {run.kind: run.outcome for run in list_runs(db)}
    assert runs[RunKind.CRAWL] is RunOutcome.DONE
    assert RunKind.SCORE not in runs
    assert f"never; {waiting} listings wait for a score" in shown
    assert waiting > 0
    assert "train one with precursor-watch retrain" in shown


@pytest.mark.process
def test_the_real_score_command_without_a_model_leaves_status_at_1(
    store_path: Path, sources_file: Path
) -> None:
    """The command exits with 1 and a sentence; what waits keeps `status` from saying that all is well."""
    crawl(store_path, sources_file, RunOutcome.DONE, ago=timedelta(minutes=5))
    with closing(open_database(store_path)) as db:
        build.see(db, build.crawl_run(db), "https://andes.example/1", build.FULL)
    command = [*PROGRAM, "score", "--db", str(store_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "precursor-watch retrain" in done.stderr
    with hold(store_path, "crawl-andes"):
        assert status(store_path, sources_file)[0] == 1


def test_status_is_one_screen_for_a_person(store_path: Path, sources_file: Path) -> None:
    """The screen shows outcome and age, the next due time in both zones, queue, model and database."""
    crawl(store_path, sources_file, RunOutcome.DONE, ago=timedelta(hours=3))
    shown = call("status", "--db", store_path, "--sources", sources_file).stdout
    words = " ".join(shown.split())
    for said in ("andes", "done 3 h", "00:00 -05", "(05:00 UTC)", "by hand", "0 listings", "none in use"):
        assert said in words


def test_status_of_a_missing_database_is_a_sentence(sources_file: Path, tmp_path: Path) -> None:
    """A read-only command makes no new database."""
    missing = tmp_path / "absent.db"
    result = call("status", "--db", missing, "--sources", sources_file)
    assert "no such file" in str(result.exception)
    assert not missing.exists()


def test_runs_lists_the_newest_first_and_prints_brackets_as_they_are(
    store_path: Path, sources_file: Path
) -> None:
    """A sentence is never taken for markup."""
    crawl(store_path, sources_file, RunOutcome.FAILED, ago=timedelta(hours=2))
    crawl(store_path, sources_file, RunOutcome.DONE, ago=timedelta(hours=1))
    shown = " ".join(call("runs", "--db", store_path).stdout.split())
    assert "[with]" in shown
    listed = json.loads(call("runs", "--db", store_path, "--json", "--limit", "1").stdout)
    assert [(run["outcome"], run["counts"], run["due_at"]) for run in listed] == [
        ("done", {"pages": 2}, None)
    ]


def test_runs_of_an_empty_store_says_how_to_begin(store_path: Path) -> None:
    """There is no empty table."""
    assert "precursor-watch crawl" in call("runs", "--db", store_path).stdout


def test_sources_check_passes_when_every_archive_is_there(sources_file: Path) -> None:
    """The list shows the schedule, and the name as it is declared."""
    result = call("sources", "--sources", sources_file, "--check")
    assert result.exit_code == 0
    shown = " ".join(result.stdout.split())
    assert "0 0 1 1 *" in shown
    assert "[bold]" in shown


def test_sources_check_fails_on_an_empty_folder(sources_file: Path) -> None:
    """A folder without pages is a problem, not a present archive."""
    sources_file.with_name("pontus").joinpath("1.html").unlink()
    checked = call("sources", "--sources", sources_file, "--check")
    assert checked.exit_code == 1
    assert f"pontus: the folder {sources_file.with_name('pontus').resolve()} is empty" in checked.stderr


def test_sources_check_fails_with_the_reason(sources_file: Path) -> None:
    """Without --check the message is the same, and the exit code is 0."""
    said = "no archive"
    sources_file.write_text(TABLE.replace('archive = "pontus"', 'archive = "gone"'), encoding="utf-8")
    checked = call("sources", "--sources", sources_file, "--check")
    assert checked.exit_code == 1
    assert said in checked.stderr
    listed = call("sources", "--sources", sources_file, "--json")
    assert listed.exit_code == 0
    assert [source["source_id"] for source in json.loads(listed.stdout)] == ["andes", "pontus"]
    assert said in " ".join(source["problem"] for source in json.loads(listed.stdout))


@pytest.mark.process
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_run_stops_in_order_when_asked(store_path: Path, sources_file: Path, number: signal.Signals) -> None:
    """SIGTERM and Ctrl-C stop the service with exit code 0 and an entry in the log."""
    crawl(store_path, sources_file, RunOutcome.DONE, ago=timedelta(minutes=1))
    command = [sys.executable, "-m", "cli", "run", "--db", str(store_path), "--sources", str(sources_file)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as service:
        assert service.stderr is not None
        assert any("service_started" in line for line in service.stderr)
        service.send_signal(number)
        assert "service_stopped" in service.stderr.read()
    assert service.returncode == 0


@pytest.mark.parametrize("name", ["run", "status", "runs", "sources"])
def test_help_has_an_example(name: str) -> None:
    """Every command shows one call that works."""
    result = call(name, "--help")
    assert result.exit_code == 0
    assert f"precursor-watch {name}" in result.stdout


@pytest.mark.process
def test_status_imports_nothing_heavy(store_path: Path, sources_file: Path) -> None:
    """`status` imports neither Scrapy nor the embedder."""
    code = (
        "import sys; from cli.main import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'scrapy', 'torch', 'sklearn', 'fastapi', 'twisted', 'numpy', 'pandas'} & set(sys.modules)\n"
        "print(sorted(heavy), file=sys.stderr)"
    )
    command = [sys.executable, "-c", code, "status", "--db", str(store_path), "--sources", str(sources_file)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == "[]"


def test_who_asks_is_kept(store_path: Path, sources_file: Path) -> None:
    """The person behind a hold, a pause and a note is the one named by --by, and must be named."""
    with closing(open_database(store_path)) as db:
        failing = Finding(kind="disk_low", sentence="The disk is full.")
        settle(db, [failing], kinds={"disk_low"}, now=utc_now())
    by_ada = ("--by", " ada ", "--db", store_path)
    assert call("retention", "hold", "all", "--reason", "Case 7", *by_ada).exit_code == 0
    assert call("retention", "release", 1, "--by", "bo", "--db", store_path).exit_code == 0
    assert call("schedule", "pause", "andes", "--sources", sources_file, *by_ada).exit_code == 0
    assert call("alerts", "acknowledge", 1, *by_ada).exit_code == 0
    (hold_,) = json.loads(call("retention", "holds", "--json", "--db", store_path).stdout)
    assert (hold_["placed_by"], hold_["released_by"]) == ("ada", "bo")
    with closing(open_database(store_path)) as db:
        pause, alarm = pause_of(db, "andes"), get_alarm(db, 1)
    assert pause is not None
    assert (pause.asked_by, alarm.acknowledged_by) == ("ada", "ada")
    refused = call("purge", "--by", " ", "--db", store_path)
    assert (refused.exit_code, "The name is empty" in refused.stderr) == (2, True)


def test_between_two_sources_a_crawl_is_still_under_way(
    store_path: Path, sources_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scoring continues between two sources; a killed child makes the crawl fail."""

    def look(commands: Iterable[Sequence[str]]) -> list[int]:
        assert is_crawling(store_path)
        return [-9 for _ in commands]

    monkeypatch.setattr("cli.crawl._run_each", look)
    monkeypatch.setattr("cli.score.LOOK_S", 0)
    assert call("crawl", "--db", store_path, "--sources", sources_file).exit_code == 1
    assert not is_crawling(store_path)


def test_scoring_beside_a_crawl_takes_one_thread_unless_told(
    store_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One thread is the default, because more threads than cores wait busily."""
    monkeypatch.setenv("OMP_NUM_THREADS", "")  # so that what the command sets is taken back
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert "No model" in str(call("score", "--db", store_path).exception)
    assert "OMP_NUM_THREADS" not in os.environ
    with hold(store_path, work_of(RunKind.CRAWL, "andes")):
        assert "No model" in str(call("score", "--db", store_path).exception)
    assert os.environ["OMP_NUM_THREADS"] == "1"
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert "No model" in str(call("score", "--follow", "--db", store_path).exception)
    assert os.environ["OMP_NUM_THREADS"] == "1"
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    leave_cores_to_others()
    assert os.environ["OMP_NUM_THREADS"] == "3"
