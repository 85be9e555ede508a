"""The secret key of the app, in a file beside the database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from review.web.errors import KeyFileUnusable
from review.web.settings import derive, key_file, load_key

if TYPE_CHECKING:
    from pathlib import Path


def test_it_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    """The second start finds the first one's; nothing else is left in the folder."""
    path = tmp_path / "watch.db"
    assert load_key(path) == load_key(path)
    assert key_file(path).stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["watch.db.key"]


def test_two_that_start_at_once_share_one(tmp_path: Path) -> None:
    """Neither's cookies are worthless to the other."""
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(load_key, [tmp_path / "watch.db"] * 16))
    assert len(keys) == 1


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_one_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    """The sentence names the file and the mode it should have."""
    load_key(tmp_path / "watch.db")
    key_file(tmp_path / "watch.db").chmod(mode)
    with pytest.raises(KeyFileUnusable, match=r"watch\.db\.key.*600"):
        load_key(tmp_path / "watch.db")


@pytest.mark.parametrize("text", ["", "00", "not hex", "00" * 31, "é"])
def test_one_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    """Cut, empty or overwritten: no cookie is signed with a weak key."""
    path = key_file(tmp_path / "watch.db")
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(KeyFileUnusable, match="cannot be used"):
        load_key(tmp_path / "watch.db")


def test_each_use_has_a_key_of_its_own() -> None:
    """What one shows tells nothing of the others."""
    uses = [derive(b"x" * 32, use) for use in ("session", "form", "codes")]
    assert len({*uses, b"x" * 32}) == 4
