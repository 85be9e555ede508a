"""The cache of vectors: a file that may be lost, and must never stop the work."""

from __future__ import annotations

import resource
from typing import TYPE_CHECKING

import pytest

from store.errors import StoreUnwritable
from store.vectors import open_vectors

if TYPE_CHECKING:
    from pathlib import Path


def test_vectors_are_kept_between_openings(tmp_path: Path) -> None:
    """A second process finds the vectors of the first."""
    with open_vectors(tmp_path / "a.db", "toy@1") as cache:
        cache.put({"hash": b"\x00\x00\x80\x3f"})
    with open_vectors(tmp_path / "a.db", "toy@1") as cache:
        assert cache.get(["hash", "other"]) == {"hash": b"\x00\x00\x80\x3f"}


def test_a_damaged_file_is_put_aside_and_begun_anew(tmp_path: Path) -> None:
    """Vectors can be made again, so damage costs time and no sentence."""
    damaged = tmp_path / "a.db.vectors"
    damaged.write_bytes(b"no database at all" * 100)
    with open_vectors(tmp_path / "a.db", "toy@1") as cache:
        assert cache.get(["hash"]) == {}
    assert (tmp_path / "a.db.vectors.damaged").exists()


@pytest.mark.parametrize("offset", range(0, 4096 * 6, 512))
def test_damage_anywhere_in_the_file_costs_vectors_only(tmp_path: Path, offset: int) -> None:
    """Whichever page the disk spoiled: header, schema, tree or leaf, found at the opening or later."""
    path = tmp_path / "a.db.vectors"
    with open_vectors(tmp_path / "a.db", "toy@1") as cache:
        cache.put({f"{number:064x}": bytes(256) for number in range(100)})
    with path.open("rb+") as file:
        file.seek(offset)
        file.write(b"\xff" * 512)
    with open_vectors(tmp_path / "a.db", "toy@1") as cache:
        found = cache.get([f"{number:064x}" for number in range(100)])
        assert set(found.values()) <= {bytes(256)} or offset >= 4096
        cache.forget_earlier()
        cache.put({"again": b"\x00"})
        assert cache.get(["again"]) == {"again": b"\x00"}


def test_vectors_of_earlier_editions_are_dropped() -> None:
    """Vectors of this edition and of other embedders stay."""
    ids = ["evidence@1", "evidence@2", "evidences@1", "toy@1"]
    with open_vectors(None, "evidence@2") as cache:
        for each in ids:
            cache.of(each).put({"hash": b"\0\0\0\0"})
        cache.forget_earlier()
        assert [each for each in ids if cache.of(each).get(["hash"])] == ids[1:]


def test_a_full_disk_is_named_and_costs_nothing(tmp_path: Path) -> None:
    """Retraining and scoring end in a sentence, and what was kept before is still there."""
    path, (_, hard) = tmp_path / "store.db", resource.getrlimit(resource.RLIMIT_FSIZE)
    with open_vectors(path, "words@1") as cache:
        cache.put({"a": b"1234"})
        resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, hard))
        try:
            with pytest.raises(StoreUnwritable, match=r"vectors could not be written"):
                cache.put({str(number): bytes(4_000) for number in range(100)})
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    with open_vectors(path, "words@1") as cache:
        assert cache.get(["a", "7"]) == {"a": b"1234"}
