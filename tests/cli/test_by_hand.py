"""`queue`, `verdict`, `report`, `models` and `gazetteer` on a small store."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from classifier.training.candidate import Retrained, RetrainOptions, retrain
from cli.retrain import ending
from fixtures.builders.store import FULL, crawl_run, model, score_all, see
from store.accounts.users import Role, add_user
from store.crawl.runs import end_run
from store.database import open_database
from store.model import Decision, RunOutcome
from store.review.verdicts import verdicts_of
from store.review.workspace import change_setting
from store.scores.scores import promote, register_model
from tests.classifier.toy import NOW, ToyEmbedder, read_beforehand, write_starter
from tests.cli.calls import call, call_process

if TYPE_CHECKING:
    from pathlib import Path

    from store.model import Verdict


@pytest.fixture
def store(store_path: Path) -> Path:
    """A store with two flagged listings."""
    with closing(open_database(store_path)) as db:
        run_id = crawl_run(db)
        see(db, run_id, "https://andes.example/1", FULL)
        see(
            db,
            run_id,
            "https://andes.example/2",
            replace(FULL, title="Solvent [bold]\x1b[31m\x9b1m\u202e", seller_name=""),
        )
        register_model(db, replace(model(), card={"held_out": {"average_precision": 0.91}}))
        promote(db, "aaaaaaaaaaaa", promoted_by="ada", sentence="It is the first.", now=NOW)
        score_all(db)
    return store_path


def queue(store: Path) -> dict[str, Any]:
    """Return what `queue --json` says."""
    said: dict[str, Any] = json.loads(call("queue", "--db", store, "--json").out)
    return said


def verdicts(store: Path, listing_id: str) -> list[Verdict]:
    """Return every verdict about a listing."""
    with closing(open_database(store)) as db:
        return verdicts_of(db, listing_id)


def test_queue_shows_what_waits(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table goes to standard output and the count to standard error."""
    monkeypatch.setenv("COLUMNS", "200")
    called = call("queue", "--db", store)
    assert called.exit_code == 0
    assert [
        word for word in ("TITLE", "0.90", "acetone", "Industrial", "andes") if word not in called.out
    ] == []
    assert called.err == "2 waiting.\n"


def test_queue_counts_what_the_model_in_use_has_not_scored(store: Path) -> None:
    """After a promotion an empty queue is no finding: the command that fills it is named."""
    with closing(open_database(store)) as db:
        register_model(db, replace(model(), model_id="bbbbbbbbbbbb"))
        promote(db, "bbbbbbbbbbbb", promoted_by="ada", sentence="It is better.", now=NOW)
    said = "0 waiting.\n2 listings wait for a score by the model in use; run `precursor-watch score`.\n"
    assert call("queue", "--db", store).err == said
    assert queue(store) == {"waiting": 0, "unscored": 2, "entries": []}


def test_a_table_in_a_pipe_has_every_cell_whole(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a pipe each row is one uncut line; COLUMNS sets a width."""
    monkeypatch.delenv("COLUMNS", raising=False)  # as pytest-xdist leaves it to its workers
    first, *rows = call("queue", "--db", store).out.splitlines()
    assert first.startswith("P ")
    assert any(FULL.title in row for row in rows)
    assert all(row == row.rstrip() for row in rows)
    monkeypatch.setenv("COLUMNS", "60")
    assert max(map(len, call("queue", "--db", store).out.splitlines())) <= 60


def test_scores_hidden_in_the_app_are_hidden_here(store: Path) -> None:
    """A score is hidden from a user of any role, but not from a name that is no user."""
    with closing(open_database(store)) as db:
        change_setting(db, "hidden_share", 1, changed_by="lou", now=NOW)
        for name, role in (("ada", Role.REVIEWER), ("lou", Role.LEAD)):
            add_user(db, name, role, password_hash="x", actor="the tests", now=NOW)
    seen = {
        name: json.loads(call("queue", "--db", store, "--json", "--reviewer", name).out)["entries"][0]
        for name in ("ada", "lou", "root")
    }
    assert {name: each["p_offer"] for name, each in seen.items()} == {"ada": None, "lou": None, "root": 0.9}
    assert "0.90" not in call("queue", "--db", store, "--reviewer", "ada").out
    assert seen["ada"]["score_id"]


def test_text_of_a_listing_commands_no_terminal(store: Path) -> None:
    """Markup and escape sequences in a title are shown or dropped, never obeyed."""
    shown = call("queue", "--db", store).out
    assert not {"\x1b", "\x9b", "\u202e"} & set(shown)
    assert "[bold]" in shown


def test_json_commands_no_terminal_and_keeps_the_value(store: Path) -> None:
    """Controls and changes of direction are escaped, other scripts stay readable."""
    printed = call("queue", "--db", store, "--json").out
    assert not {"\x1b", "\x9b", "\u202e"} & set(printed)
    assert "Solvent [bold]\x1b[31m\x9b1m\u202e" in [
        entry["title"] for entry in json.loads(printed)["entries"]
    ]


def test_sentence_of_an_error_commands_no_terminal(store_path: Path) -> None:
    """Control characters in quoted text are replaced, and the message is one line."""
    called = call("verdict", "\x1b[31m\nprecursor-watch: done\u202e", "offer", "--db", store_path)
    assert called.err.count("\n") == 1
    assert not {"\x1b", "\u202e"} & set(called.err)


def test_queue_as_json_has_every_field(store: Path) -> None:
    """Programs get the number waiting and the entries, limited as asked."""
    said = json.loads(call("queue", "--db", store, "--json", "--limit", "1", "--offset", "1").out)
    assert said["waiting"] == 2
    (entry,) = said["entries"]
    assert (entry["p_offer"], entry["substances"], entry["tier"]) == (0.9, ["acetone"], 3)


def test_verdict_leaves_the_queue_and_undo_returns_it(store: Path) -> None:
    """A verdict, its undo and a second verdict are three rows, and the last one counts."""
    listing_id = queue(store)["entries"][0]["listing_id"]
    by_ada = ("--db", store, "--reviewer", "ada")
    refused = call("verdict", listing_id, "offer", "--reason", "not_a_sale", *by_ada)
    assert "not_a_sale contradicts the decision offer" in refused.err
    given = call("verdict", listing_id, "offer", "--reason", "disguised", "--note", "no name", *by_ada)
    assert given.out == f"Verdict 1: listing {listing_id} offer.\n"
    assert queue(store)["waiting"] == 1
    assert call("verdict", "--undo", "1", *by_ada).out == (
        f"Verdict 2: listing {listing_id} undone, undoes verdict 1.\n"
    )
    assert queue(store)["waiting"] == 2
    call("verdict", listing_id, "not_offer", *by_ada)
    assert queue(store)["waiting"] == 1
    rows = verdicts(store, listing_id)
    assert [row.decision for row in rows] == [Decision.OFFER, Decision.UNDONE, Decision.NOT_OFFER]
    assert (rows[0].reviewer, rows[0].note, rows[0].reason_code) == ("ada", "no name", "disguised")


def test_verdict_names_what_it_judged(store: Path) -> None:
    """On standard error, and with nothing in it that drives a terminal."""
    by_title = {entry["title"]: entry["listing_id"] for entry in queue(store)["entries"]}
    for title, said in (
        (FULL.title, FULL.title),
        ("Solvent [bold]\x1b[31m\x9b1m\u202e", "Solvent [bold]\ufffd[31m\ufffd1m\ufffd"),
    ):
        called = call("verdict", by_title[title], "offer", "--db", store, "--reviewer", "ada")
        assert f"Reviewed: {said} (sighting " in called.err


def test_verdict_on_a_score_that_never_was_says_that_there_is_none(store_path: Path) -> None:
    """The message does not claim a new score."""
    with closing(open_database(store_path)) as db:
        see(db, crawl_run(db), "https://andes.example/1", FULL)
        listing_id = db.execute("SELECT listing_id FROM listings").fetchone()[0]
    called = call("verdict", listing_id, "offer", "--score", 5, "--db", store_path, "--reviewer", "ada")
    assert (called.exit_code, called.out) == (1, "")
    assert "has no score by the model in use, so nothing was written" in called.err


def test_another_verdict_says_which_one_it_replaces(store: Path) -> None:
    """And how to go back; the same again, and one after an undo, replace nothing."""
    listing_id = queue(store)["entries"][0]["listing_id"]
    by_ada = ("--db", store, "--reviewer", "ada")
    assert "replaces" not in call("verdict", listing_id, "offer", *by_ada).err
    assert "replaces" not in call("verdict", listing_id, "offer", *by_ada).err
    called = call("verdict", listing_id, "not_offer", "--reason", "not_a_sale", *by_ada)
    assert "not_offer (not_a_sale) replaces offer, verdict 2 by ada." in called.err
    assert "`precursor-watch verdict --undo 3` restores" in called.err
    for verdict in (3, 2, 1):
        call("verdict", "--undo", str(verdict), *by_ada)
    assert "replaces" not in call("verdict", listing_id, "unsure", *by_ada).err


def test_verdict_by_an_old_screen_is_refused(store: Path) -> None:
    """The listing has changed since `queue --json`, so nothing is written."""
    entry = queue(store)["entries"][0]
    by_ada = ("--score", entry["score_id"], "--db", store, "--reviewer", "ada")
    with closing(open_database(store)) as db:
        end_run(db, 1, RunOutcome.DONE, "Done.", now=NOW)
        see(db, crawl_run(db), entry["url"], replace(FULL, description="Sold out."))
        score_all(db)
    called = call("verdict", entry["listing_id"], "offer", *by_ada)
    assert (called.exit_code, called.out) == (1, "")
    assert "has a new score since it was shown, so nothing was written" in called.err
    fresh = next(each for each in queue(store)["entries"] if each["listing_id"] == entry["listing_id"])
    again = ("--score", fresh["score_id"], *by_ada[2:])
    assert call("verdict", entry["listing_id"], "offer", *again).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "exit_code", "sentence"),
    [
        (("0000000000000000", "offer"), 1, "There is no listing 0000000000000000 in this database"),
        (("--undo", "7"), 1, "There is no verdict 7 in this database"),
        (("0000000000000000",), 2, "Give a listing and a decision, or --undo"),
        ((), 2, "Give a listing and a decision, or --undo"),
        (("0000000000000000", "offer", "--undo", "1"), 2, "Give a listing and a decision, or --undo"),
    ],
)
def test_verdict_that_cannot_be_given_is_refused(
    store: Path, arguments: tuple[str, ...], exit_code: int, sentence: str
) -> None:
    """The message names the missing value, and nothing is written."""
    called = call("verdict", "--db", store, "--reviewer", "ada", *arguments)
    assert called.exit_code == exit_code
    assert sentence in called.err
    assert queue(store)["waiting"] == 2


@pytest.mark.parametrize("blank", [" ", ""])
@pytest.mark.parametrize("is_undo", [False, True])
def test_verdict_without_a_name_is_refused(store: Path, blank: str, *, is_undo: bool) -> None:
    """The record must say who gave a verdict or took it back."""
    listing_id = queue(store)["entries"][0]["listing_id"]
    call("verdict", listing_id, "offer", "--db", store, "--reviewer", "ada")
    what = ("--undo", "1") if is_undo else (listing_id, "not_offer")
    called = call("verdict", "--db", store, *what, "--reviewer", blank)
    assert called.exit_code == 1
    assert "The reviewer is missing" in called.err
    assert len(verdicts(store, listing_id)) == 1


def test_a_verdict_is_undone_once(store: Path) -> None:
    """Twice is refused with a sentence."""
    listing_id = queue(store)["entries"][0]["listing_id"]
    call("verdict", listing_id, "offer", "--db", store, "--reviewer", "ada")
    codes = [call("verdict", "--undo", "1", "--db", store).exit_code for _ in range(2)]
    assert codes == [0, 1]


def test_report_counts_pages_and_fields(store: Path) -> None:
    """The report shows the latest crawl of each source."""
    (report,) = json.loads(call("report", "--db", store, "--json").out)
    counts = {key: report[key] for key in ("pages", "listings", "with_title", "with_seller", "flagged")}
    assert counts == {"pages": 2, "listings": 2, "with_title": 2, "with_seller": 1, "flagged": 2}
    assert "2 listing" in call("report", "--db", store).out


@pytest.mark.parametrize("command", ["queue", "report", "models"])
def test_empty_store_is_no_error(command: str, store_path: Path) -> None:
    """Headings without rows, and valid JSON."""
    called = call(command, "--db", store_path)
    assert called.exit_code == 0
    assert ("`precursor-watch retrain`" in called.err) == (command == "queue")
    json.loads(call(command, "--db", store_path, "--json").out)


def test_models_marks_the_one_in_use(store: Path) -> None:
    """Newest first, with figures."""
    assert "in use" in call("models", "--db", store).out
    (said,) = json.loads(call("models", "--db", store, "--json").out)
    assert (said["in_use"], said["held_out"]["average_precision"]) == (True, 0.91)


def retrained(store: Path, *, embedder: ToyEmbedder | None = None, **changes: Any) -> Retrained:
    """Retrain on the starter set that lies beside the store."""
    starter = store.with_name("starter.jsonl")
    options = RetrainOptions(starter=starter, models_folder=store.parent / "models", embedder="toy")
    return retrain(store, replace(options, **changes), embedder=embedder or ToyEmbedder())


OTHER = ToyEmbedder(name="other", embedder_id="other@1")
"""Its vectors are the toy's, but nothing knows that: models of the two are not compared."""


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, blank_store: bytes) -> tuple[Path, Retrained]:
    """A store with a first model, and what became of its training."""
    store = tmp_path_factory.mktemp("first") / "precursor-watch.db"
    store.write_bytes(blank_store)
    write_starter(store.with_name("starter.jsonl"))
    read_beforehand(store)
    return store, retrained(store)


@pytest.fixture
def with_model(first: tuple[Path, Retrained], tmp_path: Path) -> Path:
    """The store of a copy of its folder, to be written to."""
    folder = first[0].parent
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    return tmp_path / first[0].name


def test_earlier_model_is_put_in_use_again(first: tuple[Path, Retrained], with_model: Path) -> None:
    """The way back from a bad model is one command, and the record says who took it."""
    old = first[1].model.model_id
    new = retrained(with_model, seed=1, force=True).model.model_id
    by_ada = ("--reviewer", "ada", "--db", with_model)
    assert call("models", "rollback", "--why", "flags thinner", *by_ada).out == f"Model {old} is in use.\n"
    assert call("models", "promote", new, *by_ada).exit_code == 0
    said = json.loads(call("models", "--db", with_model, "--json").out)
    assert [each["model_id"] for each in said if each["in_use"]] == [new]
    shown = json.loads(call("models", "show", old, "--db", with_model, "--json").out)
    assert [each["promoted_by"] for each in shown["promotions"]] == ["retrain", "ada"]
    assert shown["promotions"][1]["sentence"] == f"Rolled back from {new}. flags thinner"
    assert "Put in use by hand." in call("models", "show", "--db", with_model).out


def test_a_dry_run_says_that_it_was_one(first: tuple[Path, Retrained], with_model: Path) -> None:
    """And whether the model would have been promoted; a run in earnest says whether it was."""
    earnest = RetrainOptions(starter=None, models_folder=with_model.parent, embedder="toy")
    dry = replace(earnest, dry_run=True)
    assert ending(first[1], earnest).endswith(
        "Score the listings to update the queue: precursor-watch score."
    )
    said = ending(replace(first[1], promoted=False), dry)
    assert said == "Dry run: nothing was written. Without --dry-run the candidate would have been promoted."
    refused = retrained(with_model, embedder=OTHER, dry_run=True)
    assert "the candidate would not have been promoted" in ending(refused, dry)


def test_a_refused_model_is_put_in_use_by_force_only(with_model: Path) -> None:
    """A model that `retrain` found worse needs `--force`, and the record gives the reason."""
    refused = retrained(with_model, embedder=OTHER, seed=1).model.model_id
    by_ada = ("models", "promote", refused, "--reviewer", "ada", "--db", with_model)
    called = call(*by_ada)
    assert (called.exit_code, called.out) == (1, "")
    assert "There is nothing to compare it with" in called.err
    assert "never used" in call("models", "--db", with_model).out
    assert call(*by_ada, "--force", "--why", "new weights").exit_code == 0
    shown = json.loads(call("models", "show", "--db", with_model, "--json").out)
    assert shown["promotions"][0]["sentence"].startswith("new weights Forced, although: There is nothing")
    assert shown["comparison"]["may_replace"] is False


def test_there_is_nothing_before_the_first_model(store: Path) -> None:
    """The sentence says what else can be done."""
    called = call("models", "rollback", "--db", store)
    assert (called.exit_code, called.out) == (1, "")
    assert "was the first in use, so there is no previous model" in called.err


@pytest.mark.parametrize("arguments", [("show",), ("rollback",)])
def test_no_model_in_use_is_said(arguments: tuple[str, ...], store_path: Path) -> None:
    """In an empty store there is none to show or to leave."""
    assert "No model is in use yet" in call("models", *arguments, "--db", store_path).err


@pytest.mark.parametrize(
    ("model_id", "sentence"),
    [("bbbbbbbbbbbb", "There is no model bbbbbbbbbbbb"), ("aaaaaaaaaaaa", "cannot be used")],
)
def test_model_that_cannot_score_is_not_put_in_use(store: Path, model_id: str, sentence: str) -> None:
    """An unknown one, and one whose files are gone."""
    called = call("models", "promote", model_id, "--db", store)
    assert called.exit_code == 1
    assert sentence in called.err
    with closing(open_database(store)) as db:
        assert db.execute("SELECT count(*) FROM promotions").fetchone()[0] == 1


@pytest.mark.parametrize(
    ("query", "status"),
    [("103-79-7", "listed"), ("acetone", "listed"), ("kettle", "unknown"), ("103-79-8", "unknown")],
)
def test_gazetteer_answers(query: str, status: str) -> None:
    """In words and in JSON, with the reason."""
    said = json.loads(call("gazetteer", query, "--json").out)
    assert (said["query"], said["status"]) == (query, status)
    assert " ".join(said["why"].split()) in " ".join(call("gazetteer", query).out.split())


def test_gazetteer_prints_each_entry_of_a_list_in_lines_of_its_own() -> None:
    """No line is longer than 80 columns."""
    lines = call("gazetteer", "nitroethane", "--profile", "un").out.splitlines()
    assert max(map(len, lines)) <= 80
    start = lines.index("On all known lists, as of any date:")
    instruments = [line.split()[0] for line in lines[start + 1 :] if not line.startswith(" ")]
    assert instruments[:4] == ["Nitroethane", "INCB", "US", "Brazil:"]


def test_gazetteer_reads_the_law_that_is_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """By option, by the settings file before the default, and no longer than the command lasts."""
    profile = ("gazetteer", "red phosphorus", "--json", "--profile", "us,eu")
    said = json.loads(call(*profile, "--as-of", "2020-12-31").out)
    assert said["law"] == "us, eu as of 2020-12-31"
    assert "273/2004" not in said["why"]
    assert "273/2004" in json.loads(call(*profile).out)["why"]
    assert json.loads(call("gazetteer", "anhydride", "--json").out)["candidates"]
    settings = tmp_path / "settings.toml"
    settings.write_text('[law]\nprofile = ["un"]\n', encoding="utf-8")
    monkeypatch.setenv("PRECURSOR_WATCH_SETTINGS", str(settings))
    said = json.loads(call("gazetteer", "red phosphorus", "--json").out)
    assert said["status"] == "not_listed"
    assert "273/2004" in said["elsewhere"]
    assert "PRECURSOR_WATCH_LAW_PROFILE" not in os.environ
    assert "atlantis is not an instrument" in call("gazetteer", "acetone", "--profile", "atlantis").err


@pytest.mark.process
def test_nothing_is_scored_without_a_model(store_path: Path) -> None:
    """Neither the store nor a pipe is scored, and the message says how to train a model."""
    for flag in ((), ("--json",)):
        called = call_process("score", "--db", store_path, *flag, stdin=b'{"title": "a"}\n')
        assert (called.exit_code, called.out) == (1, "")
        assert called.err == (
            "precursor-watch: No model is in use yet; "
            "train and promote the first with `precursor-watch retrain`.\n"
        )


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--as-of", "yesterday", "it is not a date; write a date as 2024-12-03"),
        ("--profile", "narnia", "narnia is not an instrument; choose from un, incb,"),
    ],
)
@pytest.mark.parametrize(
    "command", [["score"], ["gazetteer", "iodine"], ["score-archive", __file__, "-o", "out"]]
)
def test_a_law_that_is_none_is_misuse(command: list[str], option: str, value: str, said: str) -> None:
    """An unknown law exits with 2 and lists the known values, like any invalid option."""
    called = call(*command, option, value)
    assert called.exit_code == 2
    assert said in " ".join(called.err.split())
