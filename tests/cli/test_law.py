"""The law and the settings of scoring come from options, the environment and the settings file."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from classifier.gazetteer import Law
from classifier.settings import ScoringSettings
from cli.law import chosen_law, scoring_settings
from store.audit.audit import list_entries
from store.database import open_database
from tests.cli.calls import call

if TYPE_CHECKING:
    import pytest

MANUAL = Path(__file__).parents[2] / "docs" / "new-list.md"


def example() -> str:
    """Return the file of the manual."""
    lines = MANUAL.read_text(encoding="utf-8").splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("    profile,"))
    return "".join(line.strip() + "\n" for line in lines[first : first + 3])


def test_the_example_of_the_manual_goes_all_the_way(tmp_path: Path) -> None:
    """From a new store without a model to an answer of the gazetteer under a new jurisdiction."""
    database, file = tmp_path / "watch.db", tmp_path / "vietnam-2027.csv"
    open_database(database).close()
    file.write_text(example(), encoding="utf-8")
    compared = call("law", "diff", "now", file, "--db", database).out
    assert "added: Citric acid (CAS 77-92-9), vietnam, List IVA, since 2027-01-15" in compared
    assert compared.endswith("2 added, 0 removed, 0 changed.\n")
    brought = call("law", "import", file, "--why", "Decree 1/2027", "--by", "ada", "--db", database).out
    assert brought.startswith("Import 1: 2 rows of vietnam-2027.csv. Nothing counts yet.")
    assert "Not in this office's profile" not in brought
    asked = ("gazetteer", "citric acid", "--db", database)
    assert "citric acid: listed" not in call(*asked).out
    call("law", "accept", "1", "--why", "read", "--by", "lea", "--db", database)
    answer = call(*asked).out
    assert answer.startswith("citric acid: listed (Citric acid)")
    assert call(*asked, "--profile", "vietnam").out.startswith("citric acid: listed")
    assert call(*asked, "--profile", "un").out.startswith("citric acid: not listed")
    assert "Vietnam: Decree 1/2027, List IVA (low confidence) since 2027-01-15" in answer
    assert call(*asked, "--as-of", "2027-01-14").out.startswith("citric acid: not listed")
    status = json.loads(call("law", "status", "--days", "4000", "--json", "--db", database).out)
    assert {each["row"]["substance"] for each in status["changes"]} == {"Acetic anhydride", "Citric acid"}
    assert status["profiles"][-1]["jurisdiction"] == "Vietnam"
    printed = call("law", "status", "--days", "4000", "--db", database).out
    assert "2027-01-15 begins: Citric acid, Vietnam: Decree 1/2027, List IVA, read with low" in printed
    assert [(each["decision"], each["decided_by"]) for each in status["imports"]] == [("accepted", "lea")]
    with closing(open_database(database)) as db:
        assert [each.action for each in list_entries(db, subject="law_import:1")] == [
            "law_decided", "law_imported",
        ]  # fmt: skip


def test_one_wrong_row_takes_nothing_in(tmp_path: Path) -> None:
    """Every wrong row is named; a file that is no text, or no edition at all, is one sentence."""
    database, file = tmp_path / "watch.db", tmp_path / "wrong.csv"
    open_database(database).close()
    file.write_text(example().replace("77-92-9", "77-92-8").replace("2027-01-15", "15.1.2027"), "utf-8")
    found = call("law", "import", file, "--why", "x", "--by", "ada", "--db", database)
    assert found.exit_code == 1
    for said in (
        "Row 2 (Acetic anhydride): 15.1.2027",
        "Row 3 (Citric acid): 77-92-8",
        "Row 3 (Citric acid): 15",
    ):
        assert said in found.err
    assert found.err.endswith("Nothing was imported.\n")
    assert "wrong.csv" not in call("law", "status", "--db", database).out
    file.write_bytes(b"\xff\xfe\x00")
    for words in (
        ("import", file, "--why", "x", "--by", "ada"),
        ("diff", "now", file),
        ("diff", "soon", "now"),
    ):
        found = call("law", *words, "--db", database)
        assert found.exit_code == 1
        assert len(found.err.splitlines()) == 1


def test_an_entry_that_counts_before_its_first_day_says_so(tmp_path: Path) -> None:
    """The gazetteer counts it at once and names the day; as of an earlier day it is not listed."""
    database, file = tmp_path / "watch.db", tmp_path / "vietnam-2999.csv"
    open_database(database).close()
    file.write_text(example().replace("2027-01-15", "2999-01-15"), encoding="utf-8")
    call("law", "import", file, "--why", "Decree", "--by", "ada", "--db", database)
    call("law", "accept", "1", "--why", "read", "--by", "lea", "--db", database)
    answer = call("gazetteer", "citric acid", "--db", database).out
    assert answer.startswith("citric acid: listed")
    assert "Counts already, though not yet in force: Citric acid, Vietnam: Decree 1/2027" in answer
    assert "from 2999-01-15." in answer
    assert "not yet in force" not in call("gazetteer", "acetone", "--db", database).out
    early = call("gazetteer", "citric acid", "--as-of", "2999-01-14", "--db", database).out
    assert early.startswith("citric acid: not listed")


def test_a_file_that_changes_one_row_of_a_list_removes_none(tmp_path: Path) -> None:
    """An import leaves the rows that the file does not name as they are, and the comparison says no other."""
    file = tmp_path / "canada.csv"
    file.write_text(
        "profile,instrument,list,substance,cas,since,status,source,confidence\n"
        "canada,Canada: an order,CDSA Schedule VI Part 1 (Class A),Phenethyl bromide,103-63-9,2027,in force,"
        "S36,high\n",
        encoding="utf-8",
    )
    said = call("law", "diff", "now", file, "--db", tmp_path / "no.db").out
    assert "since 2026-04-12 -> 2027" in said
    assert said.endswith("0 added, 0 removed, 1 changed.\n")


def test_two_days_of_the_law_are_compared(tmp_path: Path) -> None:
    """What began and what ended between them, each with its day."""
    said = call(
        "law", "diff", "2026-01-01", "2026-12-01", "--profile", "canada", "--db", tmp_path / "no.db"
    ).out
    assert (
        "added: Phenethyl bromide (CAS 103-63-9), canada, CDSA Schedule VI Part 1 (Class A), since 2026-04-12"
        in said
    )
    assert (
        "removed: Phenethyl bromide (CAS 103-63-9), canada, CDSA Schedule V (temporary), until 2026-04-13"
        in said
    )
    assert (
        call("law", "diff", "shipped", "now", "--db", tmp_path / "no.db").out
        == "0 added, 0 removed, 0 changed.\n"
    )


def test_the_environment_names_the_law(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that was started for a piece of work so reads the law of the one that started it."""
    monkeypatch.setenv("PRECURSOR_WATCH_LAW_PROFILE", "un eu")
    monkeypatch.setenv("PRECURSOR_WATCH_LAW_AS_OF", "2020-12-31")
    assert str(chosen_law()) == "un, eu as of 2020-12-31"
    assert str(chosen_law("us")) == "us as of 2020-12-31"
    assert str(chosen_law(as_of="2024-01-01")) == "un, eu as of 2024-01-01"


def test_the_environment_says_how_texts_are_scored() -> None:
    """Each variable of the manual reaches its setting, and without any the defaults hold."""
    law = Law(instruments=("un",))
    assert scoring_settings(law, {}) == ScoringSettings(law=law)
    environ = {
        "PRECURSOR_WATCH_BACKEND": "float32",
        "PRECURSOR_WATCH_CASCADE": "off",
        "PRECURSOR_WATCH_IUPAC": "on",
    }
    assert scoring_settings(law, environ) == ScoringSettings(
        law=law, backend="float32", cascade=False, systematic_names=True
    )
    assert scoring_settings(law, {"PRECURSOR_WATCH_BACKEND": "auto"}).backend is None
