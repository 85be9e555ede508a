"""Labelled texts from files and verdicts, and every way in which a file can be wrong."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pytest

from classifier.errors import DataFileWrong
from classifier.training.examples import HELD_OUT_OF, json_object, load_starter, read_rows, row_text
from tests.classifier.toy import STARTER, example

if TYPE_CHECKING:
    from pathlib import Path

    from classifier.training.fit import Dataset

ROWS = [
    {"title": "Acetone", "description": "25 kg", "label": 1, "group": "a", "kind": "named"},
    {"title": "Kettle", "label": 0},
]
JSONL = "".join(json.dumps(row) + "\n" for row in ROWS)
CSV = "title,description,label,group,kind\nAcetone,25 kg,1,a,named\nKettle,,0,,\n"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("listings.jsonl", JSONL.encode()),
        ("listings.jsonl", b"\xef\xbb\xbf" + JSONL.replace("\n", "\r\n\r\n").encode()),
        ("listings.jsonl.gz", gzip.compress(JSONL.encode())),
        ("listings.csv", CSV.encode()),
        ("listings.csv", b"\xef\xbb\xbf" + CSV.encode()),
        ("listings.csv.gz", gzip.compress(CSV.encode())),
    ],
)
def test_the_same_rows_are_read_from_every_format(tmp_path: Path, name: str, content: bytes) -> None:
    """JSON lines and CSV, compressed or not, with a byte order mark or not."""
    (tmp_path / name).write_bytes(content)
    offer, other = load_starter(tmp_path / name)
    assert (offer.text, offer.label, offer.group, offer.kind) == ("Acetone\n25 kg", 1, "starter:a", "named")
    assert (other.text, other.label) == ("Kettle", 0)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("missing.jsonl", None, "there is no such file"),
        ("a.jsonl", b'{"title": "a", "label": 1}\n{"title"\n', "line 2 is not JSON"),
        ("a.jsonl", b"[" * 100_000, "line 1 is not JSON"),
        ("a.jsonl", b"[1, 2]", "line 1 is a list, not an object with a title"),
        ("a.jsonl", b'{"name": "a", "label": 1}', "line 1 has neither title nor description"),
        ("a.csv", b"name,label\na,1\n", "line 2 has neither title nor description"),
        ("a.jsonl", b'{"title": "a", "label": 2}', "line 1 has the label 2, not 0 or 1"),
        ("a.jsonl", b'{"title": "a", "label": [1]}', r"line 1 has the label \[1\], not 0 or 1"),
        ("a.jsonl", b'{"title": "a"}', "line 1 has no label, but `title`; expected a label of 0 or 1"),
        (
            "a.csv",
            b"Name;label\na;1\n",
            "but `Name;label` .the columns are separated by semicolons: save the file with",
        ),
        ("a.csv", b"name,price\na,1\n", "but `name`, `price`; expected title"),
        ("a.csv", b"title,label\n\xee\xff,1\n", "it is not text in UTF-8; expected"),
        ("a.jsonl", b'{"title": \n', "line 1 is not JSON .Expecting value, character"),
        ("a.csv", b"title,label\na,offer\n", "line 2 has the label 'offer', not 0 or 1"),
        ("a.jsonl", b'{"title": "\xff"}', "expected UTF-8 JSONL or CSV with title and label"),
        ("a.jsonl.gz", b"plain text", "expected UTF-8 JSONL or CSV"),
        ("a.jsonl.gz", gzip.compress(JSONL.encode())[:-12], "expected UTF-8 JSONL or CSV"),
        ("a.jsonl.gz", gzip.compress(JSONL.encode())[:10] + b"\xff" * 40, "expected UTF-8 JSONL or CSV"),
    ],
)
def test_a_wrong_file_is_refused_with_a_sentence(
    tmp_path: Path, name: str, content: bytes | None, sentence: str
) -> None:
    """The sentence names the file, the line where there is one, and what was found there."""
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DataFileWrong, match=sentence) as raised:
        load_starter(tmp_path / name)
    assert str(tmp_path / name) in str(raised.value)


def test_rows_carry_the_number_of_their_line(tmp_path: Path) -> None:
    """Blank lines are passed over and counted."""
    path = tmp_path / "a.jsonl"
    path.write_text('{"title": "a"}\n\n{"title": "b"}\n', encoding="utf-8")
    assert [number for number, _row in read_rows(path)] == [1, 3]


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ({"title": " A \n B ", "description": "c\td"}, "A B\nc d"),
        ({"title": None, "description": "c"}, "c"),
        ({"title": 7}, "7"),
        ({"title": "\ud800a\0"}, "?a\ufffd"),
    ],
)
def test_text_of_a_row_is_one_line_each_and_can_be_stored(row: dict[str, object], text: str) -> None:
    """White space is folded; lone surrogates and NUL are replaced as the store replaces them."""
    assert row_text(row) == text


def test_object_is_read_from_bytes_too() -> None:
    """A pipe gives bytes, and those that are no UTF-8 are named by their line."""
    assert json_object("pipe", 1, '\ufeff{"title": "é"}'.encode()) == {"title": "é"}
    with pytest.raises(DataFileWrong, match="pipe cannot be used: line 3 is not text in UTF-8"):
        json_object("pipe", 3, b'{"title": "\xff"}')


def test_held_out_part_depends_on_the_group_alone() -> None:
    """The same seller falls on the same side for every model, for ever."""
    sides = {group: example("a", 1, group).is_held_out for group in "abcdefghij"}
    assert {group for group, held_out in sides.items() if held_out} == {"a", "f", "j"}
    assert all(example(group * 3, 0, group).is_held_out == side for group, side in sides.items())


def test_held_out_part_of_the_starter_set_is_about_a_fifth() -> None:
    """Both classes stand in it, and no group on both sides."""
    examples = load_starter(STARTER)
    held_out = [each for each in examples if each.is_held_out]
    assert len(held_out) / len(examples) == pytest.approx(1 / HELD_OUT_OF, abs=0.05)
    assert {each.label for each in held_out} == {0, 1}


def test_dataset_keeps_its_columns_in_step(data: Dataset) -> None:
    """Examples, features and labels of a part are those of the whole."""
    part = data.where(data.held_out)
    assert all(each.is_held_out for each in part.examples)
    assert [each.label for each in part.examples] == part.labels.tolist()
    assert part.features.shape == (len(part.examples), data.features.shape[1])
