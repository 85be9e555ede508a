"""Labels to and from files: what goes out comes back, and a wrong row is named by its line."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest

from classifier.errors import DataFileWrong
from classifier.training.examples import read_labels, write_labels
from store.model import Decision
from store.scores.labels import NewLabel, ReviewedText
from tests.classifier.toy import NOW

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = (
    "=1+1",
    "'=1+1",
    "''@x",
    "'tis",
    "+49 555 0100",
    "-",
    'line\nbreak, "quoted"',
    "苯乙酸",
    "\u2028",
    "\nx",
    "\tx",
    " =x",
    "\uff1dx",
)


def judged(text: str, decision: Decision = Decision.OFFER) -> ReviewedText:
    """Return a standing verdict."""
    return ReviewedText(
        reviewer="ada",
        decided_at=NOW,
        decision=decision,
        reason_code="disguised",
        note="@note",
        url="https://andes.example/1",
        group="andes:=Ficticia",
        text=text,
    )


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_what_goes_out_comes_back(tmp_path: Path, ending: str) -> None:
    """Whatever a text holds, letter for letter."""
    path = tmp_path / f"labels.{ending}"
    texts = [f"Offer {text}" for text in HOSTILE] + [text for text in HOSTILE if text.strip()]
    assert write_labels(path, [judged(text) for text in texts]) == len(texts)
    assert read_labels(path) == [NewLabel(text=text, label=1, group="andes:=Ficticia") for text in texts]


def test_no_cell_of_a_csv_is_a_formula(tmp_path: Path) -> None:
    """A spreadsheet that opens it runs nothing."""
    path = tmp_path / "labels.csv"
    write_labels(path, [judged(text, Decision.NOT_OFFER) for text in HOSTILE])
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert not [
        cell
        for row in rows
        for cell in row.values()
        if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", " =", "\uff1d"))
    ]
    assert {(row["label"], row["decision"], row["reviewer"]) for row in rows} == {("0", "not_offer", "ada")}


def test_a_title_will_do(tmp_path: Path) -> None:
    """A file of another tool need not name a group."""
    path = tmp_path / "labels.jsonl"
    path.write_text('{"title": "Kettle", "label": 0}\n', encoding="utf-8")
    assert read_labels(path) == [NewLabel(text="Kettle", label=0, group="")]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("labels.txt", "", "ends in neither .csv nor .jsonl"),
        ("labels.csv", "text,label\nKettle,0\nRope,maybe\n", "line 3 has the label 'maybe', not 0 or 1"),
        ("labels.csv", "text,label\n ,0\n", "line 2 has no text"),
        ("labels.jsonl", '{"text": "a", "label": 1}\n\n{"text": "b"}\n', "line 3 has no label, but `text`"),
        ("labels.jsonl", '{"label": 1}\n', "line 1 has neither title nor description nor text"),
        ("labels.jsonl", "[1]\n", "line 1 is a list"),
        ("labels.jsonl", '{"text": "a", "label": null}\n', "line 1 has an empty label; expected 0 or 1"),
        ("labels.csv", "text,label\nKettle,\n", "line 2 has an empty label; expected 0 or 1"),
        ("labels.csv", 'label,text\n1,"Acetone\n0,Rope\n', "row that begins at line 2 is not CSV"),
        ("labels.csv", 'text,label\nTea,0\n"Acetone,1\n"Rope",0\n', "row that begins at line 3 is not CSV"),
        ("labels.csv", 'label,text\n0,"a\nb"\n1,Acetone, pure\n', "line 4 has more cells than the 2 columns"),
        ("labels.csv", "", "it has no row below a header, so no labels"),
        ("labels.csv", "text,label\n", "it has no row below a header, so no labels"),
        ("labels.jsonl", "\n", "it has no rows, so no labels"),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(
    tmp_path: Path, name: str, content: str, sentence: str
) -> None:
    """Nothing of it is returned."""
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(DataFileWrong, match=sentence):
        read_labels(tmp_path / name)


def test_a_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """The sentence names it."""
    with pytest.raises(DataFileWrong, match=r"nowhere.labels\.csv cannot be"):
        write_labels(tmp_path / "nowhere" / "labels.csv", [])
